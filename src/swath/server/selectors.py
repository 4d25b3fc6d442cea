"""Which samples a selector means, for whoever does something with them: tags, selections, exports, runs."""

from __future__ import annotations

import base64
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from swath.core.access import Principal
from swath.core.browsing import unpack_mask
from swath.core.errors import Conflict, InvalidConfig, NotFound
from swath.server.browsing import BrowsedDataset
from swath.server.filters import members_of_selection, resolve_filter, tag_membership
from swath.server.maps import BrowsedMap, open_map
from swath.server.services import Services
from swath.store.datasets import Dataset
from swath.store.sample_lookup import indices_of
from swath.store.tags import find_tag
from swath.store.views import find_view
from swath.wire.browsing import BitmapPart, ProjectionPart, Selector, SelectorPart
from swath.wire.views import ViewRule

Mask = NDArray[np.bool_]


def resolve_selector(
    services: Services, principal: Principal, dataset: Dataset, selector: Selector
) -> NDArray[np.int64]:
    """The sample indices (M,), ascending, that a selector means in a dataset that `principal` may see.

    Must not be called within a transaction: the first look at a large dataset takes seconds. Raises NotFound for
    what is named but not in the dataset, InvalidConfig for what cannot be meant, Conflict for another version of a
    projection than there is now.
    """
    browsed = services.browser.open(services.store, services.home, dataset.id)
    return np.flatnonzero(selector_mask(services, browsed, selector))


def selector_mask(services: Services, browsed: BrowsedDataset, selector: Selector) -> Mask:
    """The samples (N,) of a dataset that a selector means; raises as above."""
    selected = np.ones(len(browsed), dtype=np.bool_)
    for place, part in enumerate(selector.all_of):
        selected &= _part_mask(services, browsed, part, f"all_of[{place}]")
    selected[_indices_of(services, browsed, selector.except_ids)] = False
    return selected


def _part_mask(services: Services, browsed: BrowsedDataset, part: SelectorPart, field: str) -> Mask:
    """The samples of one part; exactly one field of it is given."""
    store = services.store
    if part.filter is not None:
        return browsed.mask(resolve_filter(store, browsed, part.filter))
    if part.polygon is not None:
        vertices = np.array(part.polygon.points, dtype=np.float64).reshape(-1, 2)
        return _map_as_seen(services, browsed, part.polygon).inside(vertices)
    if part.bitmap is not None:
        return _bitmap_mask(services, browsed, part.bitmap, f"{field}.bitmap.base64")
    if part.ids is not None:
        return _mask_of(browsed, _indices_of(services, browsed, part.ids))
    if part.indices is not None:
        return _mask_of(browsed, _checked_indices(browsed, part.indices, f"{field}.indices"))
    if part.selection_id is not None:
        with store.reading() as connection:
            return _mask_of(browsed, members_of_selection(connection, browsed, part.selection_id))
    if part.view_id is not None:
        return _view_mask(services, browsed, part.view_id)
    assert part.tag is not None, "the document has exactly one field"
    with store.reading() as connection:
        tag = find_tag(connection, browsed.dataset.id, part.tag)
    return _mask_of(browsed, tag_membership(store, browsed, tag))


def _mask_of(browsed: BrowsedDataset, members: NDArray[np.generic]) -> Mask:
    selected = np.zeros(len(browsed), dtype=np.bool_)
    selected[members] = True
    return selected


def _indices_of(services: Services, browsed: BrowsedDataset, sample_ids: Sequence[str]) -> NDArray[np.int64]:
    if not sample_ids:
        return np.empty(0, dtype=np.int64)
    with services.store.reading() as connection:
        found = indices_of(connection, browsed.dataset.id, sample_ids)
    missing = next((sample_id for sample_id in sample_ids if sample_id not in found), None)
    if missing is not None:
        raise NotFound(f"dataset `{browsed.dataset.name}` has no sample `{missing}`")
    indices = np.array([found[sample_id] for sample_id in sample_ids], dtype=np.int64)
    return indices[indices < len(browsed)]


def _checked_indices(browsed: BrowsedDataset, indices: Sequence[int], field: str) -> NDArray[np.int64]:
    checked = np.array(indices, dtype=np.int64)
    if len(checked) and int(checked.max()) >= len(browsed):
        raise InvalidConfig(
            f"there is no sample {int(checked.max()):,}: dataset `{browsed.dataset.name}` has {len(browsed):,} "
            "samples, counted from 0",
            field=field,
        )
    return checked


def _map_as_seen(services: Services, browsed: BrowsedDataset, part: ProjectionPart) -> BrowsedMap:
    """The projection of a part, if it still is what whoever asks has seen."""
    found = open_map(services, browsed, part.projection_id)
    if found.projection.version != part.version:
        raise Conflict(
            f"projection `{part.projection_id}` has version {found.projection.version} by now, not {part.version}",
            hint="Load its points again.",
        )
    return found


def _bitmap_mask(services: Services, browsed: BrowsedDataset, part: BitmapPart, field: str) -> Mask:
    try:
        data = base64.b64decode(part.base64, validate=True)
        if part.projection_id is None or part.version is None:
            # It may end with its last member, as those that this server tells do.
            return unpack_mask(data.ljust((len(browsed) + 7) // 8, b"\0"), len(browsed))
        shown = _map_as_seen(
            services, browsed, ProjectionPart(projection_id=part.projection_id, version=part.version)
        ).display_order()
        return _mask_of(browsed, shown[unpack_mask(data, len(shown))])
    except ValueError as exc:
        raise InvalidConfig(f"`{field}` is not a bitmap of these samples: {exc}", field=field) from exc


def _view_mask(services: Services, browsed: BrowsedDataset, view_id: str) -> Mask:
    """The samples that pass the filter of a view."""
    with services.store.reading() as connection:
        view = find_view(connection, view_id)
    if view.dataset_id != browsed.dataset.id:
        raise NotFound(f"dataset `{browsed.dataset.name}` has no view `{view_id}`")
    try:
        rule = ViewRule.model_validate_json(view.rule)
    except ValidationError as exc:
        raise Conflict(f"the rule of view `{view.name}` cannot be used any more", hint="Save the view again.") from exc
    return browsed.mask(resolve_filter(services.store, browsed, rule.filter))
