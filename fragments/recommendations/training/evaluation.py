"""How good a model is: what visitors looked at next, in sessions that it has not learned from.

A question is a visitor's clicks so far; the answer is the next one. The whole catalogue is ranked,
and what was seen may be named again, as :func:`~..scoring.scores` does for a page; here it is the
same sum for thousands of questions at once.
"""

import math
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from ..scoring import REMEMBERED, Parameters, reminders, weights
from .covisitation import sorted_rows
from .events import Events
from .table import Table

#: What counts as found: a place among the first so many.
LIMIT = 20
SHORT = 10
_Ints = NDArray[np.int64]
_Floats = NDArray[np.float64]


class Questions(NamedTuple):
    """``clicks[q]`` are the latest clicks, the last one first, -1 where there are no more.

    ``answers[q]`` is what came next, ``lengths[q]`` how many clicks there were.
    """

    clicks: _Ints
    answers: _Ints
    lengths: _Ints

    @classmethod
    def of(cls, views: Events, most: int, seed: int = 20) -> Self:
        """From every click but the first of each session; ``most`` of them by lot."""
        session, item = views.session, views.item.astype(np.int64)
        begins = np.flatnonzero(np.diff(session, prepend=-1))
        place = np.arange(len(session)) - np.repeat(
            begins, np.diff(begins, append=len(session))
        )
        chosen = np.flatnonzero(place)
        if len(chosen) > most:
            lot = np.random.default_rng(seed)
            chosen = np.sort(lot.choice(chosen, most, replace=False))
        lengths = place[chosen]
        steps = np.arange(1, REMEMBERED + 1)
        clicks = item[np.maximum(chosen[:, None] - steps, 0)]
        clicks[steps > lengths[:, None]] = -1
        return cls(clicks, item[chosen], lengths)

    def part(self, which: slice | _Ints) -> "Questions":
        """Some of them."""
        return Questions(self.clicks[which], self.answers[which], self.lengths[which])


class Rows:
    """The rows that the questions' clicks lead to, laid side by side to be added up often."""

    def __init__(
        self,
        questions: Questions,
        table: Table,
        again: NDArray[np.float32],
        clicks: int,
    ) -> None:
        items = self._items = len(table.ptr) - 1
        self.questions = questions
        known = questions.clicks
        asked, age = np.nonzero(known >= 0)  # by question, the last click first
        # Of equal items the latest click counts; ages are places among different ones.
        key = asked * items + known[asked, age]
        first = np.sort(np.unique(key, return_index=True)[1])
        key, asked = key[first], asked[first]
        begins = np.searchsorted(asked, np.arange(len(known)))
        age = np.arange(len(asked)) - begins[asked]
        counted = age < clicks
        source, reached = key[counted] % items, asked[counted]
        lengths = table.ptr[source + 1] - table.ptr[source]
        total = int(lengths.sum())
        starts = np.cumsum(lengths) - lengths
        place = np.arange(total) + np.repeat(table.ptr[source] - starts, lengths)
        keys = np.concatenate(
            (
                np.repeat(reached * items, lengths) + table.idx[place],
                key,
                np.arange(len(known)) * items + questions.answers,
            )
        )
        groups, where = np.unique(keys, return_inverse=True)
        self._row, self._reminded, self._answer = np.split(
            where, np.cumsum([total, len(key)])
        )
        self._values = table.val[place].astype(np.float64)
        self._row_age = np.repeat(age[counted], lengths)
        self._own = self._reminded[counted]
        self._own_values = again[source].astype(np.float64)
        self._own_age = age[counted]
        self._reminded_age = age
        self._question = groups // items
        self._item = groups % items
        self._begins = np.searchsorted(self._question, np.arange(len(known)))
        self._lower = self._item < questions.answers[self._question]
        hits = np.bincount(self._row, minlength=len(groups))
        self._joint = np.maximum(hits - 1, 0)
        self._summed: dict[tuple[int, float, float], tuple[_Floats, _Floats]] = {}

    def scores(self, parameters: Parameters) -> _Floats:
        """Of each pair of question and item that anything leads to."""
        rows, own = self._sums(
            parameters.clicks, parameters.click_decay, parameters.joint
        )
        found = rows + parameters.again * own
        best = np.maximum.reduceat(found, self._begins)
        best[best == 0] = 1.0
        shares = np.array(reminders(parameters))[self._reminded_age]
        found[self._reminded] += best[self._question[self._reminded]] * shares
        return found

    def ranks(self, parameters: Parameters) -> _Ints:
        """Of each question's answer, 1 for the first place; 0 where nothing leads to it."""
        found = self.scores(parameters)
        answer = found[self._answer]
        of_each = answer[self._question]
        before = found > of_each
        before |= (found == of_each) & self._lower
        ranks = np.add.reduceat(before.astype(np.int64), self._begins) + 1
        return np.where(answer > 0, ranks, 0)

    def best(self, parameters: Parameters, limit: int) -> tuple[_Ints, _Ints]:
        """The first ``limit`` items of each question, side by side: question and item."""
        found = self.scores(parameters)
        some = found > 0
        if not some.any():
            return self._question[:0], self._item[:0]
        short = found[some].astype(np.float32)
        asked, item, _ = sorted_rows(
            self._question[some], short, self._item[some], self._items, limit
        )
        return asked, item.astype(np.int64)

    def _sums(self, clicks: int, decay: float, joint: float) -> tuple[_Floats, _Floats]:
        key = clicks, decay, joint
        if key not in self._summed:
            steps = np.array(weights(clicks, decay))
            rows = self._added(self._row, steps[self._row_age] * self._values)
            own = self._added(self._own, steps[self._own_age] * self._own_values)
            self._summed[key] = rows * self._growth(joint), own
        return self._summed[key]

    def _growth(self, joint: float) -> _Floats:
        """By how many clicks but the first lead to it."""
        powers = np.power(1 + joint, np.arange(int(self._joint.max()) + 1)).astype(
            float
        )
        return powers[self._joint]

    def _added(self, places: _Ints, values: _Floats) -> _Floats:
        # Without a place bincount forgets that values are fractions.
        summed = np.bincount(places, values, len(self._question))
        return summed.astype(np.float64, copy=False)


def recall(ranks: _Ints, limit: int = LIMIT) -> float:
    """The share of questions whose answer is among the first ``limit``."""
    return float(((ranks > 0) & (ranks <= limit)).mean()) if len(ranks) else 0.0


def reciprocal(ranks: _Ints, limit: int = LIMIT) -> float:
    """The mean of 1 / place of the answer, 0 beyond ``limit``: first places count most."""
    if not len(ranks):
        return 0.0
    found = (ranks > 0) & (ranks <= limit)
    return float((found / np.maximum(ranks, 1)).mean())


def gain(ranks: _Ints, limit: int = SHORT) -> float:
    """NDCG: as :func:`reciprocal`, but places lose their worth more slowly."""
    if not len(ranks):
        return 0.0
    found = (ranks > 0) & (ranks <= limit)
    return float((found * math.log(2) / np.log(np.maximum(ranks, 1) + 1)).mean())


def measures(
    rows: Rows, parameters: Parameters, counts: NDArray[np.integer]
) -> dict[str, float]:
    """All measures of a model by name; ``counts`` are the views of each item that it learned from.

    ``popularity bias`` says how many times as popular the named items are as those that visitors
    chose: above 1, the model prefers what is popular anyway.
    """
    questions = rows.questions
    ranks = rows.ranks(parameters)
    first = questions.lengths == 1
    popular = np.argsort(-counts, kind="stable")[:LIMIT]
    place = np.zeros(len(counts), np.int64)
    place[popular] = np.arange(1, len(popular) + 1)
    common = place[questions.answers]
    asked, named = rows.best(parameters, LIMIT)
    share = 1 / np.maximum(np.bincount(asked, minlength=len(ranks)), 1)
    pull = np.bincount(asked, counts[named] * share[asked], len(ranks)).mean()
    chosen = float(counts[questions.answers].mean())
    known = int((counts > 0).sum())
    found = {
        "questions": len(ranks),
        "R@20": recall(ranks),
        "MRR@20": reciprocal(ranks),
        "NDCG@10": gain(ranks),
        "first click R@20": recall(ranks[first]),
        "popularity R@20": recall(common),
        "popularity first click R@20": recall(common[first]),
        "coverage": len(np.unique(named)) / max(1, known),
        "popularity bias": float(pull) / chosen if chosen else 0.0,
    }
    return {name: round(value, 4) for name, value in found.items()}
