"""What every RunSession must do, as a suite: subclass it and say how a run is opened.

class TestMySession(RunSessionContract):
    @pytest.fixture
    def open_session(self, ...) -> OpenSession: ...
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np
import pytest
from numpy.typing import NDArray

from swath.core.additions import CropAdditions, ImageAdditions, RunAdditions, UsedFile
from swath.core.embeddings import STORED_DTYPE, EmbedderIdentity
from swath.core.errors import Conflict, NotFound
from swath.core.objects import BoxOutcome, ObjectTable, object_keys
from swath.core.outcomes import FileOutcome
from swath.core.predictions import Category, TaskSchema, TaskType
from swath.core.runs import RunState
from swath.core.scoring import ScoreColumns
from swath.pipeline.ports import KillPoint, RunSession

EMBEDDER = EmbedderIdentity(name="eight numbers", digest="8" * 64, dimension=8, input_size=32, resize_mode="squash")
OTHER_EMBEDDER = replace(EMBEDDER, name="other numbers", digest="9" * 64)


class OpenSession(Protocol):
    """Opens a run on image dataset `name`; an earlier run of the same test is over or gone by then."""

    def __call__(
        self,
        *,
        name: str = "vehicles",
        task: str | None = "wheels",
        crop_dataset_name: str | None = None,
        at_point: KillPoint | None = None,
    ) -> RunSession: ...


class Killed(BaseException):
    """Raised at a kill point: nothing in between may handle it."""


def killing_at(point: str) -> KillPoint:
    """A kill point at which everything ends."""

    def at_point(reached: str) -> None:
        if reached == point:
            raise Killed(point)

    return at_point


def image_digest(name: str, version: int = 1) -> bytes:
    return hashlib.sha256(f"{name} {version}".encode("utf-8", "surrogatepass")).digest()


def vector_of(content: bytes, dimension: int = EMBEDDER.dimension) -> NDArray[np.float16]:
    """A vector (D,) that only this content has, so that a row out of step is noticed."""
    seed = int.from_bytes(hashlib.sha256(content).digest()[:8], "little")
    return np.random.default_rng(seed).standard_normal(dimension).astype(STORED_DTYPE)


def make_additions(
    objects_of: Mapping[str, int],
    *,
    selected: Sequence[tuple[str, int]] | None = None,
    task: str = "wheels",
    versions: Mapping[str, int] | None = None,
    embedder: EmbedderIdentity = EMBEDDER,
    also_used: Sequence[UsedFile] = (),
) -> RunAdditions:
    """Additions of a run: images with so many objects each, all of them selected or those named (image, position).

    Object p of an image has category p modulo 2; the content of image and objects depends on name and version.
    """
    names = tuple(sorted(objects_of))
    digests = tuple(image_digest(name, (versions or {}).get(name, 1)) for name in names)
    counts = [objects_of[name] for name in names]
    predictions = _predictions(digests, counts, task)
    chosen = set(selected) if selected is not None else {(name, p) for name in names for p in range(objects_of[name])}
    rows = [
        row
        for row, (image, position) in enumerate(zip(predictions.image_row, predictions.position, strict=True))
        if (names[image], int(position)) in chosen
    ]
    images = ImageAdditions(
        file_names=names,
        digests=digests,
        widths=np.full(len(names), 640, np.int32),
        heights=np.full(len(names), 480, np.int32),
        byte_sizes=np.full(len(names), 1000, np.int64),
        thumbnail_keys=tuple(f".lightly/thumbnails/{name}" for name in names),
        vectors=_vectors(digests, embedder.dimension),
    )
    return RunAdditions(
        embedder=embedder,
        images=images,
        schema=make_schema(task),
        predictions=predictions,
        crops=_crops(names, predictions, np.array(rows, dtype=np.int32), embedder.dimension),
        used_files=(
            *(
                UsedFile(key=name, image_digest=digest, prediction_digest=digest, outcome=FileOutcome.USED.value)
                for name, digest in zip(names, digests, strict=True)
            ),
            *also_used,
        ),
    )


def with_scores(additions: RunAdditions, task: str = "wheels", *, first: float = 0.0) -> RunAdditions:
    """The same with two scores of a task: that of row i is `first` + i hundredths, and every second image lacks one."""

    def scores(count: int) -> ScoreColumns:
        values = first + np.arange(count) / 100
        gaps = np.where(np.arange(count) % 2, np.nan, values)
        return ScoreColumns(names=((task, "entropy"), (task, "gaps")), values=np.stack([values, gaps], axis=1))

    crops = additions.crops
    return replace(
        additions,
        images=replace(additions.images, scores=scores(len(additions.images))),
        crops=None if crops is None else replace(crops, scores=scores(len(crops))),
    )


def make_image_additions(names: Sequence[str]) -> RunAdditions:
    """Additions of a run without objects."""
    additions = make_additions(dict.fromkeys(names, 0))
    return replace(additions, schema=None, predictions=None, crops=None)


def make_schema(task: str = "wheels") -> TaskSchema:
    return TaskSchema(
        task_name=task,
        task_type=TaskType.OBJECT_DETECTION,
        categories=(Category(id=0, name="big wheel"), Category(id=1, name="small wheel")),
    )


def _predictions(digests: Sequence[bytes], counts: Sequence[int], task: str) -> ObjectTable:
    position = np.concatenate([np.arange(count, dtype=np.int32) for count in counts] or [np.empty(0, np.int32)])
    category = (position % 2).astype(np.int32)
    corners = np.stack([position, position, position + 20.5, position + 10.5], axis=1).astype(np.float64)
    image_row = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
    keys = [
        object_keys(
            image_digest=digest,
            task_name=task,
            category_ids=category[image_row == image],
            corners=corners[image_row == image],
        )
        for image, digest in enumerate(digests)
    ]
    return ObjectTable(
        image_row=image_row,
        position=position,
        category_id=category,
        # Every third object comes without a score.
        score=np.where(position % 3 == 2, np.nan, 0.5),
        corners=corners,
        crop_rects=np.concatenate([np.floor(corners[:, :2]), np.ceil(corners[:, 2:])], axis=1).astype(np.int32),
        outcome=np.full(len(position), BoxOutcome.USED, np.uint8),
        key=np.concatenate([*keys, np.empty((0, 16), np.uint8)]),
    )


def _crops(names: Sequence[str], predictions: ObjectTable, rows: NDArray[np.int32], dimension: int) -> CropAdditions:
    chosen = predictions.take(rows.astype(np.int64))
    keys = [key.tobytes() for key in chosen.key]
    return CropAdditions(
        file_names=tuple(
            f".lightly/crops/{names[image]}/{position:04d}_{key[:4].hex()}.jpg"
            for image, position, key in zip(chosen.image_row, chosen.position, keys, strict=True)
        ),
        crop_keys=chosen.key.copy(),
        image_row=chosen.image_row,
        prediction_row=rows,
        byte_sizes=np.full(len(rows), 100, np.int64),
        thumbnail_keys=tuple("" for _ in keys),
        padding=0.1,
        vectors=_vectors(keys, dimension),
    )


def _vectors(contents: Sequence[bytes], dimension: int) -> NDArray[np.float16]:
    return np.array([vector_of(content, dimension) for content in contents], dtype=STORED_DTYPE).reshape(-1, dimension)


def crops_by_key(session: RunSession) -> dict[bytes, bytes]:
    """Object key -> bytes of the vector, of every live crop; a key that is there twice fails."""
    earlier = session.earlier_crops(EMBEDDER)
    live = [key.tobytes() for key in earlier.object_keys[: len(earlier.vectors)]]
    assert len(set(live)) == len(live)
    return {key: vector.tobytes() for key, vector in zip(live, earlier.vectors, strict=True)}


def expected_crops(*additions: RunAdditions) -> dict[bytes, bytes]:
    """The same, of additions: every object's vector is made of its key."""
    keys = {
        key.tobytes()
        for added in additions
        if added.predictions is not None and added.crops is not None
        for key in added.predictions.key[added.crops.prediction_row]
    }
    return {key: vector_of(key).tobytes() for key in keys}


def images_by_name(session: RunSession) -> dict[str, bytes]:
    names, vectors = session.earlier_images(EMBEDDER)
    assert len(set(names)) == len(names)
    return {name: vector.tobytes() for name, vector in zip(names, vectors, strict=True)}


def finish(session: RunSession) -> None:
    session.finish(RunState.COMPLETED, "done", "{}")


class RunSessionContract:
    """Behaviour every RunSession shares. The fixture `open_session` comes from the subclass."""

    def test_before_the_first_run_there_is_nothing(self, open_session: OpenSession) -> None:
        session = open_session()
        assert session.used_files() == {}
        assert session.known_digests() == {}
        assert list(session.known_crop_files()) == []
        earlier = session.earlier_crops(EMBEDDER)
        assert earlier.object_keys.shape == (0, 16)
        assert earlier.vectors.shape == (0, EMBEDDER.dimension)
        names, vectors = session.earlier_images(EMBEDDER)
        assert names == ()
        assert vectors.shape == (0, EMBEDDER.dimension)
        target = session.target
        assert (target.image_samples, target.crop_samples) == (0, 0)
        assert (target.image_dataset_name, target.crop_dataset_name) == ("vehicles", "vehicles-crops")

    def test_a_commit_adds_images_and_crops_with_their_own_vectors(self, open_session: OpenSession) -> None:
        session = open_session()
        additions = make_additions({"b.jpg": 3, "a.jpg": 2})
        receipt = session.commit(additions)
        assert (receipt.images_added, receipt.image_samples) == (2, 2)
        assert (receipt.crops_added, receipt.crop_samples) == (5, 5)
        assert receipt.tag_names == ()
        finish(session)
        later = open_session()
        assert crops_by_key(later) == expected_crops(additions)
        assert images_by_name(later) == {name: vector_of(image_digest(name)).tobytes() for name in ("a.jpg", "b.jpg")}
        assert list(later.known_crop_files()) == list(additions.crops.file_names if additions.crops else ())
        assert (later.target.image_samples, later.target.crop_samples) == (2, 5)

    def test_the_same_commit_again_changes_nothing(self, open_session: OpenSession) -> None:
        session = open_session()
        additions = make_additions({"a.jpg": 3})
        first = session.commit(additions)
        assert session.commit(additions) == first
        finish(session)
        later = open_session()
        assert crops_by_key(later) == expected_crops(additions)
        assert later.target.crop_samples == 3

    def test_a_later_run_adds_and_tags_what_it_added(self, open_session: OpenSession) -> None:
        # The second run keeps the image of the first again, between two new ones.
        first, second = make_additions({"b.jpg": 2}), make_additions({"a.jpg": 1, "b.jpg": 2, "c.jpg": 3})
        session = open_session()
        session.commit(first)
        finish(session)
        session = open_session()
        receipt = session.commit(second)
        finish(session)
        assert (receipt.images_added, receipt.image_samples) == (2, 3)
        assert (receipt.crops_added, receipt.crop_samples) == (4, 6)
        assert len(receipt.tag_names) == 2
        later = open_session()
        assert crops_by_key(later) == expected_crops(first, second)
        expected = {name: vector_of(image_digest(name)).tobytes() for name in ("a.jpg", "b.jpg", "c.jpg")}
        assert images_by_name(later) == expected

    def test_crops_that_are_there_are_not_added_again(self, open_session: OpenSession) -> None:
        session = open_session()
        first = make_additions({"a.jpg": 4}, selected=[("a.jpg", 1), ("a.jpg", 2)])
        session.commit(first)
        finish(session)
        session = open_session()
        everything = make_additions({"a.jpg": 4})
        receipt = session.commit(everything)
        assert (receipt.images_added, receipt.crops_added, receipt.crop_samples) == (0, 2, 4)
        finish(session)
        assert crops_by_key(open_session()) == expected_crops(everything)

    @pytest.mark.parametrize("point", ["before_transaction", "after_transaction"])
    def test_a_run_killed_in_its_commit_leaves_all_or_nothing(self, open_session: OpenSession, point: str) -> None:
        earlier = make_additions({"a.jpg": 2})
        session = open_session()
        session.commit(earlier)
        finish(session)
        additions = make_additions({"b.jpg": 3})
        session = open_session(at_point=killing_at(point))
        with pytest.raises(Killed):
            session.commit(additions)
        after = open_session()
        done = (earlier, additions) if point == "after_transaction" else (earlier,)
        assert crops_by_key(after) == expected_crops(*done)
        assert set(after.used_files()) == {name for added in done for name in added.images.file_names}
        # Repeating it adds nothing twice.
        receipt = after.commit(additions)
        assert (receipt.image_samples, receipt.crop_samples) == (2, 5)
        finish(after)
        assert crops_by_key(open_session()) == expected_crops(earlier, additions)

    def test_a_run_that_died_leaves_its_dataset_ids_to_the_next(self, open_session: OpenSession) -> None:
        first = open_session(at_point=killing_at("before_transaction"))
        planned = first.target
        with pytest.raises(Killed):
            first.commit(make_additions({"a.jpg": 1}))
        after = open_session().target
        assert after.run_id != planned.run_id
        assert (after.image_dataset_id, after.crop_dataset_id) == (planned.image_dataset_id, planned.crop_dataset_id)

    def test_vectors_of_another_embedder_are_refused(self, open_session: OpenSession) -> None:
        session = open_session()
        session.commit(make_additions({"a.jpg": 1}))
        finish(session)
        session = open_session()
        with pytest.raises(Conflict, match="eight numbers"):
            session.earlier_crops(OTHER_EMBEDDER)
        with pytest.raises(Conflict, match="other numbers"):
            session.earlier_images(OTHER_EMBEDDER)
        with pytest.raises(Conflict, match="vehicles"):
            session.commit(make_additions({"b.jpg": 1}, embedder=OTHER_EMBEDDER))
        assert crops_by_key(session) == expected_crops(make_additions({"a.jpg": 1}))

    def test_crops_of_an_image_that_changed_are_stale(self, open_session: OpenSession) -> None:
        before = make_additions({"a.jpg": 2, "b.jpg": 1})
        session = open_session()
        session.commit(before)
        finish(session)
        changed = make_additions({"a.jpg": 2}, selected=[("a.jpg", 0)], versions={"a.jpg": 2})
        session = open_session()
        receipt = session.commit(changed)
        assert (receipt.images_added, receipt.image_samples, receipt.crops_added) == (0, 2, 1)
        finish(session)
        later = open_session()
        assert crops_by_key(later) == expected_crops(changed, make_additions({"b.jpg": 1}))
        earlier = later.earlier_crops(EMBEDDER)
        assert len(earlier.object_keys) == 4
        stale = {key.tobytes() for key in earlier.object_keys[len(earlier.vectors) :]}
        assert stale == set(expected_crops(make_additions({"a.jpg": 2})))
        assert images_by_name(later)["a.jpg"] == vector_of(image_digest("a.jpg", 2)).tobytes()
        assert images_by_name(later)["b.jpg"] == vector_of(image_digest("b.jpg")).tobytes()

    def test_crops_are_stale_too_if_nothing_of_the_changed_image_is_kept(self, open_session: OpenSession) -> None:
        session = open_session()
        session.commit(make_additions({"a.jpg": 2, "b.jpg": 1}))
        finish(session)
        seen = UsedFile(
            key="a.jpg", image_digest=image_digest("a.jpg", 2), prediction_digest=b"", outcome=FileOutcome.USED.value
        )
        session = open_session()
        session.commit(make_additions({}, also_used=[seen]))
        finish(session)
        assert crops_by_key(open_session()) == expected_crops(make_additions({"b.jpg": 1}))

    def test_used_files_are_kept_per_target_and_task(self, open_session: OpenSession) -> None:
        session = open_session()
        additions = make_additions({"a.jpg": 1})
        session.commit(additions)
        finish(session)
        session = open_session()
        assert session.used_files() == {"a.jpg": additions.used_files[0]}
        finish(session)
        session = open_session(task="doors")
        assert session.used_files() == {}
        finish(session)
        session = open_session(crop_dataset_name="other crops")
        assert session.used_files() == {}
        finish(session)
        assert open_session(task=None).used_files() == {}

    def test_a_commit_that_adds_nothing_still_records_what_was_used(self, open_session: OpenSession) -> None:
        missing = UsedFile(
            key="a.jpg",
            image_digest=image_digest("a.jpg"),
            prediction_digest=b"",
            outcome=FileOutcome.PREDICTIONS_MISSING.value,
            modified_at=1_700_000_000_123,
        )
        session = open_session()
        receipt = session.commit(make_additions({}, also_used=[missing]))
        assert (receipt.images_added, receipt.crops_added, receipt.tag_names) == (0, 0, ())
        finish(session)
        session = open_session()
        assert session.used_files() == {"a.jpg": missing}
        # The prediction file has come since.
        found = replace(missing, prediction_digest=b"p" * 32, outcome=FileOutcome.USED.value)
        session.commit(make_additions({}, also_used=[found]))
        finish(session)
        assert open_session().used_files() == {"a.jpg": found}

    def test_known_digests_name_the_first_of_every_readable_image(self, open_session: OpenSession) -> None:
        def used(key: str, content: str, outcome: FileOutcome) -> UsedFile:
            return UsedFile(key=key, image_digest=image_digest(content), prediction_digest=b"", outcome=outcome.value)

        session = open_session()
        others = [
            used("c.jpg", "a.jpg", FileOutcome.DUPLICATE),
            used("broken.jpg", "broken", FileOutcome.UNREADABLE),
            used("empty.jpg", "empty", FileOutcome.PREDICTIONS_MISSING),
        ]
        session.commit(make_additions({"b.jpg": 1}, also_used=others))
        finish(session)
        # Another task of the same image dataset counts as well, and the same content under an earlier name.
        session = open_session(task="doors")
        session.commit(make_additions({}, task="doors", also_used=[used("a.jpg", "b.jpg", FileOutcome.USED)]))
        finish(session)
        expected = {image_digest("b.jpg"): "a.jpg", image_digest("empty"): "empty.jpg"}
        assert open_session().known_digests() == expected
        assert open_session(name="bicycles").known_digests() == {}

    def test_a_run_without_objects_adds_images_only(self, open_session: OpenSession) -> None:
        session = open_session(task=None)
        assert (session.target.crop_dataset_id, session.target.crop_dataset_name) == (None, None)
        receipt = session.commit(make_image_additions(["b.jpg", "a.jpg"]))
        assert (receipt.images_added, receipt.crops_added, receipt.crop_samples) == (2, 0, 0)
        finish(session)
        later = open_session(task=None)
        assert set(later.used_files()) == {"a.jpg", "b.jpg"}
        assert list(images_by_name(later)) == ["a.jpg", "b.jpg"]
        assert list(later.known_crop_files()) == []

    def test_what_is_known_of_earlier_samples_is_that_of_each_of_them(self, open_session: OpenSession) -> None:
        session = open_session()
        empty = session.earlier_values()
        assert (empty.file_names, len(empty.category_ids), empty.image_scores.names) == ((), 0, ())
        session.commit(with_scores(make_additions({"b.jpg": 3, "a.jpg": 2})))
        finish(session)
        session = open_session()
        session.commit(make_additions({"c.jpg": 1}))
        finish(session)
        later = open_session()
        known = later.earlier_values()
        assert known.file_names == ("a.jpg", "b.jpg", "c.jpg")
        assert known.image_sizes.tolist() == [[640, 480, 1000]] * 3
        assert known.image_of_crop.tolist() == [0, 0, 1, 1, 1, 2]
        assert known.category_ids.tolist() == [0, 1, 0, 1, 0, 0]
        assert known.crop_sizes.tolist() == [[21, 11]] * 6
        entropy, gaps = (known.image_scores.column("wheels", name).tolist() for name in ("entropy", "gaps"))
        assert entropy == pytest.approx([0.0, 0.01, np.nan], nan_ok=True)
        assert gaps == pytest.approx([0.0, np.nan, np.nan], nan_ok=True)
        of_crops = known.crop_scores.column("wheels", "entropy")
        assert of_crops == pytest.approx([0, 0.01, 0.02, 0.03, 0.04, np.nan], nan_ok=True)
        assert len(known.category_ids) == len(later.earlier_crops(EMBEDDER).vectors)

    def test_scores_of_images_that_changed_are_replaced_others_are_kept_by_task(
        self, open_session: OpenSession
    ) -> None:
        session = open_session()
        session.commit(with_scores(make_additions({"a.jpg": 1, "b.jpg": 1})))
        finish(session)
        session = open_session(task="doors")
        doors = make_additions({"a.jpg": 1, "b.jpg": 1}, task="doors", versions={"b.jpg": 2})
        session.commit(with_scores(doors, "doors", first=0.5))
        finish(session)
        known = open_session().earlier_values()
        wheels = known.image_scores.column("wheels", "entropy")
        assert wheels == pytest.approx([0.0, np.nan], nan_ok=True)
        assert known.image_scores.column("doors", "entropy") == pytest.approx([0.5, 0.51])
        # The crop of the image whose pixels are gone is no crop that counts.
        assert known.image_of_crop.tolist() == [0]

    def test_a_query_is_found_by_dataset_and_tag(self, open_session: OpenSession) -> None:
        session = open_session()
        session.commit(make_additions({"a.jpg": 2}))
        finish(session)
        later = open_session(name="bicycles")
        vectors = later.query_vectors("vehicles-crops", "initial-tag", EMBEDDER)
        assert {vector.tobytes() for vector in vectors} == set(expected_crops(make_additions({"a.jpg": 2})).values())
        with pytest.raises(NotFound):
            later.query_vectors("vehicles-crops", "nothing", EMBEDDER)
        with pytest.raises(NotFound):
            later.query_vectors("nowhere", "initial-tag", EMBEDDER)
        with pytest.raises(Conflict, match="cannot be compared"):
            later.query_vectors("vehicles-crops", "initial-tag", OTHER_EMBEDDER)

    def test_nothing_is_attached_to_images_until_somebody_does(self, open_session: OpenSession) -> None:
        session = open_session()
        session.commit(make_additions({"a.jpg": 1}))
        attached = session.attached_values(["weather"])
        assert (attached.keys, attached.of_image) == ((), {})

    def test_scores_out_of_step_are_refused(self, open_session: OpenSession) -> None:
        additions = with_scores(make_additions({"a.jpg": 2}))
        assert additions.crops is not None
        assert additions.crops.scores is not None
        short = replace(additions.crops, scores=additions.crops.scores.take(np.array([0])))
        session = open_session()
        with pytest.raises(ValueError, match="crops"):
            session.commit(replace(additions, crops=short))

    def test_states_go_forward_and_end_once(self, open_session: OpenSession) -> None:
        session = open_session()
        session.enter(RunState.LOADING_PREDICTION)
        session.enter(RunState.SAMPLING)
        with pytest.raises(Conflict, match="SAMPLING"):
            session.enter(RunState.LOADING_PREDICTION)
        session.log("INFO", "half way")
        session.finish(RunState.FAILED, "it was not to be", "{}")
        with pytest.raises(Conflict, match="FAILED"):
            session.enter(RunState.SAVING_RESULTS)
        with pytest.raises(Conflict, match="FAILED"):
            finish(session)
        with pytest.raises(Conflict, match="FAILED"):
            session.commit(make_additions({"a.jpg": 1}))

    def test_vectors_out_of_step_are_refused(self, open_session: OpenSession) -> None:
        additions = make_additions({"a.jpg": 2})
        assert additions.crops is not None
        broken = replace(additions, crops=replace(additions.crops, vectors=additions.crops.vectors[:1]))
        session = open_session()
        with pytest.raises(ValueError, match="crops"):
            session.commit(broken)
        assert session.commit(additions).crops_added == 2
