from __future__ import annotations

from collections.abc import Iterator

import pytest

from swath.core.selection import native


@pytest.fixture(params=native.levels())
def way(request: pytest.FixtureRequest) -> Iterator[str]:
    """Every instruction set that the machine can run."""
    with pytest.MonkeyPatch.context() as patch:
        library = native.Library(request.param)
        patch.setattr(native, "library", lambda: library)
        yield request.param
