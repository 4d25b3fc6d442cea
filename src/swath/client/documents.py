"""Reading answers: documents as the server wrote them, also when it is newer and says more."""

from __future__ import annotations

from typing import Any, Protocol, TypeVar
from urllib.parse import quote

from pydantic import BaseModel, ValidationError

from swath.core.errors import SourceUnavailable

Model = TypeVar("Model", bound=BaseModel)


class HasId(Protocol):
    """A dataset, for those that only name it."""

    @property
    def id(self) -> str: ...


def read(model: type[Model], answer: Any) -> Model:
    """The document in an answer; what this version does not know of it is left out.

    Raises SourceUnavailable for an answer that is no such document: whatever answered is no Swath server, or too old.
    """
    try:
        return model.model_validate(answer, extra="ignore")
    except ValidationError as exc:
        place = ".".join(map(str, exc.errors()[0]["loc"]))
        raise SourceUnavailable(
            f"the server answered something that is no `{model.__name__}` (at `{place}`)",
            hint="Client and server should be of the same version.",
        ) from exc


def segment(name: str) -> str:
    """A name as one part of a path."""
    return quote(name, safe="")
