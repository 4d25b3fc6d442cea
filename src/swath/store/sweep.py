"""Removes files that no row of the database names: what a run left that was killed between its files and its rows."""

from __future__ import annotations

import shutil
from pathlib import Path

import sqlalchemy as sa

from swath.store import schema
from swath.store.clock import now_ms
from swath.store.database import Store
from swath.store.embeddings import VECTORS_SUFFIX, segment_files
from swath.store.files import TEMPORARY_SUFFIX, naming_failures
from swath.store.home import Home
from swath.store.ids import is_id
from swath.store.projections import POINTS_SUFFIX, point_files
from swath.store.runs import runs_under_way
from swath.store.selection_pruning import prune_selections

_OURS = {VECTORS_SUFFIX, POINTS_SUFFIX, TEMPORARY_SUFFIX}


def sweep(store: Store, home: Home) -> list[Path]:
    """Remove left-over files of vectors and points, half-written files, artifacts of runs that are not recorded,
    parts that no worker will commit any more, uploads that were cut off, and those for datasets that are gone; and
    forget stored selections that nobody needs any more.

    The caller holds the home's lock: nobody is between writing a file and naming it. Returns the paths that are gone.
    """
    with store.reading() as connection:
        named = {home.vectors: segment_files(connection), home.projections: point_files(connection)}
        runs = set(connection.execute(sa.select(schema.runs.c.id)).scalars())
    removed: list[Path] = []
    for folder, names in named.items():
        with naming_failures("sweep", folder):
            for path in sorted(folder.iterdir()):
                if path.is_file() and path.name not in names and path.suffix in _OURS:
                    path.unlink()
                    removed.append(path)
    with naming_failures("sweep", home.artifacts):
        for folder in sorted(home.artifacts.iterdir()):
            # Only what looks like ours: a person may keep notes beside it.
            if folder.is_dir() and is_id(folder.name) and folder.name not in runs:
                shutil.rmtree(folder)
                removed.append(folder)
        for path in sorted(home.artifacts.rglob(f".*{TEMPORARY_SUFFIX}")):
            path.unlink()
            removed.append(path)
    removed += _sweep_parts(store, home)
    removed += _sweep_arriving(home)
    removed += _sweep_uploads(store, home)
    with store.writing() as connection:
        prune_selections(connection, now=now_ms())
    return removed


def _sweep_arriving(home: Home) -> list[Path]:
    """Uploads that were cut off with the server that took them."""
    with naming_failures("sweep", home.arriving):
        left = sorted(home.arriving.iterdir()) if home.arriving.is_dir() else []
        for path in left:
            path.unlink()
    return left


def _sweep_uploads(store: Store, home: Home) -> list[Path]:
    """What was uploaded for datasets that are not there any more."""
    if not home.uploads.is_dir():
        return []
    with store.reading() as connection:
        datasets = set(connection.execute(sa.select(schema.datasets.c.id)).scalars())
    with naming_failures("sweep", home.uploads):
        left = [folder for folder in sorted(home.uploads.iterdir()) if is_id(folder.name)]
        doomed = [folder for folder in left if folder.name not in datasets]
        for folder in doomed:
            shutil.rmtree(folder)
    return doomed


def _sweep_parts(store: Store, home: Home) -> list[Path]:
    """Parts of runs that no worker has, of earlier leases, and half-written ones."""
    if not home.parts.is_dir():
        return []
    with store.reading() as connection:
        leases = {run.id: str(run.lease) for run in runs_under_way(connection) if run.is_held}
    removed: list[Path] = []
    with naming_failures("sweep", home.parts):
        for folder in sorted(home.parts.iterdir()):
            doomed = [path for path in folder.iterdir() if path.name != leases.get(folder.name)]
            for path in doomed if folder.name in leases else [folder]:
                shutil.rmtree(path)
                removed.append(path)
        for path in sorted(home.parts.rglob(f".*{TEMPORARY_SUFFIX}")):
            path.unlink()
            removed.append(path)
    return removed
