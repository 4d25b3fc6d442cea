"""What listeners are told when a run has changed: of the run, and of what its end changes besides."""

from __future__ import annotations

from swath.server.services import Services
from swath.store.projection_runs import projection_config_of
from swath.store.runs import Run
from swath.wire.runs import RunKind


def publish_run(services: Services, run: Run) -> None:
    """Tell whoever looks that a run has changed. Call it after the transaction."""
    services.events.publish("run", id=run.id, dataset_id=run.image_dataset_id, owner_id=run.owner_id)
    # How a map stands follows from its run.
    if run.kind == RunKind.PROJECTION and (run.state.is_final or not run.has_begun):
        config = projection_config_of(run)
        publish_projection(services, config.projection_id, config.dataset_id, run.owner_id)


def publish_projection(services: Services, projection_id: str, dataset_id: str, owner_id: str) -> None:
    """Tell whoever looks that a map has changed, or is gone. Call it after the transaction."""
    services.events.publish("projection", id=projection_id, dataset_id=dataset_id, owner_id=owner_id)
