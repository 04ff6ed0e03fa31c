"""Made-up visitors: in a real shop, whose report says what they saw; and in a log."""

import json
import socket
import sqlite3
import time
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from shopwindow.examples.petshop.app import SITE
from shopwindow.middleware.rollups import open_rollups
from shopwindow.middleware.rollups.planning import plan_for
from shopwindow.middleware.settings import address
from shopwindow.middleware.simulation import browser
from shopwindow.middleware.simulation.agreement import compared
from shopwindow.middleware.simulation.assortment import shelves
from shopwindow.middleware.simulation.books import Books, Fact, Showing, Unit
from shopwindow.middleware.simulation.finding import found
from shopwindow.middleware.simulation.generator import Plan, generate
from shopwindow.middleware.simulation.history import ARMS, HEROES, HOLDOUT
from shopwindow.middleware.simulation.logs import open_into
from shopwindow.middleware.simulation.planted import PLANTED
from shopwindow.middleware.simulation.reading import Seen, Strange, seen
from shopwindow.middleware.site import read_site
from shopwindow.middleware.stores.rows import row_of
from shopwindow.middleware.stores.sqlite.history import SqliteHistory
from tests import booked
from tests.commands import run
from tests.servers import free_port

NOW = 1_795_255_200.0  # 2026-11-21 10:00 UTC
PETSHOP = read_site(SITE)


# -- a shop that is walked through -------------------------------------------------------


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """The store of a demo shop after 500 visitors, and what the simulator prints of them."""
    store = tmp_path_factory.mktemp("walked") / "visitors.db"
    said = run(
        *("simulate", "--visitors", "500", "--seed", "1"),
        *("--store", store, "--format", "json"),
    )
    return store, json.loads(said.stdout)


def test_every_number_is_what_five_hundred_visitors_saw(
    walked: tuple[Path, dict[str, Any]],
) -> None:
    _, said = walked
    assert said["agreement"]["differing"] == []
    assert said["agreement"]["compared"] > 200
    books = said["books"]
    assert sum(books["visitors"].values()) == 500
    assert min(books["visitors"].values()) > 5, "every kind of visitor came"
    shown = books["site"]["shown"]
    for what in (
        "thumbs-up",
        "thumbs-down",
        "clicks",
        "dismissals",
        "orders",
        "revenue",
        "added",
        "opt-outs",
    ):
        assert shown[what] > 0, what
    arms = {name: set(rows) for name, rows in books["experiments"].items()}
    assert arms == {name: set(effects) for name, effects in PLANTED.items()}


def test_the_report_finds_what_was_planted(
    walked: tuple[Path, dict[str, Any]],
) -> None:
    _, said = walked
    effects = said["agreement"]["effects"]
    assert effects, "of few visitors it says little"
    for one in effects:
        assert one["low"] <= one["planted"] <= one["high"], one


def test_the_report_prints_the_same_numbers(
    walked: tuple[Path, dict[str, Any]],
) -> None:
    store, said = walked
    asked = ("report", SITE, "--store", f"sqlite:///{store}", "--format", "json")
    told = json.loads(run(*asked, code=None).stdout)
    assert booked.misprinted(told, said["books"]) == []
    assert booked.compared(told, said["books"]) > 250


def test_one_showing_more_is_noticed(walked: tuple[Path, dict[str, Any]]) -> None:
    store, said = walked
    books = Books()
    one = Showing(Seen("home.hero", "dog-hero", "hero-tone", "cosy"), clicked=True)
    books.add(Unit([one, Fact("ordered", 100)]))
    result = compared(books, PETSHOP, f"sqlite:///{store}", NOW * 2)
    assert len(result.differing) > 100
    assert any(each.startswith("rule dog-hero: clicks: 1 seen") for each in result.differing)  # fmt: skip


# -- the command -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "hint"),
    [
        ("http://shop.example", "shop.example is another machine"),
        ("shop.example", "http://127.0.0.1:8000"),
        ("https://127.0.0.1", "http://127.0.0.1:8000"),
        ("http://127.0.0.1/shop", "without a path"),
        ("http://127.0.0.1:many", "http://127.0.0.1:8000"),
    ],
)
def test_nobody_walks_where_it_is_not_meant(address: str, hint: str) -> None:
    assert hint in run("simulate", address, code=2).stderr


def test_a_shop_that_is_not_there_is_named() -> None:
    place = f"http://127.0.0.1:{free_port()}"
    said = run("simulate", place, "--visitors", "2", code=1).stderr
    assert "ConnectionRefusedError" in said and place.removeprefix("http://") in said


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200 OK\r\n\r\n"])
def test_a_shop_that_never_ends_its_answer_is_given_up(
    said: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browser, "_WHOLE", 0.4)
    asked = 0

    def drip(server: socket.socket) -> None:
        nonlocal asked
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            asked += 1
            with client, suppress(OSError):
                client.sendall(said)
                while True:
                    client.sendall(b"X" if said else b"HTTP"[:1])
                    time.sleep(0.05)

    with socket.create_server(("127.0.0.1", 0)) as server:
        Thread(target=drip, args=(server,), daemon=True).start()
        line = browser.Line("127.0.0.1", server.getsockname()[1])
        began = time.monotonic()
        with pytest.raises(
            browser.Unexpected, match="no whole answer within 0.4 seconds"
        ):
            line.ask("GET", "/", {}, None)
        assert time.monotonic() - began < 5 and asked == 1
        line.close()


def test_a_store_that_is_there_is_left_alone(tmp_path: Path) -> None:
    store = tmp_path / "real.db"
    store.write_text("something")
    assert "is there already" in run("simulate", "--store", store, code=2).stderr
    assert store.read_text() == "something"


def test_a_page_that_is_not_the_demos_is_said() -> None:
    with pytest.raises(Strange, match="shopwindow demo"):
        seen("<html><body>Another shop</body></html>")


# -- books -------------------------------------------------------------------------------


def unit(*facts: Showing | Fact, left: bool = False) -> Books:
    books = Books()
    books.add(Unit(list(facts), left))
    return books


def shown(arm: str, held: str = "", **did: Any) -> Showing:
    return Showing(Seen("home.hero", "dog-hero", "hero-tone", arm, held), **did)


def test_what_was_done_before_the_first_showing_counts_for_no_arm() -> None:
    books = unit(Fact("ordered", 700), shown("cosy"), Fact("ordered", 500), left=True)
    row = books.experiments["hero-tone"]["cosy"]
    assert (row["orders"], row["revenue"], row["opt-outs"]) == (1, 500, 1)
    assert unit(Fact("ordered", 700)) == Books(), "nobody was shown anything"


def test_who_saw_two_arms_counts_for_none() -> None:
    books = unit(shown("cosy"), shown("plain"))
    assert books.experiments == {} and books.crossed == {"hero-tone": 1}
    assert books.site["shown"]["units"] == 1


def test_who_is_held_out_is_in_no_experiment() -> None:
    books = unit(shown("cosy", "holdout"))
    assert books.experiments == {} and books.site["holdout"]["held"] == 1


# -- a log -------------------------------------------------------------------------------


def written(path: Path, events: int, seed: int = 1, days: int = 30) -> dict[str, int]:
    plan = Plan(events, days, seed, NOW, PETSHOP.rules.revision)
    with open_into(f"sqlite:///{path}", path.parent, PETSHOP.context.day) as log:
        return generate(plan, shelves(PETSHOP), log)


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("log") / "made-up.db"
    counts = written(path, 20_000)
    assert 18_000 < sum(counts.values()) < 22_000
    return path


def test_rows_are_those_that_a_store_would_write(log: Path) -> None:
    (columns,) = (
        sqlite3.connect(log).execute("SELECT * FROM events WHERE 0").description,
    )
    assert [name for name, *_ in columns][
        :5
    ] == "id time visitor name properties".split()
    history = SqliteHistory(log, PETSHOP.context.day)
    events = {event.id: event for story in history.stories(0, NOW) for event in story}
    history.close()
    rows = sqlite3.connect(log).execute("SELECT * FROM events LIMIT 1000").fetchall()
    names = set()
    for row in rows:
        made = row_of(events[row[0]], row[2])
        names.add(made.name)
        assert json.loads(row[4]) == json.loads(made.properties)
        assert row[:4] + row[5:] == made[:4] + made[5:], row
    assert len(names) == 8


def test_a_log_is_in_order_and_ends_now(log: Path) -> None:
    rows = sqlite3.connect(log).execute("SELECT time FROM events ORDER BY id")
    times = [time for (time,) in rows]
    assert all(a - b < 0.001 for a, b in zip(times, times[1:], strict=False))
    assert NOW - 31 * 86_400 < times[0] and NOW - 3_600 < times[-1] < NOW


def test_the_same_seed_makes_the_same_log(tmp_path: Path) -> None:
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        written(tmp_path / f"{name}.db", 3_000, seed)
    a, b, c = (
        sqlite3.connect(tmp_path / f"{name}.db")
        .execute("SELECT * FROM events ORDER BY id")
        .fetchall()
        for name in "abc"
    )
    assert a == b != c


def test_a_report_of_the_log_finds_what_was_planted(log: Path) -> None:
    from msgspec.structs import replace

    from shopwindow.middleware.reporting.reports import report_of

    at = address(replace(PETSHOP.settings, store=f"sqlite:///{log}", events=""))
    with open_rollups(at, PETSHOP.context.day) as rollups:
        rollups.update(plan_for(PETSHOP), NOW)
        effects = list(found(report_of(PETSHOP, rollups, NOW)))
    assert len(effects) >= 8
    assert [str(one) for one in effects if not one.covered] == []
    surely = [one for one in effects if one.low > 0 and one.planted]
    assert {one.experiment for one in surely} >= {"greeting"}


def test_made_up_visitors_do_not_get_among_real_ones(log: Path) -> None:
    said = run("simulate", "--into", f"sqlite:///{log}", "--events", "10", code=1)
    assert "events already" in said.stderr
    said = run("simulate", "--into", "redis://localhost", code=2)
    assert "sqlite or postgresql" in said.stderr


def test_the_command_writes_a_log_and_prints_what_was_planted(tmp_path: Path) -> None:
    path = tmp_path / "new.db"
    said = run("simulate", "--into", path, "--events", "1000", "--format", "json")
    told = json.loads(said.stdout)
    assert told["planted"]["hero-tone"]["cosy"]["orders"] == 1.5
    (count,) = sqlite3.connect(path).execute("SELECT count(*) FROM events").fetchone()
    assert count == sum(told["events"].values())
    said = run("simulate", "--into", tmp_path / "words.db", "--events", "1000")
    assert "orders x 1.5, clicks x 1.3" in said.stdout


# -- the pet shop ------------------------------------------------------------------------


def test_what_is_planted_is_what_the_pet_shop_tries_out() -> None:
    arms: dict[str, set[str]] = {}
    heroes: dict[str, str] = {}
    for rule in PETSHOP.rules.rules:
        split = rule.split
        if split is None:
            continue
        names = {variant.name for variant in split.variants}
        arms[split.experiment] = names | ({"control"} if split.control else set())
        if split.experiment == "hero-tone":
            category = split.variants[0].parameters["category"]
            heroes[str(category)] = rule.id
        total = sum(variant.weight for variant in split.variants)
        for variant in split.variants:
            among = ARMS[split.experiment]
            part = variant.weight / total * (1 - split.control)
            assert among.count(variant.name) / len(among) == pytest.approx(part)
    assert arms == {name: set(effects) for name, effects in PLANTED.items()}
    assert heroes == HEROES
    assert PETSHOP.settings.limits.holdout == HOLDOUT
