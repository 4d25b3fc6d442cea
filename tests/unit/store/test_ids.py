from __future__ import annotations

from swath.store import ids


def test_ids_are_24_lower_case_hex_digits_unique_and_in_order() -> None:
    made = ids.new_ids(5000)
    assert all(ids.is_id(one) for one in made)
    assert len(set(made)) == 5000
    assert made == sorted(made)


def test_ids_of_two_calls_differ() -> None:
    assert not set(ids.new_ids(100)) & set(ids.new_ids(100))


def test_what_is_not_an_id() -> None:
    for text in ("", "vehicles", "A" * 24, "a" * 23, "a" * 25, "g" * 24):
        assert not ids.is_id(text)
