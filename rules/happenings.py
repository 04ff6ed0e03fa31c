"""What a persona did, in the words of conditions, as events."""

from datetime import tzinfo
from typing import Any, NamedTuple

from .deeds import Deeds
from .document import Document, Node, core
from .events import SAYS, event_that_says
from .learning import Relatives
from .moments import clock, duration, read_now
from .vocabulary import DIMENSIONS, VERBS, Vocabulary

TIMES_LIMIT = 1_000
_EVENT_KEYS = (*VERBS, "at", "times")
DETAILS = ("price", "quantity", "rule")  # of one event, beside what it is about


class Happened(NamedTuple):
    """One line of ``events:``, ``times`` times at the same moment (seconds since 1970)."""

    time: float
    name: str
    properties: dict[str, Any]
    relatives: Relatives
    times: int


class World(NamedTuple):
    """What the personas of one file live in: the shop's names and the moment of now.

    ``now`` is in seconds since 1970; times without an offset are meant in ``zone``.
    """

    document: Document
    vocabulary: Vocabulary
    relatives: Relatives
    now: float
    zone: tzinfo


class Happenings:
    """Reads the events of one persona; findings go to the document."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.document = world.document
        self.deeds = Deeds(world.document, world.vocabulary)

    def read(self, node: Node) -> list[Happened]:
        """The events at ``node``, oldest first."""
        if node.kind != "list":
            if not node.empty:
                hint = "each starts with `- `"
                self.document.error(node, '"events" must be a list', hint)
            return []
        read = (self._happened(item) for item in node.items)
        return sorted((event for event in read if event), key=lambda event: event.time)

    def deed(self, key: Node, node: Node) -> Happened | None:
        """One event that happens now: its verb and what it is about."""
        about = self._about(key, node)
        return Happened(self.world.now, *about, times=1) if about else None

    def _happened(self, node: Node) -> Happened | None:
        document = self.document
        time, times = self.world.now, 1
        about: tuple[str, dict[str, Any], Relatives] | None = None
        verbs = 0
        for key, value in document.pairs(node, "event", _EVENT_KEYS):
            if key.text == "at":
                time = self._time(value)
            elif key.text == "times":
                times = document.whole(value, '"times"', 1) or 1
                if times > TIMES_LIMIT:
                    document.error(value, f'"times" is at most {TIMES_LIMIT}')
                    times = 1
            else:
                verbs += 1
                if verbs > 1:
                    hint = "write each in a line of its own"
                    document.error(key, "two events in one list item", hint)
                about = self._about(key, value)
        if node.kind == "map" and all(
            key.text in ("at", "times") for key, _ in node.entries
        ):
            hint = "for example `viewed: {category: ...}`"
            document.error(node, "an event needs a verb", hint)
        return Happened(time, *about, times) if about else None

    def _time(self, node: Node) -> float:
        text = node.text if node.kind == "scalar" else ""
        now = self.world.now
        if text == "now":
            return now
        ago = duration(text.removesuffix(" ago")) if text.endswith(" ago") else None
        time = now - ago.seconds if ago else read_now(text, self.world.zone)
        if time is None or time < 0:  # as read_now has it
            hint = "write for example `2 days ago` or 2026-11-19 10:00"
            self.document.error(node, f"{node.shown} is not a time", hint)
            return now
        if time > now:
            hint = f"now is {clock(now, self.world.zone):%Y-%m-%d %H:%M}"
            self.document.error(node, f"{node.shown} is after now", hint)
        return time

    def _about(
        self, key: Node, node: Node
    ) -> tuple[str, dict[str, Any], Relatives] | None:
        """The event's name and properties; relatives, for things that are not one product."""
        document, verb = self.document, key.text
        allowed = VERBS[verb]
        dimension, id = "", ""
        details: dict[str, Any] = {}
        sound = True
        if node.kind != "map":
            example = f"write `{verb}: {{{allowed[0]}: ...}}`"
            document.error(node, f'"{verb}" needs a map, not {node.shown}', example)
            return None
        for name, value in document.pairs(node, f'"{verb}"', (*DIMENSIONS, *DETAILS)):
            if name.text in DETAILS:
                details[name.text] = core(value) if value.kind == "scalar" else None
            elif name.text not in allowed or dimension:
                hint = "one of " + ", ".join(allowed)
                document.error(name, f'"{verb}" is not about this', hint)
                sound = False
            elif (pair := self.deeds.key(name.text, value)) is not None:
                dimension, id = name.text, pair[0]
            else:
                sound = False
        if sound and not dimension:
            document.error(
                key, f'"{verb}" does not say what', f"add {' or '.join(allowed)}"
            )
        if not sound or not dimension:
            return None
        return _event(verb, dimension, id, details, self.world.relatives)


def _event(
    verb: str, dimension: str, id: str, details: dict[str, Any], relatives: Relatives
) -> tuple[str, dict[str, Any], Relatives]:
    """Event name, properties and relatives of ``verb: {dimension: id}``.

    Something that has no event of its own, such as buying from a category, is an event on a
    thing that belongs to nothing else.
    """
    name = event_that_says(verb, dimension)
    says = SAYS[name]
    known = relatives
    if dimension != says.kind:
        pairs = (
            relatives("category", id) if dimension == "category" else ((dimension, id),)
        )
        known = _only(pairs)
    thing = {says.property: id, **details}
    return name, {says.listed: [thing]} if says.listed else thing, known


def _only(pairs: tuple[tuple[str, str], ...]) -> Relatives:
    def relatives(kind: str, id: str) -> tuple[tuple[str, str], ...]:
        return pairs

    return relatives
