"""Documents of views: saved rules by which somebody looks at a dataset. A view never holds a result."""

from __future__ import annotations

from typing import Any

import orjson
from pydantic import Field, field_validator

from swath.wire.browsing import FilterDocument, Id, Sort, Text
from swath.wire.run_config import Document

LARGEST_PAGE_SETTINGS = 64 * 1024


class ViewRule(Document):
    """What samples are shown and in which order. `page` is how the page looks, which only the page understands."""

    filter: FilterDocument = FilterDocument()
    sort: Sort = Sort()
    page: dict[str, Any] = Field(default_factory=dict, description="at most 64 kB of JSON")

    @field_validator("page")
    @classmethod
    def _is_small(cls, page: dict[str, Any]) -> dict[str, Any]:
        try:
            size = len(orjson.dumps(page))
        except (TypeError, ValueError) as exc:
            raise ValueError(f"cannot be kept: {exc}") from exc
        if size > LARGEST_PAGE_SETTINGS:
            raise ValueError(f"has {size:,} bytes of JSON, at most {LARGEST_PAGE_SETTINGS:,} are kept")
        return page


class NewView(Document):
    """A view to be made, or what an existing one is to be replaced by."""

    name: Text
    rule: ViewRule


class ViewDocument(Document):
    """A saved view. `count` is of the samples that pass its filter now, where it was asked for."""

    id: Id
    dataset_id: Id
    name: str
    rule: ViewRule
    user_id: Id
    user_name: str  # who made it
    created_at: int
    modified_at: int
    count: int | None = None
    problem: str | None = None  # why nothing can be counted: what the filter names may be gone


class ViewList(Document):
    """The views of a dataset by name."""

    items: tuple[ViewDocument, ...]
    total: int
