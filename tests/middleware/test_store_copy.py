"""`shopwindow store copy`: all of a store, in every other kind of store, and nothing twice."""

import itertools
from collections.abc import Generator
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from shopwindow.middleware.cli import main
from shopwindow.middleware.stores import ERASED, FORGOTTEN, Store
from shopwindow.middleware.stores.copying import KINDS, digest_of
from shopwindow.middleware.stores.opening import Address, open_copied, sqlite_path
from shopwindow.middleware.stores.sqlite import SqliteStore
from shopwindow.rules.experiments import Allocations
from tests.counted import opened
from tests.databases import PLACES, Place
from tests.stores import (
    ANNA,
    BERT,
    event,
    fetched,
    keep,
    learn,
    logged,
    login,
    open_at,
    retired,
    views,
)

COPIED = ["sqlite", "postgresql", "postgresql, log in sqlite", "redis", "redis+cluster"]
SHOWN = {"promotions": [{"promotion_id": "tea", "rule": "r1"}], "revision": "r"}


def copy(source: Place, target: Place, *options: str, code: int = 0) -> Result:
    events = ["--from-events", source.events] if source.events else []
    events += ["--to-events", target.events] if target.events else []
    command = ["store", "copy", source.store, target.store, *events, *options]
    result = CliRunner().invoke(main, command)
    assert result.exit_code == code, result.output
    return result


def fill(store: Store) -> None:
    keep(store, event("v1"), event("v1", product_id="größe\n'☕'"), event("w1"))
    keep(store, login("w1", "w2"), event("w2"), login("x1", "x2", BERT), event("x2"))
    keep(store, event("x2", FORGOTTEN), event("y1"), event("y1", ERASED))
    weights = {("product", "hay"): 0.1, ("brand", "ä b"): 7.25}
    store.commit([event("v1", "Promotion Viewed", **SHOWN)], learn, weights)
    keep(store, *(event(f"n{number}") for number in range(1_200)))


@pytest.fixture(params=itertools.permutations(COPIED, 2), ids=" to ".join)
def places(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Place, Place]:
    folders = [tmp_path / "from", tmp_path / "to"]
    for folder in folders:
        folder.mkdir()
    first, second = (
        PLACES[name](request, folder)
        for name, folder in zip(request.param, folders, strict=True)
    )
    return first, second


def test_all_of_a_store_is_in_the_other_and_goes_on_there(
    places: tuple[Place, Place],
) -> None:
    source, target = places
    before = open_at(source)
    fill(before)
    said = copy(source, target).output
    assert "events: 1206, the same on both sides" in said
    assert "identities: 5, the same on both sides" in said
    after = open_at(target)
    for visitor in ("v1", "w2", "n1100"):
        assert fetched(after, visitor) == fetched(before, visitor) is not None
    assert all(retired(after, visitor) for visitor in ("w1", "x1", "x2", "y1"))
    assert logged(after) == logged(before)
    assert after.traffic() == before.traffic()
    # The shop goes on there: what is kept already is known, and who is who.
    first = event("v1")
    keep(after, first, first, event("w2"), login("y1", "y2", ANNA))
    assert views(after, "v1") == 2
    assert views(after, "w2") == 3
    assert retired(after, "y2")  # erased before the move
    keep(after, event("w2", ERASED))
    keeper = after.keeper(lambda time: 0)
    assert keeper.owner_of("w1") is None
    keeper.close()
    before.close()
    after.close()


def test_a_full_store_is_left_alone_unless_one_insists(tmp_path: Path) -> None:
    source, target = (Place(f"sqlite:///{tmp_path}/{name}.db") for name in "ab")
    store, other = open_at(source), open_at(target)
    fill(store)
    keep(other, event("somebody else"))
    said = copy(source, target, code=1).output
    assert "is not empty, it has profiles, events: name another store" in said
    assert views(other, "v1") == 0
    said = copy(source, target, "--into-non-empty", code=1).output
    assert "events: 1206 in FROM, 1207 in TO, not the same" in said
    assert views(other, "v1") == 1 and views(other, "somebody else") == 1
    store.close()
    other.close()


def test_a_copy_that_was_stopped_is_done_by_the_next(tmp_path: Path) -> None:
    source, target = (Place(f"sqlite:///{tmp_path}/{name}.db") for name in "ab")
    store = open_at(source)
    fill(store)
    with (
        closing(open_copied(Address(*source, tmp_path), make=False)) as one,
        closing(open_copied(Address(*target, tmp_path), make=True)) as other,
    ):
        for kind in KINDS:
            other.load(kind, list(itertools.islice(one.rows(kind), 7)))
    for _ in range(2):
        copy(source, target, "--into-non-empty")
    store.close()


def test_what_was_not_read_to_its_end_is_let_go_quietly(tmp_path: Path) -> None:
    place = Place(f"sqlite:///{tmp_path}/a.db")
    store = open_at(place)
    fill(store)
    store.close()
    with closing(open_copied(Address(*place, tmp_path), make=False)) as copied:
        rows = copied.rows("events")
        next(rows)
    assert isinstance(rows, Generator)
    rows.close()  # as when the disk of the other side is full


@pytest.mark.parametrize("kind", KINDS)
def test_a_row_that_is_another_one_is_noticed(tmp_path: Path, kind: str) -> None:
    place = Place(f"sqlite:///{tmp_path}/a.db")
    store = open_at(place)
    fill(store)
    store.close()
    with opened(place) as rollups:
        rollups.allot(Allocations({}, {"safe": 0.05}, {}))
    with closing(open_copied(Address(*place, tmp_path), make=False)) as copied:
        rows = list(copied.rows(kind))
    whole = digest_of(rows)
    assert whole == digest_of(reversed(rows)) and whole.rows == len(rows)
    first = (*rows[0][:-1], b"changed")
    assert digest_of([first, *rows[1:]]) != whole
    assert digest_of(rows[1:]) != whole
    assert digest_of([*rows, rows[0]]) != whole


def test_what_is_not_there_is_neither_copied_nor_made(tmp_path: Path) -> None:
    target = Place(f"sqlite:///{tmp_path}/b.db")
    said = copy(Place(str(tmp_path / "no.db")), target, code=1).output
    assert "there is no store at" in said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("source", "target", "words", "code"),
    [
        ("memory:", "b.db", "memory: cannot be copied: it is no store that lasts", 1),
        ("a.db", "sqlite:///a.db", "it is the same as FROM", 2),
        ("a.db", "redis://:secret@x", "say where they are with --to-events", 2),
        ("redis://:secret@x", "b.db", "say where they are with --from-events", 2),
        (
            "a.db",
            "mongodb://me:secret@x/y",
            'mongodb://x/y cannot be opened: "mongodb"',
            1,
        ),
        (
            "postgresql://me:secret@127.0.0.1:1/shop",
            "b.db",
            "postgresql://127.0.0.1:1/shop cannot be read",
            1,
        ),
    ],
)
def test_what_cannot_be_is_said_without_a_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    source: str, target: str, words: str, code: int,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    SqliteStore(sqlite_path("sqlite:///a.db", tmp_path)).close()
    said = copy(Place(source), Place(target), code=code).output
    assert words in said and "secret" not in said
