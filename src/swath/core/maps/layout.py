"""Making a map of vectors, and extending one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from swath.core.browsing.projections import ProjectionMethod
from swath.core.errors import InvalidConfig
from swath.core.maps.pacmap import pacmap
from swath.core.maps.parallel import Parallel
from swath.core.maps.placing import place
from swath.core.maps.reduction import Reduced, reduce_vectors
from swath.core.maps.steps import OnStep, ignore
from swath.core.maps.tsne import tsne
from swath.core.maps.umap import umap

FEWEST_ROWS = 8
"""Fewer have no neighbourhoods to speak of: they are shown on their principal axes."""

MOST_ROWS = 100_000
"""Of more samples, so many by chance are laid out, and the others come to their neighbours among these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How a map is laid out. `perplexity` is of t-SNE, `neighbors` of the others, `min_distance` of UMAP."""

    method: ProjectionMethod
    seed: int = 0
    neighbors: int = 10
    perplexity: float = 30.0
    min_distance: float = 0.1


def make_map(
    vectors: NDArray[np.float16],
    layout: Layout,
    *,
    parallel: Parallel | None = None,
    on_step: OnStep = ignore,
    most_rows: int = MOST_ROWS,
) -> NDArray[np.float32]:
    """Points (N, 2) of `vectors` (N, D), centred; NaN where a vector is not finite.

    Equal vectors of a set that does not vary at all are all at (0, 0). Of more than `most_rows` some are laid out, the
    rest is placed. Raises InvalidConfig for a method that lays nothing out.
    """
    parallel = parallel or Parallel()
    points = np.full((len(vectors), 2), np.nan, dtype=np.float32)
    reduced = reduce_vectors(vectors)
    if len(reduced) <= most_rows:
        points[reduced.rows] = _laid_out(reduced.vectors, layout, parallel, on_step)
        return points
    random = np.random.Generator(np.random.PCG64(layout.seed))
    is_chosen = np.zeros(len(reduced), dtype=np.bool_)
    is_chosen[random.choice(len(reduced), most_rows, replace=False, shuffle=False)] = True
    chosen = reduced.vectors[is_chosen]
    points[reduced.rows[is_chosen]] = there = _laid_out(chosen, layout, parallel, on_step)
    others = reduced.rows[~is_chosen]
    points[others] = place(reduced.vectors[~is_chosen], others, chosen, there, parallel=parallel, on_step=on_step)
    return points


def extend_map(
    vectors: NDArray[np.float16],
    points: NDArray[np.float32],
    *,
    parallel: Parallel | None = None,
    on_step: OnStep = ignore,
) -> NDArray[np.float32]:
    """Points (N - M, 2) of the samples that `points` (M, 2) lacks, for `vectors` (N, D) of all; NaN where a vector is
    not finite, or none of those that have a point is."""
    parallel = parallel or Parallel()
    new = np.full((max(0, len(vectors) - len(points)), 2), np.nan, dtype=np.float32)
    reduced: Reduced = reduce_vectors(vectors)
    is_new = reduced.rows >= len(points)
    is_placed = np.zeros(len(reduced), dtype=np.bool_)
    is_placed[~is_new] = np.isfinite(points[reduced.rows[~is_new]]).all(axis=1)
    if not is_new.any() or not is_placed.any():
        return new
    rows = reduced.rows[is_new]
    new[rows - len(points)] = place(
        reduced.vectors[is_new],
        rows,
        reduced.vectors[is_placed],
        points[reduced.rows[is_placed]],
        parallel=parallel,
        on_step=on_step,
    )
    return new


def _laid_out(vectors: NDArray[np.float32], layout: Layout, parallel: Parallel, on_step: OnStep) -> NDArray[np.float32]:
    count, axes = vectors.shape
    if count < FEWEST_ROWS or axes == 0:
        points = np.zeros((count, 2), dtype=np.float32)
        points[:, : min(2, axes)] = vectors[:, :2]
    elif layout.method is ProjectionMethod.PACMAP:
        points = pacmap(vectors, neighbors=layout.neighbors, seed=layout.seed, parallel=parallel, on_step=on_step)
    elif layout.method is ProjectionMethod.TSNE:
        points = tsne(vectors, perplexity=layout.perplexity, seed=layout.seed, parallel=parallel, on_step=on_step)
    elif layout.method is ProjectionMethod.UMAP:
        points = umap(
            vectors,
            neighbors=layout.neighbors,
            min_distance=layout.min_distance,
            seed=layout.seed,
            parallel=parallel,
            on_step=on_step,
        )
    else:
        raise InvalidConfig(f"method `{layout.method.value}` lays nothing out", field="method")
    if count:
        points -= points.mean(axis=0, dtype=np.float64).astype(np.float32)
    return points
