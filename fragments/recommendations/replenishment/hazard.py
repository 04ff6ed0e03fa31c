"""How likely somebody buys again what they bought, by weights and numbers that were learned.

This runs while a page waits, for all that a visitor bought: what depends on whole days or on an
item alone is worked out beforehand. The features are those of :mod:`.features`, to the last.
"""

from collections.abc import Mapping, Sequence
from math import exp, log
from typing import Any, NamedTuple, Protocol

from .features import (
    ARRAYS,
    FAST,
    FAST_FLOOR,
    FEATURES,
    LATEST_RATIO,
    PREFIX,
    PRIOR,
    SHOPPING,
    SHOPPING_FLOOR,
    SLOW,
    SLOW_FLOOR,
)

AGES = 2_048  # days; what is older is as old as this
TIMES = 64  # purchases, whose logarithm is at hand
ITEMS_KEPT = 4_096  # of the items that were asked for


class Bought(Protocol):
    """When something was bought: ``days`` alternates day and count, oldest first."""

    @property
    def days(self) -> Sequence[int]: ...


class Column(Protocol):
    """Numbers by the number of an item."""

    def __getitem__(self, item: int, /) -> float: ...


class Learned(Protocol):
    """What is needed of a model."""

    @property
    def meta(self) -> Mapping[str, Any]: ...
    def number(self, key: str, /) -> int | None: ...
    def array(self, name: str, /) -> Column | None: ...


class _Item(NamedTuple):
    """Numbers of one item; ``offsets`` are what it adds to each horizon, bought once or often."""

    usual: float
    shape: float
    rate: float
    offsets: tuple[tuple[float, float], ...]


_Seen = tuple[str, Sequence[int], _Item]  # a product, the days on which it was bought
_EXP_SLOW = [exp(-age / SLOW) for age in range(AGES)]
_EXP_FAST = [exp(-age / FAST) for age in range(AGES)]


class _Horizon:
    """The weights for one length of time, laid out by what they are multiplied with.

    ``once`` is by the days elapsed all that is known of a single purchase without its item,
    ``elapsed`` and ``times`` are what days and a number of purchases add otherwise.
    """

    __slots__ = ("days", "elapsed", "once", "times", "weights")

    def __init__(self, days: int, weights: Sequence[float]) -> None:
        self.days = days
        self.weights = tuple(weights)
        constant, times, slow, fast, elapsed, *_ = self.weights
        self.times = [constant + times * log(k) for k in range(1, TIMES)]
        self.elapsed = [elapsed * log(max(age, 1) + 1) for age in range(AGES)]
        single = constant + self.weights[12]
        self.once = [
            single
            + slow * log(_EXP_SLOW[age] + SLOW_FLOOR)
            + fast * log(_EXP_FAST[age] + FAST_FLOOR)
            + self.elapsed[age]
            for age in range(AGES)
        ]

    def offset(self, repeat: float, usual: float) -> tuple[float, float]:
        """What an item adds: where it was bought once, and where it was more often."""
        weights = self.weights
        often = weights[9] * log(repeat) + weights[11] * log(usual)
        return often + weights[5] * log(
            usual
        ), often  # once: the own interval is the usual

    def logits(
        self, seen: Sequence[_Seen], place: int, day: int, shopping: int
    ) -> list[float]:
        """The logarithms of the odds, for each thing ``seen``; this is horizon ``place``."""
        _, _, slow, fast, _, interval, due, early, late = self.weights[:9]
        visitor = self.weights[10] * log(shopping + SHOPPING_FLOOR)
        gamma = self.weights[13]
        once, elapsed_adds, times_add = self.once, self.elapsed, self.times
        exp_slow, exp_fast = _EXP_SLOW, _EXP_FAST
        found: list[float] = []
        append = found.append
        for _, days, (usual, shape, rate, offsets) in seen:
            last, first = days[-1], days[0]
            today = day if day > last else last
            elapsed = today - last or 1
            if elapsed >= AGES:
                elapsed = AGES - 1
            times = len(days)
            if times == 1:
                own = usual
                z = once[elapsed] + offsets[place][0]
            else:
                slowly = quickly = 0.0
                if today - first >= AGES:
                    days = [max(one, today - AGES + 1) for one in days]
                for one in days:
                    age = today - one
                    slowly += exp_slow[age]
                    quickly += exp_fast[age]
                own = (last - first + PRIOR * usual) / (times - 1 + PRIOR)
                z = (
                    (
                        times_add[times - 1]
                        if times < TIMES
                        else self.weights[0] + self.weights[1] * log(times)
                    )
                    + elapsed_adds[elapsed]
                    + slow * log(slowly + SLOW_FLOOR)
                    + fast * log(quickly + FAST_FLOOR)
                    + interval * log(own)
                    + offsets[place][1]
                )
            ratio = elapsed / own
            if ratio > LATEST_RATIO:
                ratio = LATEST_RATIO
            append(
                z
                + visitor
                + due * ratio
                + early * (ratio if ratio < 1 else 1.0)
                + late * exp(-ratio)
                + gamma * log((times + shape) / (today - first + 1 + rate))
            )
        return found


class Hazard:
    """What a model says of buying again. It is only read: any thread may ask it."""

    __slots__ = ("_arrays", "_horizons", "_items", "_model")

    def __init__(
        self,
        model: Learned,
        arrays: Sequence[Column],
        weights: Mapping[int, Sequence[float]],
    ) -> None:
        self._model = model
        self._arrays = tuple(arrays)
        self._horizons = [_Horizon(days, weights[days]) for days in sorted(weights)]
        self._items: dict[str, _Item | None] = {}

    @classmethod
    def of(cls, model: Learned) -> "Hazard | None":
        """That of a model; None where it has learned none, or one of other features."""
        metrics = model.meta.get("metrics")
        told = metrics.get("replenishment") if isinstance(metrics, Mapping) else None
        arrays = [model.array(PREFIX + name) for name in ARRAYS]
        if not isinstance(told, Mapping) or None in arrays:
            return None
        weights = told.get("weights")
        if told.get("features") != list(FEATURES) or not isinstance(weights, Mapping):
            return None
        read = {int(days): [*map(float, row)] for days, row in weights.items()}
        if not read or any(len(row) != len(FEATURES) + 1 for row in read.values()):
            return None
        return cls(model, [one for one in arrays if one is not None], read)

    def item(self, id: str) -> _Item | None:
        """The numbers of a product; None: it is not known, or nobody buys it twice."""
        known = self._items
        if id in known:
            return known[id]
        found = None
        number = self._model.number(id)
        if number is not None and (repeat := self._arrays[0][number]) > 0:
            _, interval, variance, shape, rate = (one[number] for one in self._arrays)
            usual = exp(interval + variance / 2)
            offsets = tuple(one.offset(repeat, usual) for one in self._horizons)
            found = _Item(usual, shape, rate, offsets)
        if len(known) >= ITEMS_KEPT:
            known = self._items = {}  # another thread may still read the others
        known[id] = found
        return found

    def due(
        self, bought: Mapping[str, Bought], day: int, within: float
    ) -> dict[str, float]:
        """Product id -> the chance that it is bought again within so many days from ``day`` on.

        Only of products that are replenished.
        """
        seen: list[_Seen] = []
        shopping: set[int] = set()
        items, item = self._items, self.item
        for id, counter in bought.items():
            days = counter.days[::2]
            if not days:
                continue
            shopping.update(days)
            found = items[id] if id in items else item(id)
            if found is not None:
                seen.append((id, days, found))
        if not seen:
            return {}
        since = day - SHOPPING
        trips = sum([since <= one < day for one in shopping])
        return dict(
            zip(
                (one[0] for one in seen),
                self._chances(seen, day, trips, within),
                strict=True,
            )
        )

    def _chances(
        self, seen: Sequence[_Seen], day: int, trips: int, within: float
    ) -> list[float]:
        """By the horizons: the hazard adds up evenly before, between and after them."""
        horizons = self._horizons
        after = next(
            (n for n, one in enumerate(horizons) if one.days >= within),
            len(horizons) - 1,
        )
        upper = horizons[after]
        logits = upper.logits(seen, after, day, trips)
        if upper.days == within:
            return [1 / (1 + exp(-z)) if z > -700 else 0.0 for z in logits]
        # -log(1 - p), all that was at stake up to the horizon
        stakes = [log(1 + exp(z)) if z < 700 else z for z in logits]
        if after == 0 or within > upper.days:
            return [1 - exp(-stake * within / upper.days) for stake in stakes]
        lower = horizons[after - 1]
        share = (within - lower.days) / (upper.days - lower.days)
        before = lower.logits(seen, after - 1, day, trips)
        least = [log(1 + exp(z)) if z < 700 else z for z in before]
        return [
            1 - exp(-(low + share * max(0.0, high - low)))
            for low, high in zip(least, stakes, strict=True)
        ]
