"""What engines are told of what visitors do: in batches, beside the requests, never for long."""

import asyncio
import logging
from collections import Counter as Tally
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from threading import Lock
from time import monotonic

from .failing import why
from .protocol import Deed

log = logging.getLogger("shopwindow")

QUEUED = 2_000  # deeds that wait, per engine and worker
BATCH = 100
INTERVAL = 1.0  # seconds in which deeds gather
TRIES = 3  # for one batch
LONGEST_PAUSE = 30.0  # seconds between them

Send = Callable[[Sequence[Deed]], Awaitable[int]]


class Outbox:
    """Keeps deeds until ``send`` has told them, which says how many were refused, and raises
    where nobody answered.

    What does not fit, is refused or cannot be told is counted in ``tally``, as "NAME dropped",
    "NAME refused" and "NAME failed"; "NAME told" are the others. Orders are dropped last.
    """

    def __init__(self, name: str, send: Send, tally: "Tally[str]") -> None:
        self._name = name
        self._send = send
        self._tally = tally
        self._orders: deque[Deed] = deque()
        self._others: deque[Deed] = deque()
        self._lock = Lock()  # handlers may tell from threads of their own
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._hurry: asyncio.Event | None = None
        self._closing = False

    def __repr__(self) -> str:
        return f"<Outbox {self._name} {len(self)} waiting>"

    def __len__(self) -> int:
        return len(self._orders) + len(self._others)

    def put(self, deed: Deed) -> None:
        """Tell ``deed`` some time soon; on any thread."""
        queue = self._orders if deed.kind == "bought" else self._others
        with self._lock:
            queue.append(deed)
            if len(self) > QUEUED:
                (self._others or self._orders).popleft()
                self._count("dropped")
        try:
            self._wake(asyncio.get_running_loop())
        except RuntimeError:
            loop = self._loop
            if loop is not None and not loop.is_closed():
                loop.call_soon_threadsafe(self._wake, loop)
            # Else whoever comes next on the loop wakes it.

    def _wake(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._closing:
            return
        if self._task is None or self._task.done() or self._loop is not loop:
            self._loop = loop
            self._hurry = asyncio.Event()
            self._task = loop.create_task(self._run(self._hurry))
        elif len(self) >= BATCH and self._hurry is not None:
            self._hurry.set()

    async def _run(self, hurry: asyncio.Event) -> None:
        """Tell all there is, and end."""
        while self and not self._closing:
            await self._gathered(hurry, INTERVAL)
            await self._tell(self._taken(), hurry)

    async def _gathered(self, hurry: asyncio.Event, seconds: float) -> None:
        if not self._closing:
            try:
                await asyncio.wait_for(hurry.wait(), seconds)
            except TimeoutError:
                pass
        hurry.clear()

    async def _tell(self, batch: list[Deed], hurry: asyncio.Event) -> None:
        for trial in range(TRIES):
            if await self._told(batch, last=trial == TRIES - 1 or self._closing):
                return
            await self._gathered(hurry, min(LONGEST_PAUSE, 2.0**trial))

    async def _told(self, batch: list[Deed], last: bool) -> bool:
        """Whether there is nothing left to do about ``batch``."""
        try:
            refused = await self._send(batch)
        except asyncio.CancelledError:
            self._count("failed", len(batch))
            raise
        except Exception as error:
            # Whatever went wrong in there, deeds are told again, or counted.
            if last:
                log.warning("engine %s was not told: %s", self._name, why(error))
                self._count("failed", len(batch))
            return last
        self._count("refused", refused)
        self._count("told", len(batch) - refused)
        return True

    def _taken(self) -> list[Deed]:
        with self._lock:
            batch: list[Deed] = []
            for queue in (self._orders, self._others):
                while queue and len(batch) < BATCH:
                    batch.append(queue.popleft())
        batch.sort(key=lambda deed: deed.at)
        return batch

    def _count(self, what: str, number: int = 1) -> None:
        if number:
            self._tally[f"{self._name} {what}"] += number

    async def close(self, seconds: float) -> None:
        """Tell what is left, for so long; the rest is counted as dropped."""
        end = monotonic() + seconds
        self._closing = True
        try:
            task = self._task
            if task is not None and task.get_loop() is asyncio.get_running_loop():
                if self._hurry is not None:
                    self._hurry.set()
                await asyncio.wait((task,), timeout=seconds)
                task.cancel()
                await asyncio.wait((task,), timeout=1.0)
            while self and (left := end - monotonic()) > 0:
                batch = self._taken()
                try:
                    await asyncio.wait_for(self._told(batch, last=True), left)
                except TimeoutError:
                    pass  # counted where it was cancelled
        finally:
            with self._lock:
                self._count("dropped", len(self))
                self._orders.clear()
                self._others.clear()
            self._task = None
            self._closing = False
