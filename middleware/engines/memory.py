"""What engines were asked for and have shown lately, by this worker."""

from collections.abc import Iterable
from threading import Lock
from time import monotonic

import msgspec
from cachetools import LRUCache

ATTRIBUTED = 3_600.0  # seconds after which nothing goes back to what was shown
SHOWN = 5  # answers that are remembered of a visitor, per engine
VISITORS = 20_000  # of whom that is remembered, per worker
PATHS = 10_000  # whose shelves are remembered

Wanted = tuple[str, str, int]  # engine, slot, how many products are asked for


class _Shown(msgspec.Struct, frozen=True):
    answer: str
    items: frozenset[str]
    until: float


class Memory:
    """What stays when a site is loaded anew: which shelves pages had, and what was shown."""

    def __init__(self) -> None:
        self._shelves: dict[str, tuple[Wanted, ...]] = {}
        self._shown: LRUCache[tuple[str, str], list[_Shown]] = LRUCache(VISITORS)
        self._lock = Lock()  # handlers may track from threads of their own

    def shelves(self, path: str) -> tuple[Wanted, ...]:
        """Those that the last page of ``path`` had."""
        return self._shelves.get(path, ())

    def had(self, path: str, shelves: tuple[Wanted, ...]) -> None:
        """The last page of ``path`` had these ``shelves``."""
        if self._shelves.get(path, ()) == shelves or len(path) > 512:
            return
        if shelves:
            self._shelves[path] = shelves
            if len(self._shelves) > PATHS:
                del self._shelves[next(iter(self._shelves))]
        else:
            self._shelves.pop(path, None)

    def showed(self, engine: str, user: str, answer: str, items: Iterable[str]) -> None:
        """``items`` of the engine's ``answer`` were shown to ``user``."""
        shown = _Shown(answer, frozenset(items), monotonic() + ATTRIBUTED)
        with self._lock:
            before = self._shown.get((engine, user), [])
            self._shown[engine, user] = [shown, *before[: SHOWN - 1]]

    def answer(self, engine: str, user: str, item: str) -> str:
        """The answer by which ``item`` was shown last; empty if it was not, lately."""
        now = monotonic()
        with self._lock:
            for shown in self._shown.get((engine, user), ()):
                if item in shown.items and now < shown.until:
                    return shown.answer
        return ""
