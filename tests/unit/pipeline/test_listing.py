from __future__ import annotations

import pytest

from swath.core.errors import InvalidConfig, SourceUnavailable
from swath.pipeline.listing import IMAGE_EXTENSIONS, VIDEO_EXTENSIONS, list_images, read_relevant_filenames
from swath.testing.memory_datasource import MemoryDatasource


def names(source: MemoryDatasource, relevant: bytes | None = None) -> list[str]:
    file = None if relevant is None else (relevant, ".lightly/relevant.txt")
    return [entry.key for entry in list_images(source, relevant_filenames=file).images]


@pytest.mark.parametrize("extension", sorted(IMAGE_EXTENSIONS))
def test_every_image_extension_is_listed_in_any_case(extension: str) -> None:
    source = MemoryDatasource({f"a{extension}": b"", f"b{extension.upper()}": b"", f"c{extension}.bak": b""})
    listing = list_images(source)
    assert [entry.key for entry in listing.images] == [f"a{extension}", f"b{extension.upper()}"]
    assert (listing.videos, listing.other_files) == (0, 1)


def test_videos_and_other_files_are_counted_not_listed() -> None:
    videos = {f"clip{extension}": b"" for extension in VIDEO_EXTENSIONS}
    source = MemoryDatasource({"a.jpg": b"", "notes.txt": b"", "Makefile": b"", ".png": b"", **videos})
    listing = list_images(source)
    assert [entry.key for entry in listing.images] == ["a.jpg"]
    assert listing.videos == len(VIDEO_EXTENSIONS)
    assert listing.other_files == 3  # `.png` is a hidden file without an extension


def test_a_dot_in_a_folder_is_no_extension() -> None:
    assert names(MemoryDatasource({"frames.jpg/readme": b"", "v1.0/a.jpg": b""})) == ["v1.0/a.jpg"]


def test_nothing_below_the_hidden_root_is_input_even_if_the_datasource_lists_it() -> None:
    class ListsAll(MemoryDatasource):
        def list_pages(self, prefix="", *, skip_hidden_root=False):  # type: ignore[no-untyped-def]
            return super().list_pages(prefix)

    source = ListsAll({".lightly/crops/x/a.jpg": b"", ".lightly.jpg": b"", "b/.lightly/c.jpg": b""})
    listing = list_images(source)
    assert [entry.key for entry in listing.images] == [".lightly.jpg", "b/.lightly/c.jpg"]
    assert listing.other_files == 0


def test_images_are_sorted_by_key_over_all_pages() -> None:
    keys = ["b.jpg", "a/2.jpg", "a.jpg", "a/10.jpg", "ä.jpg", "B.jpg"]
    assert names(MemoryDatasource(dict.fromkeys(keys, b""), page_size=2)) == sorted(keys)


def test_the_relevant_filenames_file_narrows_the_images() -> None:
    source = MemoryDatasource(dict.fromkeys(("a/1.jpg", "a/2.jpg", "b/1.jpg", "c.jpg"), b""))
    listing = list_images(source, relevant_filenames=(b"a/* a/2.jpg\nc.jpg\nd.jpg\n", ".lightly/relevant.txt"))
    assert [entry.key for entry in listing.images] == ["a/1.jpg", "c.jpg"]
    assert listing.left_out == 2
    assert listing.unmatched_lines == ("d.jpg",)


def test_a_relevant_filenames_file_that_names_nothing_leaves_everything_out() -> None:
    listing = list_images(MemoryDatasource({"a.jpg": b""}), relevant_filenames=(b"z.jpg\n", ".lightly/r.txt"))
    assert (listing.images, listing.left_out, listing.unmatched_lines) == ((), 1, ("z.jpg",))


@pytest.mark.parametrize("name", ["relevant.txt", ".lightly/relevant.txt"])
def test_the_relevant_filenames_file_lies_in_the_first_datasource_that_has_it(name: str) -> None:
    empty = MemoryDatasource(uri="memory://empty")
    first = MemoryDatasource({".lightly/relevant.txt": b"first"})
    second = MemoryDatasource({".lightly/relevant.txt": b"second"})
    assert read_relevant_filenames((empty, first, second), name) == (b"first", ".lightly/relevant.txt")


def test_a_missing_relevant_filenames_file_is_named() -> None:
    with pytest.raises(InvalidConfig, match=r"names `.lightly/r.txt`, which .* in `memory://out`") as caught:
        read_relevant_filenames((MemoryDatasource(uri="memory://out"), MemoryDatasource()), "r.txt")
    assert caught.value.field == "datasource.relevant_filenames_file"
    assert caught.value.hint


def test_a_relevant_filenames_file_that_cannot_be_read_is_not_taken_for_missing() -> None:
    broken = MemoryDatasource()
    broken.read_errors[".lightly/r.txt"] = SourceUnavailable("the disk is on fire")
    with pytest.raises(SourceUnavailable, match="on fire"):
        read_relevant_filenames((broken, MemoryDatasource({".lightly/r.txt": b""})), "r.txt")
