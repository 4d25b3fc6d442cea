"""Links to files: of samples, their thumbnails, and anything in a datasource."""

from __future__ import annotations

from swath.pipeline.ports import Datasource
from swath.server.links import Link, LinkMaker
from swath.server.pictures import DEFAULT_THUMBNAIL
from swath.store.credentials import Purpose
from swath.store.datasets import Dataset

FILE = "datasource-file"
SAMPLE = "sample-file"
THUMBNAIL = "sample-thumbnail"


def datasource_link(dataset: Dataset, purpose: Purpose, key: str) -> Link:
    """What opens a file of a dataset's input or output, whether it is there or not."""
    return Link(kind=FILE, dataset_id=dataset.id, name=key, detail=purpose)


def sample_link(dataset_id: str, sample_id: str) -> Link:
    """What opens the file of a sample: an image or a crop."""
    return Link(kind=SAMPLE, dataset_id=dataset_id, name=sample_id)


def thumbnail_link(dataset_id: str, sample_id: str, size: int = DEFAULT_THUMBNAIL) -> Link:
    """What opens a JPEG of a sample, its longer side at most `size` px."""
    return Link(kind=THUMBNAIL, dataset_id=dataset_id, name=sample_id, detail=str(size))


class FileLinks:
    """Addresses for many files of one datasource: those of the storage where it has some, else links."""

    def __init__(self, maker: LinkMaker, dataset: Dataset, purpose: Purpose, datasource: Datasource) -> None:
        self._maker = maker
        self._dataset = dataset
        self._purpose = purpose
        self._datasource = datasource

    def url(self, key: str, *, expires_in_s: int) -> str:
        """Where a file can be loaded for a while, whether it is there or not."""
        found = self._datasource.read_url(key, expires_s=expires_in_s)
        return found or self._maker(datasource_link(self._dataset, self._purpose, key), expires_in_s=expires_in_s)
