"""How long one page waits for other servers, whatever they bring."""

import asyncio
from collections.abc import Collection
from time import monotonic
from typing import Any


class Deadline:
    """Runs out after ``seconds`` of waiting in all; what happens between two waits does not count."""

    __slots__ = ("_left",)

    def __init__(self, seconds: float) -> None:
        self._left = seconds

    def waits_for(self, tasks: "Collection[asyncio.Task[Any]]") -> bool:
        """Whether one of them is not done, and there is time left for it."""
        return self._left > 0 and not all(task.done() for task in tasks)

    async def wait(self, tasks: "Collection[asyncio.Task[Any]]") -> None:
        """Wait for all of them, as long as there is time. They go on afterwards."""
        if self.waits_for(tasks):
            began = monotonic()
            await asyncio.wait(tasks, timeout=self._left)
            self._left -= monotonic() - began
