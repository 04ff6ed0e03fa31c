"""Finding the slots of one page while it streams by."""

from collections.abc import Callable, Set
from typing import NamedTuple, TypeAlias

from .history import HISTORY, KEPT, History
from .scanner import BEFORE, LITERAL, LONGEST_TAG, WAKE, Event, Scanner, literals
from .slots import SIGN, Marker, SlotNames

PORTION = 8_192  # bytes of history that are scanned at once
LONGEST_MARKER = 160  # bytes; more than any unfinished template block comment


class Kept(NamedTuple):
    """A slot that keeps its default content, and why; its bytes follow unchanged.

    ``reason``: "too-large" (more default content than is held), "unclosed", "misnested" (its end does not fit the
    elements around it), "unsupported" (an element or a place that cannot be a slot). An empty ``slot`` stands for
    whatever slots the rest of the page has: "too-late" or "ambiguous".
    """

    slot: str
    reason: str


class Hole(NamedTuple):
    """A slot with its complete default content, without template block comments.

    ``within``: the default content in pieces where it has slots of its own, else empty; ``inside`` reads both.
    """

    slot: str
    default: bytes
    within: "tuple[Piece, ...]" = ()


Piece: TypeAlias = "bytes | Hole | Kept"


def inside(hole: Hole) -> list[Piece]:
    """The pieces of a hole that keeps its default content, so that the slots within still get their chance."""
    if hole.within:
        return list(hole.within)
    return [hole.default] if hole.default else []


class _Frame:
    """An open slot; ``slot`` is None for one that only has to be matched with its end."""

    __slots__ = ("children", "keyed", "slot", "start")

    def __init__(self, slot: str | None, start: int, keyed: bool) -> None:
        self.slot = slot
        self.start = start
        self.keyed = keyed
        self.children: list[_Node] = []


class _Node(NamedTuple):
    start: int
    end: int
    slot: str
    reason: str  # empty: a hole
    children: "list[_Node]"


class Rewriter:
    """One page going by, in chunks cut anywhere: bytes to pieces in page order.

    ``hold``: the most that is held for one slot, default content and end tag, in bytes; a slot with more is ``Kept``.
    ``scanner`` makes what finds attributes and comments. ``history`` keeps what it has not read yet; None: for this page
    alone. ``found``: the page has shown a slot so far.
    """

    __slots__ = (
        "_at",
        "_floor",
        "_frames",
        "_held",
        "_history",
        "_hold",
        "_last",
        "_lost",
        "_make",
        "_marker",
        "_missed",
        "_names",
        "_rest",
        "_scanner",
        "_search",
        "_tail",
        "_taken",
        "found",
    )

    def __init__(
        self,
        names: SlotNames,
        marker: Marker,
        *,
        hold: int = 262_144,
        scanner: Callable[[SlotNames, set[str]], Scanner] = Scanner,
        history: History | None = None,
    ) -> None:
        self._names = names
        self._marker = marker
        self._hold = hold
        self._make = scanner
        self._rest = b""  # an unfinished template block comment
        self._at = 0  # bytes of the page so far; template block comments never count
        self._held: list[bytes] = []  # what has not left yet, from _floor on
        self._floor = 0
        self._frames: list[_Frame] = []
        self._taken: set[str] = set()
        self._search = names.search
        self._tail = b""  # of the page, where a literal may have begun
        self._last = -1  # where the last literal stands
        # The page from where the scanner is.
        self._history = History() if history is None else history
        self._scanner: Scanner | None = None  # not before the first literal
        self._lost = ""  # why there are no more slots but template blocks
        self._missed = False  # a literal came after that
        self.found = False

    @property
    def opening(self) -> tuple[str, ...]:
        """The slots that have begun and not ended, outermost first."""
        return tuple(frame.slot for frame in self._frames if frame.slot is not None)

    @property
    def taken(self) -> Set[str]:
        """The slots that had their place."""
        return self._taken

    def feed(self, chunk: bytes) -> list[Piece]:
        """The pieces that can leave now that ``chunk`` is there."""
        out: list[Piece] = []
        if self._rest:
            chunk = self._rest + chunk
            self._rest = b""
        elif self._history.recurs and self._recurs(chunk):
            self._skip(chunk, out)
            return out
        at = 0
        sign = chunk.find(SIGN)
        while sign >= 0:
            begin = sign - 4
            mark = self._marker.match(chunk, begin) if begin >= at else None
            if mark is None:
                sign = chunk.find(SIGN, sign + 1)
                continue
            if begin > at:
                self._flow(chunk[at:begin], out)
            at = mark.end()
            self._block(mark[1], out)
            sign = chunk.find(SIGN, at)
        end = len(chunk)
        last = chunk.rfind(b"<", max(at, end - LONGEST_MARKER))
        if last >= 0 and self._marker.partial(chunk, last):
            self._rest = chunk[last:]
            end = last
        if at < end:
            self._flow(chunk if end - at == len(chunk) else chunk[at:end], out)
        return out

    def choose(self, slot: str) -> list[Piece]:
        """A selector says that the tag which begins with the next byte is ``slot``; what can leave now."""
        out: list[Piece] = []
        if self._rest:  # a tag begins: it was no template block comment
            rest, self._rest = self._rest, b""
            self._flow(rest, out)
        if self._lost:
            self._missed = True
        elif self._search and slot not in self._taken:
            if self._at - self._last > HISTORY:
                self._lose("too-late", out)
                self._missed = True
            else:
                self._last = self._at
                self._scan(b"", out)
                if self._scanner is not None:
                    self._scanner.choose(slot, self._at)
        return out

    def close(self) -> list[Piece]:
        """The end of the page: everything held leaves as it was."""
        out: list[Piece] = []
        if self._rest:
            rest, self._rest = self._rest, b""
            self._flow(rest, out)
        for frame in self._frames[:]:
            if frame.slot is not None:
                self._fail(frame, "unclosed", out)
        self._frames.clear()
        self._release(self._at, out)
        self._history.end(self._last < 0)
        if self._missed and len(self._taken) < len(self._names.by_bytes):
            out.append(Kept("", self._lost))
        return out

    def _flow(self, data: bytes, out: list[Piece]) -> None:
        """Bytes of the page without template block comments."""
        if not self._search:
            self._pass(data, out)
            return
        literals = self._literals(data)
        if self._lost:
            if literals:
                self._missed = True
                self._search = False
            self._pass(data, out)
        elif literals or (self._scanner is not None and self._scanner.awake):
            for place in literals:
                if place - self._last > HISTORY:
                    here = max(0, place - self._at)
                    self._scan(data[:here], out)
                    self._lose("too-late", out)
                    self._missed = True
                    self._search = False
                    self._pass(data[here:], out)
                    return
                self._last = place
            self._scan(data, out)
        else:
            if self._history.kept > KEPT:
                self._catch_up(out)
            self._history.add(data)
            self._skip(data, out)

    def _recurs(self, chunk: bytes) -> bool:
        """Nothing begins or ends here: the chunk is one of an earlier page where nothing did."""
        scanner, history = self._scanner, self._history
        if not self._search or self._lost or (scanner is not None and scanner.awake):
            return False
        if history.kept > KEPT or LITERAL in self._tail + chunk[:15]:
            return False
        last = chunk.rfind(b"<", -LONGEST_MARKER)
        if last >= 0 and self._marker.partial(chunk, last):
            return False
        if not history.recall(chunk):
            return False
        self._tail = chunk[-15:]  # it is longer than that
        return True

    def _skip(self, data: bytes, out: list[Piece]) -> None:
        """Bytes that only the history needs."""
        self._pass(data, out)
        if self._at - self._last > HISTORY + LONGEST_MARKER:
            self._lose("too-late", out)

    def _catch_up(self, out: list[Piece]) -> None:
        """Let the scanner go through what was kept for it, so that it can be forgotten."""
        scanner = self._scanner
        if scanner is None:
            scanner = self._scanner = self._make(self._names, self._taken)
        scanner.last = self._at - 1
        event = None  # nothing begins here: it can only say that all is lost
        fed = 0
        for part in self._history:
            scanner.feed(part)
            fed += len(part)
            if fed >= PORTION:  # so that no copy of all of them is needed
                fed = 0
                event = scanner.next()
                scanner.forget()
                if event is not None:
                    break
        else:
            event = scanner.next()
            scanner.forget()
        self._history.clear()
        scanner.last = self._last
        if event is not None:
            self._happen(event, out)

    def _pass(self, data: bytes, out: list[Piece]) -> None:
        """Bytes that are not scanned."""
        self._at += len(data)
        if self._frames:
            self._held.append(data)
            self._leave(out)
        else:
            out.append(data)
            self._floor = self._at

    def _literals(self, data: bytes) -> list[int]:
        """Where in the page literals stand that become complete with ``data``."""
        places = []
        if tail := self._tail:
            edge = tail + data[:15]  # a literal with its neighbours has 16 bytes
            if found := WAKE.search(edge):
                places.append(self._at - len(tail) + found.start() + BEFORE)
            self._tail = data[-15:] if len(data) >= 15 else (tail + data)[-15:]
        else:
            self._tail = data[-15:]
        places += [self._at + place for place in literals(data)][::-1]
        return places

    def _scan(self, data: bytes, out: list[Piece]) -> None:
        """Bytes in which slots may begin and end."""
        if self._history.size > KEPT:
            self._catch_up(out)  # so that the scanner holds none of it when it rests
            if self._lost:
                if data:
                    self._pass(data, out)
                return
        scanner = self._scanner
        if scanner is None:
            scanner = self._scanner = self._make(self._names, self._taken)
        for part in self._history:
            scanner.feed(part)
        self._history.clear()
        scanner.feed(data)
        scanner.last = self._last
        self._at += len(data)
        self._held.append(data)
        scanner.limit = self._limit()
        while event := scanner.next():
            # Up to the end of the token: if the page were cut in it, just as much would be held.
            self._expire(event.end, out)
            self._happen(event, out)
            if self._lost:
                break
            scanner.limit = self._limit()
        self._leave(out)
        if scanner.slots:
            return
        if len(self._taken) == len(self._names.by_bytes):
            self._search = False
            self._scanner = None
        elif scanner.awake and self._at - self._last > LONGEST_TAG:
            self._lose("too-large", out)
            self._missed = True

    def _limit(self) -> int | None:
        """Where the scanner has to give up the outermost of its slots."""
        for frame in self._frames:
            if frame.slot is not None and not frame.keyed:
                return frame.start + self._hold
        return None

    def _happen(self, event: Event, out: list[Piece]) -> None:
        if event.kind == "open":
            self._open(event.slot, event.at, False)
        elif event.kind == "refused":
            node = _Node(event.at, event.at, event.slot, event.reason, [])
            self._place([node], len(self._frames), out)
        elif event.kind == "lost":
            self._lose(event.reason, out)
            self._missed = self._last > event.at
        elif event.kind != "limit":
            for index, frame in enumerate(self._frames):
                if frame.slot == event.slot:
                    if event.kind == "close":
                        self._end(index, event.at, out)
                    else:
                        self._fail(frame, event.reason, out)
                    return

    def _lose(self, reason: str, out: list[Piece]) -> None:
        """From here on only template blocks are found."""
        for frame in self._frames[:]:
            if frame.slot is not None and not frame.keyed:
                self._fail(frame, reason, out)
        self._lost = reason
        self._scanner = None
        self._history.clear()

    def _leave(self, out: list[Piece]) -> None:
        """Let go what no open slot holds."""
        self._expire(self._at, out)
        waiting = self._waiting()
        self._release(self._at if waiting is None else waiting.start, out)

    def _waiting(self) -> _Frame | None:
        for frame in self._frames:
            if frame.slot is not None:
                return frame
        return None

    def _block(self, name: bytes | None, out: list[Piece]) -> None:
        """A template block begins (``name``) or ends (None) here."""
        if name is not None:
            self._open(self._names.by_bytes.get(name), self._at, True)
            return
        self._expire(self._at, out)
        for index in range(len(self._frames) - 1, -1, -1):
            if self._frames[index].keyed:
                self._end(index, self._at, out)
                break
        if self._held:
            self._leave(out)

    def _open(self, slot: str | None, at: int, keyed: bool) -> None:
        if slot is not None:
            if slot in self._taken:
                slot = None
            else:
                self._taken.add(slot)
                self.found = True
        self._frames.append(_Frame(slot, at, keyed))
        if self._search and len(self._taken) == len(self._names.by_bytes):
            # No name is left; the scanner is needed only while slots of its own are open.
            if self._scanner is None or not self._scanner.slots:
                self._search = False
                self._scanner = None
                self._history.clear()

    def _end(self, index: int, at: int, out: list[Piece]) -> None:
        """The frame ends in order; what is still open inside it does not."""
        frame = self._frames[index]
        for inner in self._frames[index + 1 :]:
            if inner.slot is not None:
                self._fail(inner, "misnested", out)
        del self._frames[index]
        if frame.slot is not None:
            within, beyond = _split(frame.children, at)
            node = _Node(frame.start, at, frame.slot, "", within)
            self._place([node, *beyond], index, out)

    def _fail(self, frame: _Frame, reason: str, out: list[Piece]) -> None:
        """The frame keeps its default content, and the slots inside it move out."""
        slot, frame.slot = frame.slot, None
        assert slot is not None
        node = _Node(frame.start, frame.start, slot, reason, [])
        index = self._frames.index(frame)
        self._place([node, *frame.children], index, out)
        if frame.keyed:
            frame.children = []  # its end is still to come
        else:
            del self._frames[index]
            if self._scanner is not None:
                self._scanner.drop(slot)

    def _place(self, nodes: list[_Node], index: int, out: list[Piece]) -> None:
        """Put what has been decided into the slot around it, or let it leave."""
        for frame in reversed(self._frames[:index]):
            if frame.slot is not None:
                frame.children.extend(nodes)
                return
        for node in nodes:
            self._release(node.start, out)
            if node.reason:
                out.append(Kept(node.slot, node.reason))
            else:
                out.append(_hole(node, self._text(), self._floor))
                self._drop(node.end)

    def _expire(self, at: int, out: list[Piece]) -> None:
        while (frame := self._waiting()) is not None and at - frame.start > self._hold:
            self._fail(frame, "too-large", out)

    def _text(self) -> bytes:
        if len(self._held) != 1:
            self._held = [b"".join(self._held)]
        return self._held[0]

    def _drop(self, at: int) -> None:
        """Forget the held bytes before ``at``."""
        text = self._text()[at - self._floor :]
        self._held = [text] if text else []
        self._floor = at

    def _release(self, at: int, out: list[Piece]) -> None:
        """Let the held bytes before ``at`` leave."""
        if at > self._floor:
            text = self._text()
            out.append(
                text if at - self._floor == len(text) else text[: at - self._floor]
            )
            self._drop(at)


def _split(nodes: list[_Node], at: int) -> tuple[list[_Node], list[_Node]]:
    """What lies before ``at`` and after it; a template block that began in an element and ended in its end tag is given up."""
    within: list[_Node] = []
    beyond: list[_Node] = []
    for node in nodes:
        if node.end <= at:
            within.append(node)
        elif node.start >= at:
            beyond.append(node)
        else:
            within.append(_Node(node.start, node.start, node.slot, "misnested", []))
            before, after = _split(node.children, at)
            within += before
            beyond += after
    return within, beyond


def _hole(node: _Node, text: bytes, floor: int) -> Hole:
    """``text`` begins at ``floor`` of the page."""
    default = text[node.start - floor : node.end - floor]
    if not node.children:
        return Hole(node.slot, default)
    pieces: list[Piece] = []
    at = node.start
    for child in node.children:
        if at < child.start:
            pieces.append(text[at - floor : child.start - floor])
        pieces.append(
            Kept(child.slot, child.reason)
            if child.reason
            else _hole(child, text, floor)
        )
        at = child.end
    if at < node.end:
        pieces.append(text[at - floor : node.end - floor])
    return Hole(node.slot, default, tuple(pieces))
