"""Work beside the requests that the window answers for: none of it outlives the window."""

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import Context
from typing import Any

MOST = 32  # at the same time
PATIENCE = 5.0  # seconds for the app to notice that it was cancelled


class Errands:
    """Tasks that nobody waits for."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._tasks)

    def start(self, work: Coroutine[Any, Any, None], after: Callable[[], None]) -> bool:
        """Let ``work`` go on by itself; False: there is too much of it, and it never begins.

        ``after`` is called when it has ended, also when that was before it began. It sees
        no context variable of the request that it is started in.
        """
        if len(self._tasks) >= MOST:
            work.close()
            return False
        task = asyncio.create_task(work, context=Context())
        self._tasks.add(task)
        task.add_done_callback(lambda task: self._done(task, after))
        return True

    def _done(self, task: "asyncio.Task[None]", after: Callable[[], None]) -> None:
        self._tasks.discard(task)
        after()
        if not task.cancelled():
            task.exception()  # said where it happened; asyncio need not complain, too

    async def stop(self) -> None:
        """Cancel what still goes on, and wait until it has ended, for a while."""
        loop = asyncio.get_running_loop()
        # Of another loop, long closed, nothing goes on.
        tasks = [task for task in self._tasks if task.get_loop() is loop]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=PATIENCE)
        self._tasks.clear()
