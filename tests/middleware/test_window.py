"""A loaded site with its stores: it starts, stops, reloads, and does not go down."""

import asyncio
import json
import logging
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from starlette.types import Receive, Scope, Send

from shopwindow import Shopwindow
from shopwindow.findings import SiteError
from shopwindow.fragments.recommendations.assortment import Assortment
from shopwindow.middleware import window as windows
from shopwindow.middleware.stores import Store, StoreError, Weights
from shopwindow.middleware.stores.memory import MemoryStore
from shopwindow.middleware.stores.sqlite import SqliteStore
from shopwindow.middleware.stores.sqlite.file import SqliteFile
from shopwindow.middleware.stores.unopened import Unopened
from shopwindow.middleware.visitor import new_visitor
from shopwindow.rules.facts import Event, Profile
from tests.asgi import Answer, ask
from tests.shop import (
    FILES,
    HERO,
    KEYS,
    LANES,
    browser,
    compiled,
    consent,
    consented,
    mounted,
    page,
    site_of,
    whole,
)

pytestmark = pytest.mark.anyio

SQLITE = FILES["site.toml"].replace('url = "memory:"', 'url = "sqlite:///data/shop.db"')
BROKEN = FILES["rules/start.yaml"].replace("show: banner", "show: baner", 1)
LAST_GOOD = ".shopwindow.last-good.json"


def write(folder: Path, **changes: str) -> Path:
    for name, text in {**FILES, **changes}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "site")


@pytest.fixture
def production(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOPWINDOW_ENV", "production")


def event(number: int = 0, visitor: str = "v1") -> Event:
    properties = {"product_id": "tea-1"}
    return Event(f"e{number}", "Product Viewed", visitor, 1.8e9, 20_833, properties)


def rules(window: Shopwindow) -> int:
    return len(window.site.rules.rules)


def views(store: Store, visitor: str = "v1") -> int:
    profile = store.fetch(visitor)
    assert profile is None or isinstance(profile, Profile)
    return profile.counts["viewed product"]["tea-1"].total if profile else 0


# -- the site ------------------------------------------------------------------------------


def test_a_broken_site_is_refused_with_everything_that_is_wrong(folder: Path) -> None:
    (folder / "rules/latin.yaml").write_bytes(b"# \xe4")
    write(folder, **{"rules/start.yaml": BROKEN, "site.toml": SQLITE + "[x]\n"})
    with pytest.raises(SiteError) as raised:
        Shopwindow(folder, keys=KEYS)
    files = {finding.file for finding in raised.value.findings}
    assert files == {"rules/latin.yaml", "rules/start.yaml", "site.toml"}
    assert "start.yaml:" in str(raised.value) and "^^^^^" in str(raised.value)


def test_a_string_and_a_compiled_site_are_fine_too(folder: Path) -> None:
    assert rules(Shopwindow(str(folder), keys=KEYS)) == 3
    assert rules(Shopwindow(site_of(), keys=KEYS)) == 3


def test_without_keys_production_does_not_start(
    folder: Path, production: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SHOPWINDOW_SECRET_KEYS", raising=False)
    with pytest.raises(ValueError, match="SHOPWINDOW_SECRET_KEYS is not set"):
        Shopwindow(folder)
    monkeypatch.setenv("SHOPWINDOW_SECRET_KEYS", "a key of sixteen or more")
    assert Shopwindow(folder).keys == (b"a key of sixteen or more",)


def test_only_production_keeps_the_last_good_site(folder: Path) -> None:
    Shopwindow(folder, keys=KEYS)
    assert not (folder / LAST_GOOD).exists()


def test_in_production_the_last_good_site_takes_over(
    folder: Path, production: None, caplog: pytest.LogCaptureFixture
) -> None:
    Shopwindow(folder, keys=KEYS)
    kept = json.loads((folder / LAST_GOOD).read_bytes())
    assert kept == FILES
    write(folder, **{"rules/start.yaml": BROKEN})
    window = Shopwindow(folder, keys=KEYS)
    assert rules(window) == 3
    assert "cannot be used" in caplog.text and "did you mean" in caplog.text
    assert "using the last good site instead" in caplog.text
    # What is broken did not become the last good one.
    assert json.loads((folder / LAST_GOOD).read_bytes()) == FILES
    assert sorted(path.name for path in folder.glob(".shopwindow*")) == [LAST_GOOD]


@pytest.mark.parametrize(
    "last_good",
    [
        None,
        b"",
        b"[1]",
        b"\xff",
        b'{"site.toml": 1}',
        b'{"rules/x.yaml": ""}',
        b'{"site.toml": "[x]"}',
    ],
)
def test_in_production_every_default_stays_if_there_is_no_last_good_site(
    folder: Path,
    production: None,
    last_good: bytes | None,
    caplog: pytest.LogCaptureFixture,
) -> None:
    write(folder, **{"rules/start.yaml": BROKEN})
    if last_good is not None:
        (folder / LAST_GOOD).write_bytes(last_good)
    window = Shopwindow(folder, keys=KEYS)
    assert rules(window) == 0 and window.site.settings.slots == {}
    assert "every slot keeps its default content" in caplog.text


def test_in_production_even_a_missing_folder_is_no_reason_to_go_down(
    tmp_path: Path, production: None
) -> None:
    assert rules(Shopwindow(tmp_path / "nowhere", keys=KEYS)) == 0


def test_a_folder_that_cannot_be_written_is_only_a_warning(
    folder: Path, production: None, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / LAST_GOOD).mkdir()
    assert rules(Shopwindow(folder, keys=KEYS)) == 3
    assert "the last good site cannot be kept" in caplog.text


def test_a_reload_brings_the_new_site(folder: Path) -> None:
    window = Shopwindow(folder, keys=KEYS)
    site = window.site
    write(folder, **{"rules/more.yaml": "version: 1\nrules: []\n"})
    (folder / "rules/start.yaml").unlink()
    window.reload()
    assert rules(window) == 0
    assert len(site.rules.rules) == 3  # whoever holds the old one keeps all of it


def test_a_reload_of_a_broken_site_keeps_the_old_one(
    folder: Path, production: None
) -> None:
    window = Shopwindow(folder, keys=KEYS)
    site = window.site
    write(folder, **{"rules/start.yaml": BROKEN})
    with pytest.raises(SiteError, match="baner"):
        window.reload()
    assert window.site is site
    assert json.loads((folder / LAST_GOOD).read_bytes()) == FILES
    write(folder, **{"rules/start.yaml": "version: 1\nrules: []\n"})
    window.reload()
    assert rules(window) == 0
    kept = json.loads((folder / LAST_GOOD).read_bytes())
    assert kept["rules/start.yaml"] == "version: 1\nrules: []\n"


# -- start and stop ------------------------------------------------------------------------


async def test_start_and_stop_may_be_called_twice(folder: Path) -> None:
    write(folder, **{"site.toml": SQLITE})
    window = Shopwindow(folder, keys=KEYS)
    assert "stopped" in repr(window)
    await window.stop()  # never started
    await asyncio.gather(*(window.start() for _ in range(5)))
    assert "started" in repr(window)
    store, journal = window.store, window.journal
    await window.start()
    assert window.store is store and window.journal is journal
    assert isinstance(store, SqliteStore)
    assert store.path == folder / "data/shop.db"
    await asyncio.gather(window.stop(), window.stop())
    await window.stop()
    assert not window.started


async def test_what_was_noted_is_there_after_a_restart(folder: Path) -> None:
    write(folder, **{"site.toml": SQLITE})
    window = Shopwindow(folder, keys=KEYS)
    for number in range(3):
        async with window:
            assert views(window.store) == number
            window.journal.note(event(number))
    with pytest.raises(StoreError):
        window.store.fetch("v1")  # it is closed
    async with window:
        assert views(window.store) == 3
        assert window.traffic.shares["product"] == {"tea-1": 1.0}


def test_it_starts_again_in_another_event_loop(folder: Path) -> None:
    window = Shopwindow(folder, keys=KEYS)

    async def once() -> None:
        await asyncio.gather(*(window.start() for _ in range(5)))
        window.journal.note(event())
        await window.stop()

    for _ in range(3):
        asyncio.run(once())


async def test_a_given_store_is_used_and_left_open() -> None:
    class Closing(MemoryStore):
        closed = False

        def close(self) -> None:
            self.closed = True

    store = Closing()
    async with Shopwindow(site_of(), keys=KEYS, store=store) as window:
        assert window.store is store
        window.journal.note(event())
    assert views(store) == 1
    assert not store.closed


async def test_a_store_that_cannot_be_opened_does_not_stop_the_shop(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write(folder, **{"site.toml": SQLITE})
    (folder / "data").write_text("not a folder")
    async with Shopwindow(folder, keys=KEYS) as window:
        assert isinstance(window.store, Unopened)
        receipt = window.journal.note(event())
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(receipt.stored, 0.1)
        assert window.journal.waiting == 1
    assert caplog.text.count("the store is not open yet, trying again") == 1
    assert "1 events are lost" in caplog.text
    with pytest.raises(StoreError, match="dropped"):
        await receipt.stored


async def test_a_store_of_a_newer_release_is_left_alone(folder: Path) -> None:
    write(folder, **{"site.toml": SQLITE})
    store = SqliteStore(folder / "data/shop.db")
    store._writing.execute("PRAGMA user_version = 99")
    store.close()
    async with Shopwindow(folder, keys=KEYS) as window:
        assert isinstance(window.store, Unopened)
        assert "newer shopwindow" in window.store.reason


@pytest.fixture
def locked(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[sqlite3.Connection]:
    """The store's file, held by somebody else; we neither wait nor pause for long."""
    write(folder, **{"site.toml": SQLITE})
    path = folder / "data/shop.db"
    SqliteStore(path).close()
    connect = SqliteFile._connect
    monkeypatch.setattr(SqliteFile, "_connect", lambda self, _: connect(self, 20))
    monkeypatch.setattr(windows, "OPENING", (0.01, 0.05))
    locker = sqlite3.connect(path, isolation_level=None)
    locker.execute("BEGIN EXCLUSIVE")
    yield locker
    locker.close()


async def opened(window: Shopwindow) -> SqliteStore:
    """The store of ``window``, as soon as it is open and everything is written."""
    for _ in range(500):
        if not isinstance(window.store, Unopened):
            break
        await asyncio.sleep(0.01)
    assert isinstance(window.store, SqliteStore)
    assert await asyncio.to_thread(window.journal.wait_until_written)
    return window.store


def rows(folder: Path, table: str) -> int:
    connection = sqlite3.connect(folder / "data/shop.db")
    (count,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    connection.close()
    assert isinstance(count, int)
    return count


async def test_what_happens_while_the_file_is_locked_is_kept_when_it_opens(
    folder: Path, locked: sqlite3.Connection
) -> None:
    async def order(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "POST":
            visit = scope["state"]["shopwindow"]
            visit.track("Order Completed", {"order_id": "A1", "products": []})
        await whole(lambda: page(LANES["attribute"]))(scope, receive, send)

    async with Shopwindow(folder, keys=KEYS) as window:
        async with consented(mounted(order, window)) as client:
            before = time.monotonic()
            assert (await client.post("/order")).status_code == 200
            assert 0.2 < time.monotonic() - before < 1  # it waited, and went on
            assert (await client.get("/p/tea-1")).status_code == 200
            shown = await client.get("/")
            assert HERO not in shown.content and b"<p>Default</p>" in shown.content
            assert window.journal.waiting >= 2 and not window.journal.dropped
            locked.execute("ROLLBACK")
            await opened(window)
            assert rows(folder, "events") >= 2
            assert not window.journal.dropped
            window.breaker.succeeded()  # else it pauses for two seconds
            assert HERO in (await client.get("/")).content
            await consent(client, "denied")
            assert window.journal.wait_until_written()
            assert rows(folder, "events") == 0


async def test_a_denial_while_the_file_is_locked_erases_when_it_opens(
    folder: Path, locked: sqlite3.Connection
) -> None:
    app = whole(lambda: page(LANES["attribute"]))
    locked.execute("ROLLBACK")
    async with Shopwindow(folder, keys=KEYS) as window:
        async with consented(mounted(app, window)) as client:
            await client.get("/p/tea-1")
            assert window.journal.wait_until_written()
    assert rows(folder, "events") > 0
    locked.execute("BEGIN EXCLUSIVE")
    async with Shopwindow(folder, keys=KEYS) as window:
        async with browser(mounted(app, window)) as other:
            other.cookies = client.cookies
            assert (await consent(other, "denied")).status_code == 303
        assert window.journal.waiting == 1
        locked.execute("ROLLBACK")
        await opened(window)
        assert rows(folder, "events") == 0


async def test_it_tries_to_open_the_store_less_and_less_often(
    folder: Path, locked: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    sleep = asyncio.sleep

    async def noted(seconds: float) -> None:
        pauses.append(seconds)
        await sleep(0)

    window = Shopwindow(folder, keys=KEYS)
    monkeypatch.setattr(windows, "OPENING", (0.5, 10.0))
    monkeypatch.setattr(asyncio, "sleep", noted)
    await window.start()
    while len(pauses) < 8:
        await sleep(0.01)
    assert pauses[:8] == [0.5, 1, 2, 4, 8, 10, 10, 10]
    locked.execute("ROLLBACK")
    while windows.REFRESH not in pauses:
        await sleep(0.01)
    assert isinstance(window.store, SqliteStore)
    await window.stop()


async def test_a_store_that_opens_after_the_stop_is_closed(
    folder: Path, locked: sqlite3.Connection
) -> None:
    window = Shopwindow(folder, keys=KEYS)
    await window.start()
    unopened = window.store
    await window.stop()
    locked.execute("ROLLBACK")
    made: list[Store] = []
    make = window._make_store
    window._make_store = lambda: made.append(make()) or made[-1]  # type: ignore[method-assign, func-returns-value]
    window._open_again(unopened)
    assert window.store is unopened
    with pytest.raises(StoreError):
        made[0].fetch("v1")


class Down(MemoryStore):
    def traffic(self) -> Weights:
        raise StoreError("down")

    def commit(self, events: Sequence[Event], *rest: object) -> None:
        raise StoreError("down")


async def test_a_store_without_traffic_is_no_reason_not_to_start(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with Shopwindow(site_of(), keys=KEYS, store=Down()) as window:
        window.journal.note(event())
        assert window.traffic.shares == {}
    assert "the shop's traffic cannot be read: StoreError('down')" in caplog.text
    assert window.journal.dropped == {"Product Viewed": 1}


async def test_a_site_that_goes_live_meanwhile_keeps_its_own_products(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with Shopwindow(site_of(), keys=KEYS) as window:
        fresh = compiled()
        sorted_for: list[object] = []

        refreshed = Assortment.refreshed

        def sorting(old: Assortment, scores: Mapping[str, float]) -> Assortment:
            sorted_for.append(old.catalog)
            if (
                len(sorted_for) == 1
            ):  # a reload, while the old products are being sorted
                window._adopt(window._made(fresh))
            return refreshed(old, scores)

        monkeypatch.setattr(Assortment, "refreshed", sorting)
        await window._look_at_traffic()
        assert len(sorted_for) == 2 and sorted_for[-1] is fresh.catalog
        assert window.assortment.catalog is fresh.catalog


async def test_the_shop_s_traffic_is_looked_at_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(windows, "REFRESH", 0.01)
    async with Shopwindow(site_of(), keys=KEYS) as window:
        assert window.traffic.shares == {}
        window.journal.note(event())
        assert window.journal.wait_until_written()
        for _ in range(200):
            if window.traffic.shares:
                break
            await asyncio.sleep(0.01)
        assert window.traffic.shares["product"] == {"tea-1": 1.0}


def test_the_same_warning_is_logged_once_a_minute_and_counted_always(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    now = [0.0]
    monkeypatch.setattr(windows, "monotonic", lambda: now[0])
    window = Shopwindow(site_of(), keys=KEYS)
    with caplog.at_level(logging.WARNING, "shopwindow"):
        for second in range(121):
            now[0] = float(second)
            window.warn("slot", "the slot %s", "home.hero")
            window.warn("other", "something else")
    assert caplog.messages.count("the slot home.hero") == 3
    assert caplog.messages.count("something else") == 3
    assert window.counters["warning slot"] == 121


def test_the_list_of_warnings_does_not_grow_for_ever(
    caplog: pytest.LogCaptureFixture,
) -> None:
    window = Shopwindow(site_of(), keys=KEYS)
    for number in range(3_000):
        window.warn(f"page {number}", "x")
    assert len(window._warned) <= 1_001


async def test_a_locked_file_holds_up_neither_the_page_nor_the_others(
    folder: Path,
) -> None:
    path = folder / "shopwindow.db"
    SqliteStore(path).close()
    (folder / "site.toml").write_text(
        FILES["site.toml"].replace('"memory:"', '"sqlite:///shopwindow.db"')
    )
    locker = sqlite3.connect(path, isolation_level=None)
    locker.execute("BEGIN IMMEDIATE")
    window = Shopwindow(folder, keys=KEYS)
    app = mounted(whole(lambda: page(LANES["attribute"])), window)
    pages: list[Answer] = []

    async def open_pages() -> None:
        pages.extend(await asyncio.gather(*(ask(app, "/") for _ in range(3))))

    opening = asyncio.create_task(open_pages())
    longest = 0.0
    while not opening.done():
        before = time.monotonic()
        await asyncio.sleep(0.001)
        longest = max(longest, time.monotonic() - before)
    assert len(pages) == 3 and not window.started  # nobody waited for the lock
    assert longest < 1  # and the loop went on; it would have been five seconds
    locker.execute("ROLLBACK")
    locker.close()
    await window.start()
    assert window.started
    await window.stop()


def test_a_reload_brings_the_new_cookie_too(folder: Path) -> None:
    window = Shopwindow(folder, keys=KEYS)
    text = (folder / "site.toml").read_text()
    (folder / "site.toml").write_text(text + '[cookie]\nname = "other"\n')
    window.reload()
    visitor = new_visitor(frozenset({"statistics"}), 1_795_300_000)
    assert window.cookie.issue(visitor, True).startswith(b"__Host-other=")


@pytest.mark.usefixtures("production")
def test_a_wrong_store_in_the_environment_does_not_stop_the_shop(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOPWINDOW_STORE", "nonsense://")
    assert Shopwindow(folder, keys=KEYS).site.rules.rules == ()


def test_visitors_cannot_fill_the_counters_or_the_log(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    window = Shopwindow(folder, keys=KEYS)
    for number in range(5_000):
        window.warn(f"late slot /page/{number}", "a late slot on /page/%d", number)
    assert dict(window.counters) == {"warning late": 5_000}
    assert len(caplog.records) == windows.OF_A_KIND
