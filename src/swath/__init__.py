"""Swath: object-level curation for vision datasets.

    import swath

    client = swath.Client()

The package does nothing on import but name its version; `Client` is loaded when it is asked for. The command line is
`swath.cli`; ARCHITECTURE.md says what each folder is for.
"""

from __future__ import annotations

from typing import Any

__version__ = "0.1.0"
__all__ = ["Client", "__version__"]


def __getattr__(name: str) -> Any:
    if name == "Client":
        import importlib

        return importlib.import_module("swath.wiring.client").Client
    raise AttributeError(f"module `swath` has no attribute `{name}`")
