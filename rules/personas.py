"""Made-up visitors, for tests and previews: the words of rules, turned into a profile."""

from collections.abc import Mapping
from datetime import tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from ..findings import Finding
from .document import Document, Node
from .experiments import Units
from .facts import Event, Profile
from .happenings import World
from .learning import Relatives
from .lives import live
from .moments import read_now
from .traits import Traits, TraitsReader
from .versions import read_version
from .vocabulary import Vocabulary, time_zone

FILE_KEYS = ("version", "now", "personas", "tests")
_CONTEXT = ("path", "device", "language", "referrer", "campaign", "campaign-source")
_IN_CONTEXT = frozenset(
    {*_CONTEXT, "campaign-medium", "hour", "weekday", "logged-in", "first-name"}
)


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
    name: str,
    text: str,
    vocabulary: Vocabulary,
    relatives: Relatives,
    now: float,
    moment: float | None = None,
) -> tuple[Personas, list[Finding]]:
    """A file of ``rules/tests`` to its personas. ``now`` counts where the file names none;
    a ``moment`` counts whatever it names.

    Never raises; personas with errors are left out. A wrong consent, an unknown attribute or a
    value that its attribute's type does not allow are errors, as in rules.
    """
    findings: list[Finding] = []
    file = PersonaFile(name, text, vocabulary, relatives, findings)
    moment = file.now if moment is None else moment
    now = now if moment is None else moment
    world = file.world(now)
    personas = {
        name: make_persona(name, traits, world, line=key.line)
        for name, (key, _) in file.personas.items()
        if (traits := file.traits(name, now)) is not None
    }
    findings.sort(key=lambda finding: (finding.line, finding.column))
    return Personas(now, personas), findings


def read_moment(document: Document, node: Node, zone: tzinfo) -> float | None:
    """The value of a ``now:`` in seconds since 1970; None is an error in the document."""
    time = read_now(node.text, zone) if node.kind == "scalar" else None
    if time is None:
        document.error(node, f"{node.shown} is not a time", "write 2026-11-21 10:00")
    return time


class PersonaFile:
    """One file of ``rules/tests`` as it is written. Findings go into the list it is given.

    ``now`` is the file's own moment, if it names one; ``personas`` are the places of their
    names and what stands there; ``tests`` is what stands under that word. Of a persona,
    ``2 days ago`` is meant from the moment at which it is asked for.
    """

    def __init__(
        self,
        name: str,
        text: str,
        vocabulary: Vocabulary,
        relatives: Relatives,
        findings: list[Finding],
    ) -> None:
        self.name = name
        self.document = document = Document(name, text, findings)
        self.vocabulary = vocabulary
        self.relatives = relatives
        self.zone: tzinfo = time_zone(vocabulary.timezone) or ZoneInfo("UTC")
        self.now: float | None = None
        self.personas: dict[str, tuple[Node, Node]] = {}
        self.tests: Node | None = None
        root = document.root
        if root is None or root.empty:
            return
        for key, value in document.pairs(root, "file", FILE_KEYS):
            match key.text:
                case "version":
                    read_version(document, value)
                case "now":
                    self.now = read_moment(document, value, self.zone)
                case "personas" if not value.empty:
                    for name_of, node in document.pairs(value, "personas"):
                        self.personas[name_of.text] = name_of, node
                case "tests":
                    self.tests = value

    def world(self, now: float) -> World:
        """What a persona of this file lives in, at the moment ``now``."""
        return World(self.document, self.vocabulary, self.relatives, now, self.zone)

    def traits(self, name: str, now: float) -> Traits | None:
        """The traits of one of ``personas``, seen from ``now``; None where it has errors."""
        _, node = self.personas[name]
        return TraitsReader(self.world(now)).read(node, f'persona "{name}"')


def make_persona(
    name: str,
    traits: Traits,
    world: World,
    *,
    line: int = 1,
    path: str = "/",
    pins: Mapping[str, str] = {},
) -> Persona:
    """The persona with these traits, who has just opened the page at ``path``.

    ``pins`` and ``line`` are the persona's own; see :class:`Persona`.
    """
    context = {
        name.replace("-", "_"): value
        for name, value in traits.values.items()
        if name in _IN_CONTEXT
    }
    if "first_name" in context:
        context.setdefault("logged_in", True)
    events, profile = live(traits, world, path)
    granted = traits.consent or frozenset()
    return Persona(name, profile, granted, traits.given, context, events, line, pins)
