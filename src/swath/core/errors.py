"""Every error Swath raises on purpose.

SwathError
├── InvalidConfig        a value the user gave cannot be used
├── InvalidPredictions   tasks.json, schema.json or a prediction file breaks the format
├── NotFound             a dataset, tag, run or file that was named does not exist
├── Conflict             what was asked contradicts what is there
│   └── StaleLease       another worker has the run by now
├── NotAllowed           whoever asks may not do this
│   ├── NotLoggedIn      nobody knows who asks
│   └── TooManyAttempts  too many wrong tokens or codes from one place
├── TooLarge             what was sent is larger than is taken
├── SourceUnavailable    a datasource or the home folder cannot be listed, read or written
│   └── SourceChanged    a file is not the one that was listed any more
├── UnreadableImage      the bytes of one image cannot be decoded
├── EmbedderUnavailable  the embedder cannot be loaded
├── RunFailed            the run cannot go on; what was there before is untouched
└── RunCancelled         somebody stopped the run

A message is one sentence for the person who must act, names and values in backticks; `hint` says what to do next.
"""

from __future__ import annotations


class SwathError(Exception):
    """Base of all; `message` is shown to people, `hint` (may be empty) says what to do next."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\nhint: {self.hint}" if self.hint else self.message


class InvalidConfig(SwathError):
    """A value the user gave cannot be used; `field` names it as the user wrote it."""

    def __init__(self, message: str, *, field: str = "", hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.field = field


class InvalidPredictions(SwathError):
    """A file below `.lightly/predictions` or `.lightly/metadata` breaks the format.

    `file` is the key in the datasource, `json_path` the place in it (`$` is the whole document), `value` what
    stands there (shortened), `expected` what should.
    """

    def __init__(self, *, file: str, json_path: str, value: str, expected: str, hint: str = "") -> None:
        found = f", got {value}" if value else ""
        super().__init__(f"`{file}` at `{json_path}`: expected {expected}{found}", hint=hint)
        self.file = file
        self.json_path = json_path
        self.value = value
        self.expected = expected


class NotFound(SwathError):
    """A dataset, tag, run or file that was named does not exist."""


class Conflict(SwathError):
    """What was asked contradicts what is there."""


class StaleLease(Conflict):
    """A worker reports about a run that is not its own any more."""


class NotAllowed(SwathError):
    """Whoever asks may not do this: no token, or one whose scope does not reach so far."""


class NotLoggedIn(NotAllowed):
    """Nobody knows who asks: no token, or one that is wrong, expired or revoked."""


class TooManyAttempts(NotAllowed):
    """Too many wrong tokens or login codes came from one place; `retry_after_s` seconds from now more are heard."""

    def __init__(self, message: str, *, retry_after_s: int, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.retry_after_s = retry_after_s


class TooLarge(SwathError):
    """What was sent is larger than is taken."""


class SourceUnavailable(SwathError):
    """A datasource or the home folder cannot be listed, read or written."""


class SourceChanged(SourceUnavailable):
    """A file is there, but its bytes are not the ones that were listed or read before."""


class UnreadableImage(SwathError):
    """The bytes of one image cannot be decoded. `reason` is a short stable word for tallies."""

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class EmbedderUnavailable(SwathError):
    """The embedder cannot be loaded: package, file, sidecar or hub model missing or unfit."""


class RunFailed(SwathError):
    """The run cannot go on. What was there before is untouched."""


class RunCancelled(SwathError):
    """Somebody stopped the run (Ctrl-C, cancel)."""
