"""New samples come onto the maps of their dataset by themselves."""

from __future__ import annotations

from swath.server.run_events import publish_run
from swath.server.services import Services
from swath.store.projection_runs import schedule_due_extensions


def extend_maps(services: Services, dataset_id: str) -> None:
    """Let a run wait for every map of a dataset that misses samples, unless one waits or is under way.

    Call it after the transaction that added samples, or that made a map while they were added.
    """
    with services.store.writing() as connection:
        scheduled = schedule_due_extensions(connection, dataset_id)
    for run in scheduled:
        publish_run(services, run)
