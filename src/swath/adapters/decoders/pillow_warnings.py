"""Keeps Pillow's warnings about ugly files from the user's terminal, whatever thread they come from."""

from __future__ import annotations

import re
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

_FILTER = ("ignore", None, Warning, re.compile(r"PIL\."), 0)
_lock = threading.Lock()
_depth = 0


@contextmanager
def pillow_warnings_ignored() -> Iterator[None]:
    """Ignore warnings that Pillow's own modules raise while at least one thread is inside.

    `warnings.catch_warnings` swaps the filters of the whole process and puts back what it saw: with several threads
    the last to leave wins. This adds one filter and takes the same one away; what others do with theirs stays.
    """
    global _depth
    with _lock:
        _depth += 1
        filters = _filters()
        if _FILTER not in filters:
            filters.insert(0, _FILTER)
    try:
        yield
    finally:
        with _lock:
            _depth -= 1
            filters = _filters()
            if _depth == 0 and _FILTER in filters:
                filters.remove(_FILTER)


def _filters() -> list[Any]:
    # Looked up each time: `catch_warnings` elsewhere may have put another list in place.
    return cast("list[Any]", warnings.filters)
