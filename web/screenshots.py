"""Take the pictures of the web app that the pages show, with the drawn demo data alone.

    .venv/bin/python web/screenshots.py [--out docs/images]

Makes a datasource and a home in a temporary folder, does a run, starts `swath up` on it and looks at the pages in
Chromium (`SWATH_CHROMIUM` names another than the one that is installed).
"""

from __future__ import annotations

import argparse
import io
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

import swath
from swath.client import Client

ROOT = Path(__file__).resolve().parents[1]
PORT = 8797
DATASET = "street_scenes"
TASK = "vehicles_object_detections"
CHROMIUM_FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-sync", "--enable-unsafe-swiftshader")
QUALITY = 86
"""Of the WebP files: what is drawn stays sharp, and the repository small."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """One picture: the page, whether it is dark, and what somebody does there first."""

    name: str
    path: str
    scheme: str = "light"
    keys: tuple[str, ...] = ()
    drag: tuple[tuple[float, float], ...] = ()  # corners of a lasso, as shares of the map
    click: str = ""  # text of a button or tab
    awaits: str = ""  # text that comes of it


SHOTS = (
    Shot(name="datasets", path="/"),
    Shot(name="overview", path="/d/{crops}"),
    Shot(name="objects", path="/d/{crops}/objects?tile=150"),
    Shot(name="objects-dark", path="/d/{crops}/objects?tile=150&context=true", scheme="dark"),
    Shot(name="inspector", path="/d/{crops}/objects?tile=130&focus={sample}"),
    Shot(name="images", path="/d/{images}/images?tile=260"),
    Shot(name="embedding", path="/d/{crops}/embedding", drag=((0.35, 0.3), (0.6, 0.25), (0.62, 0.6), (0.4, 0.65))),
    Shot(name="embedding-dark", path="/d/{crops}/embedding", scheme="dark"),
    Shot(name="select", path="/d/{crops}/select", click="Balance categories"),
    Shot(name="dry-run-dark", path="/d/{crops}/select", scheme="dark", click="Dry run", awaits="Save as tag"),
    Shot(name="new-run", path="/d/{images}/run"),
    Shot(name="run", path="/runs/{run}"),
    Shot(name="exports", path="/d/{crops}/exports", scheme="dark"),
)


@contextmanager
def served(folder: Path) -> Iterator[Client]:
    """`swath up` on a home with one finished run and a map."""
    environment = {**os.environ, "SWATH_HOME": str(folder / "home")}
    command = [sys.executable, "-m", "swath"]
    subprocess.run([*command, "demo-data", folder / DATASET], env=environment, check=True, stdout=subprocess.DEVNULL)
    server = subprocess.Popen(
        [*command, "up", "--port", str(PORT), "--no-browser", "--root", str(folder)], env=environment, cwd=folder
    )
    try:
        client = _client(folder, server)
        client.datasets.create(DATASET, datasource=folder / DATASET)
        run = client.runs.create(
            DATASET, object_level={"task_name": TASK, "padding": 0.1}, selection={"n_samples": 0.5}
        )
        run.wait()
        subprocess.run([*command, "map", f"{DATASET}-crops", "--method", "umap"], env=environment, check=True)
        yield client
    finally:
        server.terminate()
        server.wait(20)


def _client(folder: Path, server: subprocess.Popen[bytes]) -> Client:
    token = folder / "home" / "token"
    for _ in range(300):
        time.sleep(0.1)
        if server.poll() is not None:
            raise SystemExit("the server did not start")
        if token.exists():
            client = swath.Client(f"http://127.0.0.1:{PORT}", token.read_text().strip())
            try:
                client.health()
            except swath.core.errors.SwathError:
                continue
            return client
    raise SystemExit("the server did not start in time")


def names_in(page: Page, client: Client) -> dict[str, str]:
    """The ids that addresses hold."""
    crops = str(client.datasets.get(f"{DATASET}-crops").id)
    ask = "url => fetch(url).then(answer => answer.json())"
    return {
        "crops": crops,
        "images": str(client.datasets.get(DATASET).id),
        "sample": page.evaluate(ask, f"/api/datasets/{crops}/samples/13")["id"],
        "run": next(run["id"] for run in page.evaluate(ask, "/api/runs")["items"] if run["kind"] == "object-level"),
    }


def take(page: Page, shot: Shot, names: dict[str, str]) -> bytes:
    """Open the page, do what the shot says, and wait until nothing moves."""
    page.emulate_media(color_scheme="dark" if shot.scheme == "dark" else "light", reduced_motion="reduce")
    page.goto(f"http://127.0.0.1:{PORT}{shot.path.format(**names)}")
    page.get_by_role("navigation", name="Pages").wait_for()
    page.wait_for_timeout(2500)
    if shot.click:
        page.get_by_text(shot.click, exact=True).first.click()
    if shot.awaits:
        page.get_by_text(shot.awaits, exact=True).first.wait_for()
    if shot.drag:
        _lasso(page, shot.drag)
    for key in shot.keys:
        page.keyboard.press(key)
    page.wait_for_timeout(2500)
    return page.screenshot()


def _lasso(page: Page, corners: tuple[tuple[float, float], ...]) -> None:
    box = page.locator("canvas").first.bounding_box()
    if box is None:
        raise SystemExit("the map is not there")
    points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in corners]
    page.keyboard.down("Shift")
    page.mouse.move(*points[0])
    page.mouse.down()
    for x, y in (*points[1:], points[0]):
        page.mouse.move(x, y, steps=12)
    page.mouse.up()
    page.keyboard.up("Shift")
    page.mouse.move(5, 5)


def main() -> None:
    parser = argparse.ArgumentParser(description="Take the pictures of the web app.")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images")
    parser.add_argument("--only", nargs="*", default=())
    arguments = parser.parse_args()
    browser_path = os.environ.get("SWATH_CHROMIUM") or shutil.which("chromium")
    if browser_path is None:
        raise SystemExit("there is no Chromium: install it, or name one with SWATH_CHROMIUM")
    arguments.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name, served(Path(name)) as client, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=CHROMIUM_FLAGS)
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        token = (Path(name) / "home" / "token").read_text().strip()
        context.add_cookies([{"name": "swath_session", "value": token, "url": f"http://127.0.0.1:{PORT}"}])
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{PORT}/")
        names = names_in(page, client)
        for shot in SHOTS:
            if arguments.only and shot.name not in arguments.only:
                continue
            file = arguments.out / f"{shot.name}.webp"
            Image.open(io.BytesIO(take(page, shot, names))).save(file, quality=QUALITY, method=6)
            print(f"{file} {file.stat().st_size // 1024} kB")
        browser.close()


if __name__ == "__main__":
    main()
