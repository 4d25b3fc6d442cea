"""The compatibility facade `/v1`: what scripts written for the official `lightly` clients talk to."""

from __future__ import annotations
