"""Values that no shop means, and visitors made of them."""

import string
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from math import inf, nan
from random import Random
from typing import Any

from shopwindow.rules.experiments import Allocations, Units
from shopwindow.rules.facts import DAY, PURPOSES, Context, Counter, Interest, Profile
from tests.rules.shop import NOW, TODAY, VOCABULARY

CONSENTS = (*[frozenset(PURPOSES)] * 4, frozenset(PURPOSES[:1]), frozenset[str]())
ODD: tuple[object, ...] = (
    *(None, True, False, 0, -1, 1, 3.5, 10**400, -(10**400), 1 << 62, -(1 << 70)),
    *(float("nan"), float("inf"), float("-inf"), 1e308, 5e-324, -0.0),
    *("", " ", "DE", "a", "\ud800", "\x00", "9" * 5000, "1.10", "true", "ja", "ß" * 99),
    *(
        b"DE",
        bytearray(b"x"),
        object(),
        Ellipsis,
        NotImplemented,
        int,
        len,
        Fraction(1, 3),
    ),
    *(Decimal("sNaN"), Decimal("1E+999"), Decimal(3), complex(1, 2), range(9)),
    *(date.max, date.min, datetime.max, datetime.min, date(2026, 2, 28), NOW),
    *("0001-01-01", "9999-12-31T23:59:59-12:00", "2026-02-29", "2025-11-21"),
    *(["a"], ["a", "b"], [1], [[]], {}, {"a": []}, {"a"}, ("a", None), ["x"] * 2000),
)
LIKELY: Mapping[str, tuple[object, ...]] = {
    "country": ("DE", "AT"),
    "customer-type": ("b2b",),
    "cart-value": (5, 39.9),
    "has-account": (False, True),
    "pet-born": ("2025-01-31", "2026-11-01", "2027-01-01"),
    "contract-ends": (NOW + 60, NOW - 40 * DAY, "2026-11-21 12:00"),
    "app-version": ("1.10", "2.0.1"),
    "hobbies": (["a", "b"], ["dogs"]),
    "survey": ("dogs",),
}
TIMES = (
    *(0.0, NOW, NOW - 1, NOW - DAY, NOW - 29 * DAY, NOW + DAY, NOW + 9999 * DAY),
    *(-1.0, -1e18, 1e18, 1e308, float("nan"), float("inf"), float("-inf")),
)
COUNTS = (0, 1, 2, 3, 4, 5, 9, -1, -(1 << 63), (1 << 63) - 1)
DAYS = (TODAY, TODAY - 1, TODAY - 29, TODAY - 30, TODAY + 9, 0, -(10**9), 10**9)
SCORES = (0.0, 0.2, 1.0, 5.0, -1.0, 1e308, float("nan"), float("inf"))
VERBS = ("viewed", "bought", "added-to-cart", "shown", "clicked", "searched", "read")
KEYS = {
    "category": ("wood", "screws"),
    "product": ("p1", "p2"),
    "brand": ("Spax",),
    "tag": ("sale",),
    "fragment": ("hero", "plain"),
    "rule": ("numbers", "ordinary"),
    "query": ("spax",),
}


class Fuzzed:
    """Makes visitors; the same seed, the same visitors."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)

    def profile(self) -> Profile:
        """Every field has its type, as the stores see to, but nothing else can be relied on."""
        pick, numbers = self.random.choice, self.random.randrange
        return Profile(
            first_seen=pick(TIMES),
            last_seen=pick(TIMES),
            visits=pick(COUNTS),
            previous_visit=pick(TIMES),
            orders=pick(COUNTS),
            order_value=pick((0.0, 10.0, *TIMES)),
            last_order=pick(TIMES),
            cart={self._text(): pick(COUNTS) for _ in range(numbers(3))},
            cart_since=pick(TIMES),
            visit={
                pick(("entry-page", "campaign", "referrer", "")): self._text()
                for _ in range(numbers(3))
            },
            attributes=self.given(),
            counts={
                f"{pick(VERBS)} {dimension}": {
                    pick((*keys, self._text())): self._counter()
                    for _ in range(numbers(1, 3))
                }
                for dimension, keys in KEYS.items()
                if numbers(2)
            },
            interests={
                dimension: {
                    pick(KEYS[dimension]): Interest(pick(SCORES), pick(TIMES))
                    for _ in range(numbers(1, 3))
                }
                for dimension in ("category", "brand", "tag")
                if numbers(2)
            },
            variants={
                pick(("hero-2026", "firms", self._text())): pick(
                    ("one", "other", "control", self._text())
                )
                for _ in range(numbers(3))
            },
            visit_starts=tuple(
                int(pick(COUNTS + DAYS) + pick((0, NOW))) for _ in range(numbers(6))
            ),
        )

    def given(self) -> dict[str, Any]:
        """Raw attributes of any type at all, declared or not; some are what they should be."""
        names = (*VOCABULARY.attributes, "visits", "stage", "unheard-of")
        some = self.random.sample(names, self.random.randrange(len(names)))
        return {
            name: self.random.choice(LIKELY[name])
            if name in LIKELY and self.random.randrange(2)
            else self._odd(4)
            for name in some
        }

    def context(self) -> Context:
        pick = self.random.choice

        def said() -> str | None:
            return pick((None, None, "mobile", self._text()))

        return Context(
            NOW,
            TODAY,
            self.random.randrange(24),
            pick(("sat", "sun", "mon")),
            "/" + self._text(),
            device=said(),
            language=said(),
            referrer=said(),
            campaign=said(),
            campaign_source=said(),
            campaign_medium=said(),
            logged_in=pick((True, False, False)),
            first_name=said(),
        )

    def consent(self) -> frozenset[str]:
        return self.random.choice(CONSENTS)

    def units(self) -> Units:
        pick = self.random.choice
        return Units(
            pick((None, "v1", self._text())),
            pick((None, "c1", self._text())),
            pick((None, "a1", self._text())),
        )

    def allocations(self) -> Allocations:
        """Also such as make no sense."""
        numbers = (0.0, 0.3, 1.0, 1e9, -1.0, nan, inf)
        pick = self.random.choice
        weights = {
            context: {arm: pick(numbers) for arm in ("calm", "loud", "gone")}
            for context in ("", "segment:dog-owner", "segment:gone")
        }
        return Allocations({"tone": weights}, {"growing": pick(numbers)})

    def _counter(self) -> Counter:
        days = (self.random.choice(DAYS) for _ in range(self.random.randrange(1, 4)))
        pairs = [(day, self.random.choice(COUNTS)) for day in days]
        return Counter(
            self.random.choice(TIMES),
            tuple(number for pair in pairs for number in pair),
        )

    def _text(self) -> str:
        letters = string.printable + "äß€\u202e\ud800\U0001f415"
        return "".join(self.random.choices(letters, k=self.random.randrange(12)))

    def _odd(self, depth: int) -> object:
        kind = self.random.randrange(8) if depth else 0
        if kind == 6:
            return [self._odd(depth - 1) for _ in range(self.random.randrange(4))]
        if kind == 7:
            inner: Mapping[str, object] = {
                self._text(): self._odd(depth - 1)
                for _ in range(self.random.randrange(4))
            }
            return inner
        return self.random.choice(ODD)
