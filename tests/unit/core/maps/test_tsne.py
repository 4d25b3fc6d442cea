from __future__ import annotations

import numpy as np
import pytest

from swath.core.maps.neighbours import Neighbours
from swath.core.maps.tsne import similarities


@pytest.mark.parametrize("perplexity", [5.0, 20.0])
def test_similarities_have_the_perplexity_that_was_asked_for(perplexity: float) -> None:
    random = np.random.default_rng(0)
    count, k = 300, 60
    rows = np.stack([(np.arange(k) + i + 1) % count for i in range(count)]).astype(np.int32)
    distances = np.sort(random.uniform(1, 3, size=(count, k)), axis=1).astype(np.float32)
    pairs = similarities(Neighbours(rows=rows, distances=distances), perplexity)
    assert float(pairs.weights.sum()) == pytest.approx(1.0, rel=1e-4)
    # A row's own shares are those of the partners after it, and each pair is there from one side only.
    shares = np.zeros((count, count))
    shares[np.repeat(np.arange(count), np.diff(pairs.starts)), pairs.partners] = pairs.weights * 2 * count
    own = shares[0, rows[0]]
    assert np.exp(-(own * np.log(own)).sum()) == pytest.approx(perplexity, rel=1e-3)


def test_equal_vectors_have_equal_similarities() -> None:
    rows = np.array([[1, 2], [0, 2], [0, 1]], dtype=np.int32)
    pairs = similarities(Neighbours(rows=rows, distances=np.zeros((3, 2), dtype=np.float32)), 1.5)
    np.testing.assert_allclose(pairs.weights, 1 / 6, rtol=1e-5)
