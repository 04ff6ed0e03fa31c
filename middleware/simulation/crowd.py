"""Many visitors at once, in a bounded number of threads."""

from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from itertools import count
from threading import Event, Lock

import msgspec

from .books import Books
from .browser import Line
from .others import kind


class Address(msgspec.Struct, frozen=True):
    """Where a shop is."""

    host: str
    port: int


class Crowd:
    """``visitors`` of ``seed`` for the shop at ``address``, ``at_once`` at the same time.

    ``done`` is called after each of them, from any thread.
    """

    def __init__(
        self,
        address: Address,
        visitors: int,
        seed: int,
        at_once: int = 8,
        done: Callable[[int], None] = lambda number: None,
    ) -> None:
        self._address = address
        self._visitors = visitors
        self._seed = seed
        self._at_once = max(1, min(at_once, visitors))
        self._done = done
        self._numbers = count()
        self._lock = Lock()
        self._stop = Event()
        self._books = Books()

    def walk(self) -> Books:
        """Let all of them walk; the books of what they saw.

        Raises what the first visitor raises who cannot go on, after the others have stopped.
        """
        with ThreadPoolExecutor(self._at_once) as threads:
            running = [threads.submit(self._line) for _ in range(self._at_once)]
            try:
                wait(running, return_when=FIRST_EXCEPTION)
            finally:
                self._stop.set()
            for one in running:
                one.result()
        return self._books

    def _line(self) -> None:
        books = Books()
        line = Line(self._address.host, self._address.port)
        try:
            while not self._stop.is_set():
                with self._lock:
                    number = next(self._numbers)
                if number >= self._visitors:
                    break
                made, name = kind(self._seed, number)
                visitor = made(line, self._seed, number)
                visitor.walk()
                books.visitors[name] += 1
                for unit in visitor.units:
                    books.add(unit)
                self._done(1)
        except BaseException:  # raised on; only the others are told to stop
            self._stop.set()
            raise
        finally:
            line.close()
            books.requests = line.asked
            with self._lock:
                self._books.join(books)
