"""Stores by URL: what is opened where, and what is said when it cannot be."""

import sys
from pathlib import Path

import pytest

from shopwindow.middleware.stores import StoreError
from shopwindow.middleware.stores.memory import MemoryStore
from shopwindow.middleware.stores.opening import (
    Address,
    fault_of,
    look,
    open_history,
    open_keeper,
    open_store,
    shown,
)
from shopwindow.middleware.stores.sqlite import SqliteStore
from shopwindow.middleware.stores.unopened import Unopened
from shopwindow.middleware.window import Shopwindow
from tests.databases import PLACES
from tests.shop import KEYS
from tests.stores import event, keep, logged, open_at, views


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql://me:geheim@db:5432/shop", "postgresql://db:5432/shop"),
        ("postgresql://me:ge@heim@db/shop", "postgresql://db/shop"),
        ("postgresql://me:ge/h@eim@db/shop", "postgresql://db/shop"),
        ("postgresql://me:ge?h@db/shop?schema=a", "postgresql://db/shop?schema=a"),
        ("postgresql://db/shop?user=me&password=geheim", "postgresql://db/shop"),
        ("postgresql://db/?schema=b&password=geheim", "postgresql://db/?schema=b"),
        ("redis://:geheim@cache:6379/0", "redis://cache:6379/0"),
        ("redis+cluster://me:geheim@a:1,b:2", "redis+cluster://a:1,b:2"),
        ("sqlite:///a/b.db", "sqlite:///a/b.db"),
        ("memory:", "memory:"),
    ],
)
def test_a_password_is_never_shown(url: str, words: str) -> None:
    assert shown(url) == words


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("sqlite:///a.db", None),
        ("memory:", None),
        ("postgres://db/shop", None),
        ("POSTGRESQL://db/shop", None),
        ("rediss+cluster://a:1,b:2", None),
        (
            "postgre://db",
            ('"postgre" is no kind of store', 'did you mean "postgres"?'),
        ),
        ("", ("this is no URL", "for example sqlite:///shopwindow.db")),
        (
            "redis:cache",
            ('after "redis:" comes //', "for example redis://:password@host:6379/0"),
        ),
    ],
)
def test_what_a_url_can_be(url: str, fault: tuple[str, str] | None) -> None:
    assert fault_of(url) == fault


def test_events_are_elsewhere_only_where_that_is_elsewhere(tmp_path: Path) -> None:
    def log(store: str, events: str) -> str:
        return Address(store, events, tmp_path).log

    assert log("sqlite:///a.db", "") == ""
    assert log("sqlite:///a.db", f"sqlite:///{tmp_path}/x/../a.db") == ""
    assert log("sqlite:///a.db", "sqlite:///b.db") == "sqlite:///b.db"
    assert log("postgresql://db/x", "postgresql://db/x") == ""
    assert log("postgresql://me:a@db/x", "postgres://db:5432/x?connections=9") == ""
    other = "postgresql://db/x?schema=other"
    assert log("postgresql://db/x", other) == other
    assert log("postgresql://db/x", "sqlite:///b.db") == "sqlite:///b.db"
    assert log("redis://c", "") == "sqlite:///shopwindow.db"
    assert log("redis://c", "postgresql://db/x") == "postgresql://db/x"
    assert log("memory:", "postgresql://db/x") == ""


@pytest.mark.parametrize("library", ["asyncpg", "redis"])
def test_a_library_that_is_missing_is_named_with_its_extra(
    library: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in list(sys.modules):
        if module.startswith(("shopwindow.middleware.stores.postgres", library)) or (
            module.startswith("shopwindow.middleware.stores.redis")
        ):
            monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, library, None)
    scheme = {"asyncpg": "postgresql", "redis": "redis"}[library]
    extra = {"asyncpg": "postgres", "redis": "redis"}[library]
    with pytest.raises(StoreError) as caught:
        open_store(Address(f"{scheme}://me:geheim@db", "", tmp_path))
    words = str(caught.value)
    assert words == (
        f"{scheme}://db cannot be opened, {library} is not installed: "
        f'pip install "shopwindow[{extra}]"'
    )


@pytest.mark.anyio
async def test_a_shop_goes_on_without_the_store_that_cannot_be_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "site.toml").write_text('[site]\nname = "x"\n')
    monkeypatch.setenv("SHOPWINDOW_STORE", "postgresql://me:geheim@127.0.0.1:1/shop")
    async with Shopwindow(tmp_path, keys=KEYS) as window:
        assert isinstance(window.store, Unopened)
    assert "the store is not open yet, trying again: postgresql://127" in caplog.text
    assert "geheim" not in caplog.text


@pytest.mark.parametrize("name", PLACES)
def test_a_command_looks_into_any_store_beside_the_shop(
    request: pytest.FixtureRequest, tmp_path: Path, name: str
) -> None:
    if name == "memory":
        return  # there is nothing to look into from outside
    place = PLACES[name](request, tmp_path)
    store = open_at(place, tmp_path)
    keep(store, event("v1"), event("v2"))
    store.commit([], lambda profile, _: profile, {("product", "hay"): 2.0})
    at = Address(*place, tmp_path)
    profile, traffic = look(at, "v1")
    assert profile is not None and profile.counts["viewed product"]["hay"].total == 1
    assert traffic == {("product", "hay"): 2.0}
    with open_history(at, lambda time: 0) as history:
        assert history.profile_count() == 2
    with open_keeper(at, lambda time: 0) as keeper:
        assert keeper.sizes()["events"] == 2
    assert len(logged(store)) == 2
    store.close()


def test_events_that_go_elsewhere_are_read_from_there(tmp_path: Path) -> None:
    at = Address("sqlite:///a.db", "sqlite:///log.db", tmp_path)
    store = open_store(at)
    one = event("v1", product_id="SECRET")
    keep(store, one)
    keep(store, one)
    assert views(store, "v1", "SECRET") == 1
    assert logged(store) == [one.id]
    store.close()
    alone = open_store(Address("sqlite:///log.db", "", tmp_path))
    assert logged(alone) == [one.id] and views(alone, "v1") == 0
    assert isinstance(alone, SqliteStore)
    alone.close()


def test_for_a_first_try_nothing_goes_anywhere(tmp_path: Path) -> None:
    at = Address("memory:", "sqlite:///log.db", tmp_path)
    assert isinstance(open_store(at), MemoryStore)
    assert list(tmp_path.iterdir()) == []
