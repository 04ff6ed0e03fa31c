"""The attributes that every site has, without declaring them: one table says all about them."""

from collections.abc import Callable
from datetime import tzinfo
from math import isfinite

from .considering import considering_since
from .facts import DAY, Context, Profile
from .habits import usual_hour
from .moments import WEEKDAYS, day_of
from .stages import STAGES, stage
from .typed import Attribute, Type

#: What an attribute is for this profile, request, granted consents and the site's time zone.
Reader = Callable[[Profile, Context, frozenset[str], tzinfo], object]


Entry = tuple[Attribute, Reader | str]


def _days_since(time: float, context: Context) -> int | None:
    """Whole days that have passed; None if it never happened."""
    passed = context.now - time
    return max(0, int(passed // DAY)) if time and isfinite(passed) else None


def _visited_today(
    profile: Profile, context: Context, consent: frozenset[str], zone: tzinfo
) -> bool:
    before = profile.previous_visit
    # More than a day away needs no calendar, and might not be in one.
    recent = before and abs(context.now - before) < 2 * DAY
    return bool(recent) and day_of(before, zone) == context.day


def _cart_age(
    profile: Profile, context: Context, consent: frozenset[str], zone: tzinfo
) -> float | None:
    if not profile.cart:
        return None
    return max(0.0, (context.now - profile.cart_since) / 3600)


def _days_considering(profile: Profile, context: Context) -> int | None:
    since = considering_since(profile, context.day)
    return None if since is None else max(0, context.day - since)


def _of_visit(name: str, own: Callable[[Context], str | None]) -> Reader:
    """This request's own, else the one the visit began with, if that may be remembered."""

    def read(
        profile: Profile, context: Context, consent: frozenset[str], zone: tzinfo
    ) -> str | None:
        said = own(context)
        if said is None and "personalization" in consent:
            return profile.visit.get(name)
        return said

    return read


def _profile(
    name: str,
    type: Type,
    read: Reader | str,
    meaning: str,
    one_of: tuple[str, ...] = (),
) -> Entry:
    """An attribute that the profile remembers, which needs the visitor's consent.

    ``read`` says how; a text is the profile's field that holds it as it is.
    """
    needs = "personalization"
    return Attribute(name, type, "built-in", one_of, needs, meaning=meaning), read


def _request(
    name: str,
    type: Type,
    read: Reader | str,
    meaning: str,
    one_of: tuple[str, ...] = (),
) -> Entry:
    """An attribute that the request brings along, whoever sent it; a text is a field of it."""
    return Attribute(name, type, "built-in", one_of, meaning=meaning), read


_TABLE: tuple[Entry, ...] = (
    _profile(
        "visits",
        "number",
        "visits",
        "How often the visitor has been here, this visit included.",
    ),
    _profile(
        "returning",
        "yes-no",
        lambda p, *_: p.visits > 1,
        "Whether the visitor has been here before this visit.",
    ),
    _profile(
        "visited-today",
        "yes-no",
        _visited_today,
        "Whether there was a visit before this one on the same day.",
    ),
    _profile(
        "days-since-visit",
        "number",
        lambda p, c, *_: _days_since(p.previous_visit, c),
        "Whole days since the visit before this one; unknown on the first.",
    ),
    _profile(
        "days-since-first-visit",
        "number",
        lambda p, c, *_: _days_since(p.first_seen, c),
        "Whole days since the visitor was first seen.",
    ),
    _profile(
        "usual-hour",
        "number",
        lambda p, c, _, zone: usual_hour(p.visit_starts, zone),
        "The hour, 0 to 23, in which most visits begin, give or take one; "
        "unknown before the third visit and where no hour is usual.",
    ),
    _profile(
        "orders",
        "number",
        "orders",
        "How many orders the visitor has placed.",
    ),
    _profile(
        "order-value",
        "number",
        lambda p, *_: p.order_value if isfinite(p.order_value) else None,
        "What all orders of the visitor were worth together.",
    ),
    _profile(
        "days-since-order",
        "number",
        lambda p, c, *_: _days_since(p.last_order, c),
        "Whole days since the last order; unknown before the first.",
    ),
    _profile(
        "stage",
        "text",
        lambda p, c, *_: stage(p, c),
        "Where the visitor stands between the first look and the last order.",
        STAGES,
    ),
    _profile(
        "days-considering",
        "number",
        lambda p, c, *_: _days_considering(p, c),
        "Whole days since the first look at the category looked at last, if that was three times "
        "in 30 days and nothing of it was bought since; unknown otherwise.",
    ),
    _profile(
        "cart-items",
        "number",
        lambda p, *_: sum(p.cart.values()),
        "How many things are in the cart.",
    ),
    _profile(
        "cart-age-hours",
        "number",
        _cart_age,
        "Hours since something was first put into the cart that is there now.",
    ),
    _profile(
        "entry-page",
        "text",
        lambda p, *_: p.visit.get("entry-page"),
        "The path of the first page of this visit.",
    ),
    _request(
        "device",
        "text",
        "device",
        "What the page is looked at with.",
        ("mobile", "tablet", "desktop"),
    ),
    _request(
        "language",
        "text",
        "language",
        "The language of the page, for example `de`.",
    ),
    _request(
        "referrer",
        "text",
        _of_visit("referrer", lambda c: c.referrer),
        "The host that the visitor came from.",
    ),
    _request(
        "campaign",
        "text",
        _of_visit("campaign", lambda c: c.campaign),
        "`utm_campaign` of the link that led here.",
    ),
    _request(
        "campaign-source",
        "text",
        "campaign_source",
        "`utm_source` of the link that led here.",
    ),
    _request(
        "campaign-medium",
        "text",
        "campaign_medium",
        "`utm_medium` of the link that led here.",
    ),
    _request(
        "path",
        "text",
        "path",
        "The path of the page, for example `/`.",
    ),
    _request(
        "hour",
        "number",
        "hour",
        "The hour of the day in the shop's time zone, 0 to 23.",
    ),
    _request(
        "weekday",
        "text",
        "weekday",
        "The day of the week in the shop's time zone.",
        WEEKDAYS,
    ),
    _request(
        "logged-in",
        "yes-no",
        "logged_in",
        "Whether a customer is logged in.",
    ),
    _request(
        "first-name",
        "text",
        lambda p, c, *_: c.first_name if c.logged_in else None,
        "The customer's first name; known only while logged in.",
    ),
)
BUILT_IN: dict[str, Attribute] = {attribute.name: attribute for attribute, _ in _TABLE}
#: How each is read that has to be worked out; None: it is not known.
READERS: dict[str, Reader] = {
    attribute.name: read for attribute, read in _TABLE if not isinstance(read, str)
}
#: The fields that hold the others, by the attribute's name.
PROFILE_FIELDS: dict[str, str] = {
    attribute.name: read
    for attribute, read in _TABLE
    if isinstance(read, str) and attribute.purpose
}
CONTEXT_FIELDS: dict[str, str] = {
    attribute.name: read
    for attribute, read in _TABLE
    if isinstance(read, str) and not attribute.purpose
}
