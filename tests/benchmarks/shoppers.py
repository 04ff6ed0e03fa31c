"""Visitors of 43 attributes, for whom the five slots of a page are decided."""

import random
from collections.abc import Mapping
from typing import Any, NamedTuple

from shopwindow.rules.facts import DAY, Context, Counter, Interest, Profile
from tests.rules.oracle import Deed, Person, affinity

from .pagerules import (
    COUNTRIES,
    DEVICES,
    FLAGS,
    LANGUAGES,
    NOW,
    NUMBERS,
    REQUEST,
    SOURCES,
    TEXTS,
    TODAY,
    Spread,
)


class Visitor(NamedTuple):
    """One visitor: as shopwindow is told, as ``person`` for the reference, ``plain`` for others.

    The 43 plain values are the same under names that any language can spell, and with what
    shopwindow has to work out per request worked out: counts within 30 days and affinities.
    """

    profile: Profile
    context: Context
    given: Mapping[str, object]
    person: Person
    plain: dict[str, Any]


def make_visitors(count: int, spread: Spread, agreeing: float) -> list[Visitor]:
    """``count`` visitors, of whom about the share ``agreeing`` has given consent.

    Equal arguments make equal ones.
    """
    chance = random.Random(7)
    return [_visitor(chance, spread, agreeing) for _ in range(count)]


def _visitor(chance: random.Random, spread: Spread, agreeing: float) -> Visitor:
    names = [f"c{n}" for n in range(spread.categories)]
    viewed = {
        name: chance.choice((1, 1, 2, 2, 3, 3, 4, 5, 8))
        for name in chance.sample(names, chance.randrange(12))
    }
    scores = {
        name: chance.random() * 8 for name in chance.sample(names, chance.randrange(15))
    }
    bought = chance.sample(names, chance.randrange(8))
    segments = [f"s{n}" for n in range(spread.segments)]
    groups = chance.sample(segments, chance.randrange(1, 10))
    campaigns = [f"k{n}" for n in range(spread.campaigns)]
    campaign = chance.choice([*campaigns, *["none"] * len(campaigns)])
    agreed = chance.random() < agreeing
    days_since_order = chance.randrange(120)
    visits = chance.choice((1, 1, 1, 2, 2, 3, 5, 8, 12, 30))
    context = Context(
        NOW,
        TODAY,
        chance.randrange(24),
        "sat",
        "/",
        device=chance.choice(DEVICES),
        language=chance.choice(LANGUAGES),
        referrer="www.search.example",
        campaign=campaign,
        campaign_source=chance.choice(SOURCES),
        campaign_medium="cpc",
    )
    given: dict[str, object] = {
        "country": chance.choice([*COUNTRIES[:3] * 4, *COUNTRIES]),
        "region": "BY",
        "city": "Munich",
    }
    attributes: dict[str, Any] = {
        **dict.fromkeys(TEXTS, "ordinary"),
        "customer-type": chance.choice(("b2b", "b2c", "b2c")),
        **{name: chance.randrange(2_000) for name in NUMBERS},
        "cart-value": chance.choice((0.0, 0.0, 0.0, 15.5, 42.0, 80.0, 140.0)),
        **{name: chance.random() < 0.4 for name in FLAGS},
        "groups": groups,
    }
    profile = Profile(
        first_seen=NOW - 300 * DAY,
        last_seen=NOW,
        visits=visits,
        previous_visit=NOW - chance.randrange(60) * DAY,
        orders=chance.randrange(1, 6),
        order_value=round(chance.random() * 500, 2),
        last_order=NOW - days_since_order * DAY,
        attributes=attributes,
        counts={
            "viewed category": {
                name: _counter(times, chance) for name, times in viewed.items()
            },
            "bought category": {
                name: Counter(NOW - 40 * DAY, (TODAY - 40, 1)) for name in bought
            },
        },
        interests={
            "category": {name: Interest(score, NOW) for name, score in scores.items()}
        },
    )
    values = {
        **given,
        **attributes,
        **{name: getattr(context, name.replace("-", "_")) for name in REQUEST},
        "groups": set(groups),
        "visits": visits,
        "orders": profile.orders,
        "order-value": profile.order_value,
        "days-since-order": days_since_order,
    }
    person = Person(
        NOW,
        values,
        [
            *(
                Deed("viewed", "category", name, TODAY * DAY)
                for name, times in viewed.items()
                for _ in range(times)
            ),
            *(Deed("bought", "category", name, NOW - 40 * DAY) for name in bought),
        ],
        {"category": {name: (score, NOW) for name, score in scores.items()}},
        consent=frozenset({"personalization", "statistics"} if agreed else ()),
    )
    plain = {
        **{name.replace("-", "_"): value for name, value in values.items()},
        "groups": groups,
        "now": int(NOW),
        "agreed": agreed,
        "viewed": viewed,
        "bought": bought,
        "affinity": {
            name: affinity(person.scores["category"], {}, name, NOW) for name in scores
        },
    }
    return Visitor(profile, context, given, person, plain)


def _counter(times: int, chance: random.Random) -> Counter:
    """So many views of the last 30 days, and one before them."""
    days: dict[int, int] = {TODAY - 45: 1}
    for _ in range(times):
        day = TODAY - chance.randrange(30)
        days[day] = days.get(day, 0) + 1
    latest = max(days) * DAY
    return Counter(latest, tuple(n for pair in sorted(days.items()) for n in pair))
