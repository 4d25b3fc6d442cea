"""Datasets as tasks for Label Studio, with what was predicted as pre-annotations."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from swath.core.browsing.metadata import flattened
from swath.formats.label_studio import Region, boxes_config, boxes_task, choice_config, choice_task
from swath.store.database import Store
from swath.store.exports import require_crops
from swath.store.labelled_images import Labels, iter_labelled_images, labels_in_use, labels_of
from swath.store.sample_metadata import Json, attached_to_samples
from swath.store.samples import Sample, crop_of
from swath.store.subsets import Subset, iter_subset, pages_of
from swath.wire.exports import ExportUnit

UrlOf = Callable[[Sample], str]
"""Where a browser finds the picture of a sample."""

IMAGES_AT_A_TIME = 500

OWN_FIELDS = frozenset({"image", "file_name", "sample_id", "image_file_name"})
"""Of the data of a task."""


def label_studio_tasks(
    store: Store, dataset: str, subset: Subset, *, unit: ExportUnit, include_metadata: bool, url_of: UrlOf
) -> Iterator[dict[str, Any]]:
    """One task per full image with its boxes, or per crop with its category; `url_of` gets those samples.

    Raises InvalidConfig for crops of an image dataset.
    """
    labels = labels_of(store, dataset)
    if unit is ExportUnit.CROPS:
        return _crop_tasks(store, dataset, subset, labels, include_metadata=include_metadata, url_of=url_of)
    return _image_tasks(store, dataset, subset, labels, include_metadata=include_metadata, url_of=url_of)


def label_studio_config(store: Store, dataset: str, *, unit: ExportUnit) -> str:
    """The labelling configuration for the tasks of a dataset: all categories, whichever occur."""
    labels = labels_in_use(store, dataset).all
    if unit is ExportUnit.IMAGES:
        return boxes_config(labels)
    require_crops(store, dataset, field="options.unit")
    return choice_config(labels)


def _image_tasks(
    store: Store, dataset: str, subset: Subset, labels: Labels, *, include_metadata: bool, url_of: UrlOf
) -> Iterator[dict[str, Any]]:
    model_version = ", ".join(labels.tasks)
    for page in pages_of(iter_labelled_images(store, dataset, subset), IMAGES_AT_A_TIME):
        attached = _attached(store, [one.image.id for one in page]) if include_metadata else {}
        for one in page:
            image = one.image
            regions = [
                Region(id=box.key, label=labels.of(box.task, box.category_id), box=box.box, score=box.score)
                for box in one.boxes
            ]
            data = _data(image, url_of(image), attached.get(image.id, {}))
            yield boxes_task(data, regions, width=image.width, height=image.height, model_version=model_version)


def _crop_tasks(
    store: Store, dataset: str, subset: Subset, labels: Labels, *, include_metadata: bool, url_of: UrlOf
) -> Iterator[dict[str, Any]]:
    require_crops(store, dataset, field="options.unit")
    for page in pages_of(iter_subset(store, dataset, subset), IMAGES_AT_A_TIME):
        parents = {crop_of(sample).parent_sample_id for sample in page}
        attached = _attached(store, sorted(parents)) if include_metadata else {}
        for sample in page:
            crop = crop_of(sample)
            data = _data(sample, url_of(sample), attached.get(crop.parent_sample_id, {}))
            data["image_file_name"] = crop.parent_file_name
            yield choice_task(
                data,
                id=crop.object_key.hex(),
                choice=labels.of(crop.task, crop.category_id),
                score=crop.score,
                model_version=crop.task,
            )


def _data(sample: Sample, url: str, attached: Json) -> dict[str, Any]:
    """What annotators see of a sample; metadata stand beside it, under keys that they can sort by."""
    data: dict[str, Any] = {"image": url, "file_name": sample.file_name, "sample_id": sample.id}
    for key, value in flattened(attached).items():
        data[f"metadata.{key}" if key in OWN_FIELDS else key] = value
    return data


def _attached(store: Store, image_ids: Sequence[str]) -> dict[str, Json]:
    with store.reading() as connection:
        return attached_to_samples(connection, image_ids)
