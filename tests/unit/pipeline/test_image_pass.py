from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from swath.core.additions import UsedFile
from swath.core.errors import NotFound, SourceUnavailable
from swath.core.outcomes import FileOutcome
from swath.pipeline.image_pass import ImagePass, plan_whole_image
from swath.pipeline.image_work import DuplicateClaims, ImageWork
from swath.testing.fake_embedder import FakeEmbedder
from swath.testing.ugly_images import UNREADABLE, truncated

Fixture = Any  # of conftest.py: Workplace and image()


def run_pass(
    place: Fixture,
    works: Sequence[ImageWork],
    *,
    used: Mapping[str, UsedFile] | None = None,
    known_digests: Mapping[bytes, str] | None = None,
    remove_duplicates: bool = True,
) -> tuple[ImagePass, NDArray[np.float16], list[int]]:
    """A pass that embeds whole images: the pass, the vectors and what was reported as done."""
    vectors = np.zeros((len(works), 48), np.float16)
    done: list[int] = []
    image_pass = ImagePass(
        place.machinery,
        vectors=vectors,
        plan=plan_whole_image(place.embedder),
        used=used or {},
        known_digests=known_digests or {},
        remove_duplicates=remove_duplicates,
    )
    image_pass.run(works, on_done=done.append)
    return image_pass, vectors, done


def outcomes(works: Sequence[ImageWork]) -> dict[str, str]:
    return {work.key: str(work.outcome) for work in works}


def used_file(key: str, data: bytes) -> UsedFile:
    digest = hashlib.sha256(data).digest()
    return UsedFile(key=key, image_digest=digest, prediction_digest=b"", outcome="used")


def test_every_image_is_read_and_decoded_once_and_gets_its_own_vector(place: Fixture, make_image: Fixture) -> None:
    keys = [f"{number:02d}.png" for number in range(20)]
    for number, key in enumerate(keys):
        place.put(key, make_image(number))
    works = place.works()
    image_pass, vectors, done = run_pass(place, works)
    assert outcomes(works) == dict.fromkeys(keys, "used")
    assert sorted(place.source.reads) == keys
    assert place.codec.decodes == 20
    assert (image_pass.embedded, image_pass.cached, sum(done)) == (20, 0, 20)
    for row, key in enumerate(keys):
        pixels = place.codec.decode(place.source.files[key])
        whole = place.codec.crop_resized(pixels, [0, 0, 48, 32], 32)
        assert (vectors[row] == FakeEmbedder().embed(whole[np.newaxis])[0].astype(np.float16)).all()


def test_a_second_pass_reads_decodes_and_embeds_nothing(place: Fixture, make_image: Fixture) -> None:
    for number in range(5):
        place.put(f"{number}.png", make_image(number))
    _, first, _ = run_pass(place, place.works())
    place.forget()
    works = place.works()
    image_pass, second, done = run_pass(place, works)
    assert place.source.reads == []
    assert (place.codec.decodes, place.embedder.batches) == (0, [])
    assert (image_pass.embedded, image_pass.cached, done) == (0, 5, [5])
    assert (first == second).all()
    assert set(outcomes(works).values()) == {"used"}


def test_a_touched_file_is_read_once_and_embeds_nothing(place: Fixture, make_image: Fixture) -> None:
    place.put("a.png", make_image(1))
    place.put("b.png", make_image(2))
    _, first, _ = run_pass(place, place.works())
    place.put("a.png", make_image(1))  # another version with the same bytes
    place.forget()
    image_pass, second, _ = run_pass(place, place.works())
    assert place.source.reads == ["a.png"]
    assert (place.embedder.batches, image_pass.cached) == ([], 2)
    assert (first == second).all()
    place.forget()
    run_pass(place, place.works())
    assert place.source.reads == []


def test_a_file_of_which_the_cache_lost_the_vector_is_read_again(place: Fixture, make_image: Fixture) -> None:
    place.put("a.png", make_image(1))
    place.put("b.png", make_image(2))
    run_pass(place, place.works()[:1])
    place.embedder = type(place.embedder)(version="2")
    place.forget()
    works = place.works()
    image_pass, _, _ = run_pass(place, works)
    assert sorted(place.source.reads) == ["a.png", "b.png"]
    assert (image_pass.embedded, image_pass.cached) == (2, 0)


@pytest.mark.parametrize("known", [False, True])
def test_the_first_by_name_of_equal_images_counts_whichever_thread_was_faster(
    place: Fixture, make_image: Fixture, known: bool
) -> None:
    place.threads = 4
    keys = [f"{letter}.png" for letter in "abcdefgh"]
    for number, key in enumerate(keys):
        place.put(key, make_image(number % 2))
    if known:
        run_pass(place, place.works())
    for turn in range(25):
        # The first by name come last, each time in another order.
        place.source.delays = {} if known else {key: 0.002 * ((turn + 7 * row) % 5) for row, key in enumerate(keys)}
        place.source.delays |= {} if known else {"a.png": 0.01, "b.png": 0.01}
        works = place.works() if known else [ImageWork(row=work.row, entry=work.entry) for work in place.works()]
        run_pass(place, works)
        assert outcomes(works) == {key: "used" if key in ("a.png", "b.png") else "duplicate" for key in keys}
        assert {work.reason for work in works[2:]} == {"same bytes as `a.png`", "same bytes as `b.png`"}
        assert works[2].reason == "same bytes as `a.png`"


def test_equal_images_are_all_used_if_asked_for(place: Fixture, make_image: Fixture) -> None:
    for key in ("a.png", "b.png", "c.png"):
        place.put(key, make_image(1))
    works = place.works()
    _, vectors, _ = run_pass(place, works, remove_duplicates=False)
    assert outcomes(works) == {"a.png": "used", "b.png": "used", "c.png": "used"}
    assert vectors.any(axis=1).all()
    assert (vectors == vectors[0]).all()


def test_an_image_with_the_bytes_of_an_earlier_one_is_a_duplicate_of_it(place: Fixture, make_image: Fixture) -> None:
    place.put("b.png", make_image(1))
    place.put("z.png", make_image(2))
    digests = {hashlib.sha256(make_image(seed)).digest(): name for seed, name in ((1, "a.png"), (2, "z.png"))}
    works = place.works()
    run_pass(place, works, known_digests=digests)
    assert outcomes(works) == {"b.png": "duplicate", "z.png": "used"}
    assert works[0].reason == "same bytes as `a.png`"


@pytest.mark.parametrize("again", [False, True])
def test_copies_of_an_unreadable_image_are_unreadable(place: Fixture, make_image: Fixture, again: bool) -> None:
    place.threads = 4
    broken = truncated(make_image(3))
    for key in ("a.png", "b.png", "c.png"):
        place.put(key, broken)
    place.put("d.png", make_image(1))
    if again:
        run_pass(place, place.works())
    for _ in range(10):
        works = place.works() if again else [ImageWork(row=work.row, entry=work.entry) for work in place.works()]
        run_pass(place, works)
        assert outcomes(works) == {
            "a.png": "unreadable",
            "b.png": "unreadable",
            "c.png": "unreadable",
            "d.png": "used",
        }
        assert len({work.reason for work in works[:3]}) == 1
        assert works[2].reason


def test_bad_files_are_named_and_never_stop_the_others(place: Fixture, make_image: Fixture) -> None:
    for number, (make, _) in enumerate(UNREADABLE.values()):
        place.put(f"bad{number:02d}.png", make())
    place.put("good.png", make_image(1))
    works = place.works()
    _, vectors, done = run_pass(place, works)
    found = outcomes(works)
    assert found.pop("good.png") == "used"
    assert set(found.values()) == {"unreadable"}
    assert all(work.reason for work in works[:-1])
    assert vectors[:-1].any() == np.False_
    assert vectors[-1].any()
    assert sum(done) == len(works)
    place.forget()
    works = place.works()
    run_pass(place, works)
    assert set(outcomes(works[:-1]).values()) == {"unreadable"}
    assert place.source.reads == []


@pytest.mark.parametrize("error", [SourceUnavailable("connection reset"), NotFound("it is gone")])
def test_a_file_that_cannot_be_read_is_unreadable_for_now_and_looked_at_next_time(
    place: Fixture, make_image: Fixture, error: Exception
) -> None:
    place.put("a.png", make_image(1))
    place.put("b.png", make_image(2))
    place.source.read_errors["a.png"] = error
    works = place.works()
    run_pass(place, works)
    assert outcomes(works) == {"a.png": "unreadable", "b.png": "used"}
    assert works[0].reason == str(error)
    assert works[0].known is None
    place.source.read_errors.clear()
    works = place.works()
    run_pass(place, works)
    assert outcomes(works) == {"a.png": "used", "b.png": "used"}


def test_an_image_an_earlier_run_dealt_with_is_told_by_its_bytes(place: Fixture, make_image: Fixture) -> None:
    """The index was lost: the file has to be read, but is neither decoded nor embedded."""
    place.put("a.png", make_image(1))
    place.put("b.png", make_image(2))
    works = place.works()
    run_pass(place, works, used={"a.png": used_file("a.png", make_image(1)), "b.png": used_file("b.png", b"other")})
    assert outcomes(works) == {"a.png": "already_used", "b.png": "used"}
    assert place.codec.decodes == 1
    assert place.works()[0].known is not None


def test_an_ended_image_is_only_looked_at(place: Fixture, make_image: Fixture) -> None:
    place.put("a.png", make_image(1))
    place.put("b.png", truncated(make_image(2)))
    works = place.works()
    for work in works:
        work.end(FileOutcome.PREDICTIONS_MISSING, "there is no file")
    image_pass, vectors, _ = run_pass(place, works)
    assert outcomes(works) == {"a.png": "predictions_missing", "b.png": "unreadable"}
    assert works[0].known is not None
    assert (image_pass.embedded, vectors.any()) == (0, np.False_)


def test_no_images_are_fine(place: Fixture) -> None:
    image_pass, _, done = run_pass(place, [])
    assert (image_pass.embedded, sum(done)) == (0, 0)


class Broken(FakeEmbedder):
    def embed(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        raise MemoryError("no memory")


def test_a_broken_embedder_ends_the_pass_and_leaves_no_thread(place: Fixture, make_image: Fixture) -> None:
    for number in range(30):
        place.put(f"{number:02d}.png", make_image(number))
    place.embedder = Broken()
    with pytest.raises(MemoryError, match="no memory"):
        run_pass(place, place.works())
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("swath-")]


def test_a_fault_of_the_machine_is_raised_not_taken_for_a_bad_image(place: Fixture, make_image: Fixture) -> None:
    for number in range(10):
        place.put(f"{number}.png", make_image(number))
    place.source.read_errors["5.png"] = OSError(28, "No space left on device")
    with pytest.raises(OSError, match="No space left"):
        run_pass(place, place.works())
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("swath-")]


def test_an_interrupt_stops_the_pass(place: Fixture, make_image: Fixture) -> None:
    for number in range(50):
        place.put(f"{number:02d}.png", make_image(number))
    place.source.delays = dict.fromkeys(place.source.files, 0.05)

    def interrupt(count: int) -> None:
        if count:
            raise KeyboardInterrupt

    image_pass = ImagePass(
        place.machinery,
        vectors=np.zeros((50, 48), np.float16),
        plan=plan_whole_image(place.embedder),
        used={},
        known_digests={},
        remove_duplicates=True,
    )
    with pytest.raises(KeyboardInterrupt):
        image_pass.run(place.works(), on_done=interrupt)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("swath-")]
    assert len(place.source.reads) < 50


def test_the_smallest_row_owns_a_digest() -> None:
    claims = DuplicateClaims()
    assert claims.claim(b"x", 5)
    assert not claims.claim(b"x", 7)
    assert claims.claim(b"x", 2)
    assert claims.claim(b"x", 2)
    assert claims.owner(b"x") == 2
    assert claims.owner(b"y") is None
