"""Made-up visitors, for tests and previews: the words of rules, turned into a profile."""

from collections.abc import Mapping
from datetime import timedelta, tzinfo
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from msgspec.structs import replace

from ..findings import Finding
from .attributes import BUILT_IN, Attribute, typed
from .document import Document, Node, core, names
from .events import VISITED
from .experiments import Units
from .facts import DAY, PURPOSES, Event, Profile
from .habits import VISITS_NEEDED
from .happenings import TIMES_LIMIT, Happened, Happenings, World
from .learning import VISIT_PAUSE, Relatives, learn
from .moments import clock, day_of, moment, read_now
from .vocabulary import Vocabulary, time_zone

FILE_KEYS = ("version", "now", "personas", "tests")
_CONTEXT = ("path", "device", "language", "referrer", "campaign", "campaign-source")
_IN_CONTEXT = frozenset(
    {*_CONTEXT, "campaign-medium", "hour", "weekday", "logged-in", "first-name"}
)
DERIVED = {
    "stage": "events, orders and visits",
    "returning": "`visits:`",
    "visited-today": "`days-since-visit:`",
}


class Persona(msgspec.Struct, frozen=True):
    """A visitor as an editor made him up.

    ``given`` are raw attribute values, as they come with a request; ``context`` are fields of
    :class:`~shopwindow.rules.facts.Context` to replace (``logged_in`` and ``first_name``
    among them). ``events`` are what he did, oldest first, without a visitor id: arrivals
    among them, the visit of ``now`` is the last. The profile is what they taught, with what
    the editor says outright. ``pins`` map experiments to the variant he is to see.
    """

    name: str
    profile: Profile
    consent: frozenset[str] = frozenset()
    given: Mapping[str, Any] = {}
    context: Mapping[str, Any] = {}
    events: tuple[Event, ...] = ()
    line: int = 1
    pins: Mapping[str, str] = {}

    @property
    def units(self) -> Units:
        """The ids that experiments go by: made of the name, so that they stay what they are."""
        if "personalization" not in self.consent:
            return Units()
        known = self.context.get("logged_in", False)
        return Units(f"persona:{self.name}", f"persona:{self.name}" if known else None)


class Personas(msgspec.Struct, frozen=True):
    """All personas of one file, made for the moment ``now`` (seconds since 1970)."""

    now: float
    personas: Mapping[str, Persona]


def read_personas(
    name: str, text: str, vocabulary: Vocabulary, relatives: Relatives, now: float
) -> tuple[Personas, list[Finding]]:
    """A file of ``rules/tests`` to its personas. ``now`` counts where the file names none.

    Never raises; personas with errors are left out. A wrong consent, an unknown attribute or a
    value that its attribute's type does not allow are errors, as in rules.
    """
    findings: list[Finding] = []
    document = Document(name, text, findings)
    zone: tzinfo = time_zone(vocabulary.timezone) or ZoneInfo("UTC")
    personas: dict[str, Persona] = {}
    root = document.root
    sections: dict[str, Node] = {}
    if root is not None and not root.empty:
        sections = {
            key.text: value for key, value in document.pairs(root, "file", FILE_KEYS)
        }
    if (node := sections.get("now")) is not None:
        time = read_now(node.text, zone) if node.kind == "scalar" else None
        if time is None:
            document.error(
                node, f"{node.shown} is not a time", "write 2026-11-21 10:00"
            )
        else:
            now = time
    if (node := sections.get("personas")) is not None and not node.empty:
        maker = _Maker(World(document, vocabulary, relatives, now, zone))
        for key, value in document.pairs(node, "personas"):
            if (persona := maker.persona(key, value)) is not None:
                personas[key.text] = persona
    findings.sort(key=lambda finding: (finding.line, finding.column))
    return Personas(now, personas), findings


class _Maker:
    """Makes personas."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.document = world.document
        self.happenings = Happenings(world)

    def persona(self, key: Node, node: Node) -> Persona | None:
        document, before = self.document, self.document.errors
        values: dict[str, Any] = {}
        given: dict[str, Any] = {}
        consent: set[str] = set()
        happened: list[Happened] = []
        known = {"consent", "events", *BUILT_IN, *self.world.vocabulary.attributes}
        entries = (
            () if node.empty else document.pairs(node, f'persona "{key.text}"', known)
        )
        for name, value in entries:
            if name.text == "consent":
                consent |= self._consent(value)
            elif name.text == "events":
                happened = self.happenings.read(value)
            elif name.text in DERIVED:
                hint = f"it follows from {DERIVED[name.text]}"
                document.error(name, f'"{name.text}" cannot be given', hint)
            elif (attribute := self.world.vocabulary.attribute(name.text)) is not None:
                raw = self._value(attribute, value)
                (values if name.text in BUILT_IN else given)[name.text] = raw
        if document.errors > before:
            return None
        context = {
            name.replace("-", "_"): value
            for name, value in values.items()
            if name in _IN_CONTEXT
        }
        if "first_name" in context:
            context.setdefault("logged_in", True)
        events, profile = self._live(happened, int(values.get("visits", 1)))
        profile = self._override(profile, values)
        granted = frozenset(consent)
        return Persona(key.text, profile, granted, given, context, events, key.line)

    def _consent(self, node: Node) -> set[str]:
        granted: set[str] = set()
        if node.kind == "list" and not node.items:
            return granted
        for place, text in names(self.document, node, '"consent"'):
            if text not in PURPOSES:
                self.document.unknown(place, "purpose", text, PURPOSES)
            granted.add(text)
        return granted

    def _value(self, attribute: Attribute, node: Node) -> Any:
        """The raw value as a request would bring it, checked by its type."""
        text = attribute.type in ("text", "date", "time", "version")
        raw: Any
        if node.kind == "list":
            raw = [item.text for item in node.items]
        elif node.kind == "scalar":
            raw = node.text if text else core(node)
            if attribute.type == "list":
                raw = [node.text]
            elif attribute.type == "yes-no" and raw in ("yes", "no"):
                raw = raw == "yes"
        else:
            raw = None
        value = typed(attribute, raw, self.world.zone)
        if value is None:
            words = f'"{attribute.name}" is a {attribute.type}; {node.shown} is not'
            self.document.error(node, words)
        return value if attribute.type == "number" else raw

    # -- a life ---------------------------------------------------------------------------

    def _live(
        self, happened: list[Happened], visits: int
    ) -> tuple[tuple[Event, ...], Profile]:
        """All events until the beginning of the visit of now, and the profile after them.

        Of the ``visits``, those that nothing happened in were on the days before all else.
        """
        events: list[Event] = []
        profile = Profile()

        def happens(
            name: str, time: float, properties: dict[str, Any], known: Relatives
        ) -> None:
            nonlocal profile
            day, id = day_of(time, self.world.zone), f"persona-{len(events) + 1}"
            events.append(Event(id, name, "", time, day, properties))
            profile = learn(profile, events[-1], known)

        def arrives(time: float) -> None:
            happens(VISITED, time, {"path": "/"}, self.world.relatives)

        times = [*(each.time for each in happened), self.world.now]
        accounted = 1 + sum(b - a > VISIT_PAUSE for a, b in pairwise(times))
        for days in range(min(visits - accounted, TIMES_LIMIT), 0, -1):
            arrives(times[0] - days * DAY)
        for each in happened:
            arrives(each.time)
            for _ in range(each.times):
                happens(each.name, each.time, each.properties, each.relatives)
        arrives(self.world.now)
        return tuple(events), profile

    def _override(self, profile: Profile, values: Mapping[str, Any]) -> Profile:
        """What the persona says outright wins over what follows from its events."""
        changes: dict[str, Any] = {}
        for name in ("visits", "orders"):
            if name in values:
                changes[name] = int(values[name])
        if "order-value" in values:
            changes["order_value"] = float(values["order-value"])
        for name, field in (
            ("days-since-visit", "previous_visit"),
            ("days-since-first-visit", "first_seen"),
            ("days-since-order", "last_order"),
        ):
            if name in values:
                changes[field] = self.world.now - values[name] * DAY
        if "usual-hour" in values:
            changes["visit_starts"] = self._at(int(values["usual-hour"]))
        if "cart-items" in values:
            items = int(values["cart-items"])
            changes["cart"] = {"something": items} if items > 0 else {}
            changes["cart_since"] = self.world.now if items > 0 else 0.0
        if "cart-age-hours" in values:
            changes["cart_since"] = self.world.now - values["cart-age-hours"] * 3600
            if not changes.get("cart", profile.cart):
                changes["cart"] = {"something": 1}
        if "entry-page" in values:
            changes["visit"] = {**profile.visit, "entry-page": values["entry-page"]}
        return replace(profile, **changes) if changes else profile

    def _at(self, hour: int) -> tuple[int, ...]:
        """The beginnings of as many visits as a habit needs, one on each day before."""
        today = clock(self.world.now, self.world.zone).replace(hour=hour % 24)
        days = [today - timedelta(days=back) for back in range(VISITS_NEEDED, 0, -1)]
        return tuple(int(moment(day, self.world.zone)) for day in days)
