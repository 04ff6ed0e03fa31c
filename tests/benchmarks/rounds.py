"""Contenders answer the same visitors in turn, and each one's CPU time is taken."""

import asyncio
import gc
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from statistics import median
from typing import NamedTuple, TypeVar

from starlette.types import ASGIApp, Message, Scope


class Contender(NamedTuple):
    """One way to answer. ``settle`` waits until all work that it left behind is done."""

    name: str
    app: ASGIApp
    settle: Callable[[], Awaitable[None]]


async def nothing_left() -> None:
    """For contenders that do all their work before they answer."""


async def answer(app: ASGIApp, scope: Scope) -> tuple[Message, bytes]:
    """The start message and the body with which ``app`` answers ``scope``."""
    started: list[Message] = []
    body: list[bytes] = []
    asked = False

    async def receive() -> Message:
        nonlocal asked
        if asked:
            await asyncio.Event().wait()  # the browser stays until it is cancelled
        asked = True
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            started.append(message)
        else:
            body.append(message.get("body", b""))

    # Servers write into the scope and its state; the headers are shared, as they never change.
    await app({**scope, "state": {}}, receive, send)
    return started[0], b"".join(body)


_T = TypeVar("_T")


class Cost(NamedTuple):
    """CPU seconds per request: of all threads, and of those that do not answer requests."""

    total: float
    behind: float


async def cost(contender: Contender, scopes: Sequence[Scope]) -> Cost:
    gc.collect()
    before, before_here = time.process_time(), time.thread_time()
    for scope in scopes:
        # A task of its own for each request, with a context of its own: as servers do it.
        start, _ = await asyncio.create_task(answer(contender.app, scope))
        if start["status"] != 200:
            raise RuntimeError(f"{contender.name} answered {start['status']}")
    await contender.settle()
    total, here = time.process_time() - before, time.thread_time() - before_here
    return Cost(total / len(scopes), max(0.0, total - here) / len(scopes))


def turns(contenders: Sequence[_T], rounds: int) -> Iterator[Sequence[_T]]:
    """The contenders once per round, each time another one first, every second time backwards."""
    for number in range(rounds):
        first = number % len(contenders)
        order = [*contenders[first:], *contenders[:first]]
        yield order[::-1] if number % 2 else order


class Seconds:
    """CPU seconds per request of each contender, as often as they were taken."""

    def __init__(self) -> None:
        self.rounds: dict[str, list[float]] = {}

    def add(self, name: str, seconds: float) -> None:
        self.rounds.setdefault(name, []).append(seconds)

    def best(self, name: str) -> float:
        return min(self.rounds[name])

    def median(self, name: str) -> float:
        return median(self.rounds[name])


class Timings(Seconds):
    """Total CPU seconds per request of each contender, one number per round."""

    def __init__(self) -> None:
        super().__init__()
        self._behind: dict[str, list[float]] = {}

    def add_cost(self, name: str, cost: Cost) -> None:
        self.add(name, cost.total)
        self._behind.setdefault(name, []).append(cost.behind)

    def behind(self, name: str) -> float:
        """The median of what threads behind the answering one took."""
        return median(self._behind[name])

    def added(self, name: str, to: str = "bare") -> float:
        """The median over the rounds of what ``name`` took more than ``to``."""
        pairs = zip(self.rounds[name], self.rounds[to], strict=True)
        return median(one - other for one, other in pairs)

    def ratio(self, name: str, over: str) -> float:
        """The median over the rounds of ``name`` / ``over``."""
        pairs = zip(self.rounds[name], self.rounds[over], strict=True)
        return median(one / other for one, other in pairs)


async def race(
    contenders: Sequence[Contender],
    requests: Callable[[int], Sequence[Scope]],
    rounds: int,
    progress: Callable[[], None],
) -> Timings:
    """Let all contenders answer ``requests(n)`` in round ``n``; one uncounted round comes first."""
    timings = Timings()
    for contender in contenders:
        await cost(contender, requests(rounds))
        progress()
    for number, order in enumerate(turns(contenders, rounds)):
        scopes = requests(number)
        for contender in order:
            timings.add_cost(contender.name, await cost(contender, scopes))
            progress()
    return timings
