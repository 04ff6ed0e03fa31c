"""Stops asking a dependency that does not answer, and tries it again after a while."""

from collections.abc import Callable
from time import monotonic


class Breaker:
    """Opens after ``failures`` in a row; after ``pause`` seconds one call may try again."""

    def __init__(
        self,
        failures: int = 5,
        pause: float = 2.0,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._limit = failures
        self._pause = pause
        self._clock = clock
        self._failures = 0
        self._closed_from = 0.0

    def __repr__(self) -> str:
        return (
            f"<Breaker {'open' if self.open else 'closed'} failures={self._failures}>"
        )

    @property
    def open(self) -> bool:
        return self._failures >= self._limit and self._clock() < self._closed_from

    def allows(self) -> bool:
        """Whether a call may be made now. The caller reports how it went."""
        if self._failures < self._limit:
            return True
        now = self._clock()
        if now < self._closed_from:
            return False
        self._closed_from = (
            now + self._pause
        )  # only this one call tries; the others wait
        return True

    def succeeded(self) -> None:
        self._failures = 0

    def failed(self) -> None:
        self._failures += 1
        if self._failures >= self._limit:
            self._closed_from = self._clock() + self._pause
