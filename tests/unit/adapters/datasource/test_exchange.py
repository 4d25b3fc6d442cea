"""Stores that fail now and then, are slow, cut answers short or are not there."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from swath.adapters.datasource.bucket import Bucket
from swath.adapters.datasource.connections import open_bucket
from swath.adapters.datasource.exchange import Exchange, Patience, Request
from swath.core.errors import NotFound, SourceUnavailable
from swath.wire.locations import parse_location

QUICK = Patience(attempts=4, first_pause=0.001, longest_pause=0.01)
HURRIED = Patience(attempts=4, first_pause=0.001, longest_pause=0.01, silence=1.0, whole=1.5)
KEYS = {"access_key_id": "AKIAFAKEFAKEFAKEFAKE", "secret_access_key": "fake-secret-fake-secret"}
DATA = bytes(range(256)) * 40


def bucket_at(endpoint: str, patience: Patience = QUICK) -> Bucket:
    return open_bucket(parse_location("s3://photos"), KEYS, endpoint, patience=patience)


def failing_first(
    times: int, failure: Callable[[Any], Any], then: tuple[Any, ...] = (200, DATA)
) -> Callable[[Any], Any]:
    """Answers `failure` so many times, then well."""
    lock = threading.Lock()
    count = [0]

    def answer(request: Any) -> Any:
        with lock:
            count[0] += 1
            number = count[0]
        return failure(request) if number <= times else then

    return answer


def cut_short(request: Any) -> None:
    request.send_response(200)
    request.send_header("Content-Length", str(len(DATA)))
    request.end_headers()
    request.wfile.write(DATA[:100])
    request.close_connection = True


def hang_up(request: Any) -> None:
    request.connection.shutdown(socket.SHUT_RDWR)
    request.close_connection = True


def fall_silent(request: Any) -> None:
    request.send_response(200)
    request.send_header("Content-Length", str(len(DATA)))
    request.end_headers()
    request.wfile.write(DATA[:100])
    request.wfile.flush()
    time.sleep(1.2)
    request.close_connection = True


def trickle(request: Any) -> None:
    """Never silent for long, and never done."""
    request.send_response(200)
    request.send_header("Content-Length", str(len(DATA)))
    request.end_headers()
    try:
        for number in range(25):
            request.wfile.write(DATA[number : number + 1])
            request.wfile.flush()
            time.sleep(0.1)
    except OSError:
        pass
    request.close_connection = True


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_an_answer_that_may_be_another_later_is_asked_for_again(answering: Any, status: int) -> None:
    bucket = bucket_at(answering(failing_first(2, lambda _: (status, ""))))
    assert bucket.read("a.jpg") == DATA
    assert bucket.retries == 2


@pytest.mark.parametrize("failure", [cut_short, hang_up, fall_silent, trickle])
def test_a_connection_that_fails_is_made_again(answering: Any, failure: Callable[[Any], None]) -> None:
    bucket = bucket_at(answering(failing_first(1, failure)), HURRIED)
    assert bucket.read("a.jpg") == DATA
    assert bucket.retries == 1


@pytest.mark.parametrize(("status", "error"), [(401, SourceUnavailable), (403, SourceUnavailable), (404, NotFound)])
def test_an_answer_that_is_final_is_not_asked_for_again(answering: Any, status: int, error: type[Exception]) -> None:
    asked: list[str] = []
    bucket = bucket_at(answering(lambda request: asked.append(request.path) or (status, "")))
    with pytest.raises(error):
        bucket.read("a.jpg")
    assert (len(asked), bucket.retries) == (1, 0)


def test_a_store_that_only_fails_is_given_up_and_named(answering: Any) -> None:
    bucket = bucket_at(answering(503, "<Error><Code>SlowDown</Code></Error>"))
    with pytest.raises(SourceUnavailable) as caught:
        bucket.read("a.jpg")
    assert caught.value.message == "`a.jpg` in `s3://photos` cannot be read: it answers 503 (4 attempts)"
    assert bucket.retries == 3


def test_a_store_that_is_not_there_is_given_up_and_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(SourceUnavailable, match=r"`s3://photos` cannot be listed: nothing answers at its address"):
        list(bucket_at(f"http://127.0.0.1:{port}").list_pages())


def test_rights_are_tried_once_where_nobody_answers(answering: Any) -> None:
    asked: list[str] = []
    bucket = bucket_at(answering(lambda request: asked.append(request.path) or (500, "")))
    rights = bucket.check_rights()
    assert rights.list == "`s3://photos` cannot be reached: it answers 500 (4 attempts)"
    assert rights.list == rights.read == rights.write == rights.overwrite
    assert len(asked) == 4


def test_a_host_that_has_no_address_is_named() -> None:
    with pytest.raises(SourceUnavailable, match="its host is not known"):
        list(bucket_at("http://no-such-host.invalid").list_pages())


def test_what_does_not_speak_tls_is_named(answering: Any) -> None:
    endpoint = answering(200, "").replace("http://", "https://")
    with pytest.raises(SourceUnavailable, match="does not speak TLS"):
        bucket_at(endpoint).read("a.jpg")


def test_a_silent_store_is_given_up_in_time(answering: Any) -> None:
    started = time.monotonic()
    with pytest.raises(SourceUnavailable, match="it is too slow"):
        bucket_at(answering(fall_silent), Patience(attempts=2, first_pause=0.001, silence=0.2)).read("a.jpg")
    assert time.monotonic() - started < 5


def test_the_time_for_all_attempts_is_bounded_too(answering: Any) -> None:
    patience = Patience(attempts=1000, first_pause=0.05, longest_pause=0.05, total=0.5)
    started = time.monotonic()
    with pytest.raises(SourceUnavailable, match=r"it answers 500 \(\d{1,2} attempts\)"):
        bucket_at(answering(500, ""), patience).read("a.jpg")
    assert time.monotonic() - started < 5


def test_a_store_that_says_when_to_come_back_is_believed_within_reason() -> None:
    patience = Patience(first_pause=0.1, longest_pause=2.0)
    assert patience.pause(1, 1.5) == 1.5
    assert patience.pause(1, 3600) == 2.0


def test_pauses_grow_are_bounded_and_differ() -> None:
    patience = Patience(first_pause=0.1, longest_pause=5.0)
    for attempt, longest in ((1, 0.1), (2, 0.2), (3, 0.4), (20, 5.0)):
        pauses = {patience.pause(attempt, 0) for _ in range(50)}
        assert len(pauses) > 1
        assert all(longest / 2 <= pause <= longest for pause in pauses)


def test_a_write_whose_answer_got_lost_is_repeated_and_stays(answering: Any) -> None:
    stored: list[str] = []

    def answer(request: Any) -> Any:
        if stored:
            return 412, "<Error><Code>PreconditionFailed</Code></Error>"
        stored.append(request.text)
        return hang_up(request)

    bucket = bucket_at(answering(answer))
    bucket.write("a.jpg", b"bytes", overwrite=False)
    assert stored == ["bytes"]


def test_writers_that_met_are_told_to_try_again(answering: Any) -> None:
    conflict = (409, "<Error><Code>ConditionalRequestConflict</Code></Error>")
    bucket = bucket_at(answering(failing_first(1, lambda _: conflict, (200, ""))))
    bucket.write("a.jpg", b"bytes", overwrite=False)
    assert bucket.retries == 1


def test_a_store_without_conditions_is_looked_at_before_writing(answering: Any) -> None:
    written: list[str] = []
    there = [False]

    def answer(request: Any) -> Any:
        if request.command == "HEAD":
            return (200, "", {"Content-Length": "1", "ETag": '"x"'}) if there[0] else (404, "")
        if "If-None-Match" in request.headers:
            return 501, "<Error><Code>NotImplemented</Code></Error>"
        written.append(request.text)
        return 200, ""

    bucket = bucket_at(answering(answer))
    bucket.write("a.jpg", b"one", overwrite=False)
    there[0] = True
    bucket.write("a.jpg", b"two", overwrite=False)
    assert written == ["one"]


def test_a_store_without_ranges_is_read_whole(answering: Any) -> None:
    bucket = bucket_at(answering(200, DATA))
    assert bucket.read("a.jpg", start=5, end=9) == DATA[5:9]
    assert bucket.read("a.jpg") == DATA


def test_a_fifth_of_all_answers_may_fail(answering: Any) -> None:
    lock = threading.Lock()
    count = [0]

    def answer(request: Any) -> Any:
        with lock:
            count[0] += 1
            number = count[0]
        if number % 5 == 0:
            return ((500, ""), (503, ""), cut_short, hang_up)[number // 5 % 4]
        return 200, DATA

    def steady(request: Any) -> Any:
        found = answer(request)
        return found(request) if callable(found) else found

    bucket = bucket_at(answering(steady), Patience(first_pause=0.001, longest_pause=0.01))
    with ThreadPoolExecutor(16) as threads:
        assert list(threads.map(bucket.read, [f"{number}.jpg" for number in range(200)])) == [DATA] * 200
    assert bucket.retries >= 40


def test_retries_are_counted_for_each_datasource_of_its_own(answering: Any) -> None:
    endpoint = answering(failing_first(1, lambda _: (500, "")))
    first, second = bucket_at(endpoint), bucket_at(endpoint)
    first.read("a.jpg")
    second.read("a.jpg")
    assert (first.retries, second.retries) == (1, 0)


def test_no_redirect_is_followed(answering: Any) -> None:
    asked: list[str] = []
    elsewhere = answering(lambda request: asked.append(request.path) or (200, DATA))
    bucket = bucket_at(answering(307, "", {"Location": f"{elsewhere}/photos/a.jpg"}))
    with pytest.raises(SourceUnavailable, match="at another endpoint or region"):
        bucket.read("a.jpg")
    assert asked == []


def test_the_machines_proxy_is_used_for_what_it_is_for(answering: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    proxy = answering(lambda request: asked.append(request.path) or (200, "answered"))
    monkeypatch.setenv("http_proxy", proxy)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    url = "http://store.invalid/a"
    answer = Exchange(url).send(lambda: Request(method="GET", url=url), lambda: None)
    assert (answer.body, asked) == (b"answered", [url])
    direct = f"{answering(200, 'direct')}/a"
    assert Exchange(direct).send(lambda: Request(method="GET", url=direct), lambda: None).body == b"direct"
