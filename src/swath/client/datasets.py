"""Datasets: make them, look through their samples, read vectors, tag, export."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from swath.client.documents import read, segment
from swath.client.maps import Projection, list_projections, make_projection
from swath.client.transport import Transport
from swath.core.browsing.projections import ProjectionMethod
from swath.core.errors import SourceUnavailable
from swath.wire.access import DatasetCreate, DatasourceChange, DatasourceDocument, VerifiedDatasource
from swath.wire.browsing import SampleDocument, SamplePage
from swath.wire.datasets import DatasetDetails, DatasetList, DatasetSummary, DeletedDatasets, TagSummary
from swath.wire.exports import ExportDocument, ExportFormat, ExportOptions, ExportState
from swath.wire.metadata import AttachedMetadata
from swath.wire.tags import AppliedTags, ChangedTag, TagList

PAGE = 1000
MOST_ROWS = 1_000_000

LONGEST_PAUSE_S = 2.0
"""Between two looks at an export that is waited for."""


PORTION = 1_000
PORTION_BYTES = 1 << 20
"""Of metadata that are sent at once."""

MOST_UNKNOWN = 20


class Dataset:
    """Images or crops on the server, as they were when last asked for; `refresh` asks again.

    `document` has everything the server says about it.
    """

    def __init__(self, transport: Transport, document: DatasetDetails) -> None:
        self._transport = transport
        self.document = document

    @property
    def id(self) -> str:
        return self.document.id

    @property
    def name(self) -> str:
        return self.document.name

    @property
    def kind(self) -> str:
        """`images` or `crops`."""
        return self.document.kind

    @property
    def samples(self) -> int:
        """How many samples it holds; `iter_samples` has the samples themselves."""
        return self.document.sample_count

    @property
    def tags(self) -> tuple[TagSummary, ...]:
        """`initial-tag`, which is everything, then the others, oldest first."""
        return read(TagList, self._transport.get(f"/datasets/{self.id}/tags")).items

    @property
    def crops_datasets(self) -> list[Dataset]:
        """The datasets of crops that were cut out of these images."""
        return [_dataset(self._transport, child.id) for child in self.refresh().document.children]

    def refresh(self) -> Dataset:
        """Ask the server how the dataset is now; returns itself."""
        self.document = _dataset(self._transport, self.id).document
        return self

    def iter_samples(
        self,
        filter: Mapping[str, Any] | None = None,
        *,
        sort: Mapping[str, Any] | None = None,
        with_tags: bool = False,
    ) -> Iterator[SampleDocument]:
        """Samples that pass a filter, by index unless `sort` says otherwise.

        A filter is what the web app's is, for example `{"categories": ["car"], "min_score": 0.5}`. Raises
        InvalidConfig that names what of it cannot be used.
        """
        query: dict[str, Any] = {"filter": dict(filter or {}), "limit": PAGE, "with_tags": with_tags}
        if sort is not None:
            query["sort"] = dict(sort)
        offset = 0
        while True:
            answer = self._transport.post(f"/datasets/{self.id}/samples:query", {**query, "offset": offset})
            page = read(SamplePage, answer)
            yield from page.items
            offset += len(page.items)
            if not page.items or offset >= page.total:
                return

    def embeddings(self) -> NDArray[np.float32]:
        """The vectors of all samples, (sample count, dimension) float32; row i is of the sample with index i.

        They are kept as float16, so no digit is lost. A dataset without vectors answers (0, 0).
        """
        embedder = self.refresh().document.embedder
        if embedder is None:
            return np.zeros((0, 0), dtype=np.float32)
        vectors = np.zeros((0, embedder.dimension), dtype=np.float32)
        while True:
            query = {"first": len(vectors), "count": MOST_ROWS, "dtype": "float16"}
            data = self._transport.get_bytes(f"/datasets/{self.id}/embeddings", query)
            rows = np.frombuffer(data, dtype="<f2").reshape(-1, embedder.dimension)
            vectors = np.concatenate([vectors, rows.astype(np.float32)])
            # The server says how much is too much for one answer.
            if not len(rows) or len(vectors) >= self.samples:
                return vectors

    def image(self, sample: SampleDocument, *, max_size: int | None = None) -> bytes:
        """The file of a sample; with `max_size` a JPEG whose longer side has at most so many pixels."""
        query = {} if max_size is None else {"max_size": max_size}
        return self._transport.get_bytes(f"/samples/{sample.id}/file", query)

    def tag(
        self,
        name: str,
        *,
        filter: Mapping[str, Any] | None = None,
        indices: Sequence[int] | None = None,
        remove: bool = False,
    ) -> int:
        """Add samples to a tag, which is made if absent, or with `remove` take them out of it.

        Which: those that pass `filter`, those with these `indices`, both where both are given, all where none is.
        Returns how many were changed.
        """
        parts: list[dict[str, Any]] = []
        if filter is not None:
            parts.append({"filter": dict(filter)})
        if indices is not None:
            parts.append({"indices": [int(index) for index in indices]})
        change = {"selector": {"all_of": parts}, "remove" if remove else "add": [name]}
        answer = read(AppliedTags, self._transport.post(f"/datasets/{self.id}/tags:apply", change))
        return sum(answer.changed.values())

    def rename_tag(self, tag: str, name: str) -> TagSummary:
        """Raises Conflict for a name that another tag has."""
        answer = self._transport.patch(f"/datasets/{self.id}/tags/{segment(tag)}", {"name": name})
        return read(ChangedTag, answer).tag

    def delete_tag(self, tag: str) -> None:
        """Delete a tag; its samples stay."""
        self._transport.delete(f"/datasets/{self.id}/tags/{segment(tag)}")

    def export(
        self,
        export_format: ExportFormat | str,
        path: Path | str,
        *,
        tag: str | None = None,
        options: ExportOptions | Mapping[str, Any] | None = None,
        timeout: float = 600.0,
    ) -> Path:
        """Write the dataset, or one tag of it, to a file.

        Formats are `filenames`, `embeddings-csv`, `embeddings-parquet`, `coco`, `yolo` (a zip), `label-studio`,
        `label-studio-config`, `crops` (a zip), `csv`, `parquet` and `tags`; `options` are those of `ExportOptions`, for
        example `{"unit": "crops"}`. The file gets its name when it is whole. Raises SourceUnavailable if the server
        could not make it, TimeoutError if that took longer than `timeout` seconds.
        """
        if not isinstance(options, ExportOptions):
            options = ExportOptions.model_validate(options or {})
        request = {
            "format": ExportFormat(export_format).value,
            "tag": tag,
            "options": options.model_dump(mode="json", exclude_defaults=True),
        }
        export = read(ExportDocument, self._transport.post(f"/datasets/{self.id}/exports", request))
        deadline, pause = time.monotonic() + timeout, 0.05
        while export.state is ExportState.PENDING:
            if time.monotonic() > deadline:
                raise TimeoutError(f"the export of `{self.name}` is not there after {timeout:g} seconds")
            time.sleep(pause)
            pause = min(pause * 1.5, LONGEST_PAUSE_S)
            export = read(ExportDocument, self._transport.get(f"/exports/{export.id}"))
        if export.state is ExportState.FAILED:
            raise SourceUnavailable(export.message)
        target = Path(path)
        self._transport.download(f"/exports/{export.id}/file", target)
        return target

    @property
    def projections(self) -> list[Projection]:
        """The maps of its embeddings, oldest first; that of PCA is always there once there are embeddings."""
        return list_projections(self._transport, self.id)

    def make_projection(
        self,
        method: ProjectionMethod | str,
        *,
        parameters: Mapping[str, int | float] | None = None,
        **options: Any,
    ) -> Projection:
        """Ask for a map by `pacmap`, `tsne` or `umap`; a worker makes it. One that is there is made anew.

        Parameters are `neighbors` (PaCMAP, UMAP), `min_distance` (UMAP), `perplexity` (t-SNE) and `seed`; options
        `priority` and `runs_on`. Raises InvalidConfig that names what cannot be used, Conflict for a dataset without
        embeddings and while a run is on that map.
        """
        return make_projection(self._transport, self.id, method, {"parameters": dict(parameters or {}), **options})

    def attach_metadata(self, changes: Iterable[Mapping[str, Any]]) -> AttachedMetadata:
        """Attach what is known of images, to filter, sort and colour by: `{"file_name": …, "metadata": {…}}` each, or
        with `sample_id`. It is merged into what is there; None removes a key.

        Returns how many images have it now, and which names the dataset does not have. Sent in portions: when one is
        refused (InvalidConfig), those before it are attached.
        """
        updated, unknown_count = 0, 0
        unknown: tuple[str, ...] = ()
        for portion in _portions(changes):
            answer = read(AttachedMetadata, self._transport.put(f"/datasets/{self.id}/metadata", portion))
            updated += answer.updated
            unknown_count += answer.unknown_count
            unknown = (*unknown, *answer.unknown)[:MOST_UNKNOWN]
        return AttachedMetadata(updated=updated, unknown_count=unknown_count, unknown=unknown)

    @property
    def datasource(self) -> DatasourceDocument:
        """Where its files are. Secrets are `********`."""
        return read(DatasourceDocument, self._transport.get(f"/datasets/{self.id}/datasource"))

    def set_datasource(
        self,
        location: str | Path,
        *,
        output: str | Path | None = None,
        credentials: Mapping[str, str] | None = None,
        output_credentials: Mapping[str, str] | None = None,
    ) -> DatasourceDocument:
        """Say where the images are and where crops go, see `Datasets.create`.

        The place that is set already can be set again, which renews its credentials. Credentials that are not given
        stay as long as the place does. Raises Conflict for another place once there are samples.
        """
        request = DatasourceChange(
            location=str(location),
            output=_text(output),
            credentials=_texts(credentials),
            output_credentials=_texts(output_credentials),
        )
        answer = self._transport.put(f"/datasets/{self.id}/datasource", request.model_dump(mode="json"))
        self.refresh()
        return read(DatasourceDocument, answer)

    def verify(self) -> VerifiedDatasource:
        """Let the server try what may be done with the places of the dataset: per place and right null, or why not."""
        return read(VerifiedDatasource, self._transport.post(f"/datasets/{self.id}/datasource:verify", {}))

    def delete(self, *, cascade: bool = False) -> None:
        """Delete the dataset, `cascade` with its crops datasets; never the images of its datasource."""
        Datasets(self._transport).delete(self.id, cascade=cascade)

    def __repr__(self) -> str:
        return f"<Dataset {self.name!r} of {self.samples} {self.kind}>"


class Datasets:
    """`client.datasets`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(
        self,
        name: str,
        *,
        datasource: str | Path | None = None,
        output: str | Path | None = None,
        credentials: Mapping[str, str] | None = None,
        output_credentials: Mapping[str, str] | None = None,
    ) -> Dataset:
        """Make an image dataset without samples; runs add to it.

        `datasource` is a folder as the server sees it, or a bucket (`s3://…`, `gs://…`, `az://…`, `obs://…`), `output`
        where crops go (default: the same). `credentials` open a bucket, `{}` a public one; without
        `output_credentials` an output in the same bucket is opened with them. Raises Conflict for a name that is
        taken, InvalidConfig for a place or credentials that cannot be used, naming the field.
        """
        request = DatasetCreate(
            name=name,
            datasource=_text(datasource),
            output=_text(output),
            credentials=_texts(credentials),
            output_credentials=_texts(output_credentials),
        )
        answer = self._transport.post("/datasets", request.model_dump(mode="json"))
        return Dataset(self._transport, read(DatasetDetails, answer))

    def get(self, name_or_id: str) -> Dataset:
        """Raises NotFound, also for one that this client's user may not see."""
        return _dataset(self._transport, name_or_id)

    def list(self) -> list[DatasetSummary]:
        """All datasets that one may see, oldest first."""
        found: list[DatasetSummary] = []
        while True:
            page = read(DatasetList, self._transport.get("/datasets", {"offset": len(found), "limit": PAGE}))
            found += page.items
            if not page.items or len(found) >= page.total:
                return found

    def delete(self, name_or_id: str, *, cascade: bool = False) -> DeletedDatasets:
        """Delete a dataset, `cascade` with its crops datasets; says what was deleted and which files were not.

        Raises Conflict for one that has crops datasets, without `cascade`.
        """
        answer = self._transport.delete(f"/datasets/{segment(name_or_id)}", {"cascade": "true" if cascade else "false"})
        return read(DeletedDatasets, answer)


def _portions(changes: Iterable[Mapping[str, Any]]) -> Iterator[list[Mapping[str, Any]]]:
    portion: list[Mapping[str, Any]] = []
    size = 0
    for change in changes:
        length = len(json.dumps(change))
        if portion and (len(portion) == PORTION or size + length > PORTION_BYTES):
            yield portion
            portion, size = [], 0
        portion.append(change)
        size += length
    if portion:
        yield portion


def _text(place: str | Path | None) -> str | None:
    return None if place is None else str(place)


def _texts(credentials: Mapping[str, str] | None) -> dict[str, str] | None:
    return None if credentials is None else dict(credentials)


def _dataset(transport: Transport, name_or_id: str) -> Dataset:
    return Dataset(transport, read(DatasetDetails, transport.get(f"/datasets/{segment(name_or_id)}")))
