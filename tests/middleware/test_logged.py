"""The shop's log says the same to training, whether events are made of its rows or not."""

import json
import random
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

from shopwindow.fragments.recommendations.training.batch import Batch
from shopwindow.middleware.cli.logged import batches, length_of, log_batches
from shopwindow.middleware.stores import Told
from shopwindow.middleware.stores.opening import Address, open_keeper, open_store

PLAIN = ("Product Viewed", "Product Added")
NAMES = (*PLAIN, "Article Viewed", "Order Completed", "Promotion Viewed")
VALUES: tuple[Any, ...] = ("p1", "p2", 17, "", None, True, 1.5, ["p1"], "ü", "a\0b")


def _properties(chance: random.Random) -> dict[str, Any]:
    names = ("product_id", "article_id", "order_id", "note")
    told = {name: chance.choice(VALUES) for name in names if chance.random() < 0.6}
    if chance.random() < 0.4:
        things = [{"product_id": chance.choice(VALUES)} for _ in range(3)]
        told["products"] = chance.choice((things, [*things, "p1"], "p1", [], None))
    return told


def _rows(found: Iterable[Batch]) -> list[tuple[object, ...]]:
    """All values, in the order of the log."""
    rows: list[tuple[object, ...]] = []
    for batch in found:
        rows += zip(*batch.values, batch.line, strict=True)
    return rows


def test_rows_of_a_log_say_what_its_events_do(tmp_path: Path) -> None:
    address = Address("sqlite:///shop.db", "", tmp_path, 0)
    with closing(open_store(address)):
        pass
    chance = random.Random(3)
    with closing(sqlite3.connect(tmp_path / "shop.db")) as file:
        for number in range(12_000):
            name, told = chance.choice(NAMES), _properties(chance)
            if number < 6_000:  # a step in which all is as it mostly is
                name, told = chance.choice(PLAIN), {"product_id": f"p{number % 99}"}
            file.execute(
                "INSERT INTO events (id, time, visitor, name, properties) "
                "VALUES (?, ?, ?, ?, ?)",
                (
                    f"{number:08}",
                    float(number),
                    f"v{number % 70}",
                    name,
                    json.dumps(told),
                ),
            )
        file.execute("INSERT INTO logins (customer, visitor) VALUES ('c', 'v3')")
        file.commit()
    with open_keeper(address, lambda _: 0) as keeper:
        assert isinstance(keeper, Told)
        assert length_of(keeper) == keeper.sizes()["events"] == 12_000
        for window in ((0.0, 1e9), (100.0, 11_500.0)):
            expected = _rows(batches(keeper.events(*window)))
            assert _rows(log_batches(keeper, *window)) == expected
            assert {"c", "v4"} <= {row[0] for row in expected}
