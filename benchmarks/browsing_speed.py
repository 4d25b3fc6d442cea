"""How fast a dataset of a million samples can be looked at: every question the web app asks, one at a time.

    python benchmarks/browsing_speed.py [--samples 1000000] [--dimension 128] [--repeats 30]

First what is built once per dataset and kept, with the time that takes; then the queries, each with its median and
95th percentile. Data are drawn: categories and runs of Zipf sizes, clustered points, vectors in clusters.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from swath.core.browsing import (
    CategoryLabel,
    FacetIndex,
    NeighborIndex,
    PcaBasis,
    PolygonIndex,
    SampleColumns,
    SampleFilter,
    SortKey,
    column_codes,
    display_order,
    filtered,
    full_order,
    mask,
    pack_mask,
    unpack_mask,
)

CATEGORIES = 80
RUNS = 30
PREDICTIONS_PER_IMAGE = 3
NEIGHBORS = 24

Result = TypeVar("Result")


def zipf(random: np.random.Generator, kinds: int, count: int) -> NDArray[np.int32]:
    shares = 1 / np.arange(1, kinds + 1)
    return random.choice(kinds, count, p=shares / shares.sum()).astype(np.int32)


def draw_columns(random: np.random.Generator, count: int, *, images: bool) -> SampleColumns:
    predictions = PREDICTIONS_PER_IMAGE * count if images else 0
    prediction_sample = np.sort(random.integers(0, count, predictions)).astype(np.int32)
    nothing = np.full(count, np.nan, dtype=np.float32)
    return SampleColumns(
        categories=tuple(CategoryLabel(task="objects", category_id=i, name=f"category {i}") for i in range(CATEGORIES)),
        run_ids=tuple(f"run {i}" for i in range(RUNS)),
        category=np.full(count, -1, dtype=np.int32) if images else zipf(random, CATEGORIES, count),
        score=nothing if images else random.random(count, dtype=np.float32),
        width=np.exp(random.normal(4.5, 1, count)).astype(np.int32) + 1,
        height=np.exp(random.normal(4.5, 1, count)).astype(np.int32) + 1,
        byte_size=random.integers(1_000, 100_000, count),
        box_area=nothing if images else random.random(count, dtype=np.float32) ** 4,
        stale=random.random(count) < 0.02,
        run=zipf(random, RUNS, count),
        created_at=1_700_000_000_000 + random.integers(0, 10**10, count),
        name_rank=random.permutation(count).astype(np.int32),
        parent=np.full(count, -1, dtype=np.int32) if images else random.integers(0, count // 4 + 1, count, np.int32),
        parent_rank=random.integers(0, count // 4 + 1, count, np.int32),
        object_count=np.bincount(prediction_sample, minlength=count).astype(np.int32),
        prediction_sample=prediction_sample,
        prediction_category=zipf(random, CATEGORIES, predictions),
        prediction_score=random.random(predictions, dtype=np.float32),
    )


def draw_points(random: np.random.Generator, count: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    centres = random.normal(0, 3, (500, 2))
    points = centres[random.integers(0, 500, count)] + random.normal(0, 0.3, (count, 2))
    return points[:, 0].astype(np.float32), points[:, 1].astype(np.float32)


def draw_lasso(random: np.random.Generator, vertices: int) -> NDArray[np.float64]:
    angles = np.linspace(0, 2 * np.pi, vertices, endpoint=False)
    radii = 3 + random.random(vertices)
    return np.column_stack([radii * np.cos(angles), radii * np.sin(angles)])


def draw_vectors(random: np.random.Generator, kind: str, count: int, dimension: int) -> NDArray[np.float16]:
    """Unit vectors. `round`: 500 equal clusters with noise alike in all dimensions; `curved`: 500 clusters of Zipf
    sizes, each varying in twelve directions of falling extent, like embeddings do; `uniform`: without any structure,
    the worst case."""
    vectors = np.empty((count, dimension), dtype=np.float16)
    centres = random.normal(0, 1, (500, dimension)) / np.sqrt(dimension)
    bases = random.normal(0, 1, (500, 12, dimension)) / np.sqrt(dimension) * 0.8 ** np.arange(12)[None, :, None]
    cluster = zipf(random, 500, count) if kind == "curved" else random.integers(0, 500, count)
    for start in range(0, count, 20_000):
        own = cluster[start : start + 20_000]
        part = random.normal(0, 0.3 if kind == "round" else 0.1, (len(own), dimension)) / np.sqrt(dimension)
        if kind == "uniform":
            part = random.normal(0, 1, (len(own), dimension))
        if kind == "round":
            part += centres[own]
        if kind == "curved":
            # One product per row and basis, added up direction by direction to stay small in memory.
            part += centres[own]
            for direction in range(12):
                part += random.normal(0, 0.6, (len(own), 1)) * bases[own, direction]
        vectors[start : start + 20_000] = part / np.linalg.norm(part, axis=1, keepdims=True)
    return vectors


def built(name: str, build: Callable[[], Result]) -> Result:
    start = time.perf_counter()
    result = build()
    print(f"  {name:<58} {time.perf_counter() - start:8.2f} s", flush=True)
    return result


def timed(name: str, query: Callable[[int], object], repeats: int) -> None:
    query(0)
    seconds = []
    for repeat in range(repeats):
        start = time.perf_counter()
        query(repeat)
        seconds.append(time.perf_counter() - start)
    median, late = np.percentile(seconds, [50, 95]) * 1e3
    print(f"  {name:<58} {median:8.1f} {late:8.1f} ms", flush=True)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--samples", type=int, default=1_000_000)
    arguments.add_argument("--dimension", type=int, default=128)
    arguments.add_argument("--repeats", type=int, default=30)
    options = arguments.parse_args()
    count, repeats = options.samples, options.repeats
    random = np.random.default_rng(0)

    crops, images = draw_columns(random, count, images=False), draw_columns(random, count, images=True)
    x, y = draw_points(random, count)
    tags = {f"tag {i}": random.choice(count, count // (10 + i), replace=False) for i in range(10)}
    in_any = tags["tag 0"]
    distance = random.random(count, dtype=np.float32)
    vectors = {kind: draw_vectors(random, kind, count, options.dimension) for kind in ("round", "curved", "uniform")}

    print(f"{count:,} samples; vectors of {options.dimension} dimensions\n\nbuilt once and kept")
    crop_facets = built("facet index of crops", lambda: FacetIndex.build(crops))
    image_facets = built(
        f"facet index of images, {len(images.prediction_sample):,} predictions", lambda: FacetIndex.build(images)
    )
    by_name = built("order by name", lambda: full_order(crops, SortKey.NAME))
    polygon_index = built("polygon index", lambda: PolygonIndex.build(x, y))
    basis = built("PCA basis", lambda: PcaBasis.fit(vectors["curved"]))
    built("PCA coordinates", lambda: basis.project(vectors["curved"]))
    built("display order", lambda: display_order(count, 0))
    neighbor_indexes = {
        kind: built(f"neighbour index, {kind} vectors", lambda kind=kind: NeighborIndex.build(vectors[kind]))
        for kind in vectors
    }

    print(f"\n{'queries':<58} {'median':>10} {'p95':>8}")
    one = SampleFilter(categories=frozenset({3, 5, 8}), min_score=0.5)
    many = SampleFilter(
        categories=frozenset(range(0, CATEGORIES, 2)),
        min_score=0.2,
        min_shorter_side=32,
        max_aspect_ratio=4,
        max_box_area=0.5,
        stale=False,
        runs=frozenset(range(RUNS // 2)),
        members=(in_any,),
    )
    of_images = SampleFilter(categories=frozenset({3, 5, 8}), min_score=0.5)
    for name, columns, sample_filter in [
        ("crops, 2 constraints", crops, one),
        ("crops, 8 constraints", crops, many),
        ("images, category and score of one prediction", images, of_images),
    ]:
        timed(f"mask: {name}", lambda _, c=columns, f=sample_filter: mask(c, f), repeats)
    for name, index, sample_filter in [
        ("crops, no filter", crop_facets, SampleFilter()),
        ("crops, 2 constraints", crop_facets, one),
        ("crops, 8 constraints", crop_facets, many),
        ("images, no filter", image_facets, SampleFilter()),
        ("images, category and score of one prediction", image_facets, of_images),
    ]:
        timed(f"facets and 10 tags: {name}", lambda _, i=index, f=sample_filter: i.facets(f, tags), repeats)
    half = random.random(count) < 0.5
    timed("order kept, filtered to a random half", lambda _: filtered(by_name, half), repeats)
    for key in SortKey:
        timed(f"full order by {key}", lambda _, key=key: full_order(crops, key, distance=distance), min(repeats, 10))
    for vertices in (60, 1_000, 10_000):
        lasso = draw_lasso(random, vertices)
        share = polygon_index.inside_mask(lasso).mean()
        timed(
            f"lasso of {vertices:,} vertices, {share:.0%} of the points",
            lambda _, lasso=lasso: polygon_index.inside(lasso),
            repeats if vertices < 10_000 else 3,
        )
    for kind, index in neighbor_indexes.items():
        rows = random.integers(0, count, repeats)
        timed(
            f"{NEIGHBORS} neighbours, {kind} vectors",
            lambda i, index=index, rows=rows: index.query(index.vectors[rows[i]], NEIGHBORS),
            repeats if kind != "uniform" else min(repeats, 5),
        )
        if kind == "curved":
            elsewhere = random.normal(size=(repeats, options.dimension)) / np.sqrt(options.dimension)
            timed(
                f"{NEIGHBORS} neighbours of a vector unlike all, {kind} vectors",
                lambda i, index=index, elsewhere=elsewhere: index.query(elsewhere[i], NEIGHBORS),
                min(repeats, 5),
            )
            timed(
                f"{NEIGHBORS} neighbours, {kind} vectors, within a random half",
                lambda i, index=index, rows=rows: index.query(index.vectors[rows[i]], NEIGHBORS, mask=half),
                repeats,
            )
    packed = pack_mask(half)
    timed("bitmap packed", lambda _: pack_mask(half), repeats)
    timed("bitmap unpacked", lambda _: unpack_mask(packed, count), repeats)
    labels = [category.label for category in crops.categories]
    timed("colour codes by category", lambda _: column_codes(crops.category, labels), repeats)


if __name__ == "__main__":
    main()
