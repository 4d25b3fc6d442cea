"""The demo datasource: drawn street scenes with noisy predictions and a hidden ground truth."""

from __future__ import annotations

from swath.demo.datasource import DemoSummary, make_demo_datasource
from swath.demo.kinds import rare_kinds

__all__ = ["DemoSummary", "make_demo_datasource", "rare_kinds"]
