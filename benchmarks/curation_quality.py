"""How much more of what is rare a selection holds than a random one of the same size, by mode, on labelled data.

    .venv/bin/python benchmarks/curation_quality.py DATASOURCE TASK [--demo-images 240] [--subsets 50]

Each of `--subsets` times a random 80 % of the objects is taken, and a tenth of it is selected in every mode, as a run
would: by the same function, with vectors of the default embedder in float16. No mode sees the labels but those that
balance predictions, which are marked (once more with predictions that know only the 12 groups of COCO's categories),
and no mode has a constant that was fitted: strengths are 1 and -1. A random selection is not drawn but computed: what
it holds of each category on average is known in closed form.

distinct  categories among the selected objects
single    share of the categories with a single object in the subset that are among them
rare      the same for categories of at most 1 % of the subset's objects; of the demo datasource those kinds that it
          makes rare
ratio     selected / random, of the means over all subsets

Photos are judged twice: with the shipped projection, which was fitted on the 128 photos of coco128 and so flatters
itself there, and with `--halves` with one (int8 ranges and bias shifts too) fitted on one random half of the photos
and judged on the other. Labels of the photos are the categories of the predictions; those of the demo datasource are
the kinds in its hidden ground truth ("police car"), of which there are more than predicted categories ("car").
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from swath.adapters.decoders.pillow_codec import PillowCodec
from swath.adapters.embedders import RECOMMENDED_BATCH, load_embedder
from swath.adapters.embedders.efficientnet_lite0 import INPUT_SIZE, weights_path
from swath.adapters.embedders.lite0_layers import lite0_layers
from swath.adapters.embedders.torch_weights import read_state_dict
from swath.core.candidates import CategoryValues, NumberValues, StrategyInput
from swath.core.crops import crop_rectangles
from swath.core.selection import resolve_amount
from swath.core.selection.quality import expected_coverage
from swath.demo import make_demo_datasource, rare_kinds
from swath.demo.datasource import GROUND_TRUTH
from swath.demo.predictions import TASK as DEMO_TASK
from swath.pipeline.selecting import select_units
from swath.wire.selection import SelectionConfig, ThresholdStrategy, WeightsStrategy

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

GROUP_STARTS = (0, 1, 9, 14, 24, 29, 39, 46, 56, 62, 68, 73)
"""Of the 80 categories of COCO, in their order, where each of the 12 groups begins: person, vehicles, animals …"""

DIVERSITY = {"type": "diversity"}
UNTYPICAL = {"type": "typicality", "strength": -1}
SHORTER_SIDE = {"type": "metadata", "key": "shorter side"}

SEES_LABELS = "(sees labels)"
MODES: Mapping[str, Mapping[str, Any]] = {
    "diversity": {"strategies": [DIVERSITY]},
    "diversity, one per image": {"strategies": [DIVERSITY], "max_per_image": 1},
    "representative": {"strategies": [{"type": "representative"}]},
    "diversity + representative": {"strategies": [DIVERSITY, {"type": "representative"}]},
    "typicality": {"strategies": [{"type": "typicality"}]},
    "typicality of strength -1": {"strategies": [UNTYPICAL]},
    "diversity + typicality": {"strategies": [DIVERSITY, {"type": "typicality"}]},
    "diversity + typicality of strength -1": {"strategies": [DIVERSITY, UNTYPICAL]},
    "diversity + typicality of strength -1, one per image": {
        "strategies": [DIVERSITY, UNTYPICAL],
        "max_per_image": 1,
    },
    "diversity + weights by shorter side": {"strategies": [DIVERSITY, {"type": "weights", "input": SHORTER_SIDE}]},
    "diversity + threshold, shorter side >= 32 px": {
        "strategies": [
            DIVERSITY,
            {"type": "threshold", "input": SHORTER_SIDE, "operation": "bigger_equal", "threshold": 32},
        ]
    },
    "diversity + balance of predictions (sees labels)": {"strategies": [DIVERSITY, {"type": "balance"}]},
    "diversity + balance of predictions, one per image (sees labels)": {
        "strategies": [DIVERSITY, {"type": "balance"}],
        "max_per_image": 1,
    },
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Objects:
    """Labelled objects: vectors (N, D) of unit length, labels and predicted categories (N,), the image (N,) and the
    shorter side (N,) of each; `rare` are labels that are rare by design, None where it follows from their number."""

    vectors: Vectors
    labels: Labels
    predicted: Labels
    image: Labels
    shorter_side: NDArray[np.float64]
    rare: Labels | None = None

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What a selection holds of the categories there are, and a random one on average: distinct ones, and shares of
    those with a single object and of the rare ones."""

    distinct: float
    random_distinct: float
    single: float
    random_single: float
    rare: float
    random_rare: float


def judge(objects: Objects, mode: Mapping[str, Any], *, subsets: int, seed: int = 0) -> Held:
    """What a mode holds on average over random subsets."""
    rows = []
    for number in range(subsets):
        random = np.random.default_rng((seed, number))
        subset = np.sort(random.choice(len(objects), round(KEPT_OF_ALL * len(objects)), replace=False))
        rows.append(_held(objects, subset, _selected(objects, subset, mode)))
    distinct, by_chance, single, single_by_chance, rare, rare_by_chance = np.nanmean(rows, axis=0).tolist()
    return Held(
        distinct=distinct,
        random_distinct=by_chance,
        single=single,
        random_single=single_by_chance,
        rare=rare,
        random_rare=rare_by_chance,
    )


def _selected(objects: Objects, subset: Labels, mode: Mapping[str, Any]) -> Labels:
    """The rows that a run on a subset would select."""
    config = SelectionConfig.model_validate({"n_samples": SELECTED, **mode})
    predicted, categories = np.unique(objects.predicted[subset], return_inverse=True)
    of_predictions = CategoryValues(
        names=tuple(map(str, predicted.tolist())),
        starts=np.arange(len(subset) + 1),
        categories=categories.reshape(-1).astype(np.int32),
        amounts=np.ones(len(subset)),
        preselected=np.zeros(len(predicted)),
    )
    sides = NumberValues(values=objects.shorter_side[subset], preselected=np.zeros(0))
    inputs = [
        StrategyInput(values=sides)
        if isinstance(strategy, WeightsStrategy | ThresholdStrategy)
        else StrategyInput(values=of_predictions if strategy.type == "balance" else None)
        for strategy in config.strategies
    ]
    stored = objects.vectors[subset].astype(np.float16)  # as a run keeps them
    keys = np.zeros((len(subset), 16), dtype=np.uint8)
    keys[:, :8] = np.arange(len(subset), dtype=">u8").view(np.uint8).reshape(-1, 8)
    chosen = select_units(
        config,
        vectors=stored,
        keys=keys,
        preselected=stored[:0],
        unit_of_row=None,
        inputs=inputs,
        image_of=objects.image[subset],
        categories=of_predictions,
        threads=2,
    )
    return subset[chosen.units]


def _held(objects: Objects, subset: Labels, picked: Labels) -> list[float]:
    categories, counts = np.unique(objects.labels[subset], return_counts=True)
    is_rare = counts <= RARE_SHARE * len(subset) if objects.rare is None else np.isin(categories, objects.rare)
    is_picked = np.isin(categories, objects.labels[picked])
    amount = resolve_amount(SELECTED, len(subset))
    held: list[float] = []
    for which in (np.ones(len(categories), dtype=np.bool_), counts == 1, is_rare):
        there = max(1, int(which.sum()))
        found, by_chance = float(is_picked[which].sum()), expected_coverage(counts[which], len(subset), amount)
        # Distinct categories are counted, of the others their share is of interest.
        whole = 1 if len(held) == 0 else there
        held += [found / whole, by_chance / whole] if which.any() else [np.nan, np.nan]
    return held


def grouped(objects: Objects) -> Objects:
    """The same with predictions that only know the group of each category: what a coarse detector would say."""
    return replace(objects, predicted=np.searchsorted(GROUP_STARTS, objects.labels, side="right") - 1)


def mean_of(parts: Sequence[Held]) -> Held:
    names = Held.__slots__
    return Held(**{name: float(np.nanmean([getattr(part, name) for part in parts])) for name in names})


def photo_objects(photos: Photos, vectors: Vectors, sides: NDArray[np.float64]) -> Objects:
    return Objects(
        vectors=vectors,
        labels=photos.category,
        predicted=photos.category,
        image=photos.image_row,
        shorter_side=sides,
    )


def shorter_sides(folder: Path, task: str) -> NDArray[np.float64]:
    """Of every crop that `read_photos` makes, in its order."""
    from PIL import Image

    sides: list[int] = []
    for path in sorted(folder.glob("*.jpg")):
        predictions = folder / ".lightly" / "predictions" / task / f"{path.stem}.json"
        boxes = json.loads(predictions.read_text())["predictions"] if predictions.exists() else []
        with Image.open(path) as image:
            width, height = image.size
        sides += [min(x1 - x0, y1 - y0) for x0, y0, x1, y1 in _rectangles(boxes, width, height)]
    return np.array(sides, dtype=np.float64)


def _rectangles(boxes: Sequence[Mapping[str, Any]], width: int, height: int) -> list[list[int]]:
    corners = np.array([[x, y, x + w, y + h] for x, y, w, h in (box["bbox"] for box in boxes)], dtype=np.float64)
    rects = crop_rectangles(corners.reshape(-1, 4), padding=0.0, width=width, height=height)
    return [rect.tolist() for rect in rects if rect.any()]


def halves(photos: Photos, sides: NDArray[np.float64], *, subsets: int) -> dict[tuple[str, str], Held]:
    """Everything fitted on one half of the photos and judged on the other, by variant of the embedder and mode."""
    layers = lite0_layers(read_state_dict(weights_path().read_bytes(), source="weights"))
    found: dict[tuple[str, str], list[Held]] = {}
    for seed in range(HALVINGS):
        order = np.random.default_rng(seed).permutation(len(photos.images))
        middle = len(order) // 2
        fitted, judged = photos.of_images(np.sort(order[:middle])), photos.of_images(np.sort(order[middle:]))
        own = sides[np.isin(photos.image_row, np.sort(order[middle:]))]
        for variant, vectors in vectors_of_halves(layers, fitted, judged).items():
            if variant not in ("int8, 128", "int8, 1280"):
                continue
            objects = photo_objects(judged, vectors, own)
            for name, mode in MODES.items():
                found.setdefault((variant, name), []).append(judge(objects, mode, subsets=subsets, seed=seed))
    return {key: mean_of(parts) for key, parts in found.items()}


def demo_objects(folder: Path, models: Path, embedder: str) -> Objects:
    """All predictions of the demo, with what each of them really shows as label."""
    truth = json.loads((folder / GROUND_TRUTH).read_text())["images"]
    codec = PillowCodec()
    crops: list[NDArray[np.uint8]] = []
    kinds: list[str] = []
    predicted: list[int] = []
    images: list[int] = []
    sides: list[float] = []
    for number, name in enumerate(sorted(truth)):
        pixels = codec.decode((folder / name).read_bytes())
        document = folder / ".lightly" / "predictions" / DEMO_TASK / Path(name).with_suffix(".json")
        entries = json.loads(document.read_text())["predictions"]
        corners = np.array([[x, y, x + w, y + h] for x, y, w, h in (entry["bbox"] for entry in entries)])
        height, width = pixels.shape[:2]
        rects = crop_rectangles(corners.astype(np.float64).reshape(-1, 4), padding=0.0, width=width, height=height)
        for rect, entry, shown in zip(rects, entries, truth[name]["predictions"], strict=True):
            if rect.any():
                crops.append(codec.crop_resized(pixels, rect.tolist(), INPUT_SIZE))
                kinds.append(shown["kind"] or "false positive")
                predicted.append(entry["category_id"])
                images.append(number)
                sides.append(min(rect[2] - rect[0], rect[3] - rect[1]))
    labels = np.unique(kinds, return_inverse=True)[1].astype(np.int64)
    return Objects(
        vectors=embed(embedder, np.stack(crops), models),
        labels=labels,
        predicted=np.array(predicted),
        image=np.array(images),
        shorter_side=np.array(sides, dtype=np.float64),
        rare=np.unique(labels[np.isin(kinds, sorted(rare_kinds))]),
    )


def embed(name: str, crops: NDArray[np.uint8], models_folder: Path) -> Vectors:
    embedder = load_embedder(name, models_folder=models_folder)
    starts = range(0, len(crops), RECOMMENDED_BATCH)
    return np.concatenate([embedder.embed(crops[start : start + RECOMMENDED_BATCH]) for start in starts])


def print_row(data: str, mode: str, held: Held, *, as_json: bool) -> None:
    pairs = {
        "distinct": (held.distinct, held.random_distinct),
        "single": (held.single, held.random_single),
        "rare": (held.rare, held.random_rare),
    }
    ratios = {name: selected / random if random else float("nan") for name, (selected, random) in pairs.items()}
    if as_json:
        row = {"data": data, "mode": mode}
        for name, (selected, random) in pairs.items():
            row |= {name: selected, f"random_{name}": random, f"{name}_ratio": ratios[name]}
        print(json.dumps(row), flush=True)
        return
    digits = {"distinct": 1, "single": 3, "rare": 3}
    cells = [
        f"{selected:.{digits[name]}f} : {random:.{digits[name]}f} | **{ratios[name]:.2f}**"
        for name, (selected, random) in pairs.items()
    ]
    print(f"| {data} | {mode} | {' | '.join(cells)} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("datasource", type=Path, help="folder of *.jpg with labels as predictions")
    parser.add_argument("task", help="prediction task that holds the labels")
    parser.add_argument("--demo-images", type=int, default=240, help="pictures of the demo datasource; 0: leave it out")
    parser.add_argument("--subsets", type=int, default=50)
    parser.add_argument("--halves", action="store_true", help="also what was fitted on the other half of the photos")
    parser.add_argument("--full", action="store_true", help="also the embedder that keeps all features")
    parser.add_argument("--json", action="store_true", help="one JSON object per line")
    arguments = parser.parse_args()
    subsets, as_json = arguments.subsets, arguments.json
    photos = read_photos(arguments.datasource, arguments.task, size=INPUT_SIZE)
    sides = shorter_sides(arguments.datasource, arguments.task)
    if not as_json:
        print("| data | mode | distinct, selected : random | ratio | single | ratio | rare | ratio |")
        print("|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        models = Path(folder) / "models"
        embedders = EMBEDDERS if arguments.full else EMBEDDERS[:1]
        for embedder in embedders:
            objects = photo_objects(photos, embed(embedder, photos.crops, models), sides)
            for name, mode in MODES.items():
                print_row(f"photos, {embedder}", name, judge(objects, mode, subsets=subsets), as_json=as_json)
            if photos.category.max() < 80:
                for name in (name for name in MODES if name.endswith(SEES_LABELS)):
                    held = judge(grouped(objects), MODES[name], subsets=subsets)
                    name = f"{name.removesuffix(SEES_LABELS)}(sees 12 groups of labels)"
                    print_row(f"photos, {embedder}", name, held, as_json=as_json)
        if arguments.halves:
            for (variant, name), held in halves(photos, sides, subsets=subsets).items():
                print_row(f"photos, {variant}, fitted on the other half", name, held, as_json=as_json)
        if arguments.demo_images:
            demo = Path(folder) / "demo"
            make_demo_datasource(demo, images=arguments.demo_images)
            for embedder in embedders:
                objects = demo_objects(demo, models, embedder)
                for name, mode in MODES.items():
                    print_row(f"demo, {embedder}", name, judge(objects, mode, subsets=subsets), as_json=as_json)


if __name__ == "__main__":
    main()
