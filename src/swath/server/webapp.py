"""What is outside of the interfaces: the built web app, the login page, and one that says what works without them."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from swath.server.paths import is_api
from swath.server.problems import named_response

PAGES = Path(__file__).parent / "pages"
"""Plain pages that are always there."""

INSTALLED = Path(__file__).parent / "webapp_dist"
"""Where a wheel has the built web app."""

IMMUTABLE = "public, max-age=31536000, immutable"
"""Names of built assets hold a digest of their content."""


def webapp_dir(override: Path | None) -> Path | None:
    """The folder of the built web app: the given one, else the installed one; None if there is none."""
    folder = INSTALLED if override is None else override.expanduser()
    return folder if (folder / "index.html").is_file() else None


class WebAppMiddleware:
    """Answers what is outside of the interfaces; none of it wants a token, since none of it is anybody's data."""

    def __init__(self, app: ASGIApp, *, folder: Path | None) -> None:
        self._app = app
        self._pages = StaticFiles(directory=PAGES)
        self._files = None if folder is None else StaticFiles(directory=folder)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or is_api(scope["path"]):
            await self._app(scope, receive, send)
            return
        response = await self._response(scope)
        await response(scope, receive, send)

    async def _response(self, scope: Scope) -> Response:
        path = str(scope["path"])
        if scope["method"] not in ("GET", "HEAD"):
            return named_response(
                "method-not-allowed", f"`{path}` does not take {scope['method']}", headers={"Allow": "GET, HEAD"}
            )
        if path == "/login":
            return await self._page("login.html", scope)
        if path.startswith("/pages/"):
            return await self._file(self._pages, path.removeprefix("/pages/"), scope, "no-cache")
        if self._files is None:
            return await self._page("not-built.html", scope) if _is_page(path) else _not_found(path)
        if _is_page(path):
            # The app knows its own pages: an address that is no file opens it, and it shows what the address says.
            return await self._file(self._files, "index.html", scope, "no-cache")
        cache = IMMUTABLE if path.startswith("/assets/") else "no-cache"
        return await self._file(self._files, path.lstrip("/"), scope, cache)

    async def _page(self, name: str, scope: Scope) -> Response:
        return await self._file(self._pages, name, scope, "no-cache")

    async def _file(self, files: StaticFiles, name: str, scope: Scope, cache: str) -> Response:
        try:
            # Refuses what leaves the folder, by `..` or by a link, and answers conditional requests.
            response = await files.get_response(name, scope)
        except HTTPException:
            return _not_found(scope["path"])
        if isinstance(response, FileResponse) or response.status_code == 304:
            response.headers["Cache-Control"] = cache
        return response


def _is_page(path: str) -> bool:
    return not PurePosixPath(path).suffix


def _not_found(path: str) -> Response:
    return named_response("not-found", f"there is no `{path}`")
