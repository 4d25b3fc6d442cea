"""What can go wrong with a database, in words for the person who must act. Passwords never appear."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from swath.core.errors import InvalidConfig, SourceUnavailable
from swath.store.transactions import Purpose

_SECRETS = ("password", "sslpassword")

_MISTAKES = (
    sa.exc.IntegrityError,
    sa.exc.ProgrammingError,
    sa.exc.DataError,
    sa.exc.InternalError,
    sa.exc.NotSupportedError,
)
"""What the database says of a mistake of ours, and not of its surroundings."""

_NOT_ALLOWED = "42501"
_READ_ONLY = "25006"

_HINTS = {
    "disk is full": "Free some space on its disk; nothing of the last step was kept.",
    "No space left": "Free some space on its disk; nothing of the last step was kept.",
    "locked": "Another process writes to it: try again when that one is done.",
    "lock timeout": "Another process writes to it: try again when that one is done.",
    "readonly": "Change its permissions, or use a home elsewhere.",
    "read-only transaction": "It is a copy that only follows another server: name that one.",
    "not a database": "The file is damaged or something else: restore it from a backup, or use another home.",
    "malformed": "The file is damaged: restore it from a backup, or use another home.",
    "password": "Check user and password in the URL of the database; a password may also stand in `~/.pgpass`.",
    "permission denied": "Make the user of the URL the owner of the database.",
    "does not exist": "Make the user and the database first, or correct their names in the URL.",
    "too many": "Close other programs that use the server, or raise its `max_connections`.",
    "resolve host": "Check the host in the URL of the database.",
    "translate host": "Check the host in the URL of the database.",
    "connection failed": "Check host and port in the URL of the database, and that the server runs.",
    "connection": "The server was stopped, or cannot be reached any more: try again.",
}
"""By words of the reason; of several that match, the first."""


def shown(url: sa.URL) -> str:
    """A URL as it may be shown: without the password, wherever it stands."""
    hidden = {name: "***" for name in _SECRETS if name in url.query}
    return url.update_query_dict(hidden).render_as_string(hide_password=True)


@contextmanager
def naming_failures(url: sa.URL, purpose: Purpose) -> Iterator[None]:
    """Turn failures of the database's surroundings into SourceUnavailable; mistakes of ours stay what they are."""
    try:
        yield
    except UnicodeEncodeError as exc:
        raise unstorable(exc.object) from exc
    except sa.exc.TimeoutError as exc:
        raise SourceUnavailable(
            f"the database `{shown(url)}` cannot be used: all connections to it are taken",
            hint="Try again when there is less to do.",
        ) from exc
    except sa.exc.DBAPIError as exc:
        if isinstance(exc, sa.exc.DataError) and (text := _text_with_nul(exc.params)) is not None:
            raise unstorable(text) from exc
        if isinstance(exc, _MISTAKES) and not _is_of_surroundings(exc, purpose):
            raise
        reason = " ".join(str(exc.orig).split()) or type(exc.orig).__name__
        raise SourceUnavailable(f"the database `{shown(url)}` cannot be used: {reason}", hint=_hint(reason)) from exc


def check_text(values: Iterable[str]) -> None:
    """Raise InvalidConfig naming the first text that a database cannot hold."""
    for value in values:
        if "\0" in value or not (value.isascii() or _is_utf8(value)):
            raise unstorable(value)


def unstorable(text: str) -> InvalidConfig:
    """The error for a text that a database cannot hold, with the text as it may be printed."""
    what = "a NUL character" if "\0" in text else "bytes that are not UTF-8"
    printable = text.encode("ascii", "backslashreplace").decode().replace("\0", "\\x00")
    shortened = printable if len(printable) <= 200 else f"{printable[:200]}…"
    return InvalidConfig(f"`{shortened}` cannot be kept in a database: it holds {what}", hint="Rename it.")


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _text_with_nul(parameters: Any) -> str | None:
    if isinstance(parameters, str):
        return parameters if "\0" in parameters else None
    if isinstance(parameters, dict):
        parameters = parameters.values()
    elif not isinstance(parameters, list | tuple):
        return None
    return next((text for value in parameters if (text := _text_with_nul(value)) is not None), None)


def _is_of_surroundings(exc: sa.exc.DBAPIError, purpose: Purpose) -> bool:
    state = getattr(exc.orig, "sqlstate", None)
    return state == _NOT_ALLOWED or (state == _READ_ONLY and purpose is not Purpose.READ)


def _hint(reason: str) -> str:
    return next((hint for words, hint in _HINTS.items() if words in reason), "")
