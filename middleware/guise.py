"""Somebody through whose eyes a page is seen, without being there: nothing of it counts."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from ..rules.attributes import NO_SUPPLIES, Facts, Supplies, facts
from ..rules.decide import decide
from ..rules.experiments import NO_ALLOCATIONS, Allocations, Units
from ..rules.facts import Context, Decision, Event, Profile
from ..rules.interests import NO_TRAFFIC, Traffic
from ..rules.placement import Limits, Placement
from .context import campaign
from .stores import VISITED
from .views import sightings

if TYPE_CHECKING:
    from ..rules.personas import Persona
    from .site import Site


class Guise(msgspec.Struct, frozen=True):
    """A persona, or a visitor out of the store, at the moment ``now``.

    ``given``, ``context`` and ``pins`` are as in :class:`~shopwindow.rules.personas.Persona`.
    ``arrived``: the visit of ``now`` is part of the profile already.
    """

    name: str
    now: float
    profile: Profile
    consent: frozenset[str]
    units: Units
    given: Mapping[str, Any] = {}
    context: Mapping[str, Any] = {}
    pins: Mapping[str, str] = {}
    arrived: bool = True

    def looks(
        self, site: "Site", path: str, query: bytes = b"", device: str = "desktop"
    ) -> Context:
        """The context of a look at ``path``; of all else, what the persona says wins."""
        seen = site.context.at(self.now, path, device=device, **campaign(query))
        return replace(seen, **{**self.context, "path": seen.path})

    def facts(
        self,
        site: "Site",
        context: Context,
        query: bytes = b"",
        traffic: Traffic = NO_TRAFFIC,
        supplies: Supplies = NO_SUPPLIES,
        allocations: Allocations = NO_ALLOCATIONS,
    ) -> Facts:
        """What rules may know of this look at a page; the look itself counts, as on any page."""
        return facts(
            site.rules,
            self._after(site, context, query),
            context,
            self.consent,
            site.context.queried(query) | dict(self.given),
            traffic,
            self.units,
            self.pins,
            supplies,
            allocations,
        )

    def _after(self, site: "Site", context: Context, query: bytes) -> Profile | None:
        if "personalization" not in self.consent:
            return None  # nothing is remembered of them
        profile: Profile | None = self.profile
        for sighting in sightings(site, context, query, self.profile):
            name, properties = sighting.name, sighting.properties
            if name != VISITED or not self.arrived:
                event = Event(name, name, "", self.now, context.day, properties)
                profile = site.learn(profile, event)
        return profile


def disguised(
    persona: "Persona", now: float, pins: Mapping[str, str] | None = None
) -> Guise:
    """The guise of a persona that was made for ``now``; ``pins`` come on top of its own."""
    return Guise(
        persona.name,
        now,
        persona.profile,
        persona.consent,
        persona.units,
        persona.given,
        persona.context,
        {**persona.pins, **(pins or {})},
    )


def returning(
    visitor: str, profile: Profile, consent: frozenset[str], now: float
) -> Guise:
    """A visitor out of the store, as if opening a page at the time ``now``."""
    return Guise(visitor, now, profile, consent, Units(visitor), arrived=False)


def everybody_sees(site: "Site") -> Limits:
    """What one page holds for those who are there to see something: none of them is held out."""
    return replace(site.settings.limits, holdout=0.0)


def decisions(site: "Site", known: Facts, limits: Limits) -> dict[str, Decision]:
    """What every slot of the site shows, in the order of site.toml, as if on one page."""
    placement = Placement(limits)
    found: dict[str, Decision] = {}
    for slot in site.settings.slots:
        found[slot] = placement.placed(decide(site.rules, known, slot), known)
        placement.take(found[slot])
    return found
