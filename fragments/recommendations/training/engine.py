"""Logs of events in an engine that runs SQL: put into sessions, their items numbered."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from ..model import article_key, kind_and_id
from .events import DAY, PAUSE
from .sessions import FAR, FAR_OFF, LONGEST, NO_TIME, TOO_MANY

Columns = Mapping[str, NDArray[Any] | Sequence[str]]

#: Without times a visitor has one session: no pause is as long as this.
NEVER = 1 << 62


class Engine(Protocol):
    """Something that runs SQL, with a table ``raw`` in it: what happened, a row for each thing.

    No column is ever null. ``visitor``, ``session`` and ``basket`` (which order) are of any type
    that can be compared, ``named`` is 1 where the log names the session and else 0. ``article``
    is 1 for an article and 0 for a product, whose id is the text ``product``. ``verb`` is 0
    (viewed), 1 (added) or 2 (bought). ``timed`` is 1 where ``moment``, a double, is a time in
    seconds, and else 0. ``line``, a bigint, is how far into the log the row is, and counts where
    times do not; ``place``, a bigint, is another one for each row, and settles the order of rows
    of the same moment.
    """

    def make(self, name: str, select: str) -> None:
        """A table ``name`` of what a query gives; one of that name gives way to it."""

    def load(self, name: str, columns: Columns) -> None:
        """A table ``name`` of these columns: int32, int64, float64 or texts."""

    def fetch(self, select: str) -> dict[str, NDArray[Any]]:
        """What a query gives, by column."""


class Items(NamedTuple):
    """The items of a log: ``keys`` are sorted by their UTF-8 bytes, and ``counts`` says how often
    each verb (a row) was said of each of them."""

    keys: list[str]
    counts: NDArray[np.int64]


def query(name: str, **words: object) -> str:
    """The query in ``queries/NAME.sql``, with these words in place of those in braces."""
    text = (files(__package__) / "queries" / f"{name}.sql").read_text("utf-8")
    return text.format(**words)


def arrange(engine: Engine) -> tuple[int, bool, Counter[str]]:
    """Make ``visits`` of ``raw``: how many rows there are, whether times count, and why some rows
    are left out."""
    all_rows, with_time, low, high = (
        column[0] for column in engine.fetch(query("facts")).values()
    )
    timed = bool(all_rows) and int(with_time) * 2 > int(all_rows)
    margin = max(FAR * (high - low), DAY) if timed else 0.0
    bounds = (low - margin, high + margin) if timed else (0.0, 0.0)
    columns = {"low": bounds[0], "high": bounds[1], "one": 1.0}
    engine.load("bounds", {name: np.array([one]) for name, one in columns.items()})
    # A bigint times a double is a double, which each engine has another name for.
    moment = "raw.moment" if timed else "raw.line * bounds.one"
    engine.make("log", query("log", timed=int(timed), moment=moment))
    pause = PAUSE if timed else NEVER
    engine.make("visits", query("visits", pause=f"{pause:.0f}", longest=LONGEST))
    near, kept = (
        int(engine.fetch(f"SELECT COUNT(*) AS number FROM {name}")["number"][0])
        for name in ("log", "visits")
    )
    missing = int(all_rows) - int(with_time) if timed else 0
    rejected = {
        NO_TIME: missing,
        FAR_OFF: int(all_rows) - missing - near,
        TOO_MANY: near - kept,
    }
    return int(all_rows), timed, +Counter(rejected)


def number(engine: Engine, also: Iterable[str]) -> Items:
    """Make ``items`` of ``visits`` and ``also``."""
    found = engine.fetch(query("items"))
    there = [
        article_key(product) if article else product
        for article, product in zip(
            found["article"].tolist(), found["product"].tolist(), strict=True
        )
    ]
    # By code points, which is the order of UTF-8's bytes.
    keys = sorted({*there, *also})
    places = {key: number for number, key in enumerate(keys)}
    counts = np.zeros((3, len(keys)), np.int64)
    at = [places[key] for key in there]
    for verb, name in enumerate(("viewed", "added", "bought")):
        counts[verb, at] = found[name]
    kinds = [kind_and_id(key) for key in keys]
    engine.load(
        "items",
        {
            "number": numbers(len(keys)),
            "article": np.array([kind == "article" for kind, _ in kinds], np.int32),
            "product": [id for _, id in kinds],
        },
    )
    return Items(keys, counts)


def numbers(count: int) -> NDArray[np.int32]:
    """From 0, as engines have them."""
    return np.arange(count, dtype=np.int32)
