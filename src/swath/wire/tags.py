"""Documents of tags: making them, changing them, what was done to them.

A tag is named by its name or its id. Who changes one may say which revision they saw, here or in the header
`If-Match`; if it has another by now, nothing is changed.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from swath.wire.browsing import Id, Selector, Text
from swath.wire.datasets import TagSummary
from swath.wire.run_config import Document

MOST_TAGS_AT_ONCE = 100
MOST_OPERANDS = 100
DEEPEST_EXPRESSION = 10

Revision = Annotated[int, Field(ge=0, le=2**31 - 1)]
Tags = Annotated[tuple[Text, ...], Field(max_length=MOST_TAGS_AT_ONCE)]


class TagList(Document):
    """The tags of a dataset: `initial-tag`, which is everything, then oldest first."""

    items: tuple[TagSummary, ...]
    total: int


class NewTag(Document):
    """A tag of the samples of a selector."""

    name: Text
    selector: Selector


class TagChange(Document):
    """What is to be another; what is left out stays."""

    name: Text | None = None
    selector: Selector | None = Field(default=None, description="the new members, instead of those there were")
    expected_revision: Revision | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> TagChange:
        if self.name is None and self.selector is None:
            raise ValueError("nothing is to be changed: give `name` or `selector`")
        return self


class TagApplication(Document):
    """Add the samples of a selector to some tags and remove them from others. A tag to add to that is not there is
    made."""

    selector: Selector
    add: Tags = ()
    remove: Tags = ()
    expected_revisions: dict[str, Revision] = Field(
        default_factory=dict, max_length=2 * MOST_TAGS_AT_ONCE, description="of tags by name, as they were seen"
    )

    @model_validator(mode="after")
    def _names_tags_once(self) -> TagApplication:
        if not self.add and not self.remove:
            raise ValueError("no tag is named: give `add` or `remove`")
        both = set(self.add) & set(self.remove)
        if both:
            raise ValueError(f"samples cannot be added to `{min(both)}` and removed from it at once")
        return self


class AppliedTags(Document):
    """What has become of the tags: by name, how many samples were added or removed."""

    changed: dict[str, int]
    tags: tuple[TagSummary, ...]  # as they are now
    operation_id: str | None  # null: everything was so before


class TagExpression(Document):
    """A set of samples made of tags, told in exactly one way.

    `all_of`: in every one of these. `any_of`: in at least one. `none_of`: in no one of these. `difference`: in the
    first and in none of the others.
    """

    tag: Text | None = Field(default=None, description="name or id")
    all_of: tuple[TagExpression, ...] | None = Field(default=None, min_length=1, max_length=MOST_OPERANDS)
    any_of: tuple[TagExpression, ...] | None = Field(default=None, min_length=1, max_length=MOST_OPERANDS)
    none_of: tuple[TagExpression, ...] | None = Field(default=None, min_length=1, max_length=MOST_OPERANDS)
    difference: tuple[TagExpression, ...] | None = Field(default=None, min_length=2, max_length=MOST_OPERANDS)

    @model_validator(mode="after")
    def _is_told_in_one_way(self) -> TagExpression:
        given = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if len(given) != 1:
            names = ", ".join(f"`{name}`" for name in type(self).model_fields)
            raise ValueError(f"an expression has exactly one of {names}; got {len(given)} of them")
        if self.depth > DEEPEST_EXPRESSION:
            raise ValueError(f"an expression has at most {DEEPEST_EXPRESSION} levels")
        return self

    @property
    def operands(self) -> tuple[TagExpression, ...]:
        return self.all_of or self.any_of or self.none_of or self.difference or ()

    @property
    def depth(self) -> int:
        return 1 + max((operand.depth for operand in self.operands), default=0)


class TagCombination(Document):
    """A new tag made of others by set algebra."""

    name: Text
    expression: TagExpression


class TagMerge(Document):
    """Put the samples of some tags into another one, which may be new, and delete those tags."""

    into: Text
    sources: Annotated[tuple[Text, ...], Field(min_length=1, max_length=MOST_TAGS_AT_ONCE)]


class ChangedTag(Document):
    """A tag after a change, and the operation to undo it with."""

    tag: TagSummary
    operation_id: str | None  # null: nothing was changed


class DeletedTag(Document):
    operation_id: str


class OperationDocument(Document):
    """One thing you did to tags, in words."""

    id: Id
    dataset_id: Id
    summary: str
    is_undone: bool
    created_at: int
    modified_at: int


class OperationList(Document):
    """What you did to the tags of a dataset, newest first. The last 100 are kept."""

    items: tuple[OperationDocument, ...]
    total: int
