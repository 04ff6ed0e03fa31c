"""Everything a rule may ask about a visitor or a request by name, read once per request."""

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, tzinfo
from typing import Any, Protocol, TypeVar

from .answers import NONE, never
from .built_in import BUILT_IN, CONTEXT_FIELDS, PROFILE_FIELDS, READERS, Reader
from .experiments import NO_ALLOCATIONS, Allocations, Units
from .facts import Context, Counter, Profile
from .interests import NO_TRAFFIC, Leanings, Traffic
from .typed import Attribute, Type, typed, version

__all__ = [
    "BUILT_IN",
    "Attribute",
    "Facts",
    "Supplies",
    "Traffic",
    "Type",
    "facts",
    "typed",
    "version",
]

_T = TypeVar("_T")

NO_UNITS = Units()
NO_PINS: Mapping[str, str] = {}
NO_COUNTS: Mapping[str, Counter] = {}
NOT_GIVEN: Mapping[str, object] = {}


class Supplies(Protocol):
    """What is known of things that are used up, and bought again."""

    def due(
        self, bought: Mapping[str, Counter], day: int, within: float
    ) -> Mapping[str, float]:
        """By product the chance that it runs out within so many days from ``day`` on, of the
        products ``bought``; those that are bought for good are left out."""

    def belongs(self, product: str) -> Collection[tuple[str, str]]:
        """What a product is and belongs to, each a dimension and a key; empty: it is not sold."""

    def title(self, product: str) -> str:
        """What it is called."""


class _NoSupplies:
    def due(
        self, bought: Mapping[str, Counter], day: int, within: float
    ) -> Mapping[str, float]:
        return {}

    def belongs(self, product: str) -> Collection[tuple[str, str]]:
        return ()

    def title(self, product: str) -> str:
        return product


NO_SUPPLIES: Supplies = _NoSupplies()


class Facts:
    """All that rules may look at in one request, typed once.

    ``values`` holds the attributes that are known; of the others some are None, some absent. Of
    lists just the ill-typed ones are None: a missing one is absent and counts as empty. ``units`` are the ids that experiments go by,
    ``pins`` map experiments to the variant that is to be seen whatever the bucket says.
    ``dismissed`` are the rules that the visitor sent away, ``unwanted`` the things that they
    never want to see: dimension -> keys. ``supplies`` know what runs out, ``allocations`` how far
    adaptive experiments and roll-outs have come. ``given`` are the raw values of this request. ``memo`` belongs to the compiled conditions, ``survivors`` to the index.
    """

    __slots__ = (
        "_leanings",
        "allocations",
        "consent",
        "context",
        "counts",
        "day",
        "dismissed",
        "given",
        "memo",
        "pins",
        "profile",
        "supplies",
        "survivors",
        "traffic",
        "units",
        "unwanted",
        "values",
    )

    def __init__(
        self,
        values: dict[str, object],
        profile: Profile,
        consent: frozenset[str],
        context: Context,
        traffic: Traffic = NO_TRAFFIC,
        units: Units = NO_UNITS,
        pins: Mapping[str, str] = NO_PINS,
        given: Mapping[str, object] = NOT_GIVEN,
        supplies: Supplies = NO_SUPPLIES,
        allocations: Allocations = NO_ALLOCATIONS,
    ) -> None:
        self.values = values
        self.profile = profile
        self.consent = consent
        self.context = context
        self.traffic = traffic
        self.counts = profile.counts
        self.dismissed = profile.counts.get("dismissed rule", NO_COUNTS)
        self.unwanted = never(profile) if profile.answers else NONE
        self.day = context.day
        self.units = units
        self.pins = pins
        self.given = given
        self.supplies = supplies
        self.allocations = allocations
        self.memo: dict[object, Any] = {}
        self.survivors: tuple[object, int, bool] | None = None
        self._leanings: dict[str, Leanings] = {}

    def leanings(self, dimension: str) -> Leanings:
        """The affinities of one dimension, for now."""
        found = self._leanings.get(dimension)
        if found is None:
            found = self._leanings[dimension] = Leanings(
                self.profile, dimension, self.context.now, self.traffic
            )
        return found

    def affinity(self, dimension: str, key: str) -> float:
        """As :meth:`shopwindow.rules.interests.Leanings.affinity`, for now."""
        return self.leanings(dimension).affinity(key)

    def running_out(self, within: float) -> Mapping[str, float]:
        """By product the chance that it runs out within so many days, of what the visitor bought
        and buys again; worked out once, when somebody asks."""
        bought = self.counts.get("bought product")
        if not bought:
            return {}
        asked = ("running-out", within)
        if asked not in self.memo:
            self.memo[asked] = self.supplies.due(bought, self.day, within)
        found: Mapping[str, float] = self.memo[asked]
        return found


class Wanted:
    """The attributes that rules use, laid out for reading; texts of time are in ``zone``.

    Of the built-in ones, ``of_profile`` and ``of_context`` are names and the fields that hold
    them: to get a field costs half of a call. ``read`` are those that have to be worked out.
    """

    __slots__ = ("declared", "of_context", "of_profile", "read", "zone")

    def __init__(self, attributes: Iterable[Attribute], zone: tzinfo = UTC) -> None:
        ordered = sorted(attributes, key=lambda attribute: attribute.name)
        self.zone = zone
        built_in = [a.name for a in ordered if a.origin == "built-in"]
        self.of_profile = _picked(PROFILE_FIELDS, built_in)
        self.of_context = _picked(CONTEXT_FIELDS, built_in)
        self.read: tuple[tuple[str, Reader], ...] = _picked(READERS, built_in)
        self.declared = tuple((a.name, a) for a in ordered if a.origin != "built-in")


def _picked(
    table: Mapping[str, _T], names: Iterable[str]
) -> tuple[tuple[str, _T], ...]:
    return tuple((name, table[name]) for name in names if name in table)


class Asked(Protocol):
    """Rules, as far as facts go: the attributes that they want."""

    @property
    def wanted(self) -> Wanted: ...


_NOBODY = Profile()


def facts(
    rules: Asked,
    profile: Profile | None,
    context: Context,
    consent: frozenset[str],
    given: Mapping[str, object],
    traffic: Traffic = NO_TRAFFIC,
    units: Units = NO_UNITS,
    pins: Mapping[str, str] = NO_PINS,
    supplies: Supplies = NO_SUPPLIES,
    allocations: Allocations = NO_ALLOCATIONS,
) -> Facts:
    """The facts of one request. Never raises on ill-typed values.

    ``given`` are this request's raw values from headers, queries, cookies, sources and the
    shop's code, by attribute name, and the values of the account; they win over those in the
    profile, which has none of an account. Only attributes that ``rules`` use are read. ``supplies`` are asked when a rule asks them. No profile means a visitor about whom nothing is recorded.
    """
    known = profile or _NOBODY
    values: dict[str, object] = {}
    _read(values, rules.wanted, known, context, consent, given)
    return Facts(
        *(values, known, consent, context, traffic, units, pins, given, supplies),
        allocations,
    )


def complete(known: Facts, wanted: Wanted) -> None:
    """Read what nobody has asked for before into ``known``, for whoever asks after the rules."""
    profile, context = known.profile, known.context
    _read(known.values, wanted, profile, context, known.consent, known.given)


def _read(
    values: dict[str, object],
    wanted: Wanted,
    known: Profile,
    context: Context,
    consent: frozenset[str],
    given: Mapping[str, object],
) -> None:
    for name, field in wanted.of_profile:
        values[name] = getattr(known, field)
    for name, field in wanted.of_context:
        values[name] = getattr(context, field)
    for name, read in wanted.read:
        if (value := read(known, context, consent, wanted.zone)) is not None:
            values[name] = value
    stored = known.attributes
    for name, attribute in wanted.declared:
        raw = given.get(name)
        if raw is None:
            if attribute.of == "account" or (raw := stored.get(name)) is None:
                continue
        value = typed(attribute, raw, wanted.zone)
        if value is not None or attribute.type == "list":
            values[name] = value
