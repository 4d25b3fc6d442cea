"""The streaming pass: every image is read and decoded once, all its objects cropped and embedded on the way.

Reading, decoding and inference overlap in threads; memory is bounded by the images and batches under way. Results go
into rows that are fixed beforehand, so nothing depends on which thread was faster.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from swath.core.additions import UsedFile
from swath.core.boxes import BoxFormat, BoxFormatEvidence, box_format_evidence
from swath.core.crops import decode_scales, embedding_keys, scaled_rectangle, whole_image_embedding_key
from swath.core.errors import NotFound, SourceUnavailable, UnreadableImage
from swath.core.objects import BoxOutcome, ObjectTable, object_keys
from swath.core.outcomes import FileOutcome
from swath.pipeline.crop_embedding import CropEmbedding
from swath.pipeline.image_sizes import read_image_size
from swath.pipeline.image_work import DuplicateClaims, ImageWork
from swath.pipeline.judging import ObjectRules, judge_objects
from swath.pipeline.ports import Datasource, Embedder, EmbeddingCache, FileEntry, ImageCodec, ImageIndex, KnownImage
from swath.pipeline.predictions import is_used_already
from swath.pipeline.read_ahead import ReadAhead, work_through
from swath.pipeline.reading import FILE_FAILURES, MAX_IMAGE_BYTES, SourceWatch, read_listed

EVIDENCE_IMAGES = 200
"""Images whose size is looked up to decide `box_format: auto`: some thousand boxes, read in a second."""

INDEX_ROWS_PER_WRITE = 512
"""New image facts are handed to the index in pieces of this many: one transaction each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machinery:
    """The adapters an image pass works with, and how many threads of each kind it may use."""

    source: Datasource
    codec: ImageCodec
    embedder: Embedder
    cache: EmbeddingCache
    index: ImageIndex
    threads: int
    batch_size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CropPlan:
    """What is to be embedded of one image: rows of the vector matrix, rectangles, decode scales and cache keys."""

    rows: NDArray[np.int64]  # (n,)
    rects: NDArray[np.int32]  # (n, 4)
    scales: NDArray[np.int64]  # (n,)
    keys: NDArray[np.uint8]  # (n, 16)

    def take(self, wanted: NDArray[np.bool_]) -> CropPlan:
        return CropPlan(
            rows=self.rows[wanted], rects=self.rects[wanted], scales=self.scales[wanted], keys=self.keys[wanted]
        )


PlanCrops = Callable[[ImageWork, KnownImage], CropPlan]


def plan_objects(
    table: ObjectTable,
    *,
    task_name: str,
    rules: ObjectRules,
    embedder: Embedder,
    works: Sequence[ImageWork] | None = None,
    first_row: int = 0,
) -> PlanCrops:
    """Judges the objects of an image (filling its rows of `table`) and plans the crops of those that are used.

    Their vectors go into rows from `first_row` on. `works`, by row, are those that the table was made of, if they are
    not the ones that the pass looks at.
    """
    identity = embedder.identity

    def plan(work: ImageWork, known: KnownImage) -> CropPlan:
        of_table = work if works is None else works[work.row]
        rows = slice(of_table.first, of_table.last)
        outcome, rects = judge_objects(
            table.corners[rows],
            table.score[rows],
            table.category_id[rows],
            width=known.width,
            height=known.height,
            rules=rules,
        )
        table.outcome[rows] = outcome
        table.crop_rects[rows] = rects
        table.key[rows] = object_keys(
            image_digest=known.digest,
            task_name=task_name,
            category_ids=table.category_id[rows],
            corners=table.corners[rows],
        )
        used = np.flatnonzero(outcome <= BoxOutcome.CLIPPED)
        scales = decode_scales(rects[used], input_size=identity.input_size, max_scale=known.max_scale)
        keys = embedding_keys(
            embedder_digest=identity.digest, image_digest=known.digest, rects=rects[used], scales=scales
        )
        return CropPlan(rows=used + (first_row + of_table.first), rects=rects[used], scales=scales, keys=keys)

    return plan


def plan_whole_image(embedder: Embedder, *, first_row: int = 0) -> PlanCrops:
    """Plans one crop per image, the image itself; its vector goes into the image's own row, from `first_row` on."""
    identity = embedder.identity

    def plan(work: ImageWork, known: KnownImage) -> CropPlan:
        rects = np.array([[0, 0, known.width, known.height]], dtype=np.int32)
        scales = decode_scales(rects, input_size=identity.input_size, max_scale=known.max_scale)
        key = whole_image_embedding_key(
            embedder_digest=identity.digest, image_digest=known.digest, scale=int(scales[0])
        )
        return CropPlan(rows=np.array([first_row + work.row]), rects=rects, scales=scales, keys=key[np.newaxis])

    return plan


def plan_together(plans: Sequence[PlanCrops]) -> PlanCrops:
    """Plans all that several plans do: the image is decoded once for them all."""
    if len(plans) == 1:
        return plans[0]

    def plan(work: ImageWork, known: KnownImage) -> CropPlan:
        found = [one(work, known) for one in plans]
        return CropPlan(
            rows=np.concatenate([one.rows for one in found]),
            rects=np.concatenate([one.rects for one in found]),
            scales=np.concatenate([one.scales for one in found]),
            keys=np.concatenate([one.keys for one in found]),
        )

    return plan


class ImagePass:
    """One pass over images. After `run`, every work has an outcome and the vectors are in their rows.

    `known_digests` are images of earlier runs (digest -> name), `used` what they did with each key. `counted` rows of
    the vectors are what `cached` and `embedded` count (default: all); the others are beside them.
    """

    def __init__(
        self,
        machinery: Machinery,
        *,
        vectors: NDArray[np.float16],
        plan: PlanCrops,
        used: Mapping[str, UsedFile],
        known_digests: Mapping[bytes, str],
        remove_duplicates: bool,
        counted: int | None = None,
    ) -> None:
        self._machinery = machinery
        self._counted = len(vectors) if counted is None else counted
        self._vectors = vectors
        self._plan = plan
        self._used = used
        self._known_digests = known_digests
        self._remove_duplicates = remove_duplicates
        self._claims = DuplicateClaims()
        self._turn = threading.Lock()
        self._watch = SourceWatch(machinery.source)
        self._new_facts: list[tuple[FileEntry, KnownImage]] = []
        self.cached = 0
        self.embedded = 0

    def run(self, works: Sequence[ImageWork], *, on_done: Callable[[int], None]) -> None:
        """Take every work that is not ended yet through the pass; ended ones are only looked at.

        `on_done` is called from this thread with the number of images finished since the last call. Raises what goes
        wrong with the machine (disk, embedder) or with the datasource as a whole, never for one bad image.
        """
        plans = {work.row: plan for work in works if (plan := self._plan_known(work)) is not None}
        self._finish_from_cache([work for work in works if work.row in plans], plans)
        waiting = [work for work in works if work.known is None or (work.row in plans and work.outcome is None)]
        on_done(len(works) - len(waiting))
        if waiting:
            self._run_threads(waiting, on_done)
            self._watch.settle()
        self._settle_duplicates(works)
        self._write_index(everything=True)

    def _plan_known(self, work: ImageWork) -> CropPlan | None:
        """The plan of an image whose facts are remembered; None if it needs reading, or nothing at all."""
        known = work.known
        if known is None or work.outcome is FileOutcome.ALREADY_USED:
            return None
        if known.unreadable:
            work.end(FileOutcome.UNREADABLE, known.unreadable)
            return None
        if not self._is_first(work, known.digest) or work.outcome is not None:
            return None
        return self._plan(work, known)

    def _finish_from_cache(self, works: Sequence[ImageWork], plans: Mapping[int, CropPlan]) -> None:
        """End the images all of whose vectors are cached: they need no reading. One look-up serves them all."""
        if not works:
            return
        found, vectors = self._look_up(np.concatenate([plans[work.row].keys for work in works]))
        start = 0
        for work in works:
            plan = plans[work.row]
            end = start + len(plan.rows)
            if found[start:end].all():
                self._vectors[plan.rows] = vectors[start:end]
                self.cached += self._count(plan)
                work.end(FileOutcome.USED)
            start = end

    def _run_threads(self, works: Sequence[ImageWork], on_done: Callable[[int], None]) -> None:
        machinery = self._machinery
        with CropEmbedding(
            machinery.embedder,
            machinery.cache,
            self._vectors,
            batch_size=machinery.batch_size,
            threads=machinery.threads,
        ) as crops:
            work_through(
                ReadAhead(works, self._read, size_of=_bytes_to_read, requests=machinery.source.concurrency),
                partial(self._take_through, crops),
                threads=machinery.threads,
                name="swath-decode",
                stopped=crops.stopped,
                on_done=on_done,
            )

    def _read(self, work: ImageWork) -> tuple[FileEntry, bytes]:
        return read_listed(self._machinery.source, work.entry, max_bytes=MAX_IMAGE_BYTES)

    def _take_through(
        self, crops: CropEmbedding, work: ImageWork, content: Callable[[], tuple[FileEntry, bytes]]
    ) -> None:
        try:
            entry, data = content()
        except FILE_FAILURES as exc:
            self._watch.failed(work.key, exc)
            work.end(FileOutcome.UNREADABLE, exc.message)
            return
        self._watch.succeeded()
        if entry is not work.entry:
            work.changed += (work.key,)
            work.entry = entry
        digest = hashlib.sha256(data).digest()
        used = self._used.get(work.key)
        if is_used_already(used, digest, work.prediction_digest):
            self._remember(work, self._probe(data, digest))
            work.end(FileOutcome.ALREADY_USED)
            return
        known = self._probe(data, digest)
        work.known = known
        if known.unreadable:
            self._remember(work, known)
            work.end(FileOutcome.UNREADABLE, known.unreadable)
            return
        if not self._is_first(work, digest):
            self._remember(work, known)
            return
        try:
            self._embed_crops(work, known, data, crops)
        except UnreadableImage as exc:
            known = KnownImage(digest=digest, width=0, height=0, max_scale=1, unreadable=exc.message)
            work.known = known
            work.end(FileOutcome.UNREADABLE, exc.message)
        self._remember(work, known)

    def _embed_crops(self, work: ImageWork, known: KnownImage, data: bytes, crops: CropEmbedding) -> None:
        """Decode the image (to find out whether it is whole, if for nothing else) and hand over its crops."""
        codec = self._machinery.codec
        if work.outcome is not None:
            codec.decode(data, scale=known.max_scale)
            return
        plan = self._plan(work, known)
        found, vectors = self._look_up(plan.keys)
        self._vectors[plan.rows[found]] = vectors[found]
        missing = plan.take(~found)
        size = self._machinery.embedder.identity.input_size
        scales = np.unique(missing.scales) if len(missing.rows) else np.array([known.max_scale])
        for scale in scales:
            pixels = codec.decode(data, scale=int(scale))
            for place in np.flatnonzero(missing.scales == scale):
                rect = scaled_rectangle(missing.rects[place], int(scale))
                crop = codec.crop_resized(pixels, rect.tolist(), size)
                crops.add(int(missing.rows[place]), missing.keys[place], crop)
        with self._turn:
            self.cached += self._count(plan.take(found))
            self.embedded += self._count(missing)
        work.end(FileOutcome.USED)

    def _count(self, plan: CropPlan) -> int:
        return int((plan.rows < self._counted).sum())

    def _look_up(self, keys: NDArray[np.uint8]) -> tuple[NDArray[np.bool_], NDArray[np.float16]]:
        return self._machinery.cache.get(keys, self._machinery.embedder.identity.dimension)

    def _probe(self, data: bytes, digest: bytes) -> KnownImage:
        try:
            info = self._machinery.codec.probe(data)
        except UnreadableImage as exc:
            return KnownImage(digest=digest, width=0, height=0, max_scale=1, unreadable=exc.message)
        return KnownImage(digest=digest, width=info.width, height=info.height, max_scale=info.max_scale)

    def _is_first(self, work: ImageWork, digest: bytes) -> bool:
        """Whether no other image, of this run or before, has the same bytes; ends the work as a duplicate if so."""
        if not self._remove_duplicates:
            return True
        earlier = self._known_digests.get(digest)
        if earlier is not None and earlier != work.key:
            work.end(FileOutcome.DUPLICATE, f"same bytes as `{earlier}`")
            return False
        if earlier is None and not self._claims.claim(digest, work.row):
            work.end(FileOutcome.DUPLICATE)
            return False
        return True

    def _settle_duplicates(self, works: Sequence[ImageWork]) -> None:
        """Now that all are known: the first by name counts, and copies of an unreadable image are unreadable."""
        by_row = {work.row: work for work in works}
        for work in works:
            if work.known is None or work.outcome is FileOutcome.ALREADY_USED:
                continue
            owner = self._claims.owner(work.known.digest)
            if owner is None or owner == work.row:
                continue
            first = by_row[owner]
            if first.outcome is FileOutcome.UNREADABLE:
                work.end(FileOutcome.UNREADABLE, first.reason)
            elif work.outcome is not FileOutcome.UNREADABLE:
                work.end(FileOutcome.DUPLICATE, f"same bytes as `{first.key}`")

    def _remember(self, work: ImageWork, known: KnownImage) -> None:
        with self._turn:
            self._new_facts.append((work.entry, known))
            full = len(self._new_facts) >= INDEX_ROWS_PER_WRITE
        if full:
            self._write_index(everything=False)

    def _write_index(self, *, everything: bool) -> None:
        with self._turn:
            if not self._new_facts or (not everything and len(self._new_facts) < INDEX_ROWS_PER_WRITE):
                return
            facts, self._new_facts = self._new_facts, []
        self._machinery.index.put(self._machinery.source.uri, facts)


def _bytes_to_read(work: ImageWork) -> int:
    return work.entry.size if work.entry.size <= MAX_IMAGE_BYTES else 0


def sampled_evidence(works: Sequence[ImageWork], *, source: Datasource, codec: ImageCodec) -> BoxFormatEvidence:
    """Evidence about the format of the boxes from up to EVIDENCE_IMAGES images, evenly spread by name."""
    candidates = [work for work in works if work.predictions is not None and len(work.predictions)]
    step = max(1, len(candidates) // EVIDENCE_IMAGES)
    sampled = candidates[::step][:EVIDENCE_IMAGES]
    evidence = BoxFormatEvidence()
    with ThreadPoolExecutor(source.concurrency, thread_name_prefix="swath-headers") as pool:
        sizes = list(pool.map(lambda work: image_size(work, source=source, codec=codec), sampled))
    for work, size in zip(sampled, sizes, strict=True):
        if size is not None and work.predictions is not None:
            evidence += box_format_evidence(work.predictions.boxes, np.array(size[0]), np.array(size[1]))
    return evidence


def image_size(work: ImageWork, *, source: Datasource, codec: ImageCodec) -> tuple[int, int] | None:
    """Width and height of an upright image from its header; None if it cannot be read."""
    if work.known is not None:
        return None if work.known.unreadable else (work.known.width, work.known.height)
    try:
        return read_image_size(work.entry, source=source, codec=codec)
    except (UnreadableImage, NotFound, SourceUnavailable):
        return None


def collected_evidence(works: Sequence[ImageWork]) -> BoxFormatEvidence:
    """Evidence from all images whose size is known by now."""
    looked_at = [
        work for work in works if work.predictions is not None and work.known is not None and not work.known.unreadable
    ]
    if not looked_at:
        return BoxFormatEvidence()
    counts = [len(work.predictions) for work in looked_at if work.predictions is not None]
    boxes = np.concatenate([work.predictions.boxes for work in looked_at if work.predictions is not None])
    widths = np.repeat([work.known.width for work in looked_at if work.known is not None], counts)
    heights = np.repeat([work.known.height for work in looked_at if work.known is not None], counts)
    return box_format_evidence(boxes, widths, heights)


def decide_box_format(
    asked: BoxFormat, works: Sequence[ImageWork], *, source: Datasource, codec: ImageCodec
) -> BoxFormat:
    """The format to read boxes in: as asked, or from evidence for `auto`."""
    if asked is not BoxFormat.AUTO:
        return asked
    return sampled_evidence(works, source=source, codec=codec).decided_format
