"""Maps of datasets: two coordinates for every vector, kept like the vectors in immutable files that rows name.

The map onto principal axes (PCA) is made here, with every commit; `swath.store.projection_runs` keeps what workers make
of the other methods. The directions that were fitted first are kept, so that a sample stays where people have seen it,
and a commit only adds points. As long as they were fitted to few vectors they are fitted anew whenever those have
doubled.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.engine import Connection

from swath.core.browsing import PcaBasis, ProjectionMethod
from swath.core.errors import NotFound, SourceUnavailable
from swath.store import schema
from swath.store.clock import now_ms
from swath.store.database import Store
from swath.store.datasets import dataset_by_id
from swath.store.embeddings import AddedVectors, read_vectors
from swath.store.files import naming_failures, write_whole
from swath.store.home import Home
from swath.store.ids import new_id

POINTS_SUFFIX = ".xy"

FIT_ROWS = 5_000
"""Vectors that directions are fitted to, a sample of those there are: enough for two directions."""

ENOUGH_ROWS = 10_000
"""Directions fitted to so many vectors are kept for good."""

MOST_ROWS_READ = 4 * ENOUGH_ROWS
"""Of a dataset with more vectors and no projection, made by an earlier version, a commit makes none: it would have to
read them all. Whoever looks at it first does."""

_table = schema.projections
_segments = schema.projection_segments


@dataclass(frozen=True, slots=True, kw_only=True)
class Projection:
    """A projection as of one version; `version` grows with every change of its points, and is 0 as long as it has none.

    `run_id` is of the run that is making, remaking or extending it, or did last; None for PCA.
    """

    id: str
    dataset_id: str
    embedder_id: str
    method: ProjectionMethod
    parameters: str  # JSON
    run_id: str | None
    version: int
    created_at: int  # ms
    modified_at: int  # ms


@dataclass(frozen=True, slots=True, kw_only=True)
class PointFile:
    """A file of points, float32 x and y per row: of `first_index + i`, or of `sample_indices[i]` where given.

    With `basis` it holds a point of every sample there is, in new directions.
    """

    dataset_id: str
    file_name: str
    first_index: int
    sample_indices: NDArray[np.int32] | None
    row_count: int
    byte_length: int
    sha256: bytes
    basis: PcaBasis | None = None


def list_projections(connection: Connection, dataset_id: str) -> list[Projection]:
    """The projections of a dataset, oldest first."""
    query = _select().where(_table.c.dataset_id == dataset_id).order_by(_table.c.created_at, _table.c.id)
    return [_projection(row) for row in connection.execute(query)]


def projection_of(connection: Connection, dataset_id: str, method: ProjectionMethod) -> Projection | None:
    """The projection of a dataset by a method; there is one of each at most."""
    query = _select().where(_table.c.dataset_id == dataset_id, _table.c.method == method.value)
    row = connection.execute(query).one_or_none()
    return None if row is None else _projection(row)


def find_projection(connection: Connection, projection_id: str) -> Projection:
    """Raises NotFound."""
    row = connection.execute(_select().where(_table.c.id == projection_id)).one_or_none()
    if row is None:
        raise NotFound(f"there is no projection `{projection_id}`")
    return _projection(row)


def ensure_projection(store: Store, home: Home, dataset_id: str) -> Projection | None:
    """The PCA projection of a dataset, made now if it has vectors and none; None without vectors.

    Making one reads all vectors. Raises SourceUnavailable.
    """
    while True:
        with store.reading() as connection:
            found = projection_of(connection, dataset_id, ProjectionMethod.PCA)
            if found is not None:
                return found
            last = _last_segment(connection, dataset_id)
            if last is None:
                return None
            vectors = read_vectors(connection, home, dataset_id)
        points = fit_points(home, dataset_id, vectors)
        with store.writing() as connection:
            # A commit or somebody else who looked may have been faster.
            is_missing = projection_of(connection, dataset_id, ProjectionMethod.PCA) is None
            if _last_segment(connection, dataset_id) == last and is_missing:
                _, embedder_id, run_id = last
                record_points(connection, [points], embedder_id=embedder_id, run_id=run_id)
                continue
        (home.projections / points.file_name).unlink(missing_ok=True)


def write_points(connection: Connection, home: Home, dataset_id: str, added: Sequence[AddedVectors]) -> list[PointFile]:
    """Write the points of vectors that are about to be added to a dataset; `record_points` then names the files.

    `connection` sees the dataset without them. Raises SourceUnavailable.
    """
    if not added:
        return []
    before = _rows_before(connection, dataset_id)
    count = max([before, *(rows.end for rows in added if rows.sample_indices is None)])
    fitted = _fitted(connection, dataset_id)
    if fitted is None:
        if before > MOST_ROWS_READ:
            return []
    elif not _has_outgrown(fitted.row_count, count):
        return [_project(home, dataset_id, rows, fitted.basis) for rows in added]
    if before == 0 and len(added) == 1:
        return [fit_points(home, dataset_id, added[0].vectors)]
    vectors = np.empty((count, added[0].vectors.shape[1]), dtype=added[0].vectors.dtype)
    vectors[:before] = read_vectors(connection, home, dataset_id, dimension=vectors.shape[1])
    for rows in added:
        vectors[rows.rows] = rows.vectors
    return [fit_points(home, dataset_id, vectors)]


def fit_points(home: Home, dataset_id: str, vectors: NDArray[np.float16]) -> PointFile:
    """Fit directions to all vectors (N, D) of a dataset and write their points."""
    basis = PcaBasis.fit(vectors, sample_rows=FIT_ROWS)
    return write_point_file(home, dataset_id, basis.project(vectors), basis=basis)


def record_points(connection: Connection, files: Sequence[PointFile], *, embedder_id: str, run_id: str) -> None:
    """Name files of PCA points in the database, making the projections of their datasets where there are none."""
    now = now_ms()
    for file in files:
        projection = projection_of(connection, file.dataset_id, ProjectionMethod.PCA)
        if projection is None:
            assert file.basis is not None, "points in directions that nobody fitted"
            projection = create_projection(
                connection, file.dataset_id, ProjectionMethod.PCA, embedder_id=embedder_id, now=now
            )
        if file.basis is not None:
            values = {"basis": _packed(file.basis)}
            connection.execute(sa.update(_table).where(_table.c.id == projection.id).values(values))
        add_version(connection, projection, file, run_id=run_id, now=now)


def create_projection(
    connection: Connection,
    dataset_id: str,
    method: ProjectionMethod,
    *,
    embedder_id: str,
    parameters_json: str = "{}",
    now: int,
) -> Projection:
    """Record a projection without points, version 0. The dataset has none by that method."""
    projection_id = new_id()
    connection.execute(
        sa.insert(_table).values(
            id=projection_id,
            dataset_id=dataset_id,
            embedder_id=embedder_id,
            method=method.value,
            parameters=parameters_json,
            version=0,
            created_at=now,
            modified_at=now,
        )
    )
    return find_projection(connection, projection_id)


def add_version(connection: Connection, projection: Projection, file: PointFile, *, run_id: str, now: int) -> None:
    """Let a file of points be the next version of a projection, over what was there before."""
    version = projection.version + 1
    connection.execute(sa.update(_table).where(_table.c.id == projection.id).values(version=version, modified_at=now))
    indices = file.sample_indices
    connection.execute(
        sa.insert(_segments).values(
            projection_id=projection.id,
            version=version,
            run_id=run_id,
            file_name=file.file_name,
            first_index=file.first_index,
            sample_indices=None if indices is None else np.asarray(indices, dtype="<i4").tobytes(),
            row_count=file.row_count,
            byte_length=file.byte_length,
            sha256=file.sha256,
        )
    )


def point_rows(connection: Connection, projection: Projection) -> int:
    """The first sample index that a projection says nothing about."""
    query = sa.select(sa.func.max(_segments.c.first_index + _segments.c.row_count)).where(
        _segments.c.projection_id == projection.id,
        _segments.c.version <= projection.version,
        _segments.c.sample_indices.is_(None),
    )
    return int(connection.execute(query).scalar() or 0)


def read_points(connection: Connection, home: Home, projection: Projection) -> NDArray[np.float32]:
    """The points (N, 2) of a projection by sample index, as of its version; NaN for a sample that has none.

    Raises SourceUnavailable naming a file that is missing, short or damaged.
    """
    query = (
        sa.select(_segments)
        .where(_segments.c.projection_id == projection.id, _segments.c.version <= projection.version)
        .order_by(_segments.c.version)
    )
    segments = connection.execute(query).all()
    ends = [segment.first_index + segment.row_count for segment in segments if segment.sample_indices is None]
    points = np.full((max(ends, default=0), 2), np.nan, dtype=np.float32)
    for segment in segments:
        rows: NDArray[np.int32] | slice = slice(segment.first_index, segment.first_index + segment.row_count)
        if segment.sample_indices is not None:
            rows = np.frombuffer(segment.sample_indices, dtype="<i4")
        points[rows] = _read(home.projections / segment.file_name, segment.byte_length, segment.sha256)
    return points


def point_files(connection: Connection) -> set[str]:
    """The names of all files that some row names."""
    return set(connection.execute(sa.select(_segments.c.file_name)).scalars())


def forget_projection(connection: Connection, projection: Projection) -> None:
    """Drop one projection; the next sweep takes its files."""
    connection.execute(sa.delete(_segments).where(_segments.c.projection_id == projection.id))
    connection.execute(sa.delete(_table).where(_table.c.id == projection.id))


def forget_projections(connection: Connection, dataset_id: str) -> None:
    """Drop the projections of a dataset that is being deleted or gets other vectors; the next sweep takes their
    files."""
    doomed = sa.select(_table.c.id).where(_table.c.dataset_id == dataset_id)
    connection.execute(sa.delete(_segments).where(_segments.c.projection_id.in_(doomed)))
    connection.execute(sa.delete(_table).where(_table.c.dataset_id == dataset_id))


@dataclass(frozen=True, slots=True)
class _Fitted:
    basis: PcaBasis
    row_count: int  # samples there were when it was fitted


def _fitted(connection: Connection, dataset_id: str) -> _Fitted | None:
    query = sa.select(_table.c.id, _table.c.basis).where(
        _table.c.dataset_id == dataset_id, _table.c.method == ProjectionMethod.PCA.value
    )
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    # Only points in new directions begin at the first sample.
    whole = (
        sa.select(_segments.c.row_count)
        .where(_segments.c.projection_id == row.id, _segments.c.sample_indices.is_(None), _segments.c.first_index == 0)
        .order_by(_segments.c.version.desc())
        .limit(1)
    )
    return _Fitted(_unpacked(row.basis), connection.execute(whole).scalar_one())


def _has_outgrown(fitted: int, count: int) -> bool:
    return fitted < ENOUGH_ROWS and count >= 2 * fitted


def _rows_before(connection: Connection, dataset_id: str) -> int:
    dataset = dataset_by_id(connection, dataset_id)
    return 0 if dataset is None else dataset.sample_count


def _last_segment(connection: Connection, dataset_id: str) -> tuple[int, str, str] | None:
    """Which vectors a dataset has: number, embedder and run of those added last."""
    vectors = schema.vector_segments
    query = (
        sa.select(vectors.c.sequence, vectors.c.embedder_id, vectors.c.run_id)
        .where(vectors.c.dataset_id == dataset_id)
        .order_by(vectors.c.sequence.desc())
        .limit(1)
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else (row.sequence, row.embedder_id, row.run_id)


def _project(home: Home, dataset_id: str, added: AddedVectors, basis: PcaBasis) -> PointFile:
    points = basis.project(added.vectors)
    return write_point_file(
        home, dataset_id, points, first_index=added.first_index, sample_indices=added.sample_indices
    )


def write_point_file(
    home: Home,
    dataset_id: str,
    points: NDArray[np.float32],
    *,
    first_index: int = 0,
    sample_indices: NDArray[np.int32] | None = None,
    basis: PcaBasis | None = None,
) -> PointFile:
    """Write points (N, 2) to a new file, flushed to the disk, that no row names yet. Raises SourceUnavailable."""
    data = np.ascontiguousarray(points, dtype="<f4").view(np.uint8).reshape(-1)
    file_name = f"{dataset_id}-{new_id()}{POINTS_SUFFIX}"
    write_whole(home.projections / file_name, data.data)
    return PointFile(
        dataset_id=dataset_id,
        file_name=file_name,
        first_index=first_index,
        sample_indices=sample_indices,
        row_count=len(points),
        byte_length=data.nbytes,
        sha256=hashlib.sha256(data.data).digest(),
        basis=basis,
    )


def _read(path: Path, byte_length: int, sha256: bytes) -> NDArray[np.float32]:
    with naming_failures("read the points of a projection from", path):
        data = path.read_bytes()
    if len(data) != byte_length or hashlib.sha256(data).digest() != sha256:
        raise SourceUnavailable(
            f"file `{path}` with the points of a projection is damaged", hint="Restore it from a backup."
        )
    return np.frombuffer(data, dtype="<f4").reshape(-1, 2).astype(np.float32, copy=False)


def _packed(basis: PcaBasis) -> bytes:
    return np.vstack([basis.mean[None], basis.components]).astype("<f4").tobytes()


def _unpacked(data: bytes) -> PcaBasis:
    rows = np.frombuffer(data, dtype="<f4").reshape(3, -1).astype(np.float32, copy=False)
    return PcaBasis(mean=rows[0], components=rows[1:])


def _projection(row: sa.Row[tuple[object, ...]]) -> Projection:
    values = dict(row._mapping)
    return Projection(**{**values, "method": ProjectionMethod(values["method"])})


def _select() -> sa.Select[tuple[object, ...]]:
    return sa.select(*(column for column in _table.c if column.name != "basis"))
