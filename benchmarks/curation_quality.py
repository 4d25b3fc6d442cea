"""How much more of what is rare a diverse selection holds than a random one of the same size, on labelled data.

    .venv/bin/python benchmarks/curation_quality.py DATASOURCE TASK [--demo-images 240] [--subsets 20] [--randoms 200]

Selections never see the labels: they see the vectors of the default embedder. Each of `--subsets` times a random 80 %
of the objects is taken, a tenth of it is selected by diversity, and compared with `--randoms` random tenths.

distinct    categories among the selected objects
rare recall share of the rare categories of the subset that are among them; rare: at most 1 % of the subset's objects
rare objects  share of all objects of rare categories that are selected; a random tenth holds a tenth of them
ratio       diversity / random, of the means over all subsets

Photos are judged twice: with the shipped projection, which was fitted on the 128 photos of coco128 and so flatters
itself there, and with a projection (int8 ranges and bias shifts too) fitted on one random half of the photos and
judged on the other. Labels of the photos are the categories of the predictions; those of the demo datasource are the
kinds in its hidden ground truth ("police car"), of which there are more than predicted categories ("car"), and its
rare ones are those it names as rare (about 1 % of the objects each).
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from swath.adapters.decoders.pillow_codec import PillowCodec
from swath.adapters.embedders import RECOMMENDED_BATCH, load_embedder
from swath.adapters.embedders.efficientnet_lite0 import INPUT_SIZE, weights_path
from swath.adapters.embedders.lite0_layers import lite0_layers
from swath.adapters.embedders.torch_weights import read_state_dict
from swath.core.crops import crop_rectangles
from swath.core.selection import Diversity, resolve_amount, select
from swath.demo import make_demo_datasource, rare_kinds
from swath.demo.datasource import GROUND_TRUTH
from swath.demo.predictions import TASK as DEMO_TASK

sys.path.append(str(Path(__file__).parent.parent / "models"))  # the scripts that fit the default embedder
from evaluate_lite0 import vectors_of_halves
from lite0_photos import Photos, read_photos

KEPT_OF_ALL = 0.8
SELECTED = 0.1
RARE_SHARE = 0.01
HALVINGS = 6
EMBEDDERS = ("efficientnet-lite0", "efficientnet-lite0-full")
Vectors = NDArray[np.float32]
Labels = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Means over subsets: categories in a subset, rare ones among them, and what the two selections hold of them."""

    categories: float
    rare: float
    distinct: float
    random_distinct: float
    recall: float
    random_recall: float
    objects: float
    random_objects: float


def judge(
    vectors: Vectors, labels: Labels, *, subsets: int, randoms: int, seed: int, rare: Labels | None = None
) -> Found:
    """Compare selections of random subsets; vectors (N, D) of unit length, labels (N,)."""
    rows = []
    for number in range(subsets):
        random = np.random.default_rng((seed, number))
        subset = np.sort(random.choice(len(labels), round(KEPT_OF_ALL * len(labels)), replace=False))
        own = labels[subset]
        categories, counts = np.unique(own, return_counts=True)
        scarce = categories[counts <= RARE_SHARE * len(own)] if rare is None else rare
        count = resolve_amount(SELECTED, len(own))
        stored = vectors[subset].astype(np.float16)  # as a run keeps them
        picks = select([Diversity(vectors=stored)], count=count, rank=np.arange(len(own))).rows
        there = int(np.isin(own, scarce).sum())
        found = [_found(own[picks], scarce, there)]
        found += [_found(random.choice(own, count, replace=False), scarce, there) for _ in range(randoms)]
        by_chance = np.mean(found[1:], axis=0)
        pairs = [value for pair in zip(found[0], by_chance, strict=True) for value in pair]
        rows.append([len(categories), len(scarce), *pairs])
    return _as_found(rows)


def _found(picked: Labels, rare: Labels, rare_objects: int) -> tuple[int, float, float]:
    """Distinct categories, share of the rare categories and share of all rare objects that were picked."""
    distinct = np.unique(picked)
    recall = float(np.isin(rare, distinct).mean()) if len(rare) else np.nan
    return len(distinct), recall, float(np.isin(picked, rare).sum()) / max(rare_objects, 1)


def _as_found(rows: Sequence[Sequence[float]]) -> Found:
    return Found(**dict(zip((field.name for field in fields(Found)), np.mean(rows, axis=0).tolist(), strict=True)))


def mean_of(parts: Sequence[Found]) -> Found:
    return _as_found([astuple(part) for part in parts])


def halves(photos: Photos, *, subsets: int, randoms: int) -> dict[str, Found]:
    """Everything fitted on one half of the photos and judged on the other, by variant of the embedder."""
    layers = lite0_layers(read_state_dict(weights_path().read_bytes(), source="weights"))
    found: dict[str, list[Found]] = {"int8, 128": [], "int8, 1280": []}
    for seed in range(HALVINGS):
        order = np.random.default_rng(seed).permutation(len(photos.images))
        middle = len(order) // 2
        fitted, judged = photos.of_images(np.sort(order[:middle])), photos.of_images(np.sort(order[middle:]))
        vectors = vectors_of_halves(layers, fitted, judged)
        for name, parts in found.items():
            parts.append(judge(vectors[name], judged.category, subsets=subsets, randoms=randoms, seed=seed))
    return {name: mean_of(parts) for name, parts in found.items()}


def demo_objects(folder: Path) -> tuple[NDArray[np.uint8], list[str]]:
    """Crops (N, S, S, 3) of all predictions of the demo, and what each of them really shows."""
    truth = json.loads((folder / GROUND_TRUTH).read_text())["images"]
    codec, crops, kinds = PillowCodec(), [], []
    for name in sorted(truth):
        pixels = codec.decode((folder / name).read_bytes())
        document = folder / ".lightly" / "predictions" / DEMO_TASK / Path(name).with_suffix(".json")
        boxes = [entry["bbox"] for entry in json.loads(document.read_text())["predictions"]]
        corners = np.array([[x, y, x + w, y + h] for x, y, w, h in boxes], dtype=np.float64).reshape(-1, 4)
        height, width = pixels.shape[:2]
        rects = crop_rectangles(corners, padding=0.0, width=width, height=height)
        for rect, shown in zip(rects, truth[name]["predictions"], strict=True):
            if rect.any():
                crops.append(codec.crop_resized(pixels, rect.tolist(), INPUT_SIZE))
                kinds.append(shown["kind"] or "false positive")
    return np.stack(crops), kinds


def embed(name: str, crops: NDArray[np.uint8], models_folder: Path) -> Vectors:
    embedder = load_embedder(name, models_folder=models_folder)
    starts = range(0, len(crops), RECOMMENDED_BATCH)
    return np.concatenate([embedder.embed(crops[start : start + RECOMMENDED_BATCH]) for start in starts])


def print_row(name: str, found: Found) -> None:
    cells = [
        f"{found.categories:.0f}, {found.rare:.0f}",
        f"{found.distinct:.1f} : {found.random_distinct:.1f}",
        f"**{found.distinct / found.random_distinct:.2f}**",
        f"{found.recall:.3f} : {found.random_recall:.3f}",
        f"**{found.recall / found.random_recall:.2f}**",
        f"{found.objects:.3f} : {found.random_objects:.3f}",
        f"**{found.objects / found.random_objects:.2f}**",
    ]
    print(f"| {name} | {' | '.join(cells)} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("datasource", type=Path, help="folder of *.jpg with labels as predictions")
    parser.add_argument("task", help="prediction task that holds the labels")
    parser.add_argument("--demo-images", type=int, default=240, help="pictures of the demo datasource; 0: leave it out")
    parser.add_argument("--subsets", type=int, default=20)
    parser.add_argument("--randoms", type=int, default=200)
    arguments = parser.parse_args()
    counts = {"subsets": arguments.subsets, "randoms": arguments.randoms}
    photos = read_photos(arguments.datasource, arguments.task, size=INPUT_SIZE)
    print("| | labels, rare ones | distinct, diverse : random | ratio | rare recall | ratio | rare objects | ratio |")
    print("|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        models = Path(folder) / "models"
        for name in EMBEDDERS:
            found = judge(embed(name, photos.crops, models), photos.category, seed=0, **counts)
            print_row(f"photos, {name}, as shipped", found)
        for name, found in halves(photos, **counts).items():
            print_row(f"photos, {name}, fitted on the other half", found)
        if arguments.demo_images:
            demo = Path(folder) / "demo"
            make_demo_datasource(demo, images=arguments.demo_images)
            crops, kinds = demo_objects(demo)
            labels = np.unique(kinds, return_inverse=True)[1].astype(np.int64)
            is_rare = np.unique(labels[np.isin(kinds, sorted(rare_kinds))])
            for name in EMBEDDERS:
                found = judge(embed(name, crops, models), labels, seed=0, rare=is_rare, **counts)
                print_row(f"demo, {name}", found)


if __name__ == "__main__":
    main()
