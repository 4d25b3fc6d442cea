"""A browser that looks at the web app, and pages on which no error goes unseen."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Response
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
    "--enable-unsafe-swiftshader",  # WebGL by the processor, which newer versions want to be asked for
]

PATIENCE_MS = 15_000
"""What a page may take on a machine that does other things too."""


class Looking:
    """A page and what went wrong on it. Whatever a test does not `allow` fails it."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.problems: list[str] = []
        self._allowed: list[re.Pattern[str]] = []
        page.set_default_timeout(PATIENCE_MS)
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.problems.append(f"uncaught: {error}"))
        page.on("response", self._see)

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
        if message.type in ("error", "warning"):
            self.problems.append(f"console: {message.text} ({message.location.get('url', '')})")

    def _see(self, response: Response) -> None:
        if response.status >= 400:
            self.problems.append(f"http: {response.status} {response.request.method} {response.url}")


def log_in(context: BrowserContext, deployment: Deployment) -> None:
    """Put the owner's session into a browser."""
    context.add_cookies([{"name": "swath_session", "value": deployment.token, "url": deployment.url}])


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


def dataset_id(deployment: Deployment, name: str) -> str:
    return str(deployment.client.datasets.get(name).id)
