from __future__ import annotations

from collections.abc import Iterator

import pytest

from swath.core.selection import diversity


@pytest.fixture(params=["direct", "batched"])
def way(request: pytest.FixtureRequest) -> Iterator[str]:
    """Both ways of measuring distances, whatever the size of the problem."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(diversity, "DIRECT_UP_TO", 10**18 if request.param == "direct" else -1)
        yield request.param
