"""What lies in a datasource, as it was when somebody began to page through it.

A million keys are listed once per walk, not once per page. Snapshots are kept in memory, bounded; one that had to go is
made anew when its next page is asked for. Pages are told by the last key of the one before, so that this loses nothing
and repeats nothing of what was there all the time.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from swath.pipeline.ports import FileEntry

_BYTES_PER_KEY = 72  # of a string and its place in a list, beside its characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Keys, sorted, and when each was changed last (N,) int64, unix ms; 0 where nobody knows."""

    keys: list[str]
    modified_at: NDArray[np.int64]

    @property
    def byte_count(self) -> int:
        return sum(map(len, self.keys)) + _BYTES_PER_KEY * len(self.keys) + self.modified_at.nbytes

    def changed_between(self, first_s: int, last_s: int) -> NDArray[np.int64]:
        """Positions of files changed in these seconds, both included; of unknown time only from second 0 on."""
        seconds = self.modified_at // 1000
        return np.flatnonzero((seconds >= first_s) & (seconds <= last_s))


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRange:
    """Keys k with after < k <= until; "" stands for no limit."""

    after: str = ""
    until: str = ""


def take_snapshot(pages: Iterable[Sequence[FileEntry]]) -> Snapshot:
    """All files of a listing, each key once."""
    found = {entry.key: entry.modified_at for page in pages for entry in page}
    keys = sorted(found)
    return Snapshot(keys=keys, modified_at=np.fromiter(map(found.__getitem__, keys), np.int64, len(keys)))


def rows_in(snapshot: Snapshot, rows: NDArray[np.int64], keys: KeyRange) -> NDArray[np.int64]:
    """Those of the rows whose keys are in a range."""
    first = bisect_right(snapshot.keys, keys.after) if keys.after else 0
    end = bisect_right(snapshot.keys, keys.until) if keys.until else len(snapshot.keys)
    return rows[bisect_left(rows, first) : bisect_left(rows, end)]


def split(snapshot: Snapshot, rows: NDArray[np.int64], parts: int) -> list[KeyRange]:
    """Ranges that together hold all rows, about as many in each: at least one, at most `parts`."""
    count = max(1, min(parts, len(rows)))
    ends = [snapshot.keys[rows[len(rows) * part // count - 1]] for part in range(1, count)]
    return [KeyRange(after=after, until=until) for after, until in zip(["", *ends], [*ends, ""], strict=True)]
