from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from swath.adapters.decoders.pillow_codec import PillowCodec
from swath.core.boxes import BoxFormat
from swath.core.errors import NotFound
from swath.pipeline.preview import preview_datasource
from swath.pipeline.preview_parts import Preview
from swath.server.previews import SECONDS_KEPT, Previews
from swath.testing.memory_datasource import MemoryDatasource


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def preview() -> Preview:
    return preview_datasource((MemoryDatasource(),), codec=PillowCodec(), task_name=None, box_format=BoxFormat.XYWH)


def large(preview: Preview, count: int) -> Preview:
    """A preview with that many objects."""
    objects = replace(
        preview.objects,
        image=np.zeros(count, np.int32),
        category_id=np.zeros(count, np.int32),
        score=np.zeros(count),
        corners=np.zeros((count, 4)),
        outcome=np.zeros(count, np.uint8),
        shorter_side=np.zeros(count),
    )
    return replace(preview, objects=objects)


def test_a_preview_is_its_users_alone(preview: Preview) -> None:
    previews = Previews()
    kept = previews.keep("anna", preview, MemoryDatasource)
    assert previews.find(kept.id, "anna").preview is preview
    with pytest.raises(NotFound) as hidden:
        previews.find(kept.id, "bert")
    with pytest.raises(NotFound) as absent:
        previews.find("0" * 24, "bert")
    assert hidden.value.message.replace(kept.id, "0" * 24) == absent.value.message


def test_a_preview_goes_after_a_while(preview: Preview) -> None:
    clock = Clock()
    previews = Previews(clock=clock)
    kept = previews.keep("anna", preview, MemoryDatasource)
    previews.pixels.get((kept.id, 0), lambda: b"pixels", size_of=len)
    clock.now = SECONDS_KEPT - 1
    assert previews.find(kept.id, "anna")
    clock.now = SECONDS_KEPT
    with pytest.raises(NotFound, match="there is no preview"):
        previews.find(kept.id, "anna")
    assert previews.pixels.byte_count == 0, "with its pixels"


def test_of_too_many_the_oldest_of_the_same_user_goes(preview: Preview) -> None:
    previews = Previews(most_per_user=2)
    of_bert = previews.keep("bert", preview, MemoryDatasource)
    first, second, third = (previews.keep("anna", preview, MemoryDatasource) for _ in range(3))
    with pytest.raises(NotFound):
        previews.find(first.id, "anna")
    for kept in (second, third):
        assert previews.find(kept.id, "anna")
    assert previews.find(of_bert.id, "bert")


def test_of_too_large_ones_the_oldest_go_but_never_the_newest(preview: Preview) -> None:
    previews = Previews(most_bytes=300_000)
    small = previews.keep("anna", preview, MemoryDatasource)
    first = previews.keep("bert", large(preview, 4000), MemoryDatasource)
    assert previews.find(small.id, "anna")
    second = previews.keep("carl", large(preview, 4000), MemoryDatasource)
    with pytest.raises(NotFound):
        previews.find(first.id, "bert")
    assert previews.find(second.id, "carl")
    huge = previews.keep("dora", large(preview, 100_000), MemoryDatasource)
    assert previews.find(huge.id, "dora")
    with pytest.raises(NotFound):
        previews.find(second.id, "carl")


def test_nothing_of_how_it_is_opened_is_shown(preview: Preview) -> None:
    def open_with_secret() -> MemoryDatasource:
        raise AssertionError

    assert "open_with_secret" not in repr(Previews().keep("anna", preview, open_with_secret))
