"""The rule for keys: relative POSIX paths that can only point below the root they are joined to."""

from __future__ import annotations

from swath.core.errors import InvalidConfig

HIDDEN_ROOT = ".lightly"
"""Folder at the root of a datasource that holds predictions and what Swath writes; never input images."""


def check_key(key: str) -> str:
    """Return the key, or raise InvalidConfig: absolute, empty or dot parts, a backslash, a NUL, not UTF-8."""
    problem = _problem(key, key.split("/"))
    if problem:
        raise InvalidConfig(f"`{printable(key)}` cannot name a file of a datasource: {problem}", hint=_HINT)
    return key


def is_valid_key(key: str) -> bool:
    """Whether `check_key` takes it."""
    return not _problem(key, key.split("/"))


def check_prefix(prefix: str) -> str:
    """Return the prefix of a listing, whose last part may be cut anywhere; raise InvalidConfig as for keys."""
    parts = prefix.split("/")
    complete = parts[:-1] + ([parts[-1]] if parts[-1] not in ("", ".") else [])
    problem = _problem(prefix, complete) if prefix else ""
    if problem:
        raise InvalidConfig(f"`{printable(prefix)}` cannot name files of a datasource: {problem}", hint=_HINT)
    return prefix


def printable(text: str) -> str:
    """Text that can be shown and encoded, with bytes that are not UTF-8 written as `\\udcXX`."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def is_valid_name(name: str) -> bool:
    """Whether the name of one file or folder can be part of a key."""
    if "\\" in name:
        return False
    if name.isascii():
        return True
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


_HINT = "Names are relative to the root of the datasource, with `/` between folders and without `..`."


def _problem(text: str, parts: list[str]) -> str:
    if not text:
        return "it is empty"
    if text.startswith("/"):
        return "it is an absolute path"
    if "\0" in text:
        return "it holds a NUL character"
    if "\\" in text:
        return "it holds a backslash"
    if any(part in ("", ".", "..") for part in parts):
        return "it has an empty part, `.` or `..`"
    return "" if is_valid_name(text) else "it is not valid UTF-8"
