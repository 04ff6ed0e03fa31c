"""What the pet shop's experiments do to made-up visitors: the truth that a report has to find.

An arm's factor multiplies what a visitor would have done anyway; of those held back it is 1.
"""

from collections.abc import Mapping

import msgspec


class Effect(msgspec.Struct, frozen=True):
    """What one arm changes: ``orders`` the chance of an order, ``clicks`` that of a click on it."""

    orders: float = 1.0
    clicks: float = 1.0


NONE = Effect()

PLANTED: Mapping[str, Mapping[str, Effect]] = {
    "hero-tone": {
        "control": NONE,
        "plain": Effect(orders=1.15),
        "cosy": Effect(orders=1.5, clicks=1.3),
    },
    "shelf-level": {
        "none": NONE,
        "segment": Effect(orders=1.1),
        "individual": Effect(orders=1.3, clicks=1.5),
    },
    "greeting": {
        "advice": NONE,
        "animals": Effect(clicks=2.0),
        "parcel": Effect(clicks=1.5),
    },
}
"""Experiment -> arm -> effect."""


def effect(experiment: str, arm: str) -> Effect:
    """What ``arm`` does; nothing, where nothing was planted."""
    return PLANTED.get(experiment, {}).get(arm, NONE)


def orders_factor(arms: Mapping[str, str]) -> float:
    """What all ``arms`` of a visitor, by experiment, make together of the chance of an order."""
    factor = 1.0
    for experiment, arm in arms.items():
        factor *= effect(experiment, arm).orders
    return factor
