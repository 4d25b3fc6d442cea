"""Pages as the official clients ask for them: by row, and everything when they say nothing.

Past the end a page is empty: clients of some years ask on until they get such a one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Protocol, TypeVar

from fastapi import Depends, Query

MAX_ROW = 2**31


class Sliceable(Protocol):
    """A list, a tuple, an array."""

    def __getitem__(self, key: slice, /) -> Any: ...


Rows = TypeVar("Rows", bound=Sliceable)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """`offset` is the number of rows before the page; `size` None asks for all that follow."""

    offset: int = 0
    size: int | None = None

    def of(self, count: int) -> range:
        """The numbers of the rows of this page, of `count` there are."""
        return range(count)[self._slice]

    def rows(self, rows: Rows) -> Rows:
        """The rows on this page."""
        page: Rows = rows[self._slice]
        return page

    @property
    def _slice(self) -> slice:
        return slice(self.offset, None if self.size is None else self.offset + self.size)


async def _asked_page(
    page_size: Annotated[int | None, Query(alias="pageSize", ge=1, le=MAX_ROW)] = None,
    page_offset: Annotated[int, Query(alias="pageOffset", ge=0, le=MAX_ROW)] = 0,
) -> Page:
    return Page(offset=page_offset, size=page_size)


PageDep = Annotated[Page, Depends(_asked_page)]
"""`pageSize` and `pageOffset` of a request."""
