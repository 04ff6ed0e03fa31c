"""Training on what an engine counted that runs SQL: the model is the same, byte for byte."""

import itertools
import json
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from shopwindow.fragments.recommendations.training import reading, sql
from shopwindow.fragments.recommendations.training.here import Here
from shopwindow.middleware.stores import IDENTIFIED
from shopwindow.middleware.stores.postgres.counting import PostgresCounting
from tests.commands import run
from tests.fragments import eventlogs
from tests.fragments.sqlcounted import copy, in_duckdb, same
from tests.kept import keep, write_site

NUMBERS = itertools.count()
AT_THE_SAME_TIME = 2.0  # days ago


@pytest.mark.parametrize(
    ("timed", "named"), ((True, False), (False, True)), ids=("timed", "untimed")
)
def test_postgresql_counts_what_numpy_counts(
    timed: bool, named: bool, tmp_path: Path, postgresql: str
) -> None:
    path = eventlogs.written(tmp_path, timed, named)
    events = reading.read(path).events
    with closing(PostgresCounting(postgresql)) as engine:
        with in_duckdb(path, tmp_path) as gathering:
            copy(gathering.duck, engine)
        found = sql.Counting(engine)
        assert found.items.keys == events.keys
        same(Here(events), found)


def arrays(models: Path) -> dict[str, bytes]:
    """What is in the one model of a folder, but for when it was made."""
    (folder,) = models.glob("model-*")
    found = {path.name: path.read_bytes() for path in folder.iterdir()}
    meta = json.loads(found.pop("meta.json"))
    del meta["made"], meta["files"]
    return {**found, "meta": json.dumps(meta, sort_keys=True).encode()}


def happenings() -> list[tuple[str, str, dict[str, Any], float]]:
    """What visitors of a shop did, with ids that are none and ids that PostgreSQL has no text for."""
    ids = ["hay", "straw", "🐈", 17, "ä", " hay ", "Zaun", "z", True, 1.5, "", None]
    ids += ["a\0b", "\\u0000", "\\\0\0", ["hay"]]
    told: list[tuple[str, str, dict[str, Any], float]] = []
    for number in range(400):
        visitor = f"{number % 37:022}"
        ago = AT_THE_SAME_TIME if number % 5 == 0 else 30 - number % 29 - number / 9_000
        id = ids[number * number % len(ids)]
        told.append((visitor, "Product Viewed", {"product_id": id}, ago))
        if number % 3 == 0:
            told.append((visitor, "Article Viewed", {"article_id": id}, ago))
        if number % 7 == 0:
            told.append((visitor, "Product Added", {"product_id": id}, ago))
        if number % 11 == 0:
            things = [{"product_id": one} for one in ids[number % 7 :]]
            bought = {"order_id": f"o{number}", "products": [*things, 5, None, "hay"]}
            told.append((visitor, "Order Completed", bought, ago - 0.001))
        if number % 13 == 0:
            alone = {"order_id": number, "product_id": id}
            told.append((visitor, "Order Completed", alone, ago - 0.002))
    who = {"customer": "c.anna", "visitor": f"{3:022}"}
    told.append((f"{2:022}", IDENTIFIED, who, 1.0))
    return told


@pytest.mark.parametrize("engine", ("postgres", "duckdb"))
def test_the_log_of_a_shop_gives_the_same_model(
    engine: str, tmp_path: Path, postgresql: str
) -> None:
    store = f"{postgresql}?schema=elsewhere_{next(NUMBERS)}"
    site = write_site(tmp_path / "site", store=store)
    keep(site, *happenings())
    until = ("--until", str(int(time.time()) - 3_600))
    run("train", site, "--out", tmp_path / "here", *until)
    run("train", site, "--out", tmp_path / "there", "--with", engine, *until)
    here, there = arrays(tmp_path / "here"), arrays(tmp_path / "there")
    assert here.keys() == there.keys()
    assert [name for name in here if here[name] != there[name]] == []
