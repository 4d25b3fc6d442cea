"""Previews that were made: kept in memory for a while, each for who asked. Nothing of them is written anywhere."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from swath.core.errors import NotFound
from swath.pipeline.ports import Datasource
from swath.pipeline.preview_parts import Preview, PreviewedImage
from swath.server.memo import Memo
from swath.store.clock import now_ms
from swath.store.ids import new_id

SECONDS_KEPT = 30 * 60

MOST_PER_USER = 5
MOST_BYTES = 128 << 20
MOST_PIXEL_BYTES = 256 << 20
"""Of files and decoded images: crops of one image are asked for again and again while somebody tries paddings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPreview:
    """A preview, whose it is, and how to get at its images once more."""

    id: str
    user_id: str
    expires_at: int  # ms
    preview: Preview
    open: Callable[[], Datasource] = field(repr=False)
    """The datasource of the images. Asks again whether it may be opened; raises as opening does."""

    def image(self, index: int) -> PreviewedImage:
        """Raises NotFound."""
        if index >= len(self.preview.images):
            raise NotFound(f"preview `{self.id}` has no image {index}: it has {len(self.preview.images):,}")
        return self.preview.images[index]

    def box_of(self, index: int) -> tuple[int, NDArray[np.float64]]:
        """The image of a usable object, and its corners (4,). Raises NotFound."""
        objects = self.preview.objects
        rows = np.flatnonzero(objects.usable)
        if index >= len(rows):
            raise NotFound(f"preview `{self.id}` has no object {index}: it has {len(rows):,}")
        row = rows[index]
        return int(objects.image[row]), objects.corners[row]


class Previews:
    """The previews of all users; the oldest of a user's, or of all, go when there are too many. Safe to use from
    threads."""

    def __init__(
        self,
        *,
        most_per_user: int = MOST_PER_USER,
        most_bytes: int = MOST_BYTES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most_per_user = most_per_user
        self._most_bytes = most_bytes
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[float, int, KeptPreview]] = {}  # until when, bytes; oldest first
        self.pixels = Memo(MOST_PIXEL_BYTES, keeps_too_large=False)
        """Files and decoded images, by keys that begin with the id of the preview."""

    def keep(self, user_id: str, preview: Preview, open_images: Callable[[], Datasource]) -> KeptPreview:
        """Keep a preview for a user."""
        kept = KeptPreview(
            id=new_id(),
            user_id=user_id,
            expires_at=now_ms() + SECONDS_KEPT * 1000,
            preview=preview,
            open=open_images,
        )
        with self._lock:
            self._kept[kept.id] = (self._clock() + SECONDS_KEPT, _byte_count(preview), kept)
            forgotten = self._forget_some()
        self._forget_pixels(forgotten)
        return kept

    def find(self, preview_id: str, user_id: str) -> KeptPreview:
        """Raises NotFound for one that is not there (any more), or another user's."""
        with self._lock:
            forgotten = self._forget_some()
            _, _, found = self._kept.get(preview_id, (0.0, 0, None))
        self._forget_pixels(forgotten)
        if found is None or found.user_id != user_id:
            raise NotFound(
                f"there is no preview `{preview_id}`",
                hint=f"Previews are kept for {SECONDS_KEPT // 60} minutes: make it again.",
            )
        return found

    def _forget_some(self) -> set[str]:
        """Let go of previews that are old or too many; returns their ids."""
        now = self._clock()
        forgotten = {key for key, (until, _, _) in self._kept.items() if until <= now}
        byte_count = 0
        counts: dict[str, int] = {}
        for key, (_, size, kept) in reversed(self._kept.items()):
            if key in forgotten:
                continue
            byte_count += size
            counts[kept.user_id] = counts.get(kept.user_id, 0) + 1
            # The newest stays, whatever its size.
            is_too_much = byte_count > self._most_bytes and byte_count > size
            if is_too_much or counts[kept.user_id] > self._most_per_user:
                forgotten.add(key)
        for key in forgotten:
            del self._kept[key]
        return forgotten

    def _forget_pixels(self, forgotten: set[str]) -> None:
        if forgotten:
            self.pixels.discard(lambda key: isinstance(key, tuple) and key[0] in forgotten)


def _byte_count(preview: Preview) -> int:
    """Roughly what a preview takes."""
    objects = preview.objects
    columns = (objects.image, objects.category_id, objects.score, objects.corners, objects.outcome)
    categories = sum(len(task.schema.categories) for task in preview.tasks if task.schema is not None)
    records = len(preview.images) + len(preview.problems) + len(preview.tasks) + categories
    return sum(column.nbytes for column in columns) + objects.shorter_side.nbytes + 600 * records
