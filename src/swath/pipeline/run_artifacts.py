"""The files a run leaves beside its datasets: all objects as a table, the vectors of the candidates, name lists."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from swath.core.objects import BoxOutcome, ObjectTable
from swath.core.outcomes import FileOutcome
from swath.formats.filenames import write_filenames
from swath.pipeline.image_work import ImageWork
from swath.pipeline.ports import RunSession, TableWriter

FILENAME_LISTS = {
    "unreadable_filenames.txt": (FileOutcome.UNREADABLE,),
    "duplicate_filenames.txt": (FileOutcome.DUPLICATE,),
    "missing_predictions_filenames.txt": (FileOutcome.PREDICTIONS_MISSING,),
}


def store_artifacts(
    session: RunSession,
    tables: TableWriter,
    works: Sequence[ImageWork],
    table: ObjectTable | None,
    vectors: NDArray[np.float16],
    selected: NDArray[np.int64],
    category_names: Mapping[int, str],
) -> dict[str, str]:
    """Store the artifacts; returns where each lies, by name. `selected` are rows of `table`, or of `works` without."""
    paths: dict[str, str] = {}

    def store(name: str, data: bytes | memoryview) -> None:
        paths[name] = session.store_artifact(name, data)

    for name, outcomes in FILENAME_LISTS.items():
        names = [work.key for work in works if work.outcome in outcomes]
        if names:
            store(name, write_filenames(names).encode())
    store("files.json", _file_outcomes(works))
    if table is not None:
        is_candidate = table.outcome <= BoxOutcome.CLIPPED
        store("objects.parquet", tables.to_parquet(_object_columns(works, table, selected, category_names)))
        candidates = np.ascontiguousarray(vectors[is_candidate])
        store("candidates.f16", candidates.data.cast("B") if candidates.size else b"")
    else:
        used = [work.row for work in works if work.outcome is FileOutcome.USED]
        store("candidates.f16", np.ascontiguousarray(vectors[used]).data.cast("B") if used else b"")
    return paths


def _file_outcomes(works: Sequence[ImageWork]) -> bytes:
    """Every image that was not used, with what became of it and why."""
    rows = [
        {"file": work.key, "outcome": str(work.outcome), "reason": work.reason}
        for work in works
        if work.outcome not in (FileOutcome.USED, FileOutcome.ALREADY_USED)
    ]
    return json.dumps(rows, indent=1, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _object_columns(
    works: Sequence[ImageWork],
    table: ObjectTable,
    selected: NDArray[np.int64],
    category_names: Mapping[int, str],
) -> dict[str, Sequence[str] | NDArray[np.generic]]:
    """One row per object of the images that were looked at; `vector_row` points into candidates.f16, -1 without."""
    rows = np.flatnonzero(table.outcome != BoxOutcome.PENDING)
    is_candidate = table.outcome <= BoxOutcome.CLIPPED
    vector_row = np.where(is_candidate, np.cumsum(is_candidate) - 1, -1)
    is_selected = np.zeros(len(table), dtype=np.bool_)
    is_selected[selected] = True
    corners = table.corners[rows]
    return {
        "object_key": [key.tobytes().hex() for key in table.key[rows]],
        "image": [works[row].key for row in table.image_row[rows].tolist()],
        "position": table.position[rows],
        "x0": corners[:, 0].copy(),
        "y0": corners[:, 1].copy(),
        "x1": corners[:, 2].copy(),
        "y1": corners[:, 3].copy(),
        "category_id": table.category_id[rows],
        "category": [category_names.get(category, "") for category in table.category_id[rows].tolist()],
        "score": table.score[rows],
        "outcome": [BoxOutcome(outcome).name.lower() for outcome in table.outcome[rows].tolist()],
        "selected": is_selected[rows],
        "vector_row": vector_row[rows].astype(np.int64),
    }
