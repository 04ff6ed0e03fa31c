"""Two profiles of one person become one, in whichever order they come."""

from collections.abc import Mapping

from . import answers, precedence
from .counters import keys_kept
from .facts import KEYS_KEPT, WINDOW_DAYS, Counter, Interest, Profile
from .interests import decayed
from .learning import ORDERS_KEPT, VISITS_KEPT


def merge(one: Profile, other: Profile) -> Profile:
    """The profile of somebody who is both ``one`` and ``other``: ``merge(a, b) == merge(b, a)``.

    Counts and orders add up. Of an attribute and of an answer the newest stays, of the current
    visit that of the profile seen last.
    """
    older, newer = sorted((one, other), key=_age)
    starts = [start for start in (one.first_seen, other.first_seen) if start]
    attributes, told = precedence.united(older, newer)
    carts = [start for start in (one.cart_since, other.cart_since) if start]
    return Profile(
        first_seen=min(starts, default=0.0),
        last_seen=newer.last_seen,
        visits=one.visits + other.visits,
        previous_visit=max(one.previous_visit, other.previous_visit),
        orders=one.orders + other.orders,
        order_value=one.order_value + other.order_value,
        last_order=max(one.last_order, other.last_order),
        cart=_most(one.cart, other.cart),
        cart_since=min(carts, default=0.0),
        visit=newer.visit,
        attributes=attributes,
        counts={
            name: _counters(
                one.counts.get(name, {}), other.counts.get(name, {}), keys_kept(name)
            )
            for name in sorted({*one.counts, *other.counts})
        },
        interests={
            name: _interests(one.interests.get(name, {}), other.interests.get(name, {}))
            for name in sorted({*one.interests, *other.interests})
        },
        recent_orders=tuple(
            dict.fromkeys((*older.recent_orders, *newer.recent_orders))
        )[-ORDERS_KEPT:],
        customer=newer.customer or older.customer,
        # What this person saw a moment ago does not change with a login.
        variants=dict(list((older.variants | newer.variants).items())[-KEYS_KEPT:]),
        visit_starts=tuple(sorted((*one.visit_starts, *other.visit_starts)))[
            -VISITS_KEPT:
        ],
        told=told,
        answers=answers.united(one.answers, other.answers),
    )


def _age(profile: Profile) -> tuple[float, str]:
    return profile.last_seen, repr(profile)  # the text only decides between equal times


def _most(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    return {
        key: max(one.get(key, 0), other.get(key, 0)) for key in sorted({*one, *other})
    }


def _counters(
    one: Mapping[str, Counter], other: Mapping[str, Counter], most: int
) -> dict[str, Counter]:
    merged = {}
    for key in {*one, *other}:
        if key in one and key in other:
            merged[key] = _counter(one[key], other[key])
        else:
            merged[key] = one.get(key) or other[key]
    kept = sorted(merged, key=lambda key: (-merged[key].last, key))[:most]
    return {key: merged[key] for key in sorted(kept)}


def _counter(one: Counter, other: Counter) -> Counter:
    days: dict[int, int] = {}
    for pairs in (one.days, other.days):
        for day, count in zip(pairs[::2], pairs[1::2], strict=True):
            days[day] = days.get(day, 0) + count
    first = max(days, default=0) - WINDOW_DAYS + 1
    return Counter(
        max(one.last, other.last),
        tuple(n for day in sorted(days) if day >= first for n in (day, days[day])),
    )


def _interests(
    one: Mapping[str, Interest], other: Mapping[str, Interest]
) -> dict[str, Interest]:
    merged = {}
    for key in {*one, *other}:
        if key in one and key in other:
            time = max(one[key].time, other[key].time)
            score = sum(
                decayed(interest, time)
                for interest in sorted(
                    (one[key], other[key]), key=lambda i: (i.time, i.score)
                )
            )
            merged[key] = Interest(score, time)
        else:
            merged[key] = one.get(key) or other[key]
    kept = sorted(merged, key=lambda key: (-merged[key].time, key))[:KEYS_KEPT]
    return {key: merged[key] for key in sorted(kept)}
