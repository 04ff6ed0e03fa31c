"""Made-up visitors, for tests and previews: the words of rules, turned into a profile."""

from collections.abc import Mapping
from datetime import tzinfo
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
from msgspec.structs import replace

from ..findings import Finding, suggest
from .attributes import BUILT_IN, Attribute, typed
from .document import Document, Node, core, names
from .facts import DAY, PURPOSES, Event, Profile
from .grammar import Grammar
from .learning import Relatives, learn
from .moments import day_of, duration, read_time
from .vocabulary import DIMENSIONS, VERBS, Vocabulary, time_zone

TIMES_LIMIT = 1_000
FILE_KEYS = ("version", "now", "personas", "tests")
_CONTEXT = ("path", "device", "language", "referrer", "campaign", "campaign-source")
_IN_CONTEXT = frozenset(
    {*_CONTEXT, "campaign-medium", "hour", "weekday", "logged-in", "first-name"}
)
_DERIVED = {"stage": "events, orders and visits", "returning": "`visits:`"}
_EVENT_KEYS = (*VERBS, "at", "times")
_DETAILS = ("price", "quantity", "rule")  # of one event, beside what it is about


class Persona(msgspec.Struct, frozen=True):
    """A visitor as an editor made him up.

    ``given`` are raw attribute values, as they come with a request; ``context`` are fields of
    :class:`~shopwindow.rules.facts.Context` to replace (``logged_in`` and ``first_name``
    among them). The profile includes the visit of ``now``.
    """

    name: str
    profile: Profile
    consent: frozenset[str] = frozenset()
    given: Mapping[str, Any] = {}
    context: Mapping[str, Any] = {}
    line: int = 1

    @property
    def logged_in(self) -> bool:
        return bool(self.context.get("logged_in"))

    @property
    def first_name(self) -> str | None:
        name: str | None = self.context.get("first_name")
        return name


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
        moment = read_time(node.text, zone) if node.kind == "scalar" else None
        if moment is None:
            document.error(
                node, f"{node.shown} is not a time", "write 2026-11-21 10:00"
            )
        else:
            now = moment
    if (node := sections.get("personas")) is not None and not node.empty:
        for key, value in document.pairs(node, "personas"):
            maker = _Maker(document, vocabulary, relatives, now, zone)
            if (persona := maker.persona(key, value)) is not None:
                personas[key.text] = persona
    findings.sort(key=lambda finding: (finding.line, finding.column))
    return Personas(now, personas), findings


class _Happened(NamedTuple):
    """One line of ``events:``; ``ago`` in seconds before now."""

    time: float
    name: str
    properties: dict[str, Any]
    relatives: Relatives
    times: int


class _Maker:
    """Makes one persona."""

    def __init__(
        self,
        document: Document,
        vocabulary: Vocabulary,
        relatives: Relatives,
        now: float,
        zone: tzinfo,
    ) -> None:
        self.document = document
        self.vocabulary = vocabulary
        self.relatives = relatives
        self.now = now
        self.zone = zone
        self.grammar = Grammar(document, vocabulary, zone, ())

    def persona(self, key: Node, node: Node) -> Persona | None:
        document, before = self.document, self.document.errors
        values: dict[str, Any] = {}
        given: dict[str, Any] = {}
        consent: set[str] = set()
        events: list[_Happened] = []
        known = {"consent", "events", *BUILT_IN, *self.vocabulary.attributes}
        entries = (
            () if node.empty else document.pairs(node, f'persona "{key.text}"', known)
        )
        for name, value in entries:
            if name.text == "consent":
                consent |= self._consent(value)
            elif name.text == "events":
                events = self._events(value)
            elif name.text in _DERIVED:
                hint = f"it follows from {_DERIVED[name.text]}"
                document.error(name, f'"{name.text}" cannot be given', hint)
            elif (attribute := self.vocabulary.attribute(name.text)) is not None:
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
        profile = self._override(self._live(events), values, bool(events))
        return Persona(key.text, profile, frozenset(consent), given, context, key.line)

    def _consent(self, node: Node) -> set[str]:
        granted: set[str] = set()
        if node.kind == "list" and not node.items:
            return granted
        for place, text in names(self.document, node, '"consent"'):
            if text not in PURPOSES:
                self.document.error(
                    place, f'unknown purpose "{text}"', suggest(text, PURPOSES)
                )
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
        if typed(attribute, raw, self.zone) is None:
            words = f'"{attribute.name}" is a {attribute.type}; {node.shown} is not'
            self.document.error(node, words)
        return raw

    # -- events --------------------------------------------------------------------------

    def _events(self, node: Node) -> list[_Happened]:
        if node.kind != "list":
            if not node.empty:
                hint = "each starts with `- `"
                self.document.error(node, '"events" must be a list', hint)
            return []
        read = (self._happened(item) for item in node.items)
        return sorted((event for event in read if event), key=lambda event: event.time)

    def _happened(self, node: Node) -> _Happened | None:
        document = self.document
        time, times = self.now, 1
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
        return _Happened(time, *about, times) if about else None

    def _time(self, node: Node) -> float:
        text = node.text if node.kind == "scalar" else ""
        if text == "now":
            return self.now
        ago = duration(text.removesuffix(" ago")) if text.endswith(" ago") else None
        time = self.now - ago.seconds if ago else read_time(text, self.zone)
        if time is None:
            hint = "write for example `2 days ago` or 2026-11-19 10:00"
            self.document.error(node, f"{node.shown} is not a time", hint)
            return self.now
        if time > self.now:
            self.document.error(node, f"{node.shown} is after now")
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
        for name, value in document.pairs(node, f'"{verb}"', (*DIMENSIONS, *_DETAILS)):
            if name.text in _DETAILS:
                details[name.text] = core(value) if value.kind == "scalar" else None
            elif name.text not in allowed or dimension:
                hint = "one of " + ", ".join(allowed)
                document.error(name, f'"{verb}" is not about this', hint)
                sound = False
            elif (pair := self.grammar.key(name.text, value)) is not None:
                dimension, id = name.text, pair[0]
            else:
                sound = False
        if sound and not dimension:
            document.error(
                key, f'"{verb}" does not say what', f"add {' or '.join(allowed)}"
            )
        if not sound or not dimension:
            return None
        return _event(verb, dimension, id, details, self.relatives)

    # -- a life ---------------------------------------------------------------------------

    def _live(self, events: list[_Happened]) -> Profile:
        """The profile after all events and at the beginning of the visit of now."""
        profile: Profile | None = None
        serial = 0

        def happens(
            name: str, time: float, properties: dict[str, Any], known: Relatives
        ) -> None:
            nonlocal profile, serial
            serial += 1
            day = day_of(time, self.zone)
            event = Event(f"persona-{serial}", name, "persona", time, day, properties)
            profile = learn(profile, event, known)

        for event in events:
            happens("Visited", event.time, {"path": "/"}, self.relatives)
            for _ in range(event.times):
                happens(event.name, event.time, event.properties, event.relatives)
        happens("Visited", self.now, {"path": "/"}, self.relatives)
        return profile or Profile()

    def _override(
        self, profile: Profile, values: Mapping[str, Any], lived: bool
    ) -> Profile:
        """What the persona says outright wins over what follows from its events."""
        changes: dict[str, Any] = {}
        for name in ("visits", "orders"):
            if name in values:
                changes[name] = int(values[name])
        if "order-value" in values:
            changes["order_value"] = float(values["order-value"])
        if values.get("visits", 0) > 1 and not lived:
            changes["previous_visit"] = self.now - DAY
        for name, field in (
            ("days-since-visit", "previous_visit"),
            ("days-since-order", "last_order"),
        ):
            if name in values:
                changes[field] = self.now - values[name] * DAY
        if "cart-items" in values:
            items = int(values["cart-items"])
            changes["cart"] = {"something": items} if items > 0 else {}
            changes["cart_since"] = self.now if items > 0 else 0.0
        if "cart-age-hours" in values:
            changes["cart_since"] = self.now - values["cart-age-hours"] * 3600
            if not changes.get("cart", profile.cart):
                changes["cart"] = {"something": 1}
        if "entry-page" in values:
            changes["visit"] = {**profile.visit, "entry-page": values["entry-page"]}
        return replace(profile, **changes) if changes else profile


_NAMES = {
    "searched": ("Products Searched", "query"),
    "shown": ("Promotion Viewed", "promotion_id"),
    "clicked": ("Promotion Clicked", "promotion_id"),
    "dismissed": ("Promotion Dismissed", "promotion_id"),
    "added-to-cart": ("Product Added", "product_id"),
    "viewed": ("Product Viewed", "product_id"),
    "read": ("Article Viewed", "article_id"),
}


def _event(
    verb: str, dimension: str, id: str, details: dict[str, Any], relatives: Relatives
) -> tuple[str, dict[str, Any], Relatives]:
    """Event name, properties and relatives of ``verb: {dimension: id}``.

    Something that has no event of its own, such as buying from a category, is an event on a
    thing that belongs to nothing else.
    """
    if (verb, dimension) == ("viewed", "article"):
        return "Article Viewed", {"article_id": id}, relatives
    if (verb, dimension) == ("viewed", "category"):
        return "Product List Viewed", {"category": id}, relatives
    known = relatives
    if dimension not in ("product", "article"):
        pairs = (
            relatives("category", id) if dimension == "category" else ((dimension, id),)
        )
        known = _only(pairs)
    if verb == "bought":
        return "Order Completed", {"products": [{"product_id": id, **details}]}, known
    name, property = _NAMES[verb]
    return name, {property: id, **details}, known


def _only(pairs: tuple[tuple[str, str], ...]) -> Relatives:
    def relatives(kind: str, id: str) -> tuple[tuple[str, str], ...]:
        return pairs

    return relatives
