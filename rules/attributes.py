"""Everything a rule may ask about a visitor or a request by name, each with its type."""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from typing import Literal, Protocol

import msgspec

from .facts import DAY, Context, Profile
from .interests import NO_TRAFFIC, Leanings, Traffic
from .moments import WEEKDAYS, as_day, as_time, read_day, read_time
from .numerals import number
from .stages import STAGES, stage

__all__ = ["BUILT_IN", "Attribute", "Facts", "Traffic", "facts", "typed", "version"]

Type = Literal["number", "text", "yes-no", "date", "time", "version", "list"]
TEXT_LIMIT = 4_096  # characters of a value; a header may be longer than anything meant
LIST_LIMIT = 1_000

_VERSION = re.compile(r"v?\d{1,9}(\.\d{1,9}){0,7}", re.ASCII)
_YES_NO = {"true": True, "yes": True, "false": False, "no": False}


class Attribute(msgspec.Struct, frozen=True, gc=False):
    """One name a rule may use.

    ``origin`` is ``app``, ``header:NAME``, ``query:NAME``, ``cookie:NAME``, ``preference``,
    ``source:NAME`` or ``built-in``. ``one_of`` are the values that make sense in a rule. A
    ``sensitive`` attribute decides, but is never printed.
    """

    name: str
    type: Type
    origin: str
    one_of: tuple[str, ...] = ()
    purpose: str | None = None
    sensitive: bool = False

    @property
    def purposes(self) -> frozenset[str]:
        """The consents a rule needs that asks for this attribute."""
        if self.purpose is not None:
            return frozenset({self.purpose})
        if self.origin == "built-in":
            return frozenset()
        kind = self.origin.partition(":")[0]
        stored = kind in ("app", "preference", "source", "cookie")
        return frozenset({"personalization"}) if stored else frozenset()


# -- one place of coercion -----------------------------------------------------------------


def version(text: str) -> tuple[int, ...] | None:
    """``v1.10.0`` as a tuple that sorts: ``(1, 10)``."""
    if not _VERSION.fullmatch(text):
        return None
    parts = [int(part) for part in text.removeprefix("v").split(".")]
    while parts and parts[-1] == 0:
        parts.pop()
    return tuple(parts)


def typed(attribute: Attribute, raw: object, zone: tzinfo = UTC) -> object | None:
    """``raw`` as a value of the attribute's type, or None where it is not one. Never raises.

    number -> int or float (finite); text -> str; yes-no -> bool; date -> days since
    1970-01-01; time -> seconds since 1970 (without an offset meant in ``zone``); version ->
    tuple of int; list -> frozenset of str. Headers, cookies, forms and sources can only say
    texts, so theirs are read as their type; what the shop's own code sets must have it.
    An empty text says nothing and is None.
    """
    if isinstance(raw, str):
        if not raw or len(raw) > TEXT_LIMIT:
            return None
        if attribute.type == "text":
            return raw
        return _from_text(attribute, raw.strip(), zone)
    return _FROM_OBJECT[attribute.type](raw, zone)


def _from_text(attribute: Attribute, text: str, zone: tzinfo) -> object | None:
    match attribute.type:
        case "date":
            return read_day(text)
        case "time":
            return read_time(text, zone)
        case "version":
            return version(text)
    if attribute.origin == "app":
        return None
    match attribute.type:
        case "number":
            return number(text)
        case "yes-no":
            return _YES_NO.get(text.lower())
        case _:
            return frozenset(
                part for piece in text.split(",") if (part := piece.strip())
            )


def _number(raw: object, zone: tzinfo) -> int | float | None:
    if isinstance(raw, bool):
        return None
    if isinstance(raw, Decimal):
        raw = float(raw) if raw.is_finite() else None  # 1E+999 becomes infinite here
    if isinstance(raw, float):
        return raw if math.isfinite(raw) else None
    # Arbitrarily long integers compare, but cannot be printed.
    return int(raw) if isinstance(raw, int) and abs(raw) < 1 << 63 else None


def _time(raw: object, zone: tzinfo) -> float | None:
    if isinstance(raw, datetime):
        return as_time(raw, zone)
    return _number(raw, zone)


def _date(raw: object, zone: tzinfo) -> int | None:
    return as_day(raw) if isinstance(raw, date) else None


def _list(raw: object, zone: tzinfo) -> frozenset[str] | None:
    if not isinstance(raw, (list, tuple, set, frozenset)) or len(raw) > LIST_LIMIT:
        return None
    if not set(map(type, raw)) <= _TEXTS:  # the usual ones at once
        if not all(isinstance(item, str) for item in raw):
            return None
    return frozenset(raw)


_TEXTS = {str}

_FROM_OBJECT: dict[Type, Callable[[object, tzinfo], object | None]] = {
    "number": _number,
    "text": lambda raw, zone: None,
    "yes-no": lambda raw, zone: raw if isinstance(raw, bool) else None,
    "date": _date,
    "time": _time,
    "version": lambda raw, zone: (
        version(str(raw)) if type(raw) is int and 0 <= raw < 10**9 else None
    ),
    "list": _list,
}


# -- what is always there ------------------------------------------------------------------

Reader = Callable[[Profile, Context, frozenset[str]], object]


def _days_since(time: float, context: Context) -> int | None:
    """Whole days that have passed; None if it never happened."""
    return max(0, int((context.now - time) // DAY)) if time else None


def _cart_age(
    profile: Profile, context: Context, consent: frozenset[str]
) -> float | None:
    if not profile.cart:
        return None
    return max(0.0, (context.now - profile.cart_since) / 3600)


def _of_visit(name: str, own: Callable[[Context], str | None]) -> Reader:
    """This request's own, else the one the visit began with, if that may be remembered."""

    def read(profile: Profile, context: Context, consent: frozenset[str]) -> str | None:
        said = own(context)
        if said is None and "personalization" in consent:
            return profile.visit.get(name)
        return said

    return read


def _built_in(name: str, type: Type, personal: bool, *one_of: str) -> Attribute:
    return Attribute(
        name, type, "built-in", one_of, "personalization" if personal else None
    )


_BUILT_IN: tuple[tuple[Attribute, Reader], ...] = (
    (_built_in("visits", "number", True), lambda p, c, _: p.visits),
    (_built_in("orders", "number", True), lambda p, c, _: p.orders),
    (_built_in("order-value", "number", True), lambda p, c, _: p.order_value),
    (
        _built_in("days-since-visit", "number", True),
        lambda p, c, _: _days_since(p.previous_visit, c),
    ),
    (
        _built_in("days-since-order", "number", True),
        lambda p, c, _: _days_since(p.last_order, c),
    ),
    (_built_in("stage", "text", True, *STAGES), lambda p, c, _: stage(p, c)),
    (_built_in("returning", "yes-no", True), lambda p, c, _: p.visits > 1),
    (_built_in("cart-items", "number", True), lambda p, c, _: sum(p.cart.values())),
    (_built_in("cart-age-hours", "number", True), _cart_age),
    (_built_in("entry-page", "text", True), lambda p, c, _: p.visit.get("entry-page")),
    (
        _built_in("device", "text", False, "mobile", "tablet", "desktop"),
        lambda p, c, _: c.device,
    ),
    (_built_in("language", "text", False), lambda p, c, _: c.language),
    (_built_in("referrer", "text", False), _of_visit("referrer", lambda c: c.referrer)),
    (_built_in("campaign", "text", False), _of_visit("campaign", lambda c: c.campaign)),
    (_built_in("campaign-source", "text", False), lambda p, c, _: c.campaign_source),
    (_built_in("campaign-medium", "text", False), lambda p, c, _: c.campaign_medium),
    (_built_in("path", "text", False), lambda p, c, _: c.path),
    (_built_in("hour", "number", False), lambda p, c, _: c.hour),
    (_built_in("weekday", "text", False, *WEEKDAYS), lambda p, c, _: c.weekday),
    (_built_in("logged-in", "yes-no", False), lambda p, c, _: c.logged_in),
    (
        _built_in("first-name", "text", False),
        lambda p, c, _: c.first_name if c.logged_in else None,
    ),
)
BUILT_IN: dict[str, Attribute] = {
    attribute.name: attribute for attribute, _ in _BUILT_IN
}
# Read without a call: these stand in every profile as they are.
_FIELDS = {"visits": "visits", "orders": "orders", "order-value": "order_value"}
_READERS: dict[str, Reader] = {
    attribute.name: reader for attribute, reader in _BUILT_IN
}


# -- one request ---------------------------------------------------------------------------


class Facts:
    """All that rules may look at in one request, typed once.

    ``values`` holds the attributes that are known; an ill-typed list stands there as None, a
    missing one is absent and counts as empty. ``memo`` belongs to the compiled conditions,
    ``survivors`` to the index.
    """

    __slots__ = (
        "_leanings",
        "consent",
        "context",
        "counts",
        "day",
        "memo",
        "profile",
        "survivors",
        "traffic",
        "values",
    )

    def __init__(
        self,
        values: dict[str, object],
        profile: Profile,
        consent: frozenset[str],
        context: Context,
        traffic: Traffic = NO_TRAFFIC,
    ) -> None:
        self.values = values
        self.profile = profile
        self.consent = consent
        self.context = context
        self.traffic = traffic
        self.counts = profile.counts
        self.day = context.day
        self.memo: dict[object, bool] = {}
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


class Wanted:
    """The attributes that rules use, laid out for reading; texts of time are in ``zone``."""

    __slots__ = ("declared", "fields", "read", "zone")

    def __init__(self, attributes: Iterable[Attribute], zone: tzinfo = UTC) -> None:
        ordered = sorted(attributes, key=lambda attribute: attribute.name)
        self.zone = zone
        built_in = [a.name for a in ordered if a.origin == "built-in"]
        self.fields: tuple[tuple[str, str], ...] = tuple(
            (name, _FIELDS[name]) for name in built_in if name in _FIELDS
        )
        self.read: tuple[tuple[str, Reader], ...] = tuple(
            (name, _READERS[name]) for name in built_in if name not in _FIELDS
        )
        self.declared: tuple[Attribute, ...] = tuple(
            attribute for attribute in ordered if attribute.origin != "built-in"
        )


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
) -> Facts:
    """The facts of one request. Never raises on ill-typed values.

    ``given`` are this request's raw values from headers, queries, cookies, sources and the
    shop's code, by attribute name; they win over those in the profile. Only attributes that
    ``rules`` use are read. No profile means a visitor about whom nothing is recorded.
    """
    known = profile or _NOBODY
    stored, wanted = known.attributes, rules.wanted
    values: dict[str, object] = {}
    for name, field in wanted.fields:
        values[name] = getattr(known, field)
    for name, read in wanted.read:
        if (value := read(known, context, consent)) is not None:
            values[name] = value
    for attribute in wanted.declared:
        name = attribute.name
        raw = given.get(name)
        if raw is None and (raw := stored.get(name)) is None:
            continue
        value = typed(attribute, raw, wanted.zone)
        if value is not None or attribute.type == "list":
            values[name] = value
    return Facts(values, known, consent, context, traffic)
