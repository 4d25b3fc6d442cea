"""`swath run`: in this process, or through the server that uses the home."""

from __future__ import annotations

from swath.adapters.embedders import OnnxOptions
from swath.pipeline.ports import RunObserver
from swath.settings import Settings
from swath.wire.run_config import RunConfig
from swath.wire.run_result import RunResult
from swath.wiring.places import GivenAccess
from swath.wiring.served import server_address


def run_job(
    config: RunConfig,
    settings: Settings,
    *,
    observer: RunObserver,
    access: GivenAccess | None = None,
    onnx_options: OnnxOptions | None = None,
) -> RunResult:
    """Do a run; `access` is what opens its places, if neither its dataset nor this machine has that.

    Raises SwathError for what keeps it from starting; later the result says how it ended.
    """
    address = server_address(settings)
    if address is None:
        from swath.wiring.runs import run_here

        return run_here(config, settings, observer=observer, access=access, onnx_options=onnx_options)
    from swath.wiring.served_runs import run_through_server

    return run_through_server(config, settings, address, observer=observer, access=access, onnx_options=onnx_options)
