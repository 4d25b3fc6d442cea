"""How quick the grid of objects or images is in a browser, against a server that runs.

    .venv/bin/python benchmarks/grid_view.py vehicles-crops [--url http://127.0.0.1:8750] [--home ~/.swath] [--tile 128]

A home with a million crops (without pictures) is made by `browse_api.py --folder FOLDER`; serve it with
`swath server --home FOLDER`. "first tile" is the time from asking for the page until a tile has its words; the browser
draws with the processor, so frames per second are a lower bound of what people see.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--enable-unsafe-swiftshader"]
GRID = "[role=grid]"
LOADED = "[role=gridcell]:not([aria-label=Loading])"

TILES_IN_VIEW = """() => {
  const box = document.querySelector('[role=grid]').getBoundingClientRect();
  return [...document.querySelectorAll('[role=gridcell]')].filter((cell) => {
    const {top, bottom} = cell.getBoundingClientRect();
    return bottom > box.top && top < box.bottom;
  });
}"""

SCROLL = """async (seconds) => {
  const grid = document.querySelector('[role=grid]');
  const gaps = [];
  let last = performance.now();
  const end = last + seconds * 1000;
  while (last < end) {
    grid.scrollBy({top: 40, behavior: 'instant'});
    const now = await new Promise(requestAnimationFrame);
    gaps.push(now - last);
    last = now;
  }
  gaps.sort((a, b) => a - b);
  return {frames: gaps.length / seconds, p95: gaps[Math.floor(gaps.length * 0.95)]};
}"""

RUSH = """async (seconds) => {
  const grid = document.querySelector('[role=grid]');
  const start = performance.now();
  for (let share = 0; share < 1;) {
    share = Math.min(1, (performance.now() - start) / (seconds * 1000));
    grid.scrollTop = share * (grid.scrollHeight - grid.clientHeight);
    await new Promise(requestAnimationFrame);
  }
}"""


def seconds_until_shown(page: Page) -> float:
    """Until all tiles in view have their words."""
    start = time.perf_counter()
    page.wait_for_function(
        f"() => {{ const cells = ({TILES_IN_VIEW})();"
        " return cells.length > 0 && cells.every((cell) => cell.ariaLabel !== 'Loading') }"
    )
    return time.perf_counter() - start


def measure(page: Page, address: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.url.endswith(":query") else None)
    for visit in ("first visit", "second visit"):
        start = time.perf_counter()
        page.goto(address)
        page.locator(LOADED).first.wait_for(timeout=120_000)
        print(f"  first tile, {visit:<24} {time.perf_counter() - start:6.2f} s")
    page.wait_for_load_state("networkidle")
    rows = page.locator(GRID).get_attribute("aria-rowcount")
    print(f"  rows {rows}, cells in the page {page.locator('[role=gridcell]').count()}")
    found = page.evaluate(SCROLL, 5)
    print(f"  scrolling                            {found['frames']:6.1f} frames/s, p95 {found['p95']:.0f} ms apart")
    page.evaluate(
        "() => { const grid = document.querySelector('[role=grid]'); grid.scrollTop = grid.scrollHeight / 2 }"
    )
    print(f"  jump to the middle                   {seconds_until_shown(page):6.2f} s")
    page.locator(GRID).focus()
    page.keyboard.press("End")
    print(f"  jump to the end                      {seconds_until_shown(page):6.2f} s")
    before = len(asked)
    page.evaluate(RUSH, 3)
    page.wait_for_load_state("networkidle")
    print(f"  pages asked for in a 3 s rush        {len(asked) - before:6d}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset")
    parser.add_argument("--url", default="http://127.0.0.1:8750")
    parser.add_argument("--home", type=Path, default=Path.home() / ".swath")
    parser.add_argument("--tile", type=int, default=128)
    parser.add_argument("--browser", default="/usr/bin/chromium")
    options = parser.parse_args()
    token = (options.home / "token").read_text().strip()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=options.browser, args=FLAGS)
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        context.add_cookies([{"name": "swath_session", "value": token, "url": options.url}])
        page = context.new_page()
        answer = page.request.get(f"{options.url}/api/datasets/{options.dataset}")
        dataset = answer.json()
        print(f"{dataset['name']}: {dataset['sample_count']:,} {dataset['kind']}, tiles of {options.tile} px")
        kind = "objects" if dataset["kind"] == "crops" else "images"
        measure(page, f"{options.url}/d/{dataset['id']}/{kind}?tile={options.tile}")
        browser.close()


if __name__ == "__main__":
    main()
