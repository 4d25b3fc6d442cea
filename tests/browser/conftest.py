"""For tests in a real browser: the built web app, a server with datasets, and pages on which no error goes unseen."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright
from tests.support.browser import (
    CHROMIUM_FLAGS,
    PATIENCE_MS,
    Looking,
    OpenBrowser,
    StartDeployment,
    log_in,
    run_objects,
)
from tests.support.deployment import Deployment
from tests.support.scenes import copy_scenes
from tests.support.web_build import NotInstalled, built_webapp, chromium

SHARED_DATA = Path(__file__).parents[3] / "shared" / "data"
COCO128 = SHARED_DATA / "coco128"

expect.set_options(timeout=PATIENCE_MS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def webapp() -> Path:
    try:
        return built_webapp()
    except NotInstalled as exc:
        pytest.skip(str(exc))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    try:
        executable = chromium()
    except NotInstalled as exc:
        pytest.skip(str(exc))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def start_deployment(webapp: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartDeployment]:
    """Start `swath up` (with `command="server"` no worker) on a home of its own, with the web app."""
    started: list[Deployment] = []

    def start(name: str, *, command: str = "up", environment: Mapping[str, str] | None = None) -> Deployment:
        folder = tmp_path_factory.mktemp(name)
        deployment = Deployment(folder, f"sqlite:///{folder / 'home' / 'swath.sqlite'}")
        started.append(deployment)
        deployment.environment |= {"SWATH_WEBAPP_DIR": str(webapp), **(environment or {})}
        deployment.worker_timeout_s = 20.0  # browsers keep both cores busy
        deployment.start_server(command, *(("--no-browser",) if command == "up" else ()))
        return deployment

    yield start
    for deployment in started:
        deployment.close()


@pytest.fixture(scope="session")
def demo(start_deployment: StartDeployment) -> Deployment:
    """`swath up` with two finished runs on drawn scenes: `vehicles` and `vehicles-crops` (1,404 objects, 421 selected).

    Tests share it: what one makes has a name of its own, and what is there at first stays.
    """
    deployment = start_deployment("demo")
    folder = deployment.folder / "scenes"
    copy_scenes(folder)
    run_objects(deployment, "vehicles", folder, "vehicles_object_detections", 0.3)
    return deployment


@pytest.fixture(scope="session")
def coco(start_deployment: StartDeployment) -> Deployment:
    """`swath up` with a finished run on 128 real photos: `photos` and `photos-crops`, 62 and more categories."""
    if not COCO128.is_dir():
        pytest.skip("the photos of coco128 are not beside this checkout")
    deployment = start_deployment("coco")
    folder = deployment.folder / "coco128"
    shutil.copytree(COCO128, folder, ignore=shutil.ignore_patterns("crops", "thumbnails"))
    run_objects(deployment, "photos", folder, "coco_object_detections", 0.8)
    return deployment


@pytest.fixture
def look(browser: Browser) -> Iterator[OpenBrowser]:
    """Open a page of a deployment in a browser of its own: `look(demo)`, with options of the browser's context."""
    contexts: list[BrowserContext] = []
    looks: list[Looking] = []

    def begin(deployment: Deployment, *, logged_in: bool = True, url: str = "", **options: object) -> Looking:
        chosen = {"viewport": {"width": 1440, "height": 900}, "reduced_motion": "reduce", **options}
        context = browser.new_context(**chosen)  # type: ignore[arg-type]
        contexts.append(context)
        where = url or deployment.url
        if logged_in:
            log_in(context, deployment, where)
        looking = Looking(context.new_page(), where)
        looks.append(looking)
        return looking

    yield begin
    unexpected = [problem for looking in looks for problem in looking.unexpected]
    for context in contexts:
        context.close()
    assert not unexpected, "\n".join(unexpected)
