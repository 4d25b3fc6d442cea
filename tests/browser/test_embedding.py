"""The embedding view: point at objects, draw around them, colour them, and make maps."""

from __future__ import annotations

import re
from typing import Any

import httpx2
from playwright.sync_api import Locator, Page, expect
from tests.support.browser import OpenBrowser, dataset_id
from tests.support.deployment import Deployment
from tests.support.map_watching import Map, star, wobbly

MAP_MAKING_MS = 120_000


def open_map(look: OpenBrowser, deployment: Deployment, search: str = "", name: str = "vehicles-crops") -> Map:
    found = Map(look(deployment))
    found.open(f"/d/{dataset_id(deployment, name)}/embedding{search}")
    return found


def asked(deployment: Deployment, method: str, path: str, body: Any = None) -> Any:
    answer = httpx2.request(
        method, f"{deployment.url}/api{path}", json=body, headers={"Authorization": f"Bearer {deployment.token}"}
    )
    answer.raise_for_status()
    return answer.json()


def count_inside(deployment: Deployment, polygons: dict[str, list[tuple[float, float]]]) -> list[int]:
    """How many objects the server finds in each polygon of the PCA map, and in all of them."""
    dataset = dataset_id(deployment, "vehicles-crops")
    projections = asked(deployment, "GET", f"/datasets/{dataset}/projections")["items"]
    pca = next(projection for projection in projections if projection["method"] == "pca")
    parts = [
        {"polygon": {"projection_id": pca["id"], "version": pca["version"], "points": points}}
        for points in polygons.values()
    ]
    selectors = [[part] for part in parts] + [parts]
    return [
        asked(deployment, "POST", f"/datasets/{dataset}/selections:count", {"selector": {"all_of": selector}})["count"]
        for selector in selectors
    ]


def around_everything(shown: Map) -> list[tuple[float, float]]:
    """Along the edges of the map, from the middle of the lower one, where nothing lies over it."""
    x, y = shown.middle()
    right, bottom = 2 * x - 8, 2 * y - 8
    return [(x, bottom), (8, bottom), (8, 8), (right, 8), (right, bottom)]


def picked(page: Page) -> Locator:
    return page.get_by_role("region", name="Picked samples")


def points(page: Page) -> Locator:
    return page.get_by_role("status", name="Points")


def legend(page: Page) -> Locator:
    return page.get_by_role("region", name="Legend")


def pca(deployment: Deployment) -> str:
    """The search of the map that is always there."""
    dataset = dataset_id(deployment, "vehicles-crops")
    projections = asked(deployment, "GET", f"/datasets/{dataset}/projections")["items"]
    return f"?proj={next(found['id'] for found in projections if found['method'] == 'pca')}"


def test_shows_the_object_under_the_pointer_and_opens_it(look: OpenBrowser, demo: Deployment) -> None:
    shown = open_map(look, demo, pca(demo))
    page = shown.page
    sample = asked(demo, "GET", f"/datasets/{dataset_id(demo, 'vehicles-crops')}/samples/7")
    shown.point_at(shown.pixel_of(7))
    card = page.get_by_label("Sample under the pointer")
    expect(card).to_contain_text(sample["crop"]["category"])
    expect(card).to_contain_text(f"{sample['crop']['score']:.2f}")
    expect(card).to_contain_text(sample["crop"]["parent_file_name"].rpartition("/")[2])
    shown.click(shown.pixel_of(7))
    expect(page).to_have_url(re.compile(f"focus={sample['id']}"))
    expect(page.locator("svg circle[data-kind=focus]")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator("svg circle[data-kind=focus]")).to_have_count(0)


def test_picks_what_the_server_finds_in_the_same_polygon(look: OpenBrowser, demo: Deployment) -> None:
    shown = open_map(look, demo, pca(demo))
    page, (x, y) = shown.page, shown.middle()
    crossing = shown.draw(star((x, y), 200), "Shift")
    expect(picked(page)).to_be_visible()  # it makes the map lower: other points are now at the same pixels
    wide = shown.draw(wobbly((x + 40, y), 140), "Shift", "Control")
    in_star, in_wide, in_both = count_inside(demo, {"star": crossing, "wide": wide})
    assert 0 < in_both < in_star
    expect(picked(page)).to_contain_text(f"{in_star + in_wide - in_both} of 421 objects")
    shown.draw(wobbly((x + 40, y), 140), "Shift", "Alt")
    expect(picked(page)).to_contain_text(f"{in_star - in_both} of 421 objects")
    page.keyboard.press("l")
    shown.draw(wobbly((x + 40, y), 140))
    expect(picked(page)).to_contain_text(f"{in_wide} of 421 objects")
    expect(page.get_by_role("complementary", name="Beside the map")).to_contain_text(f"{in_wide} picked")

    page.keyboard.press("Escape")  # puts the lasso away
    page.keyboard.press("Escape")
    expect(picked(page)).to_have_count(0)


def test_breaks_off_a_rectangle_and_finishes_another(look: OpenBrowser, demo: Deployment) -> None:
    shown = open_map(look, demo, pca(demo))
    page, (x, y) = shown.page, shown.middle()
    page.keyboard.press("r")
    shown.point_at((x - 150, y - 150))
    page.mouse.down()
    shown.point_at((x + 150, y + 150))
    page.keyboard.press("Escape")
    page.mouse.up()
    expect(picked(page)).to_have_count(0)

    page.keyboard.press("r")
    rectangle = [(x - 150, y - 150), (x + 150, y - 150), (x + 150, y + 150), (x - 150, y + 150)]
    (inside, _) = count_inside(demo, {"rectangle": shown.polygon(rectangle)})
    shown.draw([(x - 150, y - 150), (x, y), (x + 150, y + 150)])
    expect(picked(page)).to_contain_text(f"{inside} of 421 objects")


def test_hides_and_shows_what_the_legend_says(look: OpenBrowser, demo: Deployment) -> None:
    shown = open_map(look, demo, pca(demo))
    page = shown.page
    facets = asked(demo, "POST", f"/datasets/{dataset_id(demo, 'vehicles-crops')}/samples:facets", {})
    counts = {category["name"]: category["count"] for category in facets["categories"]}
    everything = shown.inked()
    entry = legend(page).get_by_role("button", name=re.compile("^truck"))
    expect(entry).to_contain_text(str(counts["truck"]))
    entry.click()
    expect(points(page)).to_contain_text(f"{421 - counts['truck']} of 421 objects shown")
    without = shown.inked()
    assert 0 < without < everything

    entry.dblclick()
    expect(points(page)).to_contain_text(f"{counts['truck']} of 421 objects shown")
    assert 0 < shown.inked() < everything
    shown.draw(around_everything(shown), "Shift")
    expect(picked(page)).to_contain_text(f"{counts['truck']} of 421 objects")
    page.keyboard.press("Escape")
    legend(page).get_by_role("button", name="Show all").click()
    expect(points(page)).to_have_text("421 objects")
    assert abs(shown.inked() - everything) < 0.02 * everything


def test_keeps_colour_view_and_filter_in_the_address(look: OpenBrowser, demo: Deployment) -> None:
    shown = open_map(look, demo, pca(demo))
    page = shown.page
    page.get_by_role("combobox", name="Colour by").click()
    page.get_by_role("option", name="Score").click()
    expect(legend(page)).to_contain_text("0.9 – 1.0")
    page.get_by_role("button", name="Filter", exact=True).click()
    filters = page.get_by_role("complementary", name="Filters")
    filters.get_by_role("checkbox", name=re.compile("^truck, ")).check()
    expect(points(page)).to_have_text(re.compile(r"^\d+ of 421 objects shown$"))
    left = points(page).text_content() or ""
    shown.point_at(shown.middle())
    page.mouse.wheel(0, -500)
    expect(page).to_have_url(re.compile("vp="))
    shown.wait()
    before = shown.view()

    page.reload()
    shown.wait()
    expect(legend(page)).to_contain_text("0.9 – 1.0")
    expect(points(page)).to_have_text(left)
    after = shown.view()
    assert all(abs(after[name] - before[name]) < before["scale"] for name in ("x", "y"))  # a pixel
    assert abs(after["scale"] / before["scale"] - 1) < 1e-4
    page.keyboard.press("f")
    expect(page).not_to_have_url(re.compile(re.escape(f"{after['scale']:.4g}")))


def test_shows_what_is_most_similar_on_the_map_and_beside_it(look: OpenBrowser, demo: Deployment) -> None:
    shown = open_map(look, demo, pca(demo))
    page = shown.page
    shown.point_at(shown.pixel_of(3))
    page.get_by_label("Sample under the pointer").wait_for()
    page.keyboard.press("n")
    beside = page.get_by_role("complementary", name="Beside the map")
    expect(beside).to_contain_text("Most similar to this")
    expect(page.locator("svg circle[data-kind=neighbor]")).to_have_count(48)
    beside.get_by_role("gridcell").first.wait_for()
    page.keyboard.press("Escape")
    expect(page.locator("svg circle[data-kind=neighbor]")).to_have_count(0)
    expect(beside).to_contain_text("Draw around points")


def test_draws_density_and_saves_the_picture(look: OpenBrowser, demo: Deployment) -> None:
    shown = open_map(look, demo, f"{pca(demo)}&color=density")
    page = shown.page
    expect(legend(page)).to_contain_text("few")
    assert shown.inked() > 20_000  # areas, where points are specks
    with page.expect_download() as download:
        page.get_by_role("button", name="Save the map as a picture").click()
    assert download.value.suggested_filename == "vehicles-crops PCA.png"
    assert download.value.path().read_bytes().startswith(b"\x89PNG")


def test_draws_again_after_the_graphics_driver_has_failed(look: OpenBrowser, demo: Deployment) -> None:
    shown = open_map(look, demo, pca(demo))
    before = shown.inked()
    shown.canvas.evaluate("""async canvas => {
      const lost = canvas.getContext('webgl2').getExtension('WEBGL_lose_context');
      const heard = name => new Promise(resolve => canvas.addEventListener(name, resolve, { once: true }));
      const gone = heard('webglcontextlost');
      lost.loseContext();
      await gone;
      await new Promise(resolve => setTimeout(resolve, 0));
      const back = heard('webglcontextrestored');
      lost.restoreContext();
      await back;
    }""")
    assert abs(shown.inked() - before) < 0.02 * before


def test_makes_a_map_by_another_method_and_deletes_it(look: OpenBrowser, demo: Deployment) -> None:
    shown = open_map(look, demo, pca(demo))
    page = shown.page
    page.get_by_role("button", name="choose a map").click()
    page.get_by_role("button", name="New map").click()
    dialog = page.get_by_role("dialog", name="New map")
    dialog.get_by_role("radio", name="UMAP").check()
    dialog.get_by_role("textbox", name="Neighbours").fill("8")
    dialog.get_by_role("button", name="Make the map").click()
    expect(page.get_by_text("The UMAP map is being made")).to_be_visible()
    shown.canvas.wait_for(timeout=MAP_MAKING_MS)
    shown.wait()
    expect(points(page)).to_contain_text("421")
    assert shown.inked() > 500

    page.get_by_role("button", name="choose a map").click()
    maps = page.get_by_role("dialog", name="choose a map")
    expect(maps).to_contain_text("8 neighbours")
    maps.get_by_role("button", name="Delete the UMAP map").click()
    page.get_by_role("dialog", name="Delete the UMAP map?").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("button", name="choose a map")).to_have_text("PCA map")
    shown.wait()


def test_colours_images_by_how_many_objects_they_have(look: OpenBrowser, demo: Deployment) -> None:
    shown = open_map(look, demo, name="vehicles")
    expect(legend(shown.page)).to_contain_text("Objects per image")
    assert shown.inked() > 0
