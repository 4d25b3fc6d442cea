"""The Python client of a Swath server: `swath.Client` (which also finds the server of this machine) is made of it."""

from __future__ import annotations

from swath.client.client import Client

__all__ = ["Client"]
