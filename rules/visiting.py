"""A persona in the shop: pages that are delivered on a simulated clock, and remembered."""

from collections.abc import Callable, Mapping, Sequence
from datetime import tzinfo
from itertools import count
from typing import Any

import msgspec
from msgspec.structs import replace

from .attributes import NO_SUPPLIES, Facts, Supplies, facts
from .decide import decide
from .events import PROMOTION_VIEWED, VISITED
from .explain import Explanation, explain
from .exposures import showing
from .facts import Context, Decision, Event, Profile
from .happenings import Happened
from .interests import NO_TRAFFIC
from .learning import Relatives, learn
from .moments import Duration, day_of, later
from .personas import Persona
from .placement import Limits, Placement
from .ruleset import RuleSet, ruleset

Sighting = tuple[str, dict[str, Any]]  # an event's name and properties


class Look(msgspec.Struct, frozen=True):
    """What a request for a page says: its context, the raw attributes in its address, and the
    event that a view of the page stands for, if any."""

    context: Context
    given: Mapping[str, Any] = {}
    sighting: Sighting | None = None


class Shop(msgspec.Struct, frozen=True):
    """Everything that decides on a page of the shop.

    ``slots`` come in the order in which they share a page. ``look(address, now)`` is what a
    request for an address with its query says, ``learn`` what the shop keeps of an event.
    """

    rules: RuleSet
    slots: Sequence[str]
    limits: Limits
    zone: tzinfo
    look: Callable[[str, float], Look]
    learn: Callable[[Profile | None, Event], Profile | None]
    supplies: Supplies = NO_SUPPLIES


def settled(rules: RuleSet) -> RuleSet:
    """``rules`` on a day on which none of them steps aside for the next one.

    Whom ``explore`` asks on which day is chance, and a test that hangs on it would fail with
    every other date.
    """
    found = [replace(rule, explore=0.0) for rule in rules.rules]
    return ruleset(found, rules.segments, rules.revision, rules.zone)


class Page(msgspec.Struct, frozen=True):
    """One page as it was delivered: a decision for each slot."""

    shop: Shop
    facts: Facts
    limits: Limits
    decisions: Mapping[str, Decision]

    def explain(self, slot: str) -> Explanation:
        """Why ``slot`` shows what it shows, beside the other slots of this page. Raises KeyError."""
        placement = Placement(self.limits)
        for each in self.shop.slots:
            told = explain(self.shop.rules, self.facts, each, placement)
            if each == slot:
                return told
        raise KeyError(slot)


class Visitor:
    """A persona who opens one page at ``now`` and comes back to it.

    Without consent nothing is remembered, as in the shop. Made-up visitors are there to see
    something: only with ``holdout`` they are among those who never do.
    """

    def __init__(
        self, persona: Persona, shop: Shop, now: float, path: str, holdout: bool = False
    ) -> None:
        self.persona, self.shop, self.now = persona, shop, now
        self._address = path
        self._limits = replace(shop.limits, holdout=1.0 if holdout else 0.0)
        self._remembered = "personalization" in persona.consent
        self._profile = persona.profile if self._remembered else None
        self._said = {
            name: value for name, value in persona.context.items() if name != "path"
        }
        self._numbers = count(1)

    def wait(self, length: Duration) -> None:
        """Moves the clock; a day later it shows the same time."""
        self.now = later(self.now, length, self.shop.zone)

    def does(self, deed: Happened) -> None:
        """Something that happens now; the visitor is in the shop for it."""
        self._arrive(self._look())
        self._learn((deed.name, deed.properties), deed.relatives)

    def open(self) -> Page:
        """Delivers the page. It counts its own view in its decisions, and behind them what it
        showed."""
        shop, persona, look = self.shop, self.persona, self._look()
        self._arrive(look)
        if look.sighting is not None:
            self._learn(look.sighting)
        known = facts(
            shop.rules,
            self._profile,
            replace(look.context, **self._said),
            persona.consent,
            {**look.given, **persona.given},
            NO_TRAFFIC,
            persona.units,
            persona.pins,
            shop.supplies,
        )
        placement = Placement(self._limits)
        decisions: dict[str, Decision] = {}
        for slot in shop.slots:
            found = placement.placed(decide(shop.rules, known, slot), known)
            placement.take(found)
            decisions[slot] = found
        exposed = [one for one in decisions.values() if one.shown or one.held]
        if exposed:
            self._learn((PROMOTION_VIEWED, showing(exposed, shop.rules.revision)))
        return Page(shop, known, self._limits, decisions)

    def _look(self) -> Look:
        return self.shop.look(self._address, self.now)

    def _arrive(self, look: Look) -> None:
        """Begins a new visit if the last one is over."""
        self._learn((VISITED, {"path": look.context.path}))

    def _learn(self, sighting: Sighting, relatives: Relatives | None = None) -> None:
        if not self._remembered:
            return
        name, properties = sighting
        day = day_of(self.now, self.shop.zone)
        id = f"page-{next(self._numbers)}"
        event = Event(id, name, "", self.now, day, properties)
        if relatives is None:
            self._profile = self.shop.learn(self._profile, event)
        else:
            self._profile = learn(self._profile, event, relatives)
