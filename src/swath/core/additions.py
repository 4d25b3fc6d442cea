"""What one run adds to its two datasets: the values a commit is made of, in aligned columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from swath.core.embeddings import EmbedderIdentity
from swath.core.objects import ObjectTable
from swath.core.predictions import TaskSchema
from swath.core.scoring.columns import ScoreColumns


@dataclass(frozen=True, slots=True, kw_only=True)
class UsedFile:
    """One image a run has dealt with, for good or bad; it is work again when a digest changes.

    `outcome` is a `FileOutcome` value; `prediction_digest` is empty where there was no prediction file.
    """

    key: str
    image_digest: bytes  # 32 bytes SHA-256
    prediction_digest: bytes  # 32 bytes SHA-256, or b""
    outcome: str
    modified_at: int = 0  # ms, of the image file; 0: nobody knows


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageAdditions:
    """Full images for the image dataset, sorted by name; those already there with the same digest stay as they are.

    An image that is there with another digest is updated in place and its earlier crops become stale.
    """

    file_names: tuple[str, ...]
    digests: tuple[bytes, ...]  # 32 bytes each
    widths: NDArray[np.int32]  # (K,) of the upright image
    heights: NDArray[np.int32]  # (K,)
    byte_sizes: NDArray[np.int64]  # (K,)
    thumbnail_keys: tuple[str, ...]
    vectors: NDArray[np.float16]  # (K, D)
    scores: ScoreColumns | None = None  # (K, S) by tasks of predictions; None: nothing is known of them

    def __len__(self) -> int:
        return len(self.file_names)


@dataclass(frozen=True, slots=True, kw_only=True)
class CropAdditions:
    """Selected crops for the crops dataset, sorted by (image name, position); never one that is there already.

    `image_row` points into the ImageAdditions, `prediction_row` into the predictions of the same RunAdditions.
    """

    file_names: tuple[str, ...]  # key of the crop file in the output datasource
    crop_keys: NDArray[np.uint8]  # (C, 16)
    image_row: NDArray[np.int32]  # (C,)
    prediction_row: NDArray[np.int32]  # (C,)
    byte_sizes: NDArray[np.int64]  # (C,)
    thumbnail_keys: tuple[str, ...]
    padding: float
    vectors: NDArray[np.float16]  # (C, D)
    scores: ScoreColumns | None = None  # (C, S) of the objects they are of

    def __len__(self) -> int:
        return len(self.file_names)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunAdditions:
    """All that one run commits, atomically and once.

    `predictions` are all predictions of the kept images (`image_row` points into `images`). For a run without
    objects `schema`, `predictions` and `crops` are None.
    """

    embedder: EmbedderIdentity
    images: ImageAdditions
    schema: TaskSchema | None
    predictions: ObjectTable | None
    crops: CropAdditions | None
    used_files: tuple[UsedFile, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitReceipt:
    """What a commit did: sizes afterwards and what was added; the new tag's name, if one was made."""

    image_samples: int
    images_added: int
    crop_samples: int
    crops_added: int
    tag_names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierCrops:
    """What the crops dataset holds already: row i of `object_keys` (M, 16) is the object of `vectors` (M, D).

    Stale crops (their image's bytes changed) are in `object_keys` but not among the vectors: their keys can never
    come up again, and their pixels are gone.
    """

    object_keys: NDArray[np.uint8]
    vectors: NDArray[np.float16]
