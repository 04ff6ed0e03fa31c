"""An event loop on a thread of its own, for code that is called on other threads."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError, Future
from typing import Any, TypeVar

from .. import StoreError

T = TypeVar("T")
CLOSING = 2.0  # seconds that closing waits for what is under way


class Aside:
    """Runs coroutines for callers that wait for them, on whichever thread they are."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._closed = False
        self._thread = threading.Thread(
            target=self._run, name="shopwindow-postgres", daemon=True
        )
        self._thread.start()

    def _run(self) -> None:
        self._loop.run_forever()
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        if tasks:
            self._loop.run_until_complete(asyncio.wait(tasks, timeout=CLOSING))
        self._loop.run_until_complete(
            asyncio.sleep(0)
        )  # sockets are closed a turn later
        self._loop.close()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """What ``work`` returns; raises what it raises, :class:`StoreError` once closed."""
        try:
            return self.start(work).result()
        except CancelledError as error:
            raise StoreError("the store is closed") from error

    def start(self, work: Coroutine[Any, Any, T]) -> "Future[T]":
        """As :meth:`run`, for callers that do not wait."""
        if self._closed:
            work.close()
            raise StoreError("the store is closed")
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def close(self, *last: Callable[[], object]) -> None:
        """End what is under way, and the thread; ``last`` are called on its loop."""
        if not self._closed:
            self._closed = True
            for call in last:
                self._loop.call_soon_threadsafe(call)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(2 * CLOSING)
