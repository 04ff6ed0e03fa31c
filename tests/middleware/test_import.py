"""What tills and loyalty programmes know: every line, however it was written, once."""

import csv
import json
import os
import time
import tracemalloc
from collections.abc import Mapping
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from shopwindow.middleware.cli import import_
from shopwindow.middleware.keys import pseudonym
from shopwindow.middleware.sources import importing
from shopwindow.middleware.sources.importing import beside
from shopwindow.middleware.sources.lines import CsvFile, JsonLines, Unreadable
from shopwindow.middleware.stores import ERASED, IDENTIFIED, VISITED, StoreError
from shopwindow.middleware.stores.sqlite import SqliteStore
from shopwindow.rules.facts import Event, Profile
from tests.commands import run
from tests.counted import opened
from tests.databases import PLACES, SHARED, Place
from tests.kept import keep
from tests.stores import fetched, learn, logged, open_at

KEY = "a-key-for-the-tests-of-imports"
SITE = """
[site]
timezone = "Europe/Berlin"
[attributes]
tier = { type = "text", from = "import:pos" }
points = { type = "number", from = "import:pos" }
born = { type = "date", from = "import:pos" }
mail = { type = "yes-no", from = "import:pos" }
likes = { type = "list", from = "import:pos" }
[imports.pos]
customer = "Kunde"
map = { tier = "Stufe", points = "Punkte", born = "Geboren", mail = "Mail", likes = "Mag" }
event = "Order Completed"
properties = { order_id = "Bon", product_id = "Artikel", price = "Preis", quantity = "Menge" }
time = "Datum"
time-format = "%d.%m.%Y"
decimal = ","
"""
HEAD = "Kunde;Stufe;Punkte;Geboren;Mail;Mag;Bon;Datum;Artikel;Preis;Menge\n"
DAY = (datetime.now() - timedelta(days=3)).strftime("%d.%m.%Y")

PLAINLY = "What was there already changed nothing, and who was erased stays unknown.\n"


def line(
    customer: str = "7",
    order: str = "1",
    product: str = "p1",
    price: str = "1.234,50",
    told: str = "Gold;1.200,5;01.04.1990;ja;Tee, Kaffee",
    day: str = DAY,
) -> str:
    return f"{customer};{told};{order};{day};{product};{price};2\n"


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOPWINDOW_SECRET_KEYS", KEY)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "site.toml").write_text(SITE)
    return folder


def sales(site: Path, *lines: str, encoding: str = "utf-8") -> Path:
    path = site.parent / "sales.csv"
    path.write_bytes((HEAD + "".join(lines)).encode(encoding))
    return path


def profile(site: Path, customer: str = "7") -> Profile | None:
    with closing(SqliteStore(site / "shopwindow.db")) as store:
        return found(store, customer)


def found(store: Any, customer: str = "7") -> Profile | None:
    return fetched(store, "customer:" + pseudonym((KEY.encode(),), customer))


# -- what a line says ----------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_a_file_is_taken_in(site: Path, encoding: str, ends: str) -> None:
    text = line(told="Grün;1.200,5;01.04.1990;ja;Tee, Kaffee").replace("\n", ends)
    path = sales(site, text, encoding=encoding)
    result = run("import", site, path, "--source", "pos")
    assert result.output == "1 line taken in, with 1 event\n" + PLAINLY
    known = profile(site)
    assert known is not None and known.visits == 0
    assert known.attributes == {
        "tier": "Grün",
        "points": 1200.5,
        "born": "1990-04-01",
        "mail": True,
        "likes": ["Kaffee", "Tee"],
    }
    assert known.told["tier"].source == "import:pos"
    assert (known.orders, known.order_value) == (1, 2469.0)
    assert known.customer == pseudonym((KEY.encode(),), "7")
    assert not beside(path).exists()


def test_lines_of_one_order_are_one(site: Path) -> None:
    lines = [line(product="p1"), line(product="p2"), line(order="2"), line("8", "2")]
    result = run("import", site, sales(site, *lines))
    assert result.output == "4 lines taken in, with 3 events\n" + PLAINLY
    known = profile(site)
    assert known is not None and known.orders == 2
    assert known.order_value == 3 * 2469.0


def test_an_empty_cell_says_nothing(site: Path) -> None:
    run("import", site, sales(site, line(told=";;;;")))
    known = profile(site)
    assert known is not None and known.attributes == {} and known.orders == 1


def test_json_lines_are_taken_in(site: Path) -> None:
    text = """
[site]
timezone = "Europe/Berlin"
[attributes]
tier = { type = "text", from = "import:loyalty" }
[imports.loyalty]
customer = "$.customer.id"
map = { tier = "tier" }
event = "Order Completed"
properties = { order_id = "$.order", products = "$.lines", product_id = "sku", price = "$.price.gross" }
time = "at"
"""
    (site / "site.toml").write_text(text)
    path = site / "orders.jsonl"
    at = int(time.time()) - 86_400
    first = {
        "customer": {"id": 7},
        "tier": "gold",
        "order": "A1",
        "at": at,
        "lines": [
            {"sku": "p1", "price": {"gross": 2.5}},
            {"sku": "p2", "price": {"gross": 1}},
        ],
    }
    path.write_text(f"{json.dumps(first)}\n[1]\n{{\n\n")
    result = run("import", site, path, code=1)
    assert "line 2: no JSON object" in result.output
    assert "line 3: no JSON" in result.output
    known = profile(site)
    assert known is not None and known.attributes == {"tier": "gold"}
    assert (known.orders, known.order_value) == (1, 3.5)
    assert known.last_order == at


# -- twice, in parts, everywhere -----------------------------------------------------------


@pytest.mark.parametrize("place", SHARED)
def test_taken_in_twice_it_changes_nothing(
    site: Path, place: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    at = PLACES[place](request, tmp_path)
    events = f"[events]\nurl = '{at.events}'\n" if at.events else ""
    (site / "site.toml").write_text(f"{SITE}[store]\nurl = '{at.store}'\n{events}")
    path = sales(site, *(line(str(n % 7), str(n)) for n in range(40)))
    states = []
    for _ in range(2):
        run("import", site, path)
        with closing(open_at(at, site)) as store:
            states.append(([found(store, str(n)) for n in range(7)], logged(store)))
            assert store.traffic() == {}
    assert states[0] == states[1]
    assert all(known is not None for known in states[0][0])
    assert len(states[0][1]) == 40


def test_stopped_half_way_it_goes_on(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "BATCH", 10)
    lines = [line(str(n % 7), str(n)) for n in range(60)]
    path = sales(site, "bad\n", *lines, "bad\n")
    commits = []
    commit = SqliteStore.commit

    def failing(self: SqliteStore, *arguments: Any) -> None:
        commits.append(arguments)
        if len(commits) == 4:
            raise StoreError("the disk is full")
        commit(self, *arguments)

    monkeypatch.setattr(SqliteStore, "commit", failing)
    result = run("import", site, path, code=1)
    assert "the disk is full: run the same again to go on" in result.output
    before = len(commits)
    assert beside(path).exists()
    result = run("import", site, path, code=1)  # because of the bad one
    assert "going on after line 17" in result.output
    assert len(commits) - before < before + 6
    assert "60 lines taken in, with 60 events" in result.output
    with closing(SqliteStore(site / "shopwindow.db")) as store:
        assert len(logged(store)) == 60
        assert sum(p.orders for n in range(7) if (p := found(store, str(n)))) == 60
    assert not beside(path).exists()
    errors = path.with_name("sales.csv.errors.csv").read_text().splitlines()
    assert [one.partition(",")[0] for one in errors] == ["line", "2", "63"]


def test_a_process_that_is_killed_loses_and_doubles_nothing(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "BATCH", 10)
    path = sales(site, *(line(str(n % 7), str(n)) for n in range(60)))
    save = importing.save

    class Killed(BaseException):
        pass

    def dying(*arguments: Any) -> None:
        save(*arguments)
        raise Killed

    monkeypatch.setattr(import_, "save", dying)
    for _ in range(3):
        with pytest.raises(Killed):
            import_.command.callback(  # type: ignore[misc]
                site, path, "pos", (), None, None, None, 1, "7d", False, None, None
            )
    monkeypatch.setattr(import_, "save", save)
    result = run("import", site, path)
    assert "60 lines taken in, with 60 events" in result.output
    with closing(SqliteStore(site / "shopwindow.db")) as store:
        assert len(logged(store)) == 60


def test_what_has_changed_is_read_from_the_beginning(site: Path) -> None:
    path = sales(site, line())
    run("import", site, path)
    importing.save(path, importing.Progress("of another file", 10**6, 17))
    assert "going on" not in run("import", site, path).output


# -- lines with errors ---------------------------------------------------------------------

WRONG = {
    line(customer=""): '"Kunde" names no customer',
    line(price="zwölf"): '"Preis" is no number',
    line(day="2026-11-20"): '"Datum" is no time like %d.%m.%Y',
    line(day="01.01.2099"): '"Datum" lies in the future',
    line(told="Gold;x;;;"): '"Punkte" is no number',
    line(told="Gold;;;vielleicht;"): '"Mail" is no yes-no',
    line(told="Gold;;31.02.1990;;"): '"Geboren" is no date',
    "7;Gold\n": "2 columns, but the first line has 11",
    "7" * 70_000 + "\n": "a line has at most 65,536 bytes",
    '7;"Gold;;;;;2;x\n': "a quote is never closed",
    '7;"Gold"x;;;;;2;x;y;z;1\n': "',' expected after '\"'".replace(",", ";"),
}


@pytest.mark.parametrize("wrong", WRONG, ids=list(WRONG.values()))
def test_a_line_with_an_error_does_not_stop_the_others(site: Path, wrong: str) -> None:
    path = sales(site, line("1"), wrong, line("2", "2"), line("3", "3"))
    result = run("import", site, path, code=1)
    assert f"line 3: {WRONG[wrong]}" in result.output
    assert "3 lines taken in, with 3 events" in result.output
    assert all(profile(site, customer) is not None for customer in "123")
    errors = path.with_name("sales.csv.errors.csv")
    rows = list(csv.reader(errors.read_text().splitlines()))
    assert rows[0] == ["line", "error", "text"] and rows[1][0] == "3"
    assert errors.stat().st_mode & 0o077 == 0
    assert "zwölf" not in result.output


def test_only_the_first_errors_are_printed(site: Path) -> None:
    path = sales(site, *("x\n" for _ in range(50)))
    output = run("import", site, path, code=1).output
    assert output.count("columns, but") == 10 and "50 lines with errors" in output
    assert len(path.with_name("sales.csv.errors.csv").read_text().splitlines()) == 51


def test_letters_that_are_none_are_an_error_of_their_line(site: Path) -> None:
    path = sales(site, line("1"))
    path.write_bytes(path.read_bytes() + b"2;\x81" + line("2").encode()[1:])
    output = run("import", site, path, code=1).output
    assert "line 3: it is not cp1252" in output
    assert profile(site, "1") is not None


def test_a_quoted_field_may_have_several_lines(site: Path) -> None:
    many = line("1", told='"Go\nld; und ""mehr""";;;;')
    path = sales(site, many, line("2", "2"))
    assert "2 lines taken in" in run("import", site, path).output
    known = profile(site, "1")
    assert known is not None and known.attributes["tier"] == 'Go\nld; und "mehr"'


def test_what_is_older_than_the_shop_keeps_is_left_out(site: Path) -> None:
    path = sales(site, line(day="01.01.2019"), line("8", "2"))
    output = run("import", site, path).output
    assert "1 line taken in" in output and "1 line older than the shop keeps" in output
    assert profile(site) is None


# -- whom it is about ----------------------------------------------------------------------


def test_who_logs_in_finds_it_and_nobody_else(site: Path) -> None:
    run("import", site, sales(site, line()))
    owner = pseudonym((KEY.encode(),), "7")
    now = time.time()
    with closing(SqliteStore(site / "shopwindow.db")) as store:
        assert fetched(store, "visitor") is None
        named = {"customer": owner, "visitor": "fresh"}
        login = [
            Event("1", VISITED, "visitor", now, 0, {}),
            Event("2", IDENTIFIED, "visitor", now, 0, named),
        ]
        store.commit(login, learn, {})
        known = fetched(store, "fresh")
        assert known is not None and known.visits == 1
        assert known.attributes["tier"] == "Gold" and known.orders == 1


def test_who_was_erased_gets_nothing(site: Path) -> None:
    path = sales(site, line())
    run("import", site, path)
    with closing(SqliteStore(site / "shopwindow.db")) as store:
        owner = pseudonym((KEY.encode(),), "7")
        erased = Event("1", ERASED, f"customer:{owner}", time.time(), 0, {})
        store.commit([erased], learn, {})
    run("import", site, path)
    run("import", site, sales(site, line(order="2")))
    with closing(SqliteStore(site / "shopwindow.db")) as store:
        assert logged(store) == []
        with closing(store.keeper(lambda time: 0)) as keeper:
            assert keeper.sizes()["profiles"] == 0


def test_an_erased_customer_is_erased_with_what_was_imported(site: Path) -> None:
    run("import", site, sales(site, line()))
    run("erase", site, "--customer", "7", "--yes")
    assert b"customer:" not in (site / "shopwindow.db").read_bytes()
    with closing(SqliteStore(site / "shopwindow.db")) as store:
        assert logged(store) == []


def test_no_store_ever_holds_the_customer_s_id(site: Path) -> None:
    customer = "KUNDE-4711-ANNA"
    run("import", site, sales(site, line(customer)))
    for path in site.glob("shopwindow.db*"):
        assert customer.encode() not in path.read_bytes()


# -- usage ---------------------------------------------------------------------------------


def test_a_dry_run_keeps_nothing(site: Path) -> None:
    path = sales(site, line())
    output = run("import", site, path, "--dry-run").output
    assert output == "1 line would be taken in: --dry-run, with 1 event\n"
    assert not (site / "shopwindow.db").exists() and not beside(path).exists()


USAGE: Mapping[tuple[str, ...], str] = {
    ("--source", "poss"): 'site.toml has no [imports.poss]: did you mean "pos"?',
    ("--map", "tear=X"): 'did you mean "tier"?',
    ("--map", "tier=Stufee"): 'there is no column "Stufee": did you mean "Stufe"?',
    ("--customer", "Kund"): 'there is no column "Kund": did you mean "Kunde"?',
    ("--format", "xml"): "'xml' is not one of",
    ("--store", "memory:"): "cannot be looked into",
}


@pytest.mark.parametrize("options", USAGE)
def test_wrong_usage_is_said(site: Path, options: tuple[str, ...]) -> None:
    path = sales(site, line())
    code = 1 if "no column" in USAGE[options] else 2
    assert USAGE[options] in " ".join(
        run("import", site, path, *options, code=code).output.split()
    )


def test_another_column_may_be_mapped(site: Path) -> None:
    path = sales(site, line())
    run("import", site, path, "--map", "tier=Artikel")
    known = profile(site)
    assert known is not None and known.attributes["tier"] == "p1"


def test_without_keys_nobody_would_ever_be_found(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SHOPWINDOW_SECRET_KEYS")
    output = run("import", site, sales(site, line()), code=2).output
    assert "set SHOPWINDOW_SECRET_KEYS" in output


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        ("a;b\n".encode("utf-16"), "UTF-16"),
        (b"a;b;a\n", 'the column "a" is there twice'),
        (b"a;" * 2_000, "more than 1,000 columns"),
        (b'"a;b\n', "cannot be read"),
        (b"a" * 70_000, "at most 65,536 bytes"),
    ],
)
def test_a_file_that_cannot_be_read_at_all_is_said(
    tmp_path: Path, data: bytes, said: str
) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(data)
    with pytest.raises(Unreadable, match=said):
        CsvFile(path)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_what_stands_between_columns_is_found_out(
    tmp_path: Path, delimiter: str
) -> None:
    path = tmp_path / "x.csv"
    path.write_text(f'sep={delimiter}\n"a,;b"{delimiter}c\n1{delimiter}2\n')
    file = CsvFile(path)
    assert file.columns == ("a,;b", "c")
    assert [one.values for one in file.lines()] == [{"a,;b": "1", "c": "2"}]


@pytest.mark.parametrize("made", [CsvFile, JsonLines])
def test_lines_are_read_in_bounded_memory(tmp_path: Path, made: Any) -> None:
    path = tmp_path / "x"
    with path.open("w") as file:
        file.write("a;b\n" if made is CsvFile else "")
        for number in range(30_000):
            text = "y" * 100
            file.write(
                f"{number};{text}\n" if made is CsvFile else f'{{"a": "{text}"}}\n'
            )
    tracemalloc.start()
    assert sum(not one.fault for one in made(path).lines()) == 30_000
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_500_000 < os.path.getsize(path)


def test_reports_count_what_happened_days_ago(site: Path) -> None:
    """Whoever it was has not been here since; what is new is counted, and this is."""
    shown = {"slot": "hero", "rule": "hello", "promotion_id": "banner"}
    customer = pseudonym((KEY.encode(),), "7")
    keep(
        site,
        ("a" * 22, "Promotion Viewed", {"promotions": [shown]}, 8),
        ("a" * 22, IDENTIFIED, {"customer": customer, "visitor": "b" * 22}, 7),
    )
    run("measure", site)
    run("import", site, sales(site, line()))
    for _ in range(2):
        run("measure", site)
        with opened(Place(f"sqlite:///{site}/shopwindow.db")) as rollups:
            ((_, tally),) = rollups.cells(0, 100_000, ("site",))
            assert tally.sample("average-order-value").y == 246_900
