from __future__ import annotations

from pathlib import Path

import pytest

from swath.adapters.embedders import OnnxOptions
from swath.core.errors import InvalidConfig, NotFound, SourceUnavailable
from swath.settings import Settings, load_settings
from swath.store.home import open_home
from swath.testing.memory_datasource import MemoryDatasource
from swath.wire.run_config import parse_run_config
from swath.wiring.datasets import describe_dataset, list_datasets, remove_dataset
from swath.wiring.exports import export_pieces, export_request, write_file
from swath.wiring.runs import kill_point, onnx_options, open_output, run_here

WHOLE_IMAGES = parse_run_config(
    {"datasource": {"location": "memory://test"}, "selection": {"n_samples": 1, "unit": "images"}}
)


class Silent:
    """An observer that keeps notes."""

    def __init__(self) -> None:
        self.notes: list[tuple[str, str]] = []

    def stage(self, state: object, *, total: int | None, unit: str) -> None: ...

    def advance(self, count: int = 1) -> None: ...

    def note(self, level: str, message: str) -> None:
        self.notes.append((level, message))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings({"SWATH_THREADS": "2"}, home=tmp_path / "home")


def test_embedder_options_are_none_unless_one_is_given() -> None:
    assert onnx_options(input_size=None, mean=None, std=None) is None
    assert onnx_options(input_size=64, mean=None, std=None) == OnnxOptions(input_size=64, mean=None, std=None)


def test_nothing_is_killed_without_a_kill_point(settings: Settings) -> None:
    kill_point(settings)("after_crops")


def test_a_new_home_has_no_datasets(settings: Settings) -> None:
    assert list_datasets(settings) == []
    with pytest.raises(NotFound, match="vehicles"):
        describe_dataset(settings, "vehicles")
    with pytest.raises(NotFound, match="vehicles"):
        remove_dataset(settings, "vehicles", cascade=False, note=pytest.fail)


def test_a_name_that_no_dataset_may_have_is_refused_before_anything_is_made(settings: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "street"
    folder.mkdir()
    base = {"datasource": {"location": str(folder)}, "selection": {"n_samples": 1}}
    for field, document in (
        ("dataset", {**base, "dataset": "a/b", "object_level": {"task_name": "t"}}),
        ("object_level.crop_dataset_name", {**base, "object_level": {"task_name": "t", "crop_dataset_name": "-"}}),
    ):
        with pytest.raises(InvalidConfig) as caught:
            run_here(parse_run_config(document), settings, observer=Silent())
        assert caught.value.field == field
    assert not settings.home.exists()


def test_a_folder_that_is_not_there_is_named(settings: Settings, tmp_path: Path) -> None:
    config = parse_run_config(
        {
            "datasource": {"location": str(tmp_path / "nowhere")},
            "object_level": {"task_name": "t"},
            "selection": {"n_samples": 1},
        }
    )
    with pytest.raises((NotFound, SourceUnavailable, InvalidConfig), match="nowhere"):
        run_here(config, settings, observer=Silent())


def test_a_file_gets_its_name_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    write_file([b"a", b"b"], path)
    assert path.read_bytes() == b"ab"

    def torn() -> object:
        yield b"c"
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_file(torn(), path)  # type: ignore[arg-type]
    assert path.read_bytes() == b"ab"
    assert [file.name for file in tmp_path.iterdir()] == ["out.csv"]


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailable, match=r"nowhere.* cannot be written") as caught:
        write_file([b"a"], tmp_path / "nowhere" / "out.csv")
    assert caught.value.hint == "choose another --output."


def test_an_export_of_a_dataset_that_is_not_there_fails_before_a_file_is_made(
    settings: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "out.csv"
    with pytest.raises(NotFound):
        write_file(export_pieces(settings, "vehicles", export_request("filenames")), path)
    assert not path.exists()


def test_the_home_takes_the_crops_of_an_input_that_can_only_be_read(settings: Settings) -> None:
    source = MemoryDatasource({"a.jpg": b"x"})
    source.not_writable = "the disk is read-only"
    observer = Silent()
    output = open_output(WHOLE_IMAGES, source, None, settings, open_home(settings.home), observer)
    assert Path(output.uri).is_relative_to(settings.home)
    [(level, note)] = observer.notes
    assert (level, "the disk is read-only" in note) == ("WARNING", True)


def test_nothing_takes_the_crops_of_an_input_that_cannot_be_read_either(settings: Settings) -> None:
    source = MemoryDatasource()
    source.not_writable = "the credentials have expired"
    source.list_error = SourceUnavailable("the bucket cannot be listed: the credentials have expired")
    observer = Silent()
    with pytest.raises(SourceUnavailable, match="cannot be listed: the credentials have expired"):
        open_output(WHOLE_IMAGES, source, None, settings, open_home(settings.home), observer)
    assert observer.notes == []
