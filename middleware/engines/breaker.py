"""When an engine is left alone: it fails often, though perhaps not always."""

from collections import deque
from collections.abc import Callable
from time import monotonic

from ..breaker import Breaker

FAILURES, WITHIN, PAUSE = 5, 10.0, 5.0


class EngineBreaker(Breaker):
    """Opens after five failures within ten seconds, whatever came between; after five seconds
    one question may try again."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        super().__init__(FAILURES, PAUSE, clock)
        self._times: deque[float] = deque(maxlen=FAILURES)
        self._trying = False

    def allows(self) -> bool:
        allowed = super().allows()
        if allowed and self._failures >= self._limit:
            self._trying = True
        return allowed

    def succeeded(self) -> None:
        # What was asked before it opened says nothing: only who has tried again knows.
        if self._trying:
            self._trying = False
            self._times.clear()
            self._failures = 0

    def failed(self) -> None:
        now = self._clock()
        self._times.append(now)
        full = len(self._times) == FAILURES and now - self._times[0] <= WITHIN
        if full or self._trying:
            self._trying = False
            self._failures = self._limit
            self._closed_from = now + self._pause
