"""Pillow's warnings are ignored by one filter that comes and goes, whatever other code does with its own."""

from __future__ import annotations

import threading
import warnings

import pytest

from swath.adapters.decoders.pillow_warnings import pillow_warnings_ignored


def warn_from(module: str) -> None:
    warnings.warn_explicit("ugly", UserWarning, filename="x.py", lineno=1, module=module)


def test_only_pillows_warnings_are_ignored() -> None:
    with pillow_warnings_ignored():
        warn_from("PIL.TiffImagePlugin")
        with pytest.raises(UserWarning):
            warn_from("somebody.else")
        with pytest.raises(UserWarning):
            warn_from("PILLOWCASE")
    with pytest.raises(UserWarning):
        warn_from("PIL.TiffImagePlugin")


def test_the_filters_are_as_before_even_after_an_error() -> None:
    before = list(warnings.filters)
    with pytest.raises(KeyError), pillow_warnings_ignored(), pillow_warnings_ignored():
        raise KeyError
    assert list(warnings.filters) == before


def test_the_last_thread_out_takes_the_filter_away() -> None:
    before = list(warnings.filters)
    inside, leave = threading.Barrier(2, timeout=10), threading.Event()

    def stay() -> None:
        with pillow_warnings_ignored():
            inside.wait()
            leave.wait(10)

    thread = threading.Thread(target=stay)
    thread.start()
    inside.wait()
    with pillow_warnings_ignored():
        pass
    warn_from("PIL.Image")  # the other thread is still inside
    leave.set()
    thread.join()
    assert list(warnings.filters) == before


def test_a_catch_warnings_that_ends_in_between_does_no_harm() -> None:
    before = list(warnings.filters)
    other = warnings.catch_warnings()
    ignoring = pillow_warnings_ignored()
    ignoring.__enter__()
    other.__enter__()
    ignoring.__exit__(None, None, None)
    other.__exit__(None, None, None)  # puts back a list with our filter in it
    with pillow_warnings_ignored():
        warn_from("PIL.Image")
    assert list(warnings.filters) == before
