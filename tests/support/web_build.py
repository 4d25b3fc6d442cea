"""Where the built web app is, for tests that open it in a browser."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from swath.server.webapp import INSTALLED


class NotInstalled(Exception):
    """What is missing, and how to get it."""


def built_webapp() -> Path:
    """The folder of the built app: the one `SWATH_TEST_WEBAPP` names, else the one that `make web` writes."""
    folder = Path(os.environ.get("SWATH_TEST_WEBAPP") or INSTALLED)
    if not (folder / "index.html").is_file():
        raise NotInstalled("the web app is not built: `make web` builds it, with Node 20")
    return folder


def chromium() -> str:
    """The browser: the one `SWATH_CHROMIUM` names, else the one that is installed."""
    found = os.environ.get("SWATH_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        raise NotInstalled("there is no Chromium: `apt-get install chromium`, or name one with SWATH_CHROMIUM")
    return found
