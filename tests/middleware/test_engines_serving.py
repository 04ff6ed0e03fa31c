"""Shelves that an engine of somebody else's fills: on a whole page, in time, whatever it does."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.responses import HTMLResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from shopwindow import Shopwindow, SiteError
from shopwindow.middleware.cli.rendering import render
from shopwindow.middleware.clicks import ClickLinks
from shopwindow.middleware.engines import engines as engines_module
from shopwindow.middleware.engines.users import user_of
from shopwindow.middleware.guise import Guise
from shopwindow.middleware.site import Site, read_site
from shopwindow.middleware.stores.memory import MemoryStore
from shopwindow.middleware.stores.rows import mark_of
from shopwindow.rules.experiments import Units
from shopwindow.rules.facts import Profile
from tests.asgi import scope_of
from tests.enginehost import FAULTS, EngineHost, engine_host
from tests.shop import KEYS, browser, by_attribute, consented, mounted, page, site_files

pytestmark = pytest.mark.anyio

ENGINE = """
[recommendations.engines.{name}]
kind = "json"
url = "{url}/for/{{user}}?n={{count}}&seen={{items}}"
items = "$.items"
id = "$.id"
feedback = "{url}/events"
cache = "1 second"
"""
PATIENCE = "[deadlines]\nfragments-ms = 5000\n"
RULES = """
version: 1
rules:
  - id: shelf
    slot: home.hero
    show: shelf
    recommend: {strategy: STRATEGY, limit: 4}
"""
PRODUCTS = "id,title,url,image,price,category,brand,tags,in-stock,added\n" + "".join(
    f"p{n},Product {n},/p/p{n},/i/{n}.jpg,9.90,,,,{'no' if n == 9 else 'yes'},2026-01-{10 + n}\n"
    for n in range(1, 10)
)
TILE = '{# parameters: item #}<li title="{{ item.reason }}">{{ item.title }}</li>'
SHELF = '{# parameters: #}<ul>{{ cards(items, "tile") }}</ul>'
NEWEST = ["p8", "p7", "p6", "p5"]  # what the shop itself shows to a stranger
DEADLINE = 0.05


@pytest.fixture(autouse=True)
def allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOPWINDOW_ALLOWED_HOSTS", "127.0.0.1")


def site(
    hosts: Sequence[EngineHost],
    strategy: str = "[engine:a, trending]",
    more: str = "",
    patience: str = PATIENCE,
) -> Site:
    """A shop with engines; with ``patience`` no busy machine makes them late."""
    engines = "".join(
        ENGINE.format(name=name, url=host.url)
        for name, host in zip("ab", hosts, strict=False)
    )
    if patience:
        engines = engines.replace('kind = "json"', 'kind = "json"\ntimeout-ms = 2000')
        more += patience
    files = site_files(rules=RULES.replace("STRATEGY", strategy), site=engines + more)
    files |= {"fragments/shelf.html": SHELF, "fragments/tile.html": TILE}
    files["catalog/products.csv"] = PRODUCTS
    return read_site(Path("no such folder"), files, ClickLinks(KEYS).link)


def shop(took: float = 0.0) -> ASGIApp:
    """An app that works for so long on a page; it tells carts and orders."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        visit = scope["state"]["shopwindow"]
        if scope["path"] == "/buy":
            rows = [{"product_id": "p1", "quantity": 2, "price": 9.9}]
            visit.track("Order Completed", {"order_id": "1", "products": rows})
        if scope["path"] == "/never":
            visit.prefer("product", "p2", "never")
        await asyncio.sleep(took)
        body = page(by_attribute).decode()
        await HTMLResponse(body)(scope, receive, send)

    return app


@asynccontextmanager
async def visitor(
    made: Site,
    app: ASGIApp | None = None,
    store: MemoryStore | None = None,
    **headers: str,
) -> AsyncIterator[tuple[httpx.AsyncClient, Shopwindow]]:
    window = Shopwindow(made, store=store or MemoryStore(), keys=KEYS)
    async with window:
        async with consented(mounted(app or shop(), window), **headers) as client:
            yield client, window


def shown(answer: httpx.Response) -> list[str]:
    """The products on the shelf."""
    assert answer.status_code == 200 and answer.text.endswith("</html>")
    return [f"p{n}" for n in re.findall(r">Product (\d)</li>", answer.text)]


def forget(window: Shopwindow) -> None:
    """As if a while had gone by: no answer is kept."""
    for engine in window.engines.values():
        engine._kept.clear()


async def timed(client: httpx.AsyncClient, path: str = "/") -> tuple[list[str], float]:
    began = time.perf_counter()
    answer = await client.get(path)
    return shown(answer), time.perf_counter() - began


# -- what is shown -------------------------------------------------------------------------


async def test_what_an_engine_proposes_goes_through_the_shop_s_own_filters() -> None:
    async with engine_host("p9", "unknown", "p1", "p3", "p3", "p2", "p4") as host:
        async with visitor(site([host])) as (client, window):
            assert shown(await client.get("/")) == ["p1", "p3", "p2", "p4"]
            assert 'title="Recommended for you"' in (await client.get("/")).text
            await client.get("/buy")
            await client.get("/never")
            forget(window)
            # Bought, never wanted: the shop's own tables fill what is open.
            assert shown(await client.get("/")) == ["p3", "p4", "p8", "p7"]
        assert host.asked[0].path.endswith("?n=16&seen=")


async def test_a_rule_may_leave_the_shelf_to_an_engine_alone() -> None:
    async with engine_host("p1") as host:
        async with visitor(site([host], "engine:a")) as (client, window):
            assert shown(await client.get("/")) == ["p1", "p8", "p7", "p6"]
            forget(window)
            host.manners = "broken"
            assert shown(await client.get("/")) == NEWEST


async def test_engines_may_stand_one_behind_the_other() -> None:
    async with engine_host("p1") as first, engine_host("p1", "p2") as second:
        chain = "[engine:a, engine:b, trending]"
        async with visitor(site([first, second], chain)) as (client, window):
            assert shown(await client.get("/")) == ["p1", "p2", "p8", "p7"]
            forget(window)
            first.manners = "no_json"
            assert shown(await client.get("/")) == ["p1", "p2", "p8", "p7"]
        users = {
            host.asked[0].path.split("/")[2].split("?")[0] for host in (first, second)
        }
    assert len(users) == 2  # who puts both together learns nothing


async def test_an_engine_is_asked_with_what_was_looked_at() -> None:
    async with engine_host("p1") as host:
        async with visitor(site([host])) as (client, window):
            await client.get("/p/p5")
            await client.get("/p/p6")
            await client.get("/")
            seen = [one.path.partition("seen=")[2] for one in host.asked]
            # The page's own view counts in its own question.
            assert seen == ["p5", "p5,p6"]
            (cookie,) = (one.value or "" for one in client.cookies.jar)
            seen_by = window.cookie.read(_sent(client), False, time.time())
            assert seen_by is not None and seen_by.id in cookie
            for one in host.asked:
                assert re.match(r"/for/e\.[0-9a-f]{32}\?", one.path)
                assert seen_by.id.encode() not in one.head
                # Whoever erases a visitor finds out whom to erase there.
                assert user_of(KEYS, "a", mark_of(seen_by.id)) in one.path


def _sent(client: httpx.AsyncClient) -> bytes:
    """The cookies as the browser sends them."""
    pairs = (f"{one.name}={one.value}" for one in client.cookies.jar)
    return "; ".join(pairs).encode()


async def test_an_engine_may_bring_in_order_what_the_shop_proposes() -> None:
    async with engine_host("p1", "p7") as host:
        body = 'url = "{url}/for/{{user}}"\nmethod = "POST"\nbody = "{{candidates}}"\n'
        engine = "[recommendations.engines.a]\nkind = 'json'\nitems = '$.items'\n"
        engine += "timeout-ms = 2000\n"
        more = engine + body.format(url=host.url)
        async with visitor(site([], more=more)) as (client, _):
            # Who is brought in order stands first, the others fill up.
            assert shown(await client.get("/")) == ["p1", "p7", "p8", "p6"]
            assert set(host.asked[0].body) == {f"p{n}" for n in range(1, 9)}
            await client.get("/buy")
            assert shown(await client.get("/")) == ["p7", "p8", "p6", "p5"]
            assert "p1" not in host.asked[-1].body


async def test_nobody_is_asked_for_those_who_never_see_a_shelf() -> None:
    async with engine_host("p1") as host:
        held = site([host], more='[experiments]\nholdout = "100%"\n')
        async with visitor(held) as (client, _):
            assert "<p>Default</p>" in (await client.get("/")).text
        assert not host.asked


async def test_a_preview_asks_nobody() -> None:
    async with engine_host("p1") as host:
        async with Shopwindow(site([host]), store=MemoryStore(), keys=KEYS) as window:
            agreed = frozenset({"personalization"})
            guise = Guise("Anna", time.time(), Profile(), agreed, Units())
            rendered = await render(shop(), window.site, guise, "/")
            assert b"Product 8" in rendered.body
        assert not host.asked and not host.told


# -- whom it may know ----------------------------------------------------------------------


async def test_nobody_is_passed_on_without_consent_or_against_their_browser() -> None:
    async with engine_host("p1") as host:
        made = site([host])
        async with Shopwindow(made, store=MemoryStore(), keys=KEYS) as window:
            async with browser(mounted(shop(), window)) as stranger:
                assert shown(await stranger.get("/")) == NEWEST
                assert shown(await stranger.get("/p/p1")) == NEWEST
            # An agreement with this shop is none with others.
            for header in ({"sec-gpc": "1"}, {"dnt": "1"}):
                async with consented(mounted(shop(), window), **header) as client:
                    for path in ("/", "/p/p3", "/buy", "/"):
                        assert set(shown(await client.get(path))) <= {
                            *NEWEST,
                            "p4",
                            "p3",
                        }
        assert not host.asked and not host.told


async def test_taking_consent_back_ends_it() -> None:
    async with engine_host("p1") as host:
        async with visitor(site([host])) as (client, _):
            await client.get("/")
            await client.post("/-/shopwindow/consent", data={"choice": "denied"})
            asked = len(host.asked)
            assert shown(await client.get("/")) == NEWEST
            assert len(host.asked) == asked


# -- servers that behave badly -------------------------------------------------------------


@pytest.mark.parametrize("manners", FAULTS)
async def test_a_page_is_whole_and_in_time_whatever_an_engine_does(
    manners: str,
) -> None:
    async with engine_host("p1", "p2") as host:
        async with visitor(site([host], patience="")) as (client, window):
            engine = window.engines["a"]
            engine.breaker._closed_from = time.monotonic() + 60
            engine.breaker._failures = 5  # left alone: the shop's own tables answer
            alone = sorted([(await timed(client))[1] for _ in range(9)])[4]
            engine.breaker._failures = 0
            host.manners = manners
            times = []
            for _ in range(60):
                products, seconds = await timed(client)
                assert products == NEWEST
                times.append(seconds)
            assert engine.breaker.open
            tally = engine._tally
            assert tally["a late"] + tally["a error"] == 5  # then it is left alone
            assert len(host.asked) <= 5
            times.sort()
            p50, p95, p99 = times[30], times[57], times[59]
            print(
                f"{manners:10} {alone * 1000:.1f} ms without, "
                f"p50 {p50 * 1000:.1f}, p95 {p95 * 1000:.1f}, p99 {p99 * 1000:.1f} ms"
            )
            assert p50 < alone + 0.02
            assert p95 < alone + DEADLINE + 0.1  # on a busy machine
            host.manners = "good"
            assert shown(await client.get("/")) == NEWEST
            for _ in range(
                20
            ):  # as if its pause had gone by; a busy machine may be late
                engine.breaker._closed_from = 0.0
                assert engine.breaker._failures == 5
                products = shown(await client.get("/"))
                if products != NEWEST:
                    break
            assert products[:2] == ["p1", "p2"] and not engine.breaker.open


async def test_an_engine_that_is_not_there_costs_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with engine_host("p1") as host:
        made = site([host], patience="")
    async with visitor(made) as (client, window):
        times = []
        for _ in range(7):
            products, seconds = await timed(client)
            assert products == NEWEST
            times.append(seconds)
        assert sorted(times)[3] < DEADLINE
        assert window.engines["a"].breaker.open


async def test_what_comes_too_late_is_for_the_next_page() -> None:
    async with engine_host("p1", "p2") as host:
        host.after = 0.3
        async with visitor(site([host], patience="")) as (client, window):
            products, seconds = await timed(client)
            assert products == NEWEST and seconds < 0.3
            (late,) = window.engines["a"]._going
            await late
            assert shown(await client.get("/"))[:2] == ["p1", "p2"]
        assert len(host.asked) == 1


# -- before it is needed -------------------------------------------------------------------


class Waiting(MemoryStore):
    """Answers after a moment, as a store on another machine does."""

    def fetch(self, visitor: str) -> Profile | None:
        return self._answer(visitor)  # type: ignore[return-value]  # both are legal

    async def _answer(self, visitor: str) -> Profile | None:
        await asyncio.sleep(0.002)
        return super().fetch(visitor)


@pytest.mark.parametrize("store", [MemoryStore, Waiting])
async def test_it_is_asked_while_the_app_works_on_the_page(
    store: type[MemoryStore],
) -> None:
    async with engine_host("p1", "p2") as host:
        host.after = 0.02
        async with visitor(site([host]), shop(took=0.1), store()) as (
            client,
            window,
        ):
            await client.get("/")  # a page that is not known to have a shelf
            for _ in range(3):
                forget(window)
                began = time.monotonic()
                assert shown(await client.get("/"))[:2] == ["p1", "p2"]
                assert host.asked[-1].at - began < 0.1  # before the app was done
        # Asked once for each page: the shelf finds the question on its way.
        assert len(host.asked) == 4


async def test_what_stands_before_the_shelf_does_not_wait() -> None:
    came: list[tuple[float, bytes]] = []

    async def sending(message: Any) -> None:
        if message["type"] == "http.response.body":
            came.append((time.monotonic(), message.get("body", b"")))

    async with engine_host("p1") as host:
        host.after = 0.04
        async with visitor(site([host])) as (client, window):

            async def receive() -> Any:
                await asyncio.sleep(3600)

            scope = scope_of("/", headers=[(b"cookie", _sent(client))])
            await mounted(shop(), window)(scope, receive, sending)
    first, last = came[0], came[-1]
    assert b"Tea &amp; cups" in first[1] and b"Product 1" not in first[1]
    assert last[0] - first[0] > 0.02
    assert b"Product 1" in b"".join(body for _, body in came)


# -- telling -------------------------------------------------------------------------------


async def test_it_is_told_what_was_shown_and_what_came_of_it() -> None:
    async with engine_host("p1", "p2") as host:
        async with visitor(site([host])) as (client, window):
            await client.get("/")
            await client.get("/p/p2")  # it was on the shelf
            await client.get("/buy")  # so was p1
            await client.get("/p/p6")
            assert not host.told  # none of it on a page's time
        # The window is closed: all is told.
        told = host.told
        shown_first = told[0]
        assert shown_first["event"] == "shown" and shown_first["items"] == ["p1", "p2"]
        deeds = [one for one in told if one["event"] != "shown"]
        assert [(one["event"], one["items"]) for one in deeds] == [
            ("viewed", ["p2"]),
            ("bought", ["p1"]),
            ("viewed", ["p6"]),
        ]
        assert deeds[0]["recommendation"] == shown_first["recommendation"] == "R-1"
        assert deeds[1]["recommendation"]
        assert "recommendation" not in deeds[2]
        assert {one["user"] for one in told} == {host.asked[0].path.split("/")[2][:34]}
        assert len({one["id"] for one in told}) == len(told)
    numbers = {m.name: m.samples for m in window.metrics()}
    assert numbers["shopwindow_engine_feedback"][("a told",)] == len(told)
    assert numbers["shopwindow_engine_questions"][("a answered",)] == len(host.asked)
    assert numbers["shopwindow_breaker_open"][("engine a",)] == 0


async def test_an_engine_that_hears_nothing_holds_nobody_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(engines_module, "FLUSH", 0.2)
    async with engine_host("p1") as host:
        made = site([host])
    began = 0.0
    async with visitor(made) as (client, window):
        for _ in range(10):
            _, seconds = await timed(client, "/p/p2")
        began = time.monotonic()
    assert time.monotonic() - began < 2.0
    feedback = window.stats.table("engine_feedback", "")
    assert feedback["a failed"] + feedback["a dropped"] == 10


async def test_a_name_that_no_engine_has_is_found() -> None:
    async with engine_host() as host:
        with pytest.raises(SiteError) as error:
            site([host], "[engine:aa, trending]")
        (finding,) = error.value.findings
    assert (finding.file, finding.line) == ("rules/start.yaml", 7)
    assert finding.message == 'unknown strategy "engine:aa"'
    assert finding.hint == 'did you mean "engine:a"?'


# -- a site without, and a site loaded anew ------------------------------------------------


async def test_a_site_without_engines_knows_of_none() -> None:
    async with visitor(site([], "trending")) as (client, window):
        assert shown(await client.get("/")) == NEWEST
        assert not window.engines and not window.site.asks
        assert "shopwindow_engine_questions" not in {m.name for m in window.metrics()}


async def test_a_site_that_is_loaded_anew_keeps_its_engines(tmp_path: Path) -> None:
    async with engine_host("p1") as host:
        files = {**site_files(rules=RULES.replace("STRATEGY", "engine:a"))}
        files |= {"fragments/shelf.html": SHELF, "fragments/tile.html": TILE}
        files["catalog/products.csv"] = PRODUCTS
        files["site.toml"] += ENGINE.format(name="a", url=host.url)
        folder = tmp_path / "site"
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        async with Shopwindow(folder, keys=KEYS) as window:
            before = window.engines["a"]
            await window.reload_soon()
            assert window.engines["a"] is before
            async with consented(mounted(shop(), window)) as client:
                assert shown(await client.get("/"))[0] == "p1"
                other = files["site.toml"].replace(
                    "cache =", "timeout-ms = 70\ncache ="
                )
                (folder / "site.toml").write_text(other)
                await window.reload_soon()
                assert window.engines["a"] is not before
                assert window.engines.retired == [before]
                assert shown(await client.get("/"))[0] == "p1"
        # What the old one had to tell is told, too.
        assert [one["event"] for one in host.told] == ["shown", "shown"]
