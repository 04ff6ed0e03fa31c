"""People drawn by chance: as the oracle sees them, and as shopwindow is told of them."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from random import Random
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from shopwindow.rules.facts import DAY, Answer, Context, Counter, Interest, Profile
from shopwindow.rules.interests import Traffic
from tests.rules.oracle import Deed, Kind, Person
from tests.rules.shop import BOTH, NOW, PERSONALIZATION, TODAY, VOCABULARY

Data = dict[str, Any]

OWN = "personalization"
KINDS: Mapping[str, Kind] = {
    "country": Kind("text"),
    "customer-type": Kind("text", OWN),
    "cart-value": Kind("number", OWN),
    "has-account": Kind("yes-no", OWN),
    "pet-born": Kind("date", OWN),
    "contract-ends": Kind("time", OWN),
    "app-version": Kind("version"),
    "hobbies": Kind("list", OWN),
    "survey": Kind("text", "statistics"),
    "visits": Kind("number", OWN),
    "returning": Kind("yes-no", OWN),
    "orders": Kind("number", OWN),
    "order-value": Kind("number", OWN),
    "cart-items": Kind("number", OWN),
    "days-since-order": Kind("number", OWN),
    "device": Kind("text"),
    "language": Kind("text"),
    "hour": Kind("number"),
    "logged-in": Kind("yes-no"),
}
# What is said of an attribute and what that is worth, both written by hand.
SAID: Mapping[str, Sequence[tuple[object, object]]] = {
    "country": (("DE", "DE"), ("AT", "AT"), ("XX", "XX"), ("", None), (3, None)),
    "customer-type": (("b2b", "b2b"), ("b2c", "b2c"), (True, None), (["b2b"], None)),
    "cart-value": (
        *((0, 0), (3, 3), (7.5, 7.5), (Decimal("3"), 3), ("3", None)),
        *((float("nan"), None), (True, None), (10**400, None)),
    ),
    "has-account": ((True, True), (False, False), (1, None), ("true", None)),
    "pet-born": (
        ("2026-11-20", date(2026, 11, 20)),
        ("2025-11-21", date(2025, 11, 21)),
        ("2026-11-14", date(2026, 11, 14)),
        ("2026-11-25", date(2026, 11, 25)),
        (date(2026, 10, 21), date(2026, 10, 21)),
        *(("2026-02-30", None), ("soon", None), (7, None)),
    ),
    "contract-ends": (
        *((NOW + 3600, NOW + 3600), (NOW - 40 * DAY, NOW - 40 * DAY), (NOW, NOW)),
        *(("2026-11-21 12:00", NOW + 3600), ("never", None), (False, None)),
    ),
    "app-version": (("1.9", [1, 9]), ("1.10.0", [1, 10]), ("v2", [2]), ("beta", None)),
    "hobbies": (
        *((["a"], {"a"}), (["a", "b"], {"a", "b"}), ([], set()), ("a, c", {"a", "c"})),
        *(([1], None), (5, None), (["a", None], None)),
    ),
    "survey": (("yes", "yes"), ("no", "no"), (4, None)),
}
CATEGORIES = ("wood", "screws")
KEYS: Mapping[str, Sequence[str]] = {
    "category": CATEGORIES,
    "product": ("p1", "p2"),
    "brand": ("Spax",),
}
SECONDS_AGO = (
    *(0, 600, 7199, 7200, DAY, 2 * DAY, 6 * DAY, 7 * DAY),
    *(28 * DAY, 29 * DAY, 30 * DAY, 31 * DAY, 300 * DAY),
)
ZONE = ZoneInfo(VOCABULARY.timezone)


class Known(NamedTuple):
    """One person twice: as the oracle sees them, and what shopwindow is told."""

    person: Person
    profile: Profile
    context: Context
    given: Mapping[str, object]
    traffic: Traffic


def make_person(chance: Random) -> Known:
    """Somebody of whom much is missing, and some of the wrong type."""
    pick = chance.choice
    given: Data = {}
    stored: Data = {}
    values: Data = {}
    for name, said in SAID.items():
        if chance.random() < 0.8:
            raw, worth = pick(said)
            values[name] = worth
            pick((given, stored))[name] = raw
    visits, orders = pick((0, 1, 2, 3, 12)), pick(((), (), (2.5,), (11.0, 2.5)))
    cart = pick(({}, {"p1": 1}, {"p1": 2, "p2": 1}))
    device, language = pick((None, "mobile", "desktop")), pick((None, "de", "fr"))
    values |= {
        "visits": visits,
        "returning": visits > 1,
        "orders": len(orders),
        "order-value": sum(orders),
        "cart-items": sum(cart.values()),
        "days-since-order": 3 if orders else None,
        "device": device,
        "language": language,
        "hour": 11,
        "logged-in": pick((True, False)),
    }
    deeds = [
        Deed(pick(("viewed", "bought")), dimension, pick(KEYS[dimension]), time)
        for dimension in chance.choices(sorted(KEYS), k=chance.randrange(12))
        for time in [NOW - pick(SECONDS_AGO)]
    ]
    scores = {
        "category": {
            key: (chance.expovariate(0.5), NOW - pick((-1, 0, 30, 90)) * DAY)
            for key in chance.sample((*CATEGORIES, "other"), chance.randrange(4))
        }
    }
    answers = {
        ("category", key): pick(("more", "less", "never"))
        for key in CATEGORIES
        if chance.random() < 0.1
    }
    shares = pick(({}, {"category": {"wood": 0.9, "screws": 0.1}}))
    consent = pick((BOTH, PERSONALIZATION, PERSONALIZATION, frozenset[str]()))
    profile = Profile(
        visits=visits,
        orders=len(orders),
        order_value=sum(orders),
        last_order=NOW - 3 * DAY - 100 if orders else 0.0,
        cart=cart,
        attributes=stored,
        counts=_counts(deeds),
        interests={
            dimension: {key: Interest(*one) for key, one in table.items()}
            for dimension, table in scores.items()
        },
        answers={
            "category": {
                key: Answer(said, NOW - DAY) for (_, key), said in answers.items()
            }
        },
    )
    context = Context(
        NOW,
        TODAY,
        11,
        "sat",
        device=device,
        language=language,
        logged_in=values["logged-in"],
    )
    person = Person(NOW, values, deeds, scores, shares, consent, answers)
    return Known(person, profile, context, given, Traffic(shares))


def _counts(deeds: Sequence[Deed]) -> dict[str, dict[str, Counter]]:
    times: dict[str, dict[str, list[float]]] = {}
    for verb, dimension, key, time in deeds:
        table = times.setdefault(f"{verb} {dimension}", {})
        table.setdefault(key, []).append(time)
    return {
        table: {key: _counter(moments) for key, moments in keys.items()}
        for table, keys in times.items()
    }


def _counter(times: list[float]) -> Counter:
    days = [_day(time) for time in times]
    pairs = [(day, days.count(day)) for day in sorted(set(days))]
    return Counter(max(times), tuple(number for pair in pairs for number in pair))


def _day(time: float) -> int:
    return (datetime.fromtimestamp(time, ZONE).date() - date(1970, 1, 1)).days
