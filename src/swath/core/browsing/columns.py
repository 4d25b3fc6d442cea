"""What browsing knows of every sample of a dataset: one table of aligned columns."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

NO_CODE = -1
"""In `category` and `parent`: the sample has none."""

SAMPLE_COLUMNS = (
    "category",
    "score",
    "width",
    "height",
    "byte_size",
    "box_area",
    "stale",
    "run",
    "created_at",
    "name_rank",
    "parent",
    "parent_rank",
    "object_count",
)
PREDICTION_COLUMNS = ("prediction_sample", "prediction_category", "prediction_score")


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryLabel:
    """One category of one prediction task; `name` is None where the schema gives none."""

    task: str
    category_id: int
    name: str | None

    @property
    def label(self) -> str:
        """What a person reads: the name, or the id where there is none."""
        return str(self.category_id) if self.name is None else self.name


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SampleColumns:
    """The samples of one dataset as aligned columns; row i is the sample with index i.

    A crop has a category and a score of its own. An image has predictions instead: rows of the `prediction_*`
    columns, each naming the sample it belongs to, in any order. Datasets of crops leave those empty.

    Raises ValueError if columns differ in length or a code points nowhere.
    """

    categories: tuple[CategoryLabel, ...]
    run_ids: tuple[str, ...]
    category: NDArray[np.int32]  # (N,) code into `categories`, NO_CODE if none
    score: NDArray[np.float32]  # (N,) 0 to 1, NaN if none
    width: NDArray[np.int32]  # (N,) pixels of the crop or image
    height: NDArray[np.int32]  # (N,)
    byte_size: NDArray[np.int64]  # (N,) of the file
    box_area: NDArray[np.float32]  # (N,) share of the image that the object's box covers, NaN for images
    stale: NDArray[np.bool_]  # (N,) the image of the crop has changed since
    run: NDArray[np.integer[Any]]  # (N,) code into `run_ids`; int16 will do
    created_at: NDArray[np.int64]  # (N,) milliseconds since 1970
    name_rank: NDArray[np.int32]  # (N,) rank of the file name among all samples
    parent: NDArray[np.int32]  # (N,) code of the parent image, NO_CODE for images
    parent_rank: NDArray[np.int32]  # (N,) rank of the parent image's name
    object_count: NDArray[np.int32]  # (N,) predictions of an image, 0 for crops
    prediction_sample: NDArray[np.integer[Any]] = field(default_factory=lambda: np.empty(0, dtype=np.int32))  # (P,)
    prediction_category: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, dtype=np.int32))  # (P,)
    prediction_score: NDArray[np.float32] = field(default_factory=lambda: np.empty(0, dtype=np.float32))  # (P,)

    def __post_init__(self) -> None:
        self._check_lengths(SAMPLE_COLUMNS)
        self._check_lengths(PREDICTION_COLUMNS)
        _check_codes("category", self.category, lowest=NO_CODE, count=len(self.categories))
        _check_codes("run", self.run, lowest=0, count=len(self.run_ids))
        _check_codes("prediction_sample", self.prediction_sample, lowest=0, count=len(self))
        _check_codes("prediction_category", self.prediction_category, lowest=NO_CODE, count=len(self.categories))

    def __len__(self) -> int:
        return len(self.category)

    @property
    def has_predictions(self) -> bool:
        """Whether categories and scores are those of predictions, not of the samples themselves."""
        return len(self.prediction_sample) > 0

    def _check_lengths(self, names: tuple[str, ...]) -> None:
        shapes = {name: getattr(self, name).shape for name in names}
        if len(set(shapes.values())) > 1 or len(shapes[names[0]]) != 1:
            raise ValueError(f"columns of SampleColumns must have one shape (rows,): {shapes}")


def _check_codes(name: str, codes: NDArray[Any], *, lowest: int, count: int) -> None:
    if len(codes) and not (lowest <= int(codes.min()) and int(codes.max()) < count):
        raise ValueError(
            f"`{name}` must hold codes from {lowest} to {count - 1}, found {int(codes.min())} to {int(codes.max())}"
        )
