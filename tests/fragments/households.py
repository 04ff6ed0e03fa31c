"""Households, drawn by chance, that buy what they use up; and a model of what they bought."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import NamedTuple

import numpy as np

from shopwindow.fragments.recommendations.model import Model
from shopwindow.fragments.recommendations.training.events import BOUGHT, Events
from shopwindow.fragments.recommendations.training.part import Part
from shopwindow.fragments.recommendations.training.replenishment import fit
from shopwindow.fragments.recommendations.writing import write

DAYS = 200
#: Days that they last on average, by product; 0: nobody buys it twice.
LASTS = {"bread": 7, "coffee": 21, "kibble": 30, "sofa": 0}
CATEGORIES = {"bread": "food", "coffee": "food", "kibble": "pets", "sofa": "rooms"}


class Days(NamedTuple):
    """As a profile's counter: day and count in turn."""

    days: tuple[int, ...]


def bought_on(*days: int) -> Days:
    return Days(tuple(one for day in days for one in (day, 1)))


Household = dict[str, list[int]]  # product -> days


def households(count: int, seed: int = 1) -> list[Household]:
    """Each has an interval of its own for each product, and keeps to it more or less."""
    chance = Random(seed)
    found = []
    for _ in range(count):
        bought: Household = {}
        for product, lasts in LASTS.items():
            if chance.random() < 0.3:
                continue
            day = chance.randrange(30)
            if not lasts:
                bought[product] = [day + chance.randrange(150)]
                continue
            own = lasts * chance.lognormvariate(0, 0.3)
            days = []
            while day < DAYS:
                days.append(day)
                day += max(1, round(own * chance.lognormvariate(0, 0.35)))
            bought[product] = days
        found.append(bought)
    return found


def events(bought: list[Household], until: int = DAYS, timed: bool = True) -> Events:
    """What they bought before the day ``until``, as the log that training reads."""
    keys = sorted(LASTS)
    rows = [
        (who, keys.index(product), day * 86_400.0 + 3_600)
        for who, products in enumerate(bought)
        for product, days in products.items()
        for day in days
        if day < until
    ]
    who, items, times = (np.array(column) for column in zip(*rows, strict=True))
    size = len(rows)
    return Events(
        who.astype(np.int32),
        np.arange(size, dtype=np.int32),
        items.astype(np.int32),
        np.full(size, BOUGHT, np.int8),
        times.astype(np.float64),
        np.full(size, -1, np.int32),
        keys,
        timed,
        size,
        Counter(),
    )


def profile(bought: Household, until: int) -> dict[str, Days]:
    counters = {
        product: bought_on(*(day for day in days if day < until))
        for product, days in bought.items()
    }
    return {product: one for product, one in counters.items() if one.days}


def learned(
    folder: Path, bought: list[Household], until: int = DAYS
) -> tuple[Model, Part]:
    """A model, written and opened, of what they bought before the day ``until``."""
    log = events(bought, until)
    part = fit(log)
    meta = {"metrics": {"replenishment": part.metrics}}
    made = write(folder, log.keys, part.arrays, meta, datetime.now(UTC))
    return Model.open(made), part
