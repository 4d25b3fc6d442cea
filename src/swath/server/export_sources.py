"""What exports are made of on this server: the dataset, where its files are, and the addresses of them."""

from __future__ import annotations

from dataclasses import dataclass

from swath.pipeline.ports import Datasource
from swath.server.datasources import open_files_of
from swath.server.file_links import FileLinks, datasource_link
from swath.server.links import LinkMaker
from swath.server.services import Services
from swath.store.credentials import Purpose
from swath.store.datasets import Dataset, dataset_by_id
from swath.store.export_files import ExportSource
from swath.store.label_studio_export import UrlOf
from swath.store.subsets import Subset
from swath.wire.exports import WEEK_S, ExportOptions


def export_source(
    services: Services, dataset: Dataset, subset: Subset, options: ExportOptions, *, link_base: str
) -> ExportSource:
    """An export of a dataset; `link_base` is the address of this server as whoever asked knows it."""
    return ExportSource(
        store=services.store,
        home=services.home,
        tables=services.tables,
        places=_ServedPlaces(services=services, dataset=dataset, link_base=link_base),
        dataset=dataset,
        subset=subset,
        options=options,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _ServedPlaces:
    """Answers Places with the datasources that this server opens."""

    services: Services
    dataset: Dataset
    link_base: str

    def open_files(self, purpose: Purpose) -> Datasource:
        # In the background nobody waits, so a store that fails is borne with.
        return open_files_of(self.services, self.dataset, purpose, is_waited_for=False)

    def urls(self, purpose: Purpose, *, expires_in_s: int) -> UrlOf:
        return file_urls(
            LinkMaker(self.services.vault, self.link_base),
            self._files_of(purpose),
            purpose,
            self.open_files(purpose),
            expires_in_s=expires_in_s,
        )

    def _files_of(self, purpose: Purpose) -> Dataset:
        """The dataset whose files are meant: the input of crops is that of their images."""
        if purpose == "output" or self.dataset.parent_id is None:
            return self.dataset
        with self.services.store.reading() as connection:
            return dataset_by_id(connection, self.dataset.parent_id) or self.dataset


def file_urls(
    maker: LinkMaker, dataset: Dataset, purpose: Purpose, datasource: Datasource, *, expires_in_s: int
) -> UrlOf:
    """Addresses of the files of samples: those of the storage where it has some that hold so long, else links."""
    if expires_in_s > WEEK_S:
        # No store signs for longer; a link leads to a fresh address of the store each time.
        return lambda sample: maker(datasource_link(dataset, purpose, sample.file_name), expires_in_s=expires_in_s)
    links = FileLinks(maker, dataset, purpose, datasource)
    return lambda sample: links.url(sample.file_name, expires_in_s=expires_in_s)
