"""Notices workers that are gone, and gives their runs back to the queue."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from swath.core.errors import SwathError
from swath.server.run_events import publish_run
from swath.server.services import Services
from swath.store.clock import now_ms
from swath.store.parts import remove_parts
from swath.store.queue import is_any_dead, requeue_dead

logger = logging.getLogger("swath.server")

CHECKS_PER_LEASE = 6
LONGEST_PAUSE_S = 5.0


@contextmanager
def watch_leases(services: Services) -> Iterator[None]:
    """Look for leases that have run out, in a thread, as long as this is entered.

    It begins one lease after it was entered: while the server was gone no worker could be heard.
    """
    over = threading.Event()
    thread = threading.Thread(target=_watch, args=(services, over), name="swath-leases", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _watch(services: Services, over: threading.Event) -> None:
    timeout_s = services.options.worker_timeout_s
    pause_s = min(LONGEST_PAUSE_S, timeout_s / CHECKS_PER_LEASE)
    wait_s = timeout_s
    while True:
        asked = time.time()
        if over.wait(wait_s):
            return
        if time.time() - asked > wait_s + timeout_s / 2:
            # This process stood still, maybe with its machine, and heard nobody meanwhile.
            wait_s = timeout_s
            continue
        wait_s = pause_s
        try:
            if not give_back_runs(services):
                wait_s = timeout_s
        except SwathError as exc:
            # A database that is gone for a moment comes back; the leases are still there then, and as long as it was
            # gone no worker could be heard either.
            logger.warning("leases cannot be looked at: %s", exc.message)
            wait_s = timeout_s


def give_back_runs(services: Services) -> bool:
    """Take the runs of workers that are gone, and tell whoever looks.

    Takes none and returns False when this had to wait for its turn to write: so had the workers' signs of life.
    """
    with services.store.reading() as connection:
        if not is_any_dead(connection, now=now_ms()):
            return True  # without a turn as a writer
    asked = time.monotonic()
    with services.store.writing() as connection:
        if time.monotonic() - asked > services.options.worker_timeout_s / CHECKS_PER_LEASE:
            return False
        requeued = requeue_dead(connection, now=now_ms())
    for run in requeued:
        remove_parts(services.home, run.id, up_to_lease=run.lease)
        publish_run(services, run)
        if run.worker_id is not None:
            services.events.publish("worker", id=run.worker_id, owner_id=run.owner_id)
    return True
