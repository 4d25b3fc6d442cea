"""The home folder with its database, opened for one command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from swath.settings import Settings
from swath.store.database import Store, open_store
from swath.store.home import Home, open_home


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """An open home. Reading needs no lock; runs and deletions hold `home.lock`."""

    settings: Settings
    home: Home
    store: Store


@contextmanager
def open_workspace(settings: Settings) -> Iterator[Workspace]:
    """Open the home named by the settings, making it if it is not there. Raises SourceUnavailable."""
    home = open_home(settings.home)
    store = open_store(database_url(settings, home))
    try:
        yield Workspace(settings=settings, home=home, store=store)
    finally:
        store.close()


def database_url(settings: Settings, home: Home) -> str:
    """The database of the settings, else the one in the home folder."""
    return settings.database or home.database_url
