"""What an editor says about a persona: one map of a file, read and checked."""

from typing import Any

import msgspec

from ..findings import suggest
from .attributes import BUILT_IN, Attribute, typed
from .document import Node, core, names
from .facts import PURPOSES
from .happenings import Happened, Happenings, World

DERIVED = {
    "stage": "events, orders and visits",
    "returning": "`visits:`",
    "visited-today": "`days-since-visit:`",
    "days-considering": "events",
}


class Traits(msgspec.Struct, frozen=True):
    """What is said outright: ``values`` of built-in attributes, ``given`` of the shop's own as a
    request brings them, and what ``happened``, oldest first. None: nothing is said of it."""

    values: dict[str, Any] = {}
    given: dict[str, Any] = {}
    consent: frozenset[str] | None = None
    happened: tuple[Happened, ...] | None = None

    def but(self, other: "Traits") -> "Traits":
        """The same with what ``other`` says; its consent and its events replace the old ones."""
        return Traits(
            self.values | other.values,
            self.given | other.given,
            self.consent if other.consent is None else other.consent,
            self.happened if other.happened is None else other.happened,
        )


class TraitsReader:
    """Reads the personas of one document; findings go to it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.document = world.document
        self.happenings = Happenings(world)

    def read(self, node: Node, what: str) -> Traits | None:
        """The traits at ``node``, which is called ``what``; None if something is wrong there."""
        document, before = self.document, self.document.errors
        values: dict[str, Any] = {}
        given: dict[str, Any] = {}
        consent: frozenset[str] | None = None
        happened: tuple[Happened, ...] | None = None
        known = {"consent", "events", *BUILT_IN, *self.world.vocabulary.attributes}
        entries = () if node.empty else document.pairs(node, what, known)
        for name, value in entries:
            if name.text == "consent":
                consent = frozenset(self._consent(value))
            elif name.text == "events":
                happened = tuple(self.happenings.read(value))
            elif name.text in DERIVED:
                hint = f"it follows from {DERIVED[name.text]}"
                document.error(name, f'"{name.text}" cannot be given', hint)
            elif (attribute := self.world.vocabulary.attribute(name.text)) is not None:
                raw = self._value(attribute, value)
                (values if name.text in BUILT_IN else given)[name.text] = raw
        if document.errors > before:
            return None
        return Traits(values, given, consent, happened)

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
        value = typed(attribute, raw, self.world.zone)
        if value is None:
            words = f'"{attribute.name}" is a {attribute.type}; {node.shown} is not'
            self.document.error(node, words)
        return value if attribute.type == "number" else raw
