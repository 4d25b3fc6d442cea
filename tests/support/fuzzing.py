"""How tests ask whole interfaces what nobody would."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, settings


def repeatable(count: int) -> settings:
    """So many requests, the same every time: a failure is then the change's, and is found again."""
    return settings(
        max_examples=count,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
