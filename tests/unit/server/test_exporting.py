from __future__ import annotations

import csv
import io
import json
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from swath.core.runs import RunState
from swath.server import exporting as exporting_module
from swath.server.exporting import Exporter, exporting
from swath.server.services import Services
from swath.store import catalog, export_jobs
from swath.store.export_jobs import ExportJob
from swath.store.session import open_run
from swath.store.users import local_user
from swath.testing.session_contract import make_additions
from swath.wire.exports import ExportFormat, ExportState


@pytest.fixture
def output(services: Services, tmp_path: Path) -> Path:
    """Where the four crops of dataset `vehicles-crops` lie."""
    folder = tmp_path / "data"
    folder.mkdir()
    session = open_run(
        services.store,
        services.home,
        run_config_json="{}",
        image_dataset_name="vehicles",
        input_uri=str(folder),
        output_uri=str(folder),
        task="wheels",
    )
    session.commit(make_additions({"a.jpg": 3, "b.jpg": 1}))
    session.finish(RunState.COMPLETED, "done", "{}")
    for sample in catalog.iter_samples(services.store, "vehicles-crops"):
        path = folder / sample.file_name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"crop " + sample.file_name.encode())
    return folder


def ask(services: Services, export_format: ExportFormat, *members: int, dataset: str = "vehicles-crops") -> ExportJob:
    dataset_id = catalog.describe_dataset(services.store, dataset).id
    with services.store.writing() as connection:
        return export_jobs.create_export(
            connection,
            dataset_id=dataset_id,
            user_id=local_user(connection).id,
            export_format=export_format,
            download_name=dataset,
            members=np.array(members, dtype=np.int64) if members else None,
            sample_count=len(members),
        )


def state_of(services: Services, job: ExportJob) -> ExportJob:
    with services.store.reading() as connection:
        return export_jobs.find_export(connection, job.id)


def made(services: Services, job: ExportJob) -> bytes:
    assert Exporter(services).work() == 1
    done = state_of(services, job)
    assert (done.state, done.message) == (ExportState.READY, "")
    data = job.file(services.home).read_bytes()
    assert done.byte_length == len(data)
    return data


def test_every_format_is_made_of_the_samples_that_were_asked_for(services: Services, output: Path) -> None:
    samples = list(catalog.iter_samples(services.store, "vehicles-crops"))
    names = [samples[1].file_name, samples[3].file_name]
    for export_format in (ExportFormat.FILENAMES, ExportFormat.EMBEDDINGS_CSV, ExportFormat.CSV):
        data = made(services, ask(services, export_format, 1, 3)).decode()
        assert all(name in data for name in names)
        assert samples[0].file_name not in data
    for export_format in (ExportFormat.PARQUET, ExportFormat.EMBEDDINGS_PARQUET):
        assert made(services, ask(services, export_format, 1, 3)).startswith(b"PAR1")
    assert len(json.loads(made(services, ask(services, ExportFormat.COCO, 1, 3)))["annotations"]) == 2
    tasks = json.loads(made(services, ask(services, ExportFormat.LABEL_STUDIO, 1, 3)))
    assert [len(task["predictions"][0]["result"]) for task in tasks] == [1, 1]
    assert b"<RectangleLabels" in made(services, ask(services, ExportFormat.LABEL_STUDIO_CONFIG, 1, 3))
    labels = zipfile.ZipFile(io.BytesIO(made(services, ask(services, ExportFormat.YOLO, 1, 3))))
    assert [len(labels.read(f"labels/{name}.txt").splitlines()) for name in "ab"] == [1, 1]
    assert json.loads(made(services, ask(services, ExportFormat.TAGS)))["tags"] == []


def test_crops_are_packed_in_folders_per_category(services: Services, output: Path) -> None:
    archive = zipfile.ZipFile(io.BytesIO(made(services, ask(services, ExportFormat.CROPS, 1, 3))))
    table = list(csv.DictReader(io.StringIO(archive.read("crops.csv").decode(), newline="")))
    samples = list(catalog.iter_samples(services.store, "vehicles-crops"))
    assert [row["crop"] for row in table] == [samples[1].file_name, samples[3].file_name]
    assert {row["file"].split("/")[0] for row in table} == {"small-wheel", "big-wheel"}
    for row in table:
        assert archive.read(row["file"]) == b"crop " + row["crop"].encode()
    assert set(archive.namelist()) == {"crops.csv", *(row["file"] for row in table)}
    assert all(entry.external_attr >> 16 == 0o644 for entry in archive.infolist())


def test_an_export_that_cannot_be_made_says_why_and_leaves_no_file(services: Services, output: Path) -> None:
    gone = next(iter(catalog.iter_samples(services.store, "vehicles-crops"))).file_name
    (output / gone).unlink()
    jobs = [ask(services, ExportFormat.CROPS), ask(services, ExportFormat.CROPS, dataset="vehicles")]
    assert Exporter(services).work() == 0
    messages = [state_of(services, job).message for job in jobs]
    assert messages[0].startswith(f"1 crop files are gone from `{output}`, the first is `{gone}`")
    assert messages[1] == "`vehicles` is an image dataset and has no crops. its crops datasets: `vehicles-crops`."
    assert {state_of(services, job).state for job in jobs} == {ExportState.FAILED}
    assert list(services.home.exports.iterdir()) == []


def test_one_bad_export_does_not_keep_others_from_being_made(services: Services, output: Path) -> None:
    class BrokenTables:
        def to_parquet(self, columns: object) -> bytes:
            raise RuntimeError("a bug")

    bad, good = ask(services, ExportFormat.PARQUET), ask(services, ExportFormat.FILENAMES)
    assert Exporter(replace(services, tables=BrokenTables())).work() == 1
    assert state_of(services, bad).message == "a fault of Swath: RuntimeError; the server's log says more"
    assert state_of(services, good).state is ExportState.READY


def test_a_server_makes_what_an_earlier_one_left_undone_and_what_is_asked_for_meanwhile(
    services: Services, output: Path
) -> None:
    before = ask(services, ExportFormat.FILENAMES)
    services.home.exports.mkdir(exist_ok=True)
    half = services.home.exports / f".{before.file(services.home).name}.partial"
    half.write_bytes(b"half")
    with exporting(services):
        wait_until_ready(services, before)
        asked = ask(services, ExportFormat.COCO)
        services.export_requested.set()
        wait_until_ready(services, asked)
    assert not half.exists()


def test_a_server_that_stops_leaves_the_export_to_the_next_one(services: Services, output: Path) -> None:
    job = ask(services, ExportFormat.CROPS)
    source = services.open_datasource(str(output))

    class StoppingSource:
        """Asks the server to stop while the first crop is read."""

        def read(self, key: str) -> bytes:
            stopping.stop()
            return source.read(key)

    stopping = Exporter(replace(services, open_datasource=lambda uri: StoppingSource()))  # type: ignore[arg-type,return-value]
    assert stopping.work() == 0
    assert state_of(services, job).state is ExportState.PENDING
    assert list(services.home.exports.iterdir()) == []
    assert made(services, job)


def test_old_exports_are_deleted(services: Services, output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    job = ask(services, ExportFormat.FILENAMES)
    made(services, job)
    monkeypatch.setattr(exporting_module, "KEPT_MS", -1)
    Exporter(services).work()
    assert not job.file(services.home).exists()


def wait_until_ready(services: Services, job: ExportJob) -> None:
    deadline = time.monotonic() + 20
    while state_of(services, job).state is not ExportState.READY:
        assert time.monotonic() < deadline, "the export was not made within 20 s"
        time.sleep(0.02)
