"""When who bought something buys it again: a logistic hazard, and what each item adds to it.

Offline comparisons on groceries put it above plain frequency, which in turn beats the classical
models (Poisson-Gamma and its like, Bhagat et al., *Buy It Again*, KDD 2018); see
tests/benchmarks/recommending. Features and their words are in
:mod:`shopwindow.fragments.recommendations.replenishment.features`.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..replenishment.features import ARRAYS, FEATURES, PREFIX
from .itemstatistics import statistics
from .logistic import logistic
from .part import Part, Say, silent
from .purchases import Floats, Log, Purchases, pairs, purchases
from .rebuying import bought_again, features

WEEK = 7
#: Days, each with weights of its own. Shorter times are parts of a week: weights for three days
#: said nothing more, and would know the weekdays that they were learned on.
HORIZONS = (WEEK, 28)
APART = 14  # days between two cutoffs
CUTOFFS = 3
HISTORY = 28  # days before a cutoff, without which nothing is known
ROWS = 80_000  # that one fit looks at; of more, some visitors are left out
LEAST_ROWS, LEAST_AGAIN = 200, 30  # below them nothing can be learned


def fit(
    events: Log,
    say: Say | None = None,
    categories: Mapping[str, str] | None = None,
) -> Part:
    """Learn from ``events``; ``categories`` map a product's id to that of its category.

    A log without times, without enough purchases, or whose purchases follow no pattern gives a
    part without arrays, whose metrics say under ``left out`` why.
    """
    tell = say or silent
    if not events.timed:
        return _left_out("the log has no times")
    bought = purchases(events)
    if not len(bought.day):
        return _left_out("nobody has bought anything")
    begin, end = int(bought.day.min()), int(bought.day.max()) + 1
    items = len(events.keys)
    groups = _groups(events.keys, categories or {})
    plans = _plans(begin, end)
    if not plans:
        least = HISTORY + WEEK + APART
        return _left_out(
            f"purchases of {end - begin} of the {least} days that it takes"
        )
    days = sorted({day for plan in plans.values() for day in plan})
    samples: dict[tuple[int, int], _Sample] = {}
    for done, day in enumerate(days):
        tell("replenishment", done, len(days) + 1)
        before = bought.before(day)
        of_items = statistics(before, day, items, groups)
        wanted = [horizon for horizon, plan in plans.items() if day in plan]
        few = _some_visitors(before, len(plans[wanted[0]]))
        rows = features(few, of_items, day)
        replenished = of_items.repeat[pairs(few).item] > 0
        then = bought.of(_visitors(few, bought))
        for horizon in wanted:
            true = bought_again(then, day, horizon)
            samples[horizon, day] = _Sample(rows[replenished], true[replenished])
    tell("replenishment", len(days), len(days) + 1)
    first = [samples[WEEK, day] for day in plans[WEEK]]
    found = sum(int(one.true.sum()) for one in first)
    if sum(len(one.true) for one in first) < LEAST_ROWS or found < LEAST_AGAIN:
        return _left_out(f"only {found} things were bought again in a week")
    held, *others = first
    lost, constant = _held_back(held, others)
    if not lost < constant:
        return _left_out("what is bought again follows no pattern")
    weights = {
        horizon: _joined([samples[horizon, day] for day in plan]).weights()
        for horizon, plan in plans.items()
    }
    of_items = statistics(bought, end, items, groups)
    tell("replenishment", len(days) + 1, len(days) + 1)
    return Part(
        {PREFIX + name: column for name, column in zip(ARRAYS, of_items, strict=True)},
        {
            "features": list(FEATURES),
            "weights": {str(h): [*map(float, row)] for h, row in weights.items()},
            "pairs": len(pairs(bought).item),
            "replenished items": int((of_items.repeat > 0).sum()),
            "log loss": lost,
            "log loss of the share alone": constant,
        },
    )


class _Sample(NamedTuple):
    rows: Floats
    true: NDArray[np.bool_]

    def weights(self) -> Floats:
        return logistic(self.rows, self.true)


def _left_out(why: str) -> Part:
    return Part({}, {"left out": why})


def _groups(
    keys: Sequence[str], categories: Mapping[str, str]
) -> NDArray[np.int64] | None:
    if not categories:
        return None
    known: dict[str, int] = {}
    found = [
        known.setdefault(name, len(known)) if (name := categories.get(key)) else -1
        for key in keys
    ]
    return np.array(found, np.int64)


def _plans(begin: int, end: int) -> dict[int, list[int]]:
    """For each horizon that the log has room for, the days to look back and ahead from, the
    latest first. Those of a longer one serve the shorter ones as well."""
    plans: dict[int, list[int]] = {}
    for horizon in HORIZONS:
        late = [end - horizon - APART * n for n in range(CUTOFFS)]
        if horizon == WEEK:
            longest = HORIZONS[-1]
            ahead = [end - longest - APART * n for n in range(CUTOFFS - 1)]
            shared = [late[0], *ahead]
            late = shared if shared[1] - begin >= HISTORY else late
        sound = [day for day in late if day - begin >= HISTORY]
        if len(sound) >= (2 if horizon == WEEK else 1):
            plans[horizon] = sound
    return plans if WEEK in plans else {}


def _some_visitors(bought: Purchases, cutoffs: int) -> Purchases:
    """So many visitors' purchases that one fit has about :data:`ROWS` rows."""
    rows = np.bincount(pairs(bought).visitor)
    most = ROWS // cutoffs
    if rows.sum() <= most:
        return bought
    order = np.random.default_rng(0).permutation(len(rows))
    chosen = np.zeros(len(rows), np.bool_)
    chosen[order[np.cumsum(rows[order]) <= most]] = True
    return bought.of(chosen)


def _visitors(some: Purchases, all: Purchases) -> NDArray[np.bool_]:
    chosen = np.zeros(int(all.visitor.max(initial=-1)) + 1, np.bool_)
    chosen[some.visitor] = True
    return chosen


def _joined(samples: Sequence[_Sample]) -> _Sample:
    return _Sample(
        np.concatenate([one.rows for one in samples]),
        np.concatenate([one.true for one in samples]),
    )


def _held_back(held: _Sample, others: Sequence[_Sample]) -> tuple[float, float]:
    """The log loss on the latest cutoff of weights that the others taught, and that of saying
    for everything the share that is bought again."""
    if not len(held.true):
        return np.inf, 0.0
    weights = _joined(others).weights()
    z = weights[0] + held.rows @ weights[1:]
    lost = (np.logaddexp(0, z).sum() - z[held.true].sum()) / len(z)
    share = np.clip(held.true.mean(), 1e-9, 1 - 1e-9)
    constant = -(share * np.log(share) + (1 - share) * np.log(1 - share))
    return float(lost), float(constant)
