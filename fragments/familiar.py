"""Pages that are almost the last one of their address: only what differs is tokenised.

A shop's pages come from templates. Two answers of one address differ in a token, a number in
the cart, the products of a shelf; all else is equal, byte for byte. What the scanner made of a
page is therefore kept in stretches, each with the state in which the scanner left it. Where
the next page begins with the same bytes it is in the same state, so the same things happen.
Where it differs the scanner goes on from there, until it is in a remembered state again in
front of remembered bytes.

Nothing of a remembered page reaches another one: all that is taken over is what happens where.
"""

from collections.abc import Callable, Generator, Iterator
from typing import NamedTuple

from cachetools import LRUCache

from .scanner import Event, Scanner, State
from .slots import SIGN, SlotNames

_START = State()

LONGEST = 512  # characters of an address
ROOM = 16 * 1024 * 1024  # bytes of pages that are remembered
LARGEST = 262_144  # bytes of a page: nothing in it can be larger than what is held
PORTION = 8_192  # bytes that are scanned at once, so that stretches end there ...
FINE = 1_024  # ... and around a difference: there will be one the next time, too
AHEAD = 4  # stretches behind a difference that are looked for
NEEDLE = 48  # bytes by which a stretch is looked for
SLACK = 4_096  # bytes by which a page may have grown in front of it
ALIKE = 8  # places that begin like a stretch
OVERHEAD = 500  # bytes that a stretch takes besides its text, and an address
ENTRY = 150  # bytes that an event takes, and an element that is open behind a stretch


class Stretch(NamedTuple):
    """Consecutive bytes of a page, what happens in them, counted from their beginning, and the state behind them."""

    text: bytes
    events: tuple[Event, ...]
    after: State


Keep = Callable[[SlotNames, list[Stretch]], None]
Make = Callable[[SlotNames, set[str]], Scanner]


def _size(stretch: Stretch) -> int:
    entries = len(stretch.events) + len(stretch.after.elements)
    return len(stretch.text) + OVERHEAD + ENTRY * entries


class _Known(NamedTuple):
    names: SlotNames
    stretches: list[Stretch]

    def size(self) -> int:
        return OVERHEAD + sum(map(_size, self.stretches))


class Familiar:
    """The last pages of addresses that were asked for more than once; what was asked for last goes last.

    ``room``: the most bytes that they take.
    """

    def __init__(self, room: int = ROOM) -> None:
        self._pages: LRUCache[str, _Known] = LRUCache(room, _Known.size)

    def __repr__(self) -> str:
        pages = self._pages
        return f"<Familiar {len(pages)} pages, {pages.currsize} bytes>"

    def scanner(self, address: str, page: bytes) -> Make:
        """What makes the scanner for a :class:`Rewriter` that gets the whole ``page`` at once: the same pieces, sooner."""
        # The page may neither be cut by a comment of ours nor seem to end in one.
        if (
            len(page) > LARGEST
            or len(address) > LONGEST
            or not page.endswith((b">", b"\n"))
            or SIGN in page
        ):
            return Scanner

        def make(names: SlotNames, taken: set[str]) -> Scanner:
            known = self._pages.get(address)
            if known is None:
                # Most addresses are asked for once in a long while; remembering takes time and room.
                keep(names, [])
                return Scanner(names, taken)
            stretches = known.stretches if known.names is names else []
            return _Follower(names, taken, stretches, keep)

        def keep(names: SlotNames, found: list[Stretch]) -> None:
            entry = _Known(names, found)
            if entry.size() <= self._pages.maxsize:
                self._pages[address] = entry

        return make


class _Follower(Scanner):
    """The scanner of a whole page that knows the stretches of another one."""

    __slots__ = ("_keep", "_known", "_path", "_site", "_walk")

    def __init__(
        self, names: SlotNames, taken: set[str], known: list[Stretch], keep: Keep
    ) -> None:
        super().__init__(names, taken)
        self._known = known
        self._site = names
        self._keep = keep
        self._path: list[Stretch] = []  # the stretches of this page
        self._walk: Iterator[Event] = iter(())

    def feed(self, data: bytes) -> None:
        self._walk = self._follow(data)

    def next(self) -> Event | None:
        return next(self._walk, None)

    def _follow(self, page: bytes) -> Iterator[Event]:
        known, path = self._known, self._path
        index = 0
        while self.awake and index >= 0:
            if index < len(known) and page.startswith(known[index].text, self.at):
                yield from self._repeat(known[index])
                index += 1
            else:
                index = yield from self._scan(page, index)
        if path and path != known:
            self._keep(self._site, path)

    def _repeat(self, stretch: Stretch) -> Iterator[Event]:
        """What happened there happens here."""
        at = self.at
        for kind, begin, end, slot, reason in stretch.events:
            if kind == "open":
                self.slots += 1
            elif kind != "refused":
                self.slots -= 1
            yield Event(kind, at + begin, at + end, slot, reason)
        self._base += len(stretch.text)
        self._path.append(stretch)

    def _scan(self, page: bytes, index: int) -> Generator[Event, None, int]:
        """Scan from where the page differs from the stretch ``index``; returns which one is in step again, -1 for none."""
        known, path = self._known, self._path
        self.resume(path[-1].after if path else _START, self.at)
        begun = fed = limit = self.at
        happened: list[Event] = []
        behind = range(index + 1, min(index + 1 + AHEAD, len(known)))
        goals: list[int] = [*behind, 0]  # 0: the page's end
        for ahead in goals:
            if ahead:
                limit += len(known[ahead - 1].text)
                goal = _place(known[ahead].text, page, fed, limit + SLACK)
                portion = FINE
            else:
                goal, portion = len(page), PORTION
            while fed < goal and self.awake:
                end = min(goal, page.find(b">", fed + portion) + 1 or goal)
                part = page[fed:end]
                super().feed(part)
                fed = end
                while event := super().next():
                    happened.append(event)
                    yield event
                # It rests after the last slot, maybe in the middle of what it was fed.
                if self.settled or (happened and happened[-1].end == self.at):
                    if begun < self.at:
                        if begun + len(part) != fed or self.at != fed:
                            part = page[begun : self.at]
                        path.append(_stretch(part, begun, happened, self))
                    begun = self.at
                    happened = []
            if not ahead or not self.awake:
                return -1
            if goal >= 0 and self.settled and self.state() == known[ahead - 1].after:
                self._elements.clear()  # they are not followed from here on
                return ahead
        return -1


def _stretch(
    text: bytes, begun: int, happened: list[Event], scanner: Scanner
) -> Stretch:
    events = [
        Event(kind, at - begun, end - begun, slot, reason)
        for kind, at, end, slot, reason in happened
    ]
    return Stretch(text, tuple(events), scanner.state())


def _place(text: bytes, page: bytes, begin: int, end: int) -> int:
    """Where ``text`` stands in the page, beginning between ``begin`` and ``end``; -1: nowhere, or not easily found."""
    needle = text[:NEEDLE]
    place = page.find(needle, begin, end)
    for _ in range(ALIKE):
        if place < 0 or page.startswith(text, place):
            return place
        place = page.find(needle, place + 1, end)
    return -1
