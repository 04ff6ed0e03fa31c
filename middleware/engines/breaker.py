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

    def succeeded(self) -> None:
        if self._failures >= self._limit:  # it was tried again, and is well
            self._times.clear()
            self._failures = 0

    def failed(self) -> None:
        now = self._clock()
        tried = self._failures >= self._limit
        self._times.append(now)
        full = len(self._times) == FAILURES and now - self._times[0] <= WITHIN
        if full or tried:
            self._failures = self._limit
            self._closed_from = now + self._pause
