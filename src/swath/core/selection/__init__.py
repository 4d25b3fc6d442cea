"""Selection: arrays in, row numbers out. Objectives say what a unit adds, the engine picks the one that adds most."""

from swath.core.selection.amounts import resolve_amount
from swath.core.selection.diversity import Diversity
from swath.core.selection.engine import select
from swath.core.selection.objective import MapChunks
from swath.core.selection.picks import Picks
from swath.core.selection.random_order import Random
from swath.core.selection.units import Units

__all__ = ["Diversity", "MapChunks", "Picks", "Random", "Units", "resolve_amount", "select"]
