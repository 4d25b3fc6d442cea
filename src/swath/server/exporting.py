"""Making the files of exports: one thread that does what waits, one after the other, as long as the server runs."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from swath.core.errors import SwathError
from swath.server.export_sources import export_source
from swath.server.services import Services
from swath.store import export_jobs
from swath.store.clock import now_ms
from swath.store.export_files import write_export
from swath.store.export_jobs import ExportJob
from swath.store.files import TEMPORARY_SUFFIX, flush_folder, naming_failures
from swath.store.sharing import find_dataset

Item = TypeVar("Item")

logger = logging.getLogger("swath.server")

KEPT_MS = 7 * 24 * 3600 * 1000
"""How long a file is kept once it is made."""

LOOK_AGAIN_S = 60.0
"""How long the thread sleeps when nobody wakes it: old exports go, and what failed to start is tried again."""

STOPPING_S = 10.0
"""How long a server that stops waits for the step that is under way; a file that is not whole is nothing."""


@contextmanager
def exporting(services: Services) -> Iterator[None]:
    """Make exports in a thread, first those that an earlier server left undone.

    At the end the thread stops at its next step; what it was making waits for the next server.
    """
    exporter = Exporter(services)
    thread = threading.Thread(target=exporter.run, name="swath-exports", daemon=True)
    thread.start()
    try:
        yield
    finally:
        exporter.stop()
        thread.join(STOPPING_S)


class Exporter:
    """Makes what waits, and deletes what is old."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._is_over = threading.Event()

    def run(self) -> None:
        """Work, and sleep until `services.export_requested` is set, until it is stopped."""
        while not self._is_over.is_set():
            self._services.export_requested.clear()
            try:
                self.work()
            except SwathError as exc:
                # The database or the disk; nothing is lost, and it is tried again.
                logger.warning("exports have to wait: %s", exc.message)
            except Exception:
                logger.exception("exports have to wait for a fault of Swath")
            self._services.export_requested.wait(LOOK_AGAIN_S)

    def stop(self) -> None:
        self._is_over.set()
        self._services.export_requested.set()

    def work(self) -> int:
        """Delete what is old and make all that waits, in the calling thread; returns how many files were made."""
        store, home = self._services.store, self._services.home
        export_jobs.sweep_exports(store, home)
        export_jobs.delete_old_exports(store, home, before=now_ms() - KEPT_MS)
        made = 0
        while not self._is_over.is_set():
            with store.reading() as connection:
                job = export_jobs.next_waiting(connection)
            if job is None:
                return made
            try:
                made += self._make(job)
            except _Interrupted:
                return made
        return made

    def _make(self, job: ExportJob) -> bool:
        """Whether a file was made; if it was not, the job says why."""
        services = self._services
        try:
            byte_length = self._write(job)
        except SwathError as exc:
            message = f"{exc.message}. {exc.hint}".strip() if exc.hint else exc.message
            self._fail(job, message)
            return False
        except _Interrupted:
            raise
        except Exception as exc:
            logger.exception("export %s failed", job.id)
            self._fail(job, f"a fault of Swath: {type(exc).__name__}; the server's log says more")
            return False
        with services.store.writing() as connection:
            is_wanted = export_jobs.finish_export(connection, job, byte_length=byte_length)
        if not is_wanted:
            job.file(services.home).unlink(missing_ok=True)
        self._tell(job)
        return is_wanted

    def _fail(self, job: ExportJob, message: str) -> None:
        with self._services.store.writing() as connection:
            export_jobs.fail_export(connection, job, message)
        self._tell(job)

    def _tell(self, job: ExportJob) -> None:
        self._services.events.publish("export", id=job.id, dataset_id=job.dataset_id)

    def _write(self, job: ExportJob) -> int:
        """Write the file whole or not at all; returns its size."""
        services = self._services
        with services.store.reading() as connection:
            members = export_jobs.members_of(connection, job)
            dataset = find_dataset(connection, job.dataset_id)
        source = export_source(services, dataset, members, job.options, link_base=job.link_base)
        with _whole(job.file(services.home)) as path:
            write_export(path, source, job.format, self._watched)
            return path.stat().st_size

    def _watched(self, items: Iterable[Item], /) -> Iterator[Item]:
        """The items, as long as the server does not stop."""
        for item in items:
            if self._is_over.is_set():
                raise _Interrupted
            yield item


class _Interrupted(Exception):
    """The server stops."""


@contextmanager
def _whole(path: Path) -> Iterator[Path]:
    """A path to write to, that gets its name once it is written and flushed. Raises SourceUnavailable."""
    temporary = path.with_name(f".{path.name}{TEMPORARY_SUFFIX}")
    with naming_failures("write", path):
        try:
            yield temporary
            descriptor = os.open(temporary, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
        flush_folder(path.parent)
