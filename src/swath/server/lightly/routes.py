"""The routers of the facade: one module per noun; their paths are without `/v1`."""

from __future__ import annotations

from fastapi import APIRouter

ROUTERS: tuple[APIRouter, ...] = ()
