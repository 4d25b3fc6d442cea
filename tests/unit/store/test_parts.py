from __future__ import annotations

import pytest

from swath.core.errors import Conflict, InvalidConfig
from swath.store.home import Home
from swath.store.parts import read_part, receive_part, remove_parts

RUN = "a" * 24


def hand_in(home: Home, lease: int, name: str, content: bytes, *, run_id: str = RUN) -> None:
    with receive_part(home, run_id, lease, name) as part:
        part.write(content)
        part.complete(part.sha256)
        part.keep(may_replace=False)


def test_parts_of_two_leases_are_apart(home: Home) -> None:
    hand_in(home, 1, "images-0", b"of the first")
    hand_in(home, 2, "images-0", b"of the second")
    assert read_part(home, RUN, 1, "images-0") == b"of the first"
    assert read_part(home, RUN, 2, "images-0") == b"of the second"
    with pytest.raises(Conflict, match="`images-0` was not handed in"):
        read_part(home, RUN, 3, "images-0")


def test_the_parts_of_the_next_lease_outlive_those_of_earlier_ones(home: Home) -> None:
    for lease in (1, 2, 3):
        hand_in(home, lease, "used-files-12", b"")
    remove_parts(home, RUN, up_to_lease=2)
    assert read_part(home, RUN, 3, "used-files-12") == b""
    for lease in (1, 2):
        with pytest.raises(Conflict):
            read_part(home, RUN, lease, "used-files-12")
    remove_parts(home, RUN, up_to_lease=3)
    assert list(home.parts.iterdir()) == []
    remove_parts(home, RUN, up_to_lease=3)


@pytest.mark.parametrize(
    "name", ["", "images", "../images-0", "images-0/a", "Images-0", ".images-0", "images-0.partial"]
)
def test_a_part_has_a_plain_name(home: Home, name: str) -> None:
    with pytest.raises(InvalidConfig, match="a part cannot be called"):
        receive_part(home, RUN, 1, name)
    with pytest.raises(InvalidConfig):
        receive_part(home, "../" + RUN, 1, "images-0")
