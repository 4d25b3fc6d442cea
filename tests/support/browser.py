"""A browser that looks at the web app, and pages on which no error goes unseen."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, Response
from tests.support.deployment import Deployment

CHROMIUM_FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A name of another machine: what comes from there by plain http is no secure context.
    "--host-resolver-rules=MAP swath.test 127.0.0.1",
    "--enable-unsafe-swiftshader",  # WebGL by the processor, which newer versions want to be asked for
]

PATIENCE_MS = 15_000
"""What a page may take on a machine that does other things too."""


QUIET_S = 0.3
"""A page that has asked for nothing for so long has what it wants."""


DRIVER_ADVICE = re.compile(r"^\[\.WebGL-\w+\]GL Driver Message \(OpenGL, Performance,")
"""What Chromium says whenever WebGL is drawn by the processor."""


class Looking:
    """A page and what went wrong on it. Whatever a test does not `allow` fails it."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.problems: list[str] = []
        self._allowed: list[re.Pattern[str]] = []
        self._under_way: set[Request] = set()
        page.set_default_timeout(PATIENCE_MS)
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.problems.append(f"uncaught: {error}"))
        page.on("response", self._see)
        page.on("request", self._watch)
        page.on("requestfinished", lambda request: self._under_way.discard(request))
        page.on("requestfailed", lambda request: self._under_way.discard(request))

    def open(self, path: str) -> Page:
        """Go to a page of the app, and wait until it listens to keys."""
        self.page.goto(self.url + path)
        self.page.get_by_role("navigation", name="Pages").wait_for()
        return self.page

    def allow(self, pattern: str) -> None:
        """Expect problems in which this regular expression is found."""
        self._allowed.append(re.compile(pattern))

    @property
    def unexpected(self) -> list[str]:
        return [problem for problem in self.problems if not any(one.search(problem) for one in self._allowed)]

    def _hear(self, message: ConsoleMessage) -> None:
        if DRIVER_ADVICE.search(message.text):
            return
        if message.type in ("error", "warning"):
            self.problems.append(f"console: {message.text} ({message.location.get('url', '')})")

    def settle(self) -> Page:
        """Wait until everything that was asked for has come. What the server tells of itself never ends."""
        deadline = time.monotonic() + PATIENCE_MS / 1000
        quiet_since = time.monotonic()
        while time.monotonic() - quiet_since < QUIET_S:
            self.page.wait_for_timeout(25)
            if self._under_way:
                quiet_since = time.monotonic()
            assert time.monotonic() < deadline, f"still loading: {[request.url for request in self._under_way]}"
        return self.page

    def _watch(self, request: Request) -> None:
        if not request.url.endswith("/events"):
            self._under_way.add(request)
        if not request.url.startswith((self.url + "/", "blob:", "data:")):
            self.problems.append(f"leaves the server: {request.url}")

    def _see(self, response: Response) -> None:
        if response.status >= 400:
            self.problems.append(f"http: {response.status} {response.request.method} {response.url}")


def log_in(context: BrowserContext, deployment: Deployment, url: str) -> None:
    """Put the owner's session into a browser."""
    context.add_cookies([{"name": "swath_session", "value": deployment.token, "url": url}])


OpenBrowser = Callable[..., Looking]
StartDeployment = Callable[..., Deployment]


def run_objects(
    deployment: Deployment, dataset: str, folder: Path, task: str, n_samples: float, **options: object
) -> None:
    """Do an object-level run with the default embedder, from a new dataset to the end."""
    deployment.client.datasets.create(dataset, datasource=folder)
    run = deployment.client.runs.create(
        dataset, object_level={"task_name": task}, selection={"n_samples": n_samples}, **options
    )
    deployment.complete(run, seconds=120)


def ask(deployment: Deployment, method: str, path: str, document: object = None) -> Any:
    """What the interface below `/api` answers to its owner."""
    headers = {"Authorization": f"Bearer {deployment.token}"}
    answer = httpx2.request(method, f"{deployment.url}/api{path}", json=document, headers=headers, timeout=30)
    assert answer.is_success, answer.text
    return answer.json() if answer.content else None


def dataset_id(deployment: Deployment, name: str) -> str:
    return str(deployment.client.datasets.get(name).id)
