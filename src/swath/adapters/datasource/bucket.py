"""A bucket, or what lies below a prefix of it, as a datasource."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from io import BytesIO

from swath.adapters.datasource.dialect import (
    CredentialsUnavailable,
    Dialect,
    Explanation,
    ListingQuery,
    Page,
    Right,
    StoredObject,
    shown_code,
)
from swath.adapters.datasource.exchange import Answer, Exchange, Request, Unanswered
from swath.adapters.datasource.keys import HIDDEN_ROOT, check_key, check_prefix, is_valid_key, printable
from swath.adapters.datasource.local import TEMPORARY_PREFIX
from swath.core.errors import NotFound, SourceChanged, SourceUnavailable, SwathError
from swath.pipeline.ports import FileEntry, Rights

PART = 16 * 1024 * 1024
"""Bytes of one ranged request: a larger object is read in several, each of which may be repeated."""

CONCURRENCY = 32
"""Requests at a time: enough to hide the latency of a store far away, few enough for any store to bear."""

LONGEST_KEY = 1024
"""Bytes of a key, prefix included: the limit of S3, Azure and Google Cloud Storage alike."""

LONGEST_URL_S = 7 * 24 * 3600
"""How long a signed URL holds at most: the limit of S3 and Google Cloud Storage."""

_MANY_FOLDERS = 100
_HIDDEN = f"{HIDDEN_ROOT}/"
_AFTER_HIDDEN = f"{_HIDDEN}\U0010fffd"  # the last of all characters: nothing sorts between it and the next folder
_PROBE = f"{_HIDDEN}{TEMPORARY_PREFIX}rights-"
_PROBE_DATA = b"Swath tries what it may do here.\n"
_NO_STORE = Explanation(
    reason="what answers is no such store",
    hint="Check the endpoint: it is that of the storage interface, not of its web pages.",
)
_DEEDS = {
    Right.LIST: "listed",
    Right.READ: "read",
    Right.WRITE: "written",
    Right.OVERWRITE: "replaced",
    Right.DELETE: "deleted",
}


@dataclass(frozen=True, slots=True)
class Connection:
    """How one bucket is spoken to. Several datasources share it: prefixes of the bucket, runs, requests of pages."""

    dialect: Dialect
    exchange: Exchange


class Bucket:
    """The objects whose keys start with `prefix`, by what follows in their keys.

    Nothing is asked of the store before the first method is called. Objects that have no valid key (empty parts,
    `..`, a backslash), and empty ones whose key ends in a slash, which some tools make to stand for folders, are not
    there: not listed, not found. `version` of an entry is the etag, or the generation on Google Cloud Storage.
    """

    concurrency = CONCURRENCY

    def __init__(self, connection: Connection, *, uri: str, bucket_uri: str, prefix: str = "") -> None:
        """`prefix` has no slashes at its ends. `bucket_uri` names the bucket in messages about it as a whole."""
        self._dialect = connection.dialect
        self._exchange = connection.exchange
        self._uri = uri
        self._bucket_uri = bucket_uri
        self._root = f"{prefix}/" if prefix else ""
        self._retries = 0
        self._lock = threading.Lock()
        self.skipped: list[str] = []
        """What the last complete listing left out, a line each: keys that are none."""

    def __repr__(self) -> str:
        return f"Bucket({self._uri!r})"

    @property
    def uri(self) -> str:
        return self._uri

    @property
    def retries(self) -> int:
        return self._retries

    def list_pages(self, prefix: str = "", *, skip_hidden_root: bool = False) -> Iterator[Sequence[FileEntry]]:
        check_prefix(prefix)
        skipped: list[str] = []
        for page in self._pages_without_hidden(prefix) if skip_hidden_root else self._pages(prefix):
            entries = [entry for one in page.objects if (entry := self._entry(one, skipped)) is not None]
            if skip_hidden_root:
                entries = [entry for entry in entries if not entry.key.startswith(_HIDDEN)]
            if entries:
                yield entries
        self.skipped = skipped

    def stat(self, key: str) -> FileEntry | None:
        whole = self._whole_key(key)
        if len(whole.encode()) > LONGEST_KEY:
            return None
        answer = self._ask(lambda: self._dialect.look_up(whole), Right.READ, key)
        if answer.status == 404 and not self._dialect.is_missing_bucket(answer):
            return None
        if answer.status != 200:
            # What is asked for the head of an object is answered without a body, which could say why not.
            told = self._ask(lambda: self._dialect.read(whole, 0, 1, ""), Right.READ, key)
            raise self._refusal(told if told.status >= 400 else answer, Right.READ, key)
        try:
            found = self._dialect.found(whole, answer)
            return FileEntry(key=key, size=found.size, version=found.version, modified_at=found.modified_at)
        except ValueError:
            pass
        raise self._unavailable(_NO_STORE, Right.READ, key)

    def read(self, key: str, *, start: int = 0, end: int | None = None, version: str | None = None) -> bytes:
        if start < 0 or (end is not None and end < start):
            raise ValueError(f"not a range: [{start}, {end})")
        whole = self._whole_key(key)
        if len(whole.encode()) > LONGEST_KEY:
            raise self._no_such_file(key)
        if end == start:
            # Nothing to ask a range for; but of a file that is not there, or not that version, there is no nothing.
            self._check_version(key, version)
            return b""
        first = self._read_part(key, whole, start, _part_end(start, end), version or "")
        last = first.total if end is None else min(end, first.total)
        if start + len(first.data) >= last:
            return first.data
        # One buffer for all: joining parts would take the memory of a large object twice.
        buffer = BytesIO(first.data)
        del first.data
        buffer.seek(0, 2)
        while start + buffer.tell() < last:
            at = start + buffer.tell()
            part = self._read_part(key, whole, at, _part_end(at, last), first.version)
            if not part.data:
                raise self._changed(key)
            buffer.write(part.data)
        return buffer.getvalue()

    def write(self, key: str, data: bytes, *, overwrite: bool = True) -> None:
        whole = self._whole_key(key)
        if len(whole.encode()) > LONGEST_KEY:
            raise SourceUnavailable(
                f"`{printable(key)}` in `{self._uri}` cannot be written: a key has at most {LONGEST_KEY:,} bytes",
                hint="Name an output datasource with a shorter prefix, or shorten the names of the images.",
            )
        self._put(key, data, overwrite=overwrite, right=Right.WRITE, shown_key=key)

    def delete(self, keys: Sequence[str]) -> None:
        whole_keys = {key: self._whole_key(key) for key in keys}
        if len(whole_keys) == 1:
            self._delete(*next(iter(whole_keys.items())))
        elif whole_keys:
            with ThreadPoolExecutor(min(CONCURRENCY, len(whole_keys)), "swath-delete") as threads:
                for _ in threads.map(self._delete, whole_keys.keys(), whole_keys.values()):
                    pass

    def remove_unfinished(self, folder: str) -> None:
        """Nothing to do: an object is there whole or not at all."""
        check_prefix(folder)

    def why_not_writable(self) -> str | None:
        probe = self._probe()
        reason = self._reason(partial(self._put, probe, _PROBE_DATA, overwrite=True, right=Right.WRITE))
        if reason is None:
            self._remove_probe(probe)
        return reason

    def check_rights(self) -> Rights:
        try:
            return self._try_rights()
        except _OutOfReach as exc:
            reason = f"`{self._bucket_uri}` cannot be reached: {exc.why}"
            return Rights(list=reason, read=reason, write=reason, overwrite=reason)

    def read_url(self, key: str, *, expires_s: int) -> str | None:
        whole = self._whole_key(key)
        try:
            return self._dialect.read_url(whole, min(expires_s, LONGEST_URL_S))
        except CredentialsUnavailable as exc:
            explanation = exc.explanation
        raise self._unavailable(explanation, Right.READ, key)

    # Listing

    def _pages(self, prefix: str, *, after: str = "", flat: bool = True) -> Iterator[Page]:
        """Pages of the objects whose key below the root starts with `prefix`."""
        query = ListingQuery(prefix=self._root + prefix, after=after and self._root + after, flat=flat)
        while True:
            page = self._page(query)
            yield page
            if not page.next_token:
                return
            query = replace(query, token=page.next_token)

    def _pages_without_hidden(self, prefix: str) -> Iterator[Page]:
        """The same; what is below the hidden folder is jumped over, or comes along where that would take longer."""
        if prefix.startswith(_HIDDEN):
            return iter(())
        if not _HIDDEN.startswith(prefix):
            return self._pages(prefix)
        return self._pages_with_a_jump(prefix) if self._dialect.lists_after else self._pages_by_folder(prefix)

    def _pages_with_a_jump(self, prefix: str) -> Iterator[Page]:
        hidden = self._root + _HIDDEN
        for page in self._pages(prefix):
            yield page
            if page.next_token and page.objects and page.objects[-1].key.startswith(hidden):
                yield from self._pages(prefix, after=_AFTER_HIDDEN)
                return

    def _pages_by_folder(self, prefix: str) -> Iterator[Page]:
        """For stores that cannot begin a listing in the middle: the folders at the root one by one, if they are few."""
        top: list[Page] = []
        for page in self._pages(prefix, flat=False):
            top.append(page)
            if sum(len(one.folders) for one in top) > _MANY_FOLDERS:
                yield from self._pages(prefix)
                return
        yield from top
        for folder in (folder for page in top for folder in page.folders):
            if folder != self._root + _HIDDEN:
                yield from self._pages(folder.removeprefix(self._root))

    def _page(self, query: ListingQuery) -> Page:
        answer = self._ask(lambda: self._dialect.list_objects(query), Right.LIST)
        if answer.status != 200:
            raise self._refusal(answer, Right.LIST)
        try:
            return self._dialect.page(answer)
        except ValueError:
            pass
        raise self._unavailable(_NO_STORE, Right.LIST, None)

    def _entry(self, one: StoredObject, skipped: list[str]) -> FileEntry | None:
        key = one.key.removeprefix(self._root)
        if not key:
            return None  # what stands for the folder that this datasource is
        if key.endswith("/") and one.size == 0:
            skipped.append(f"`{printable(key)}`: an empty object that stands for a folder")
            return None
        if not is_valid_key(key):
            skipped.append(f"`{printable(key)}`: a key with empty parts, `.`, `..`, a backslash or a NUL")
            return None
        if key.rpartition("/")[2].startswith(TEMPORARY_PREFIX):
            return None
        return FileEntry(key=key, size=one.size, version=one.version, modified_at=one.modified_at)

    # Objects

    def _read_part(self, key: str, whole: str, start: int, end: int, version: str) -> _Part:
        answer = self._ask(lambda: self._dialect.read(whole, start, end, version), Right.READ, key)
        if answer.status in (200, 206):
            read = self._dialect.version_of(answer)
            if version and read != version:  # not every store heeds the condition that it is asked with
                raise self._changed(key)
            if answer.status == 206:
                return _Part(answer.body, _total_of(answer, start), read)
            return _Part(answer.body[start:end], len(answer.body), read)  # a store that knows no ranges
        if answer.status in (412, 416):
            # Stores differ in what they look at first: a missing file, another version and a range that is none may
            # each hide the others.
            self._check_version(key, version or None)
            if answer.status == 412:
                raise self._changed(key)
            return _Part(b"", start, version)
        raise self._refusal(answer, Right.READ, key)

    def _check_version(self, key: str, version: str | None) -> None:
        entry = self.stat(key)
        if entry is None:
            raise self._no_such_file(key)
        if version is not None and entry.version != version:
            raise self._changed(key)

    def _put(self, key: str, data: bytes, *, overwrite: bool, right: Right, shown_key: str | None = None) -> None:
        """Write an object. Errors name `shown_key`, or the bucket as a whole."""
        whole = self._whole_key(key)
        answer = self._ask(lambda: self._dialect.write(whole, data, create=not overwrite), right, shown_key)
        if answer.status in (200, 201, 204):
            return
        if not overwrite:
            if answer.status == 412 or (answer.status == 409 and "Exists" in self._dialect.code(answer)):
                return  # it is there and stays as it is
            if answer.status == 501:  # conditions are not known there: the moment between looking and writing stays
                if self.stat(key) is None:
                    self._put(key, data, overwrite=True, right=right, shown_key=shown_key)
                return
        raise self._refusal(answer, right, shown_key)

    def _delete(self, key: str, whole: str) -> None:
        answer = self._ask(lambda: self._dialect.delete(whole), Right.DELETE, key)
        if answer.status not in (200, 202, 204, 404) or self._dialect.is_missing_bucket(answer):
            raise self._refusal(answer, Right.DELETE, key)

    def _try_rights(self) -> Rights:
        """Raises _OutOfReach at once where there is nobody to try it with: patience takes a while."""
        found: list[str] = []
        listing = self._reason(lambda: found.extend(self._any_key()), raises=_OutOfReach)
        probe = self._probe()
        put = partial(self._put, probe, _PROBE_DATA)
        write = self._reason(partial(put, overwrite=False, right=Right.WRITE))
        overwrite = self._reason(partial(put, overwrite=True, right=Right.OVERWRITE))
        reading = self._why_not_readable(found[0] if found else probe, is_there=bool(found) or write is None)
        if write is None:
            self._remove_probe(probe)
        return Rights(list=listing, read=reading, write=write, overwrite=overwrite)

    def _probe(self) -> str:
        return f"{_PROBE}{secrets.token_hex(4)}"

    def _remove_probe(self, probe: str) -> None:
        try:
            self.delete([probe])
        except (NotFound, SourceUnavailable):
            # It is never listed, and a few bytes; that files cannot be deleted is said when some have to be.
            return

    def _any_key(self) -> list[str]:
        """The key of some file, images first; fails if listing does."""
        for pages in (self.list_pages(skip_hidden_root=True), self.list_pages(_HIDDEN)):
            for page in pages:
                return [page[0].key]
        return []

    def _why_not_readable(self, key: str, *, is_there: bool) -> str | None:
        answer: list[Answer] = []
        whole = self._whole_key(key)
        reason = self._reason(lambda: answer.append(self._ask(lambda: self._dialect.read(whole, 0, 1, ""), Right.READ)))
        if reason is not None or answer[0].status in (200, 206, 416):
            return reason
        if answer[0].status == 404 and not is_there and not self._dialect.is_missing_bucket(answer[0]):
            # Of a bucket that can be neither listed nor written no key is known: a missing one tells as much.
            return None
        return self._refusal(answer[0], Right.READ).message

    def _reason(self, act: Callable[[], object], *, raises: type[Exception] | tuple[()] = ()) -> str | None:
        """Why an act fails, None if it does not; what it `raises` beside that is not caught."""
        try:
            act()
        except raises:
            raise
        except (NotFound, SourceUnavailable) as exc:
            return exc.message
        return None

    # Requests and refusals

    def _whole_key(self, key: str) -> str:
        return self._root + check_key(key)

    def _ask(self, make: Callable[[], Request], right: Right, key: str | None = None) -> Answer:
        """The answer to a request. Errors are raised outside of `except`, so that no cause with a secret hangs on."""
        try:
            answer = self._exchange.send(make, self._count_retry)
            if self._dialect.adapts_to(answer):
                answer = self._exchange.send(make, self._count_retry)
            return answer
        except CredentialsUnavailable as exc:
            explanation = exc.explanation
        except Unanswered as exc:
            explanation = Explanation(
                reason=f"{exc.reason} ({exc.attempts} attempts)",
                hint="Check the endpoint and the network; if the store is overloaded, try again later.",
            )
        refusal = self._unavailable(explanation, right, key)
        raise _OutOfReach(refusal.message, hint=refusal.hint, why=explanation.reason)

    def _count_retry(self) -> None:
        with self._lock:
            self._retries += 1

    def _refusal(self, answer: Answer, right: Right, key: str | None = None) -> SwathError:
        """The error for an answer that is none of the expected ones."""
        code = self._dialect.code(answer)
        if self._dialect.is_missing_bucket(answer):
            return NotFound(f"There is no bucket `{self._bucket_uri}`", hint="Check its name, and whose account it is.")
        if (explanation := self._dialect.explain(code, answer)) is not None:
            return self._unavailable(explanation, right, key)
        if answer.status == 404:
            if key is not None and right is Right.READ:
                return self._no_such_file(key)
            return NotFound(f"There is no bucket `{self._bucket_uri}`", hint="Check its name and the endpoint.")
        if answer.status in (401, 403):
            return self._unavailable(self._lacking(right), right, key)
        word = shown_code(code)
        said = f"{answer.status} `{word}`" if word else f"{answer.status}"
        return self._unavailable(Explanation(reason=f"it answers {said}"), right, key)

    def _lacking(self, right: Right) -> Explanation:
        permission = self._dialect.permissions[right]
        if self._dialect.is_anonymous:
            return Explanation(
                reason=f"it is not open to everybody for {right} (`{permission}`)",
                hint="Give credentials that have this right.",
            )
        return Explanation(
            reason=f"the credentials lack the right {right} (`{permission}`)",
            hint="Grant it, or give other credentials.",
        )

    def _unavailable(self, why: Explanation, right: Right, key: str | None) -> SourceUnavailable:
        what = f"`{self._bucket_uri}`" if key is None else f"`{printable(key)}` in `{self._uri}`"
        return SourceUnavailable(f"{what} cannot be {_DEEDS[right]}: {why.reason}", hint=why.hint)

    def _no_such_file(self, key: str) -> NotFound:
        return NotFound(f"There is no file `{printable(key)}` in `{self._uri}`")

    def _changed(self, key: str) -> SourceChanged:
        return SourceChanged(
            f"`{printable(key)}` in `{self._uri}` was replaced while it was being used",
            hint="Do it again once nobody writes there any more.",
        )


class _OutOfReach(SourceUnavailable):
    """Nobody answers, or there is nothing to ask with. `why` is the end of the message."""

    def __init__(self, message: str, *, hint: str, why: str) -> None:
        super().__init__(message, hint=hint)
        self.why = why


class _Part:
    """Bytes of an object, its size, and the version they are of."""

    __slots__ = ("data", "total", "version")

    def __init__(self, data: bytes, total: int, version: str) -> None:
        self.data = data
        self.total = total
        self.version = version


def _part_end(start: int, end: int | None) -> int:
    return start + PART if end is None else min(end, start + PART)


def _total_of(answer: Answer, start: int) -> int:
    """The size of the object of which an answer is a part."""
    total = answer.headers.get("content-range", "").rpartition("/")[2]
    return int(total) if total.isdigit() else start + len(answer.body)
