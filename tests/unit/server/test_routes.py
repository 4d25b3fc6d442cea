"""What holds for every route of the interface, those to come too."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from swath.server import dependencies
from swath.server.api import ROUTERS
from swath.server.auth import SAFE_METHODS
from swath.server.paths import OPEN_PATHS

ROUTES = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
IDS = [f"{'/'.join(sorted(route.methods))} {route.path}" for route in ROUTES]

LOOKING_BY_POST = re.compile(r".*(:query|:facets|:members|:preview|:count|/neighbors|/selections)")
"""What is asked with a body because it does not fit into an address, and so is open to who may only look."""


def gates_of(dependant: Dependant) -> Iterator[str]:
    """Which of `Reader`, `Member`, … an endpoint asks for, at any depth."""
    for name in ("Reader", "Member", "Owner", "WorkerCaller", "Anybody"):
        gate = getattr(dependencies, name).__metadata__[0].dependency
        if dependant.call is gate:
            yield name
    for below in dependant.dependencies:
        yield from gates_of(below)


@pytest.mark.parametrize("route", ROUTES, ids=IDS)
def test_every_route_says_who_may_come_in(route: APIRoute) -> None:
    if f"/api{route.path}" not in OPEN_PATHS:
        assert list(gates_of(route.dependant)), "declare `principal: Reader` or another gate"


@pytest.mark.parametrize("route", ROUTES, ids=IDS)
def test_who_may_only_look_changes_nothing(route: APIRoute) -> None:
    if not route.methods <= SAFE_METHODS and "Reader" in gates_of(route.dependant):
        assert LOOKING_BY_POST.fullmatch(route.path)


def test_names_of_operations_are_unique() -> None:
    names = [route.name for route in ROUTES]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("route", ROUTES, ids=IDS)
def test_paths_are_below_the_interface_and_have_no_loose_end(route: APIRoute) -> None:
    assert route.path.startswith("/")
    assert not route.path.startswith("/api")
    assert not route.path.endswith("/")
    assert "{path:path}" not in route.path
