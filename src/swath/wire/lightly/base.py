"""What all documents of the facade share.

Answers are strict: clients from 1.4.8 on refuse a key they do not know, an id that is not 24 lower-case hex digits and
a float where they expect an int. Optional fields are left out when they are None: older clients know fewer of them.
Requests are lenient: a key that is not known is dropped unless a document says otherwise.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel


class Answer(BaseModel):
    """Base of what the server says; field names are snake_case here and camelCase on the wire."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)


class Request(BaseModel):
    """Base of what clients send."""

    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=to_camel, populate_by_name=True)


ObjectId = Annotated[str, StringConstraints(pattern=r"^[a-f0-9]{24}$")]
Milliseconds = Annotated[int, Field(ge=0)]
DatasetName = Annotated[str, StringConstraints(min_length=3, pattern=r"^[a-zA-Z0-9][a-zA-Z0-9 _-]+$")]
TaskName = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9_+=,.@:\/-]*$")]
HexMask = Annotated[str, StringConstraints(pattern=r"^0x[a-f0-9]+$")]


class CreateEntityAnswer(Answer):
    """The id of what was made."""

    id: ObjectId
