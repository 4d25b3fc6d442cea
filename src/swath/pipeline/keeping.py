"""Writing what was selected: crop files, thumbnails, and the vectors of the full images they come from."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from swath.core.additions import CropAdditions, ImageAdditions
from swath.core.crops import crop_file_name, crop_keys, decode_scales, scaled_rectangle, whole_image_embedding_key
from swath.core.embeddings import STORED_DTYPE
from swath.core.errors import RunFailed, SourceUnavailable
from swath.core.objects import ObjectTable
from swath.pipeline.crop_embedding import CropEmbedding
from swath.pipeline.image_pass import Machinery
from swath.pipeline.image_work import ImageWork
from swath.pipeline.ports import Datasource, KnownImage, RunTarget
from swath.pipeline.read_ahead import ReadAhead, work_through
from swath.pipeline.reading import FILE_FAILURES, MAX_IMAGE_BYTES, read_listed
from swath.pipeline.write_behind import WriteBehind

THUMBNAIL_SIDE = 256
"""Longer side of thumbnails in px: enough for a large grid tile on a fine screen."""

CROPS_ROOT = ".lightly/crops/"
THUMBNAILS_ROOT = ".lightly/thumbnails/"


@dataclass(slots=True)
class KeptFiles:
    """Keys of the files written for a run, so that they can be taken back if it fails."""

    written: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Crop:
    place: int
    rect: list[int]
    key: str
    thumbnail_key: str


def image_thumbnail_key(image_key: str, digest: bytes) -> str:
    """Where the thumbnail of an image lies; another version of the image has another."""
    return f"{THUMBNAILS_ROOT}{image_key}_{digest.hex()[:8]}_thumb.jpg"


def crop_thumbnail_key(crop_key: str) -> str:
    """Where the thumbnail of a crop file lies."""
    return f"{THUMBNAILS_ROOT}crops/{crop_key.removeprefix(CROPS_ROOT)}"


def crops_folder(crop_dataset_id: str) -> str:
    return f"{CROPS_ROOT}{crop_dataset_id}/"


def sweep_left_overs(
    output: Datasource,
    target: RunTarget,
    known: Callable[[], Sequence[str]],
    *,
    on_refused: Callable[[int, str], None],
) -> int:
    """Delete crop files that no dataset names: a run that died before its commit left them. Returns how many.

    They harm nobody: where they cannot be deleted, as in a bucket without the right to, `on_refused` gets their number
    and the reason.

    `known` answers what is named. It is asked after the files were listed, and right before any is deleted: raising
    StaleLease it keeps a run that stood still for long from deleting what the one after it has written meanwhile.
    """
    if target.crop_dataset_id is None:
        return 0
    folder = crops_folder(target.crop_dataset_id)
    there = [entry.key for page in output.list_pages(folder) for entry in page]
    named = set(known())
    for written in (folder, crop_thumbnail_key(folder)):
        output.remove_unfinished(written)
    left_over = [key for key in there if key not in named]
    try:
        output.delete([*left_over, *map(crop_thumbnail_key, left_over)])
    except SourceUnavailable as exc:
        on_refused(len(left_over), exc.message)
        return 0
    return len(left_over)


def keep_selected(
    machinery: Machinery,
    output: Datasource,
    kept: Sequence[ImageWork],
    *,
    table: ObjectTable | None,
    selected: NDArray[np.int64],
    category_names: dict[int, str],
    padding: float,
    crop_dataset_id: str | None,
    crop_vectors: NDArray[np.float16],
    files: KeptFiles,
    on_done: Callable[[int], None],
) -> tuple[ImageAdditions, CropAdditions | None]:
    """Write crops and thumbnails of the kept images, embed these images, and say what is to be committed.

    `kept` are sorted by name, `selected` are the rows of `table` (the objects of the kept images) that become crops,
    sorted; `crop_vectors` (C, D) are theirs. `files.written` grows with every file, also when this raises.
    """
    identity = machinery.embedder.identity
    vectors = np.zeros((len(kept), identity.dimension), dtype=STORED_DTYPE)
    crops = _plan_crops(kept, table, selected, category_names, padding, crop_dataset_id)
    crop_sizes = np.zeros(len(selected), dtype=np.int64)
    image_sizes = np.zeros(len(kept), dtype=np.int64)
    keys = np.stack([_image_key(machinery, work) for work in kept]) if kept else np.zeros((0, 16), np.uint8)
    cached, known_vectors = machinery.cache.get(keys, identity.dimension)
    vectors[cached] = known_vectors[cached]

    with (
        WriteBehind(output) as written,
        CropEmbedding(
            machinery.embedder, machinery.cache, vectors, batch_size=machinery.batch_size, threads=machinery.threads
        ) as embedding,
    ):

        def keep(row: int, content: Callable[[], bytes]) -> None:
            work, known = kept[row], _known(kept[row])
            data = content()
            image_sizes[row] = len(data)
            pixels = machinery.codec.decode(data)
            for crop in crops.get(row, ()):
                jpeg = machinery.codec.encode_jpeg(pixels, crop.rect)
                small = machinery.codec.encode_jpeg(pixels, crop.rect, longest_side=THUMBNAIL_SIDE)
                files.written += [crop.key, crop.thumbnail_key]
                written.write(crop.key, jpeg)
                written.write(crop.thumbnail_key, small)
                crop_sizes[crop.place] = len(jpeg)
            thumbnail = machinery.codec.encode_jpeg(pixels, longest_side=THUMBNAIL_SIDE)
            written.write(image_thumbnail_key(work.key, known.digest), thumbnail, overwrite=False)
            if not cached[row]:
                rect, scale = _whole(machinery, known)
                at_scale = pixels if scale == 1 else machinery.codec.decode(data, scale=scale)
                whole = machinery.codec.crop_resized(at_scale, rect, identity.input_size)
                embedding.add(row, keys[row], whole)

        work_through(
            ReadAhead(
                range(len(kept)),
                lambda row: _read_again(machinery, kept[row]),
                size_of=lambda row: kept[row].entry.size,
                requests=machinery.source.concurrency,
            ),
            keep,
            threads=machinery.threads,
            name="swath-keep",
            stopped=embedding.stopped,
            on_done=on_done,
        )

    images = ImageAdditions(
        file_names=tuple(work.key for work in kept),
        digests=tuple(_known(work).digest for work in kept),
        widths=np.array([_known(work).width for work in kept], dtype=np.int32),
        heights=np.array([_known(work).height for work in kept], dtype=np.int32),
        byte_sizes=image_sizes,
        thumbnail_keys=tuple(image_thumbnail_key(work.key, _known(work).digest) for work in kept),
        vectors=vectors,
    )
    if table is None:
        return images, None
    in_order = sorted((crop for found in crops.values() for crop in found), key=lambda crop: crop.place)
    return images, CropAdditions(
        file_names=tuple(crop.key for crop in in_order),
        crop_keys=crop_keys(table.key[selected], padding=padding),
        image_row=table.image_row[selected],
        prediction_row=selected.astype(np.int32),
        byte_sizes=crop_sizes,
        thumbnail_keys=tuple(crop.thumbnail_key for crop in in_order),
        padding=padding,
        vectors=crop_vectors,
    )


def _plan_crops(
    kept: Sequence[ImageWork],
    table: ObjectTable | None,
    selected: NDArray[np.int64],
    category_names: dict[int, str],
    padding: float,
    crop_dataset_id: str | None,
) -> dict[int, list[_Crop]]:
    plans: dict[int, list[_Crop]] = {}
    if table is None or crop_dataset_id is None:
        return plans
    keys = crop_keys(table.key[selected], padding=padding)
    for place, row in enumerate(selected.tolist()):
        image_row = int(table.image_row[row])
        category_id = int(table.category_id[row])
        key = crops_folder(crop_dataset_id) + crop_file_name(
            image_key=kept[image_row].key,
            position=int(table.position[row]),
            category_name=category_names[category_id],
            category_id=category_id,
            crop_key_hex=keys[place].tobytes().hex(),
        )
        crop = _Crop(place=place, rect=table.crop_rects[row].tolist(), key=key, thumbnail_key=crop_thumbnail_key(key))
        plans.setdefault(image_row, []).append(crop)
    return plans


def _read_again(machinery: Machinery, work: ImageWork) -> bytes:
    """The bytes that were selected. Raises RunFailed if they are not there any more."""
    try:
        _, data = read_listed(machinery.source, work.entry, max_bytes=MAX_IMAGE_BYTES)
    except FILE_FAILURES as exc:
        is_refused = isinstance(exc, SourceUnavailable) and bool(exc.hint)
        raise RunFailed(
            f"`{work.key}` was selected but can no longer be read: {exc.message}",
            hint=exc.hint if is_refused else "run again when the datasource is at rest.",
        ) from exc
    if hashlib.sha256(data).digest() != _known(work).digest:
        raise RunFailed(
            f"`{work.key}` changed while the run was looking at it", hint="run again when the datasource is at rest."
        )
    return data


def _known(work: ImageWork) -> KnownImage:
    if work.known is None:
        raise AssertionError(f"nothing is known of `{work.key}`, which was selected")
    return work.known


def _whole(machinery: Machinery, known: KnownImage) -> tuple[list[int], int]:
    rect = np.array([[0, 0, known.width, known.height]], dtype=np.int32)
    input_size = machinery.embedder.identity.input_size
    scale = int(decode_scales(rect, input_size=input_size, max_scale=known.max_scale)[0])
    return scaled_rectangle(rect[0], scale).tolist(), scale


def _image_key(machinery: Machinery, work: ImageWork) -> NDArray[np.uint8]:
    known = _known(work)
    return whole_image_embedding_key(
        embedder_digest=machinery.embedder.identity.digest,
        image_digest=known.digest,
        scale=_whole(machinery, known)[1],
    )
