"""How the embedding view feels with a million points, in a browser that draws them on the processor.

    .venv/bin/python benchmarks/embedding_view.py [--crops 1000000] [--webapp FOLDER] [--folder FOLDER]

A dataset is committed through the store and served by a process of its own (`browse_api.py`), and Chromium with the
flags of the tests looks at its PCA map (WebGL by SwiftShader: the worst that anybody has). Beside it stands, from the
same page, what the plain way costs: every frame draws every point (`setLevels(false)`). The web app is the one that
`make web` builds, or the one in `--webapp`.
"""

from __future__ import annotations

import argparse
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright

from browse_api import fill, run_in_folder, wait_for_server
from swath.server.webapp import INSTALLED
from swath.store.home import ServerAddress, open_home

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.support.browser import CHROMIUM_FLAGS
from tests.support.web_build import chromium

FIRST_FRAME_S = 2.5
REDRAWS_PER_S = 25
HOVER_MS = 60
LASSO_S = 0.5
PAN_S = 5.0
LASSO_POINTS = 300_000
HOVERS = 15

FIRST_FRAME = """() => {
  const found = window.__swath?.counts();
  return found !== undefined && found.drawn > 0;
}"""

WATCH_GAPS = """() => {
  window.gaps = [];
  let last = performance.now();
  const tick = () => {
    const now = performance.now();
    window.gaps.push(now - last);
    last = now;
    window.ticking = requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
}"""

# Moves the pointer within the page, so that what is measured is the page and not the way of events to it.
PAN = """async seconds => {
  const canvas = document.querySelector('canvas');
  const { left, top, width, height } = canvas.getBoundingClientRect();
  const at = turn => ({
    clientX: left + width / 2 + 150 * Math.sin(turn), clientY: top + height / 2 + 80 * Math.cos(turn) });
  const send = (kind, turn) => canvas.dispatchEvent(
    new PointerEvent(kind, { ...at(turn), pointerId: 1, button: 0, buttons: 1, bubbles: true }));
  canvas.setPointerCapture = () => undefined;
  const before = window.__swath.counts().frames;
  send('pointerdown', 0);
  const start = performance.now();
  let now = start;
  while (now - start < seconds * 1000) {
    await new Promise(resolve => setTimeout(resolve, 12));
    now = performance.now();
    send('pointermove', (now - start) / 400);
  }
  send('pointerup', (now - start) / 400);
  return (window.__swath.counts().frames - before) / ((now - start) / 1000);
}"""

HOVER = """async ([x, y]) => {
  const canvas = document.querySelector('canvas');
  const { left, top } = canvas.getBoundingClientRect();
  const send = (dx) => canvas.dispatchEvent(
    new PointerEvent('pointermove', { clientX: left + x + dx, clientY: top + y, bubbles: true }));
  const card = () => document.querySelector('[aria-label="Sample under the pointer"]');
  canvas.dispatchEvent(new PointerEvent('pointerleave'));
  while (card() !== null) await new Promise(resolve => setTimeout(resolve, 1));
  send(-2);
  send(0);
  const rests = performance.now();
  while (card() === null && performance.now() - rests < 3000) await new Promise(resolve => setTimeout(resolve, 1));
  return performance.now() - rests;
}"""

LASSO = """async ([path]) => {
  const canvas = document.querySelector('canvas');
  const { left, top } = canvas.getBoundingClientRect();
  canvas.setPointerCapture = () => undefined;
  const send = (kind, [x, y]) => canvas.dispatchEvent(new PointerEvent(kind, {
    clientX: left + x, clientY: top + y, pointerId: 1, button: 0, shiftKey: true, bubbles: true }));
  const shown = () => document.querySelector('[aria-label="Picked samples"]');
  send('pointerdown', path[0]);
  for (const pixel of path.slice(1)) send('pointermove', pixel);
  const lifted = performance.now();
  send('pointerup', path.at(-1));
  while (shown() === null && performance.now() - lifted < 20000) await new Promise(resolve => setTimeout(resolve, 2));
  return [performance.now() - lifted, shown()?.textContent ?? ''];
}"""


def wait_until_drawn(page: Page) -> None:
    while not page.evaluate("() => window.__swath !== undefined && !window.__swath.isBusy()"):
        page.wait_for_timeout(100)


def open_page(browser: Browser, address: ServerAddress) -> Page:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    context.add_cookies([{"name": "swath_session", "value": address.token, "url": address.url}])
    page = context.new_page()
    page.add_init_script("window.__SWATH_E2E__ = true")
    return page


def seconds_to_first_frame(page: Page, url: str) -> tuple[float, float]:
    """From navigation to points on the screen, and to all of them."""
    start = time.perf_counter()
    page.goto(url, wait_until="commit")
    while not page.evaluate(FIRST_FRAME):
        page.wait_for_timeout(10)
    first = time.perf_counter() - start
    wait_until_drawn(page)
    return first, time.perf_counter() - start


def redraws_per_second(page: Page) -> tuple[float, float]:
    """Frames of the map while it is dragged, and the time between two turns of the page that 95 % stay below (ms)."""
    page.evaluate(WATCH_GAPS)
    redraws = float(page.evaluate(PAN, PAN_S))
    gaps = page.evaluate("() => { cancelAnimationFrame(window.ticking); return window.gaps; }")
    wait_until_drawn(page)
    return redraws, float(np.percentile(gaps, 95))


def hover_latencies(page: Page, samples: int) -> list[float]:
    """Milliseconds from where the pointer rests to the card, on points here and there."""
    random = np.random.default_rng(3)
    found = []
    while len(found) < HOVERS:
        at = page.evaluate("sample => window.__swath.project(sample)", int(random.integers(samples)))
        if at is not None and 60 < at["x"] < 500 and 320 < at["y"] < 700:  # beside tools and legend
            found.append(float(page.evaluate(HOVER, [at["x"], at["y"]])))
    return found


def lasso_around(page: Page, points: Any) -> list[tuple[float, float]]:
    """A wobbly line around about as many points as are wanted, in pixels."""
    view = page.evaluate("() => window.__swath.view()")
    box = page.evaluate("() => { const c = document.querySelector('canvas'); return [c.clientWidth, c.clientHeight]; }")
    x = (points[0] - view["x"]) / view["scale"] + box[0] / 2
    y = box[1] / 2 - (points[1] - view["y"]) / view["scale"]
    centre = float(np.median(x)), float(np.median(y))
    wanted = min(LASSO_POINTS, len(x) // 3)
    radius = float(np.partition(np.hypot(x - centre[0], y - centre[1]), wanted)[wanted])
    turns = [2 * math.pi * step / 60 for step in range(60)]
    reach = [radius * (1 + 0.1 * math.sin(5 * turn)) for turn in turns]
    return [
        (centre[0] + r * math.cos(turn), centre[1] + r * math.sin(turn)) for turn, r in zip(turns, reach, strict=True)
    ]


def report(name: str, value: str, target: str, is_met: bool) -> None:
    print(f"  {name:<46} {value:>14}   target {target:<10} {'met' if is_met else 'MISSED'}", flush=True)


def measure(browser: Browser, address: ServerAddress, crops: int) -> None:
    client = httpx2.Client(
        base_url=f"{address.url}/api", headers={"Authorization": f"Bearer {address.token}"}, timeout=120
    )
    dataset = client.get("/datasets/vehicles-crops").json()
    (projection,) = client.get(f"/datasets/{dataset['id']}/projections").json()["items"]
    points = np.frombuffer(client.get(projection["points_url"].removeprefix("/api")).content, "<f4", 2 * crops)
    url = f"{address.url}/d/{dataset['id']}/embedding"

    page = open_page(browser, address)
    first, complete = seconds_to_first_frame(page, url)
    report("navigation to first frame", f"{first:.2f} s", f"< {FIRST_FRAME_S} s", first < FIRST_FRAME_S)
    print(f"  {'navigation to all points':<46} {complete:>12.2f} s")
    redraws, gap = redraws_per_second(page)
    report("redraws while panning", f"{redraws:.1f} /s", f">= {REDRAWS_PER_S}/s", redraws >= REDRAWS_PER_S)
    print(f"  {'gap of the page while panning, p95':<46} {gap:>11.0f} ms")
    hovers = hover_latencies(page, crops)
    median = float(np.median(hovers))
    report("pointer rests to card, median", f"{median:.0f} ms", f"< {HOVER_MS} ms", median < HOVER_MS)
    print(f"  {'pointer rests to card, longest':<46} {max(hovers):>11.0f} ms")

    page.evaluate("() => window.__swath.setLevels(false)")
    plain, plain_gap = redraws_per_second(page)
    print(f"  {'all points in every frame: redraws':<46} {plain:>11.1f} /s   (gap p95 {plain_gap:.0f} ms)")
    print(f"  {'level of detail, times as many redraws':<46} {redraws / max(plain, 0.01):>12.1f}")
    page.evaluate("() => window.__swath.setLevels(true)")

    page.keyboard.press("f")
    wait_until_drawn(page)
    took, said = page.evaluate(LASSO, [lasso_around(page, points.reshape(2, crops))])
    report(f"lasso to count ({said.split(' of ')[0]})", f"{took / 1e3:.2f} s", f"< {LASSO_S} s", took < 1e3 * LASSO_S)


@contextmanager
def served(arguments: argparse.Namespace, folder: Path) -> Iterator[ServerAddress]:
    home = open_home(folder / "home")
    if not home.database.exists():
        start = time.perf_counter()
        fill(home, crops=arguments.crops, dimension=arguments.dimension, vectors="curved")
        print(f"drawn and committed in {time.perf_counter() - start:.0f} s")
    environment = {**os.environ, "SWATH_WEBAPP_DIR": str(arguments.webapp)}
    process = subprocess.Popen([sys.executable, __file__, "--serve", str(home.root)], env=environment)
    try:
        yield wait_for_server(home, process)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def run(arguments: argparse.Namespace, folder: Path) -> None:
    with served(arguments, folder) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_FLAGS)
        # What a server reads once after it starts is not what is measured here.
        warm = open_page(browser, address)
        url = f"{address.url}/api/datasets/vehicles-crops"
        dataset = warm.request.get(url).json()["id"]
        seconds_to_first_frame(warm, f"{address.url}/d/{dataset}/embedding")
        warm.context.close()
        print(f"{arguments.crops:,} points, 1440 x 900, drawn by the processor")
        measure(browser, address, arguments.crops)
        browser.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--crops", type=int, default=1_000_000)
    parser.add_argument("--dimension", type=int, default=32)
    parser.add_argument("--webapp", type=Path, default=INSTALLED, help="folder of the built web app")
    run_in_folder(parser, run)


if __name__ == "__main__":
    main()
