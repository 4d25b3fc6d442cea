"""Looking at datasets of a million samples: arrays in, masks, orders, counts and neighbours out.

Pure numpy, for the server answers with it. What is expensive is built once and kept by the caller: orders
(`full_order`), `FacetIndex`, `PolygonIndex`, `NeighborIndex`.
"""

from swath.core.browsing.bitmaps import CodedColumn, LegendEntry, LegendKind, column_codes, pack_mask, unpack_mask
from swath.core.browsing.columns import NO_CODE, CategoryLabel, SampleColumns
from swath.core.browsing.density import ColorScheme, density_levels, density_palette
from swath.core.browsing.facets import FacetIndex, Facets, Histogram, HistogramName
from swath.core.browsing.filters import Membership, SampleFilter, mask
from swath.core.browsing.metadata import MetadataColumn, MetadataKind
from swath.core.browsing.neighbors import NeighborIndex
from swath.core.browsing.ordering import SortKey, filtered, full_order, order
from swath.core.browsing.polygons import PolygonIndex
from swath.core.browsing.projections import PcaBasis, ProjectionMethod, display_order

__all__ = [
    "NO_CODE",
    "CategoryLabel",
    "CodedColumn",
    "ColorScheme",
    "FacetIndex",
    "Facets",
    "Histogram",
    "HistogramName",
    "LegendEntry",
    "LegendKind",
    "Membership",
    "MetadataColumn",
    "MetadataKind",
    "NeighborIndex",
    "PcaBasis",
    "PolygonIndex",
    "ProjectionMethod",
    "SampleColumns",
    "SampleFilter",
    "SortKey",
    "column_codes",
    "density_levels",
    "density_palette",
    "display_order",
    "filtered",
    "full_order",
    "mask",
    "order",
    "pack_mask",
    "unpack_mask",
]
