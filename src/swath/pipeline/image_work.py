"""One image on its way through a run: what is known of it and what became of it."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from swath.core.outcomes import FileOutcome
from swath.core.predictions import ImagePredictions
from swath.core.scoring.details import PredictionDetails
from swath.pipeline.ports import FileEntry, KnownImage


@dataclass(slots=True)
class ImageWork:
    """`row` is the image's place by name; `first` to `last` are its rows in the object table.

    `outcome` is None until something is decided; an image that comes through everything ends as USED. `changed` are
    the keys of its files that were not as listed any more when they were read; `entry` is of what was read. `details`
    is what its predictions say besides category, box and score.
    """

    row: int
    entry: FileEntry
    known: KnownImage | None = None
    prediction_digest: bytes = b""
    predictions: ImagePredictions | None = None
    details: PredictionDetails | None = None
    outcome: FileOutcome | None = None
    reason: str = ""
    changed: tuple[str, ...] = ()
    first: int = 0
    last: int = 0

    @property
    def key(self) -> str:
        return self.entry.key

    def end(self, outcome: FileOutcome, reason: str = "") -> None:
        self.outcome = outcome
        self.reason = reason


class DuplicateClaims:
    """Who of several images with equal bytes is the first by name, asked from several threads in any order."""

    def __init__(self) -> None:
        self._owners: dict[bytes, int] = {}
        self._turn = threading.Lock()

    def claim(self, digest: bytes, row: int) -> bool:
        """Whether no image with a smaller row has claimed this digest; may turn out otherwise later."""
        with self._turn:
            owner = self._owners.get(digest)
            if owner is not None and owner < row:
                return False
            self._owners[digest] = row
            return True

    def owner(self, digest: bytes) -> int | None:
        return self._owners.get(digest)
