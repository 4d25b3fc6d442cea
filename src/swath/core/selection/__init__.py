"""Selection: arrays in, row numbers out. Objectives say what a unit adds, the engine picks the one that adds most."""

from swath.core.selection.amounts import resolve_amount
from swath.core.selection.balance import Balance, CategoryMatrix, target_shares
from swath.core.selection.combined import Objective
from swath.core.selection.diversity import Diversity
from swath.core.selection.engine import select
from swath.core.selection.limits import GroupLimit
from swath.core.selection.nearest import nearest_selected
from swath.core.selection.objective import MapChunks
from swath.core.selection.picks import Picks, StoppedBy, UnmetLimit
from swath.core.selection.random_order import Random
from swath.core.selection.representative import Representative
from swath.core.selection.similarity import similarity
from swath.core.selection.typicality import UnitValues, typicality
from swath.core.selection.units import Units
from swath.core.selection.weights import Weights, threshold_mask

__all__ = [
    "Balance",
    "CategoryMatrix",
    "Diversity",
    "GroupLimit",
    "MapChunks",
    "Objective",
    "Picks",
    "Random",
    "Representative",
    "StoppedBy",
    "UnitValues",
    "Units",
    "UnmetLimit",
    "Weights",
    "nearest_selected",
    "resolve_amount",
    "select",
    "similarity",
    "target_shares",
    "threshold_mask",
    "typicality",
]
