"""Prints the figures of docs/models.md: accuracy, diversity and agreement on photos that were not fitted on, and speed.

    python models/evaluate_lite0.py IMAGES_FOLDER PREDICTION_TASK

Everything that is fitted (ranges, bias shifts, projection) is fitted on one half of the photos and judged on the other,
for several halvings.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from fit_lite0 import Layers, calibration_images, fit_int8, fit_projection
from lite0_photos import Photos, read_photos
from swath.adapters.embedders.efficientnet_lite0 import INPUT_SIZE, VARIANTS, load_lite0, weights_path
from swath.adapters.embedders.lite0_data import with_bias_shifts
from swath.adapters.embedders.lite0_graph import vector_graph
from swath.adapters.embedders.lite0_layers import lite0_layers
from swath.adapters.embedders.onnx_session import CPU_PROVIDER, open_session
from swath.adapters.embedders.torch_weights import read_state_dict

HALVINGS = 6
NEIGHBOURS = 5
SHARE = 0.1
Vectors = NDArray[np.float32]


def main(arguments: Sequence[str]) -> None:
    if len(arguments) != 2:
        sys.exit(__doc__)
    photos = read_photos(Path(arguments[0]), arguments[1], size=INPUT_SIZE)
    layers = lite0_layers(read_state_dict(weights_path().read_bytes(), source="weights"))
    print_quality(layers, photos)
    print_speed(photos.crops)


def print_quality(layers: Layers, photos: Photos) -> None:
    rows: dict[str, list[list[float]]] = {}
    for seed in range(HALVINGS):
        order = np.random.default_rng(seed).permutation(len(photos.images))
        half = len(order) // 2
        fitted, judged = photos.of_images(np.sort(order[:half])), photos.of_images(np.sort(order[half:]))
        vectors = vectors_of_halves(layers, fitted, judged)
        for name, judged_vectors in vectors.items():
            reference = vectors["fp32, 1280" if judged_vectors.shape[1] == 1280 else "fp32, 128"]
            cosines = (judged_vectors * reference).sum(axis=1)
            rows.setdefault(name, []).append(
                [
                    float(cosines.mean()),
                    float(cosines.min()),
                    neighbour_accuracy(judged_vectors, judged),
                    len(np.unique(judged.category[farthest_first(judged_vectors, SHARE)])),
                ]
            )
        rng = np.random.default_rng(seed)
        count = max(1, round(SHARE * len(judged.category)))
        picks = [rng.choice(judged.category, count, replace=False) for _ in range(50)]
        majority = np.bincount(judged.category).max() / len(judged.category)
        found = float(np.mean([len(np.unique(pick)) for pick in picks]))
        rows.setdefault("majority class, random picks", []).append([np.nan, np.nan, float(majority), found])
    print("| | mean cosine to fp32 | least | kNN accuracy | categories in 10 % |\n|---|---|---|---|---|")
    for name, values in rows.items():
        mean, least, accuracy, found = np.array(values).T
        cells = [f"{mean.mean():.4f}", f"{least.min():.3f}", f"{accuracy.mean():.3f}", f"{found.mean():.1f}"]
        print(f"| {name} | {' | '.join(cells)} |")


def vectors_of_halves(layers: Layers, fitted: Photos, judged: Photos) -> dict[str, Vectors]:
    int8 = fit_int8(layers, calibration_images(fitted))
    projection = fit_projection(layers, fitted)
    fp32 = {"layers": layers, "ranges": None}
    quantised = {"layers": with_bias_shifts(layers, int8.bias_shifts), "ranges": int8.ranges}
    unshifted = {"layers": layers, "ranges": int8.ranges}
    projected = {"centre": projection.centre, "projection": projection.basis}
    graphs = {
        "fp32, 1280": fp32,
        "fp32, 128": fp32 | projected,
        "int8, 1280": quantised,
        "int8, 128": quantised | projected,
        "int8 without bias shifts, 128": unshifted | projected,
    }
    return {
        name: _embedded(vector_graph(input_size=INPUT_SIZE, **arguments), judged.crops)  # type: ignore[arg-type]
        for name, arguments in graphs.items()
    }


def neighbour_accuracy(vectors: Vectors, photos: Photos) -> float:
    """Share of crops whose category most of the 5 nearest crops of other photos have (ties: the nearer ones win)."""
    similarity = vectors @ vectors.T
    similarity[photos.image_row[:, None] == photos.image_row[None, :]] = -np.inf
    nearest = np.argsort(-similarity, axis=1, kind="stable")[:, :NEIGHBOURS]
    weights = 1 + 1e-3 * np.arange(NEIGHBOURS, 0, -1)
    votes = (np.bincount(photos.category[row], weights).argmax() for row in nearest)
    return float(np.mean(np.fromiter(votes, dtype=np.int64) == photos.category))


def farthest_first(vectors: Vectors, share: float) -> list[int]:
    """Greedy k-center from the row closest to the mean."""
    picked = [int(np.linalg.norm(vectors - vectors.mean(axis=0), axis=1).argmin())]
    distance = np.linalg.norm(vectors - vectors[picked[0]], axis=1)
    while len(picked) < max(1, round(share * len(vectors))):
        picked.append(int(distance.argmax()))
        distance = np.minimum(distance, np.linalg.norm(vectors - vectors[picked[-1]], axis=1))
    return picked


def print_speed(crops: NDArray[np.uint8]) -> None:
    print("| crops/s, best of 3 | batch 8 | batch 16 | batch 32 |\n|---|---|---|---|")
    with TemporaryDirectory() as folder:
        for name in ("efficientnet-lite0", "efficientnet-lite0-fp32"):
            embedder = load_lite0(VARIANTS[name], models_folder=Path(folder))
            for threads in (1, 2):
                rates = [_rate(embedder.embed, crops[:768], batch, threads) for batch in (8, 16, 32)]
                print(f"| {name}, {threads} threads | {' | '.join(f'{rate:.0f}' for rate in rates)} |")


def _rate(embed: Callable[[NDArray[np.uint8]], Vectors], crops: NDArray[np.uint8], batch: int, threads: int) -> float:
    batches = [crops[start : start + batch] for start in range(0, len(crops), batch)]
    best = np.inf
    with ThreadPoolExecutor(threads) as pool:
        for _ in range(3):
            start = time.perf_counter()
            list(pool.map(embed, batches))
            best = min(best, time.perf_counter() - start)
    return len(crops) / best


def _embedded(graph: bytes, images: NDArray[np.uint8]) -> Vectors:
    session = open_session(graph, threads=2, providers=[CPU_PROVIDER], source="graph")
    parts = [session.run(None, {"images": images[start : start + 32]})[0] for start in range(0, len(images), 32)]
    return np.concatenate(parts)


if __name__ == "__main__":
    main(sys.argv[1:])
