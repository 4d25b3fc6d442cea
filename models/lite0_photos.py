"""Crops of labelled photos for fitting and judging the default embedder."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from swath.core.crops import crop_rectangles


@dataclass(frozen=True, slots=True, kw_only=True)
class Photos:
    """Crops of all boxes and the whole photos, squashed to S px; `image_row` says which photo a crop is from."""

    crops: NDArray[np.uint8]  # (N, S, S, 3)
    category: NDArray[np.int64]  # (N,)
    image_row: NDArray[np.int64]  # (N,)
    images: NDArray[np.uint8]  # (M, S, S, 3)

    def of_images(self, rows: NDArray[np.int64]) -> Photos:
        """The given photos and their crops; image rows stay as they are."""
        kept = np.isin(self.image_row, rows)
        return Photos(
            crops=self.crops[kept],
            category=self.category[kept],
            image_row=self.image_row[kept],
            images=self.images[rows],
        )


def read_photos(folder: Path, task: str, *, size: int) -> Photos:
    """Read all photos of `folder` and the boxes in `.lightly/predictions/<task>/`, without padding."""
    crops, category, image_row, images = [], [], [], []
    for row, path in enumerate(sorted(folder.glob("*.jpg"))):
        with Image.open(path) as file:
            image = file.convert("RGB")
        images.append(_squashed(image, size))
        predictions = folder / ".lightly" / "predictions" / task / f"{path.stem}.json"
        boxes = json.loads(predictions.read_text())["predictions"] if predictions.exists() else []
        corners = np.array([[x, y, x + w, y + h] for x, y, w, h in (box["bbox"] for box in boxes)]).reshape(-1, 4)
        rects = crop_rectangles(corners, padding=0.0, width=image.width, height=image.height)
        for box, rect in zip(boxes, rects, strict=True):
            if rect.any():
                crops.append(_squashed(image.crop(tuple(rect.tolist())), size))
                category.append(box["category_id"])
                image_row.append(row)
    return Photos(
        crops=np.stack(crops), category=np.array(category), image_row=np.array(image_row), images=np.stack(images)
    )


def _squashed(image: Image.Image, size: int) -> NDArray[np.uint8]:
    return np.asarray(image.resize((size, size), Image.Resampling.BICUBIC, reducing_gap=2.0))
