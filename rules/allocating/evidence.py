"""What was seen of the variants of an experiment, day by day, ready to be compared.

Where weights change from day to day, the visitors of a day are alike over the variants, those
of two days are not: a variant that got many visitors on a good day looks good by itself, one
that got them yesterday had less time to be paid. So days are compared with themselves.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple, Self

_ROUNDS = 6  # of fitting days and variants to each other
_STEADY = 5.0  # successes of an average day that every day is given: few say little
_BOUNDS = (0.05, 20.0)  # of how much better a day may be than the others


class Evidence(NamedTuple):
    """Sums over the visitors of one variant: of what is counted (``y``), of its square, of what
    it is divided by (``d``; of ratios alone), and of their products. Sums over visitors of
    several days may have been weighted, so they need not be whole."""

    n: float = 0.0
    y: float = 0.0
    yy: float = 0.0
    d: float = 0.0
    dd: float = 0.0
    yd: float = 0.0

    def plus(self, other: "Evidence", factor: float = 1.0) -> "Evidence":
        return Evidence(*(a + b * factor for a, b in zip(self, other, strict=True)))

    @property
    def spread(self) -> float:
        """The variance of one visitor around the value of all (of ratios: of what a visitor is
        above or below it), without the factor n / (n - 1)."""
        if self.n <= 0:
            return 0.0
        if self.d > 0:
            rate = self.y / self.d
            return max(self.yy - 2 * rate * self.yd + rate**2 * self.dd, 0) / self.n
        return max(self.yy / self.n - (self.y / self.n) ** 2, 0.0)


NOTHING = Evidence()


class Days:
    """The evidence of every day (since 1970) and variant."""

    def __init__(self, ratio: bool = False) -> None:
        self.ratio = ratio
        self.seen: dict[int, dict[str, Evidence]] = {}
        self.visitors: dict[str, float] = {}  # of each variant, whatever their factor

    def add(self, day: int, arm: str, evidence: Evidence, factor: float = 1.0) -> None:
        """Count ``evidence`` of a day, weighted by ``factor``."""
        self.visitors[arm] = self.visitors.get(arm, 0.0) + evidence.n
        arms = self.seen.setdefault(day, {})
        arms[arm] = arms.get(arm, NOTHING).plus(evidence, factor)

    @classmethod
    def of(cls, ratio: bool, *parts: tuple["Days", float]) -> Self:
        """The sum of ``parts``, each with its factor. Where more was taken away than is there
        (parts share visitors), nothing is left."""
        made = cls(ratio)
        for part, factor in parts:
            for day, arms in part.seen.items():
                for arm, evidence in arms.items():
                    made.add(day, arm, evidence, factor)
        for arms in made.seen.values():
            for arm, left in arms.items():
                if left.n <= 0 or left.yy < 0 or (made.ratio and left.d <= 0):
                    arms[arm] = NOTHING
        return made

    def total(self, arm: str) -> Evidence:
        found = NOTHING
        for arms in self.seen.values():
            found = found.plus(arms.get(arm, NOTHING))
        return found

    def size(self, evidence: Evidence) -> float:
        """What ``y`` is divided by."""
        return evidence.d if self.ratio else evidence.n

    def sizes(self, arms: Iterable[str]) -> Mapping[str, float]:
        """What the ``y`` of each variant is to be divided by, if days are compared with
        themselves: each visitor counts as much as their day was good.

        Days and variants are fitted to each other, a value being that of the variant times
        that of the day. What can be negative is left as it is.
        """
        names = list(arms)
        days = [
            [each.get(name, NOTHING) for name in names] for each in self.seen.values()
        ]
        sizes = [[self.size(one) for one in day] for day in days]
        own = [sum(column) for column in zip(*sizes, strict=True)] or [0.0] * len(names)
        earned = [sum(one.y for one in day) for day in days]
        got = [sum(day[at].y for day in days) for at in range(len(names))]
        whole, squares = sum(own), sum(one.yy for day in days for one in day)
        if not (whole > 0 and sum(got) > 0) or min(earned) < 0:
            return dict(zip(names, own, strict=True))
        rate, one = sum(got) / whole, squares / sum(got)  # one: what a success is worth
        values = [rate] * len(names)
        steady = _STEADY * one
        fitted = own
        for _ in range(_ROUNDS):
            good = []
            for row, y in zip(sizes, earned, strict=True):
                expected = sum(s * v for s, v in zip(row, values, strict=True))
                factor = (y + steady) / (expected + steady)
                good.append(min(max(factor, _BOUNDS[0]), _BOUNDS[1]))
            fitted = [
                sum(row[at] * factor for row, factor in zip(sizes, good, strict=True))
                for at in range(len(names))
            ]
            scale = whole / sum(fitted)
            fitted = [each * scale for each in fitted]
            # One success more for everybody: who had none yet is not worth nothing.
            values = [
                (y + one) / (size + one / rate)
                for y, size in zip(got, fitted, strict=True)
            ]
        return dict(zip(names, fitted, strict=True))
