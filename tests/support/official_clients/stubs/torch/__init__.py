"""Not torch: see stand_in."""

from stand_in import attribute as __getattr__  # noqa: F401
from stand_in import install

install()
