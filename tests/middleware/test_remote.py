"""Fragments of other servers on the shop's pages: in time, or the page's own content."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from shopwindow import Decision, Shopwindow
from shopwindow.middleware import remote as module
from shopwindow.middleware.stores.memory import MemoryStore
from shopwindow.middleware.visit import current
from shopwindow.rules.events import PROMOTION_VIEWED
from tests.asgi import Answer, ask, chunk, start
from tests.elsewhere import FAULTS, Elsewhere, elsewhere, teaser
from tests.shop import (
    AFTER,
    BEFORE,
    HTML,
    KEYS,
    LANES,
    TEASER,
    by_attribute,
    consented,
    mounted,
    open_window,
    page,
    site_folder,
    whole,
)

pytestmark = pytest.mark.anyio
RULES = """
version: 1
rules:
  - id: far
    slot: home.hero
    show: far
    with: {{what: "{what}"}}
  - id: hello
    slot: home.teaser
    show: banner
    with: {{text: Hello}}
"""
BOTH = """
version: 1
rules:
  - {id: far, slot: home.hero, show: far, with: {what: one}}
  - {id: near, slot: home.teaser, show: far, with: {what: two}}
"""
DEFAULT = b"<p>Default</p>"
DEADLINE = 0.3  # of these tests, on a busy machine; shops have less by default


@pytest.fixture(autouse=True)
def allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOPWINDOW_ALLOWED_HOSTS", "127.0.0.1, cms.internal")


def site(
    there: Elsewhere | str, behave: str, more: str = "", within: float = 5.0
) -> str:
    url = there if isinstance(there, str) else there.url
    return f"""
[deadlines]
fragments-ms = {within * 1000:.0f}
[fragments.far]
url = "{url}/{behave}/{{what}}?lang={{language}}"
parameters = ["what"]
{more}
"""


@asynccontextmanager
async def shop(
    behave: str, rules: str = "", pages: str = "", within: float = 5.0
) -> AsyncIterator[tuple[Elsewhere, Shopwindow]]:
    """A shop whose hero comes from a server that behaves so."""
    async with elsewhere() as there:
        async with opened(site(there, behave, "", within), rules, pages) as window:
            yield there, window


def opened(text: str, rules: str = "", pages: str = "") -> Shopwindow:
    rules = rules or RULES.format(what="dog")
    return open_window(site=text, rules=rules, pages=pages)


class Watching:
    """Lets an app through, and keeps its visits and when its messages left."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.decisions: dict[str, Decision] = {}
        self.exposed: list[Decision] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        visit = current()
        assert visit is not None
        await self.app(scope, receive, send)
        self.decisions = dict(visit.display.decisions)
        self.exposed = list(visit.display.exposed.decisions)

    @property
    def reasons(self) -> dict[str, str]:
        return {slot: one.reason for slot, one in self.decisions.items()}


def body(hero: bytes = DEFAULT, below: bytes = TEASER) -> bytes:
    return page(by_attribute, hero.decode(), below.decode())


async def one(window: Shopwindow) -> tuple[Answer, Watching]:
    app = Watching(whole(lambda: page(by_attribute)))
    return await ask(mounted(app, window)), app


FAR = teaser("/good/dog?lang=en")


# -- what comes ----------------------------------------------------------------------------


@pytest.mark.parametrize("lane", LANES)
async def test_the_fragment_of_another_server_stands_in_its_slot(lane: str) -> None:
    async with shop("good") as (there, window):
        app = mounted(whole(lambda: page(LANES[lane])), window)
        answer = await ask(app)
        assert FAR in answer.body and TEASER in answer.body
        assert DEFAULT not in answer.body
        assert there.asked == ["/good/dog?lang=en"]
        again = await ask(app)
    assert again.body == answer.body
    assert len(there.asked) == 1  # kept
    assert again.header(b"content-length") == str(len(again.body)).encode()


async def test_it_counts_as_shown_only_where_it_was_sent() -> None:
    async with shop("good") as (_, window):
        answer, app = await one(window)
    assert answer.body == body(FAR)
    assert [decision.slot for decision in app.exposed] == ["home.hero", "home.teaser"]
    async with shop("broken") as (_, window):
        answer, app = await one(window)
    assert answer.body == body()
    failed, shown = app.exposed
    assert (failed.slot, failed.failed, failed.shown) == ("home.hero", True, False)
    assert (shown.slot, shown.shown) == ("home.teaser", True)


async def test_showings_are_told_to_the_store() -> None:
    async with shop("slow") as (_, window):
        async with consented(mounted(whole(lambda: page(by_attribute)), window)) as me:
            answer = await me.get("/")
        assert b"From elsewhere" in answer.content
        assert window.journal.wait_until_written()
        store: Any = window.store
        (shown,) = (
            event for event in store.events.values() if event.name == PROMOTION_VIEWED
        )
    told = [promotion["promotion_id"] for promotion in shown.properties["promotions"]]
    assert told == ["far", "banner"]


async def test_what_it_sends_is_inserted_as_it_is(respx_mock: Any) -> None:
    evil = (
        '<!-- shopwindow:home.teaser -->x<!-- /shopwindow --><i data-shopwindow="home.teaser">'
        '</i><a href="/-/shopwindow/click">{{ 7 * 7 }} {what}</a>'
    )
    respx_mock.get(host="cms.internal").respond(html=evil)
    async with opened(site("https://cms.internal", "x")) as window:
        answer = await ask(
            mounted(whole(lambda: page(by_attribute)), window), root_path="/shop"
        )
    assert answer.body == body(evil.encode())


async def test_a_slot_within_one_that_fails_gets_its_chance() -> None:
    inner = by_attribute("home.teaser", "<p>News</p>")
    make = lambda: (BEFORE + by_attribute("home.hero", inner) + AFTER).encode()  # noqa: E731
    async with shop("slow", BOTH) as (there, window):
        answer = await ask(mounted(whole(make), window))
        assert teaser("/slow/one?lang=en") in answer.body
        assert b"News" not in answer.body and len(there.asked) == 1
    rules = BOTH.replace("far, with: {what: two}", "banner, with: {text: Hello}")
    for which, inside in ((BOTH, b"<p>News</p>"), (rules, TEASER)):
        async with shop("broken", which) as (_, window):
            answer = await ask(mounted(whole(make), window))
            assert inside in answer.body and b"elsewhere" not in answer.body


# -- when it comes -------------------------------------------------------------------------


def timed(*chunks: bytes) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(start((b"content-type", HTML.encode())))
        for part in chunks[:-1]:
            await send(chunk(part, True))
        await send(chunk(chunks[-1]))

    return app


async def left(app: ASGIApp) -> tuple[list[tuple[float, bytes]], float]:
    """The body messages with the seconds after which they left, and when all was over."""
    began = time.perf_counter()
    found: list[tuple[float, bytes]] = []

    async def noting(scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Any) -> None:
            if message.get("body"):
                found.append((time.perf_counter() - began, message["body"]))
            await send(message)

        await app(scope, receive, sending)

    await ask(noting)
    return found, time.perf_counter() - began


async def test_what_stands_before_a_slot_never_waits_for_it() -> None:
    make = page(by_attribute)
    cut = make.index(b"<section") + 10
    for chunks in ([make], [make[:cut], make[cut:]]):
        async with shop("hang", within=DEADLINE) as (_, window):
            window.routes.learn("/", True)
            found, over = await left(mounted(timed(*chunks), window))
        assert b"".join(part for _, part in found) == body()
        assert found[0][0] < DEADLINE / 2
        assert DEADLINE * 0.9 < found[-1][0] < DEADLINE * 1.8
        assert over < DEADLINE * 1.8


async def test_all_fragments_of_a_page_share_one_deadline_and_start_together() -> None:
    async with shop("hang", BOTH, within=DEADLINE) as (there, window):
        found, over = await left(mounted(whole(lambda: page(by_attribute)), window))
        assert len(there.asked) == 2
        assert there.times[1] - there.times[0] < DEADLINE / 2
    assert DEADLINE * 0.9 < over < DEADLINE * 1.8
    async with shop("slow", BOTH) as (there, window):
        found, over = await left(mounted(whole(lambda: page(by_attribute)), window))
        sent = b"".join(part for _, part in found)
        assert (
            teaser("/slow/one?lang=en") in sent and teaser("/slow/two?lang=en") in sent
        )
        assert there.times[1] - there.times[0] < 0.1 < over  # not one after the other


async def test_a_page_in_pieces_waits_no_longer_for_all_its_slots() -> None:
    make = page(by_attribute)
    between = make.index(b"<hr>")
    async with shop("hang", BOTH, within=DEADLINE) as (_, window):
        window.routes.learn("/", True)
        _, over = await left(mounted(timed(make[:between], make[between:]), window))
    assert DEADLINE * 0.9 < over < DEADLINE * 1.8


async def test_the_page_that_comes_next_finds_what_came_too_late() -> None:
    async with shop("late", within=DEADLINE) as (there, window):
        answer, app = await one(window)
        assert answer.body == body()
        assert app.reasons["home.hero"] == "late"
        await asyncio.sleep(0.4)
        answer, app = await one(window)
        assert answer.body == body(teaser("/late/dog?lang=en"))
        assert len(there.asked) == 1


@pytest.mark.parametrize("fault", FAULTS)
async def test_whatever_the_server_does_the_page_is_whole(
    fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LONGEST", 0.6)
    async with shop(fault, within=DEADLINE) as (there, window):
        for _ in range(3):
            began = time.perf_counter()
            answer, app = await one(window)
            took = time.perf_counter() - began
            assert (answer.status, answer.body, answer.complete) == (200, body(), True)
            assert app.reasons["home.hero"] in (FAULTS[fault], "late")
            assert took < DEADLINE * 1.8
        await asyncio.sleep(0.65)
        assert not window.remotes._asking  # no question goes on for ever
        answer, app = await one(window)
        assert app.reasons["home.hero"] == FAULTS[fault]
        assert len(there.asked) == 1  # an address that failed is left alone for a while


# -- keeping -------------------------------------------------------------------------------


async def test_an_old_answer_is_shown_while_a_new_one_is_fetched(
    respx_mock: Any,
) -> None:
    texts = iter(("<p>one", "<p>two", "<p>three"))
    gate = asyncio.Event()
    gate.set()
    asked = []

    async def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        await gate.wait()
        return httpx.Response(200, html=next(texts))

    respx_mock.get(host="cms.internal").mock(side_effect=answer)
    more = 'cache = "1 second"\nstale = "1 hour"'
    async with opened(site("https://cms.internal", "x", more)) as window:
        assert b"<p>one" in (await one(window))[0].body
        assert b"<p>one" in (await one(window))[0].body
        assert len(asked) == 1
        gate.clear()
        await asyncio.sleep(1.05)
        for _ in range(5):  # nobody waits, and one of them asks
            began = time.perf_counter()
            assert b"<p>one" in (await one(window))[0].body
            assert time.perf_counter() - began < DEADLINE / 2
            await asyncio.sleep(0.001)
        assert len(asked) == 2
        gate.set()
        await asyncio.sleep(0.05)
        assert b"<p>two" in (await one(window))[0].body


async def test_an_answer_that_is_too_old_is_not_shown(respx_mock: Any) -> None:
    route = respx_mock.get(host="cms.internal").respond(html="<p>one")
    more = 'cache = "1 second"\nstale = "1 second"'
    async with opened(site("https://cms.internal", "x", more)) as window:
        assert b"<p>one" in (await one(window))[0].body
        route.respond(503)
        await asyncio.sleep(1.05)
        assert b"<p>one" in (await one(window))[0].body  # the server fails meanwhile
        await asyncio.sleep(0.05)
        assert b"<p>one" in (await one(window))[0].body
        window.remotes._kept.clear()
        answer, app = await one(window)
    assert answer.body == body()
    assert app.reasons["home.hero"] == "error"


async def test_what_is_kept_has_a_limit_in_bytes(
    respx_mock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "KEPT", 100_000)
    respx_mock.get(host="cms.internal").respond(html="x" * 30_000)
    async with opened(site("https://cms.internal", "x")) as window:
        far = window.site.remotes["far"]
        hosts = window.site.settings.allowed_hosts
        for number in range(20):
            url = far.address({"what": str(number), "language": "en"})
            task = window.remotes.fetch(far, url, "en", hosts)
            assert isinstance(task, asyncio.Task)
            assert len((await task).html) == 30_000
        assert len(window.remotes._kept) == 3
        assert window.remotes._kept.currsize <= 100_000


async def test_many_pages_ask_once(respx_mock: Any) -> None:
    async def answer(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0.02)
        return httpx.Response(200, html="<p>one")

    route = respx_mock.get(host="cms.internal").mock(side_effect=answer)
    async with opened(site("https://cms.internal", "x")) as window:
        found = await asyncio.gather(*(one(window) for _ in range(20)))
    assert all(answer.body == body(b"<p>one") for answer, _ in found)
    assert route.call_count == 1


async def test_a_server_that_fails_is_left_alone(respx_mock: Any) -> None:
    route = respx_mock.get(host="cms.internal").respond(503)
    async with opened(site("https://cms.internal", "x")) as window:
        far = window.site.remotes["far"]
        hosts = window.site.settings.allowed_hosts
        reasons = []
        for number in range(8):
            url = far.address({"what": str(number), "language": "en"})
            found = window.remotes.fetch(far, url, "en", hosts)
            content = await found if isinstance(found, asyncio.Task) else found
            reasons.append(content.reason)
    assert reasons == ["error"] * 5 + ["late"] * 3
    assert route.call_count == 5


async def test_closing_ends_what_is_still_being_asked() -> None:
    async with shop("hang", within=DEADLINE) as (_, window):
        await one(window)
        (task,) = window.remotes._asking.values()
        await window.stop()
        assert task.cancelled()
        assert not window.remotes._asking
    async with shop("good") as (there, window):
        await one(window)
        await window.stop()
        await window.start()  # it may begin again
        window.remotes._kept.clear()
        answer, _ = await one(window)
        assert answer.body == body(FAR)
        assert len(there.asked) == 2


async def test_what_the_server_wants_remembered_is_forgotten(respx_mock: Any) -> None:
    route = respx_mock.get(host="cms.internal").respond(
        html="<p>one", headers={"set-cookie": "session=1; Path=/"}
    )
    async with opened(
        site("https://cms.internal", "x", 'header = { X-Key = "k" }'), BOTH
    ) as window:
        await one(window)
    assert route.call_count == 2
    for call in route.calls:
        assert "cookie" not in call.request.headers
        assert call.request.headers["x-key"] == "k"
        assert call.request.headers["accept-encoding"] == "identity"


async def test_what_is_saved_is_asked_with_the_next_page(tmp_path: Path) -> None:
    async with elsewhere() as there:
        rules = (
            RULES.format(what="dog").replace("far", "banner").replace("what:", "text:")
        )
        folder = site_folder(tmp_path, rules=rules)
        async with Shopwindow(folder, store=MemoryStore(), keys=KEYS) as window:
            answer, _ = await one(window)
            assert b"dog" in answer.body
            site_folder(
                tmp_path, site=site(there, "good"), rules=RULES.format(what="dog")
            )
            await window.reload_soon()
            answer, _ = await one(window)
            assert FAR in answer.body
            site_folder(tmp_path, site=site(there, "good"), rules=rules)
            await window.reload_soon()
            await one(window)
            site_folder(
                tmp_path, site=site(there, "good"), rules=RULES.format(what="dog")
            )
            await window.reload_soon()
            answer, _ = await one(window)
            assert FAR in answer.body
    assert len(there.asked) == 1  # kept all the while


# -- what a server is not told -------------------------------------------------------------


async def test_a_server_that_is_not_allowed_is_never_asked(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("SHOPWINDOW_ALLOWED_HOSTS", "cms.internal")
    async with shop("good") as (there, window):
        answer, app = await one(window)
    assert answer.body == body()
    assert app.reasons["home.hero"] == "error"
    assert there.asked == []
    assert "'127.0.0.1' is not in SHOPWINDOW_ALLOWED_HOSTS" in caplog.text


async def test_nobody_s_cookie_or_header_goes_along() -> None:
    async with shop("good") as (there, window):
        app = mounted(whole(lambda: page(by_attribute)), window)
        async with consented(app, referer="http://127.0.0.1/secret") as client:
            await client.get("/", headers={"x-forwarded-for": "1.2.3.4"})
    (head,) = there.heads
    for word in (b"cookie", b"secret", b"1.2.3.4", b"shopwindow", b"mozilla"):
        assert word not in head.lower()


async def test_programs_and_pages_that_fail_ask_nobody() -> None:
    async with shop("good") as (there, window):
        bot = [(b"user-agent", b"Googlebot/2.1")]
        make = lambda: page(by_attribute)  # noqa: E731
        await ask(mounted(whole(make), window), headers=bot)
        await ask(mounted(whole(make, 404), window))
        await ask(mounted(whole(lambda: b"<p>No slot"), window))
    assert there.asked == []


# -- other encodings -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "sent", "shown"),
    [
        ("text/html; charset=utf-8", "Grüße", "Grüße"),
        ("text/html; charset=iso-8859-1", "Grüße", "Grüße"),
        ("text/html", "Grüße", "Grüße"),
        ("text/html; charset=utf-8", "日本", None),
        ("text/plain; charset=utf-8", "a < 日", "a &lt; &#26085;"),
    ],
)
async def test_letters_are_those_of_the_page(
    kind: str, sent: str, shown: str | None, respx_mock: Any
) -> None:
    encoding = "latin-1" if "8859" in kind else "utf-8"
    respx_mock.get(host="cms.internal").respond(
        content=sent.encode(encoding), headers={"content-type": kind}
    )
    chunks = page(by_attribute, hero="<p>ö</p>").decode().encode("latin-1")

    async def latin(scope: Scope, receive: Receive, send: Send) -> None:
        await send(start((b"content-type", b"text/html; charset=iso-8859-1")))
        await send(chunk(chunks))

    async with opened(site("https://cms.internal", "x")) as window:
        app = Watching(latin)
        answer = await ask(mounted(app, window))
    wanted = (shown or "<p>ö</p>").encode("latin-1")
    assert b'<section data-shopwindow="home.hero">' + wanted + b"<" in answer.body
    assert app.reasons["home.hero"] == ("shown" if shown else "unsupported")


# -- handlers and other channels -----------------------------------------------------------


async def test_a_handler_that_waits_hears_what_came() -> None:
    seen: list[Decision] = []
    answer = whole(lambda: page(by_attribute))

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        visit = scope["state"]["shopwindow"]
        seen.append(visit.decide_sync("home.hero"))
        seen.append(await visit.decide("home.hero"))
        seen.append(visit.decide_sync("home.hero"))
        await answer(scope, receive, send)

    async with shop("slow") as (_, window):
        await ask(mounted(app, window))
    assert [one.reason for one in seen] == ["late", "shown", "shown"]
    seen.clear()
    async with shop("broken") as (_, window):
        got = await ask(mounted(app, window))
    assert [one.reason for one in seen] == ["late", "error", "error"]
    assert got.body == body()


async def test_a_handler_that_does_not_wait_takes_nothing_from_the_page() -> None:
    answer = whole(lambda: page(by_attribute))
    reasons = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        visit = scope["state"]["shopwindow"]
        decided = await asyncio.to_thread(visit.decide_sync, "home.hero")
        reasons.append(decided.reason)  # from a thread, too
        await answer(scope, receive, send)

    async with shop("slow") as (_, window):
        for _ in range(2):
            got = await ask(mounted(app, window))
    assert got.body == body(teaser("/slow/dog?lang=en"))
    assert reasons == ["late", "shown"]


async def test_decisions_as_json_have_what_came() -> None:
    async with shop("slow", BOTH) as (there, window):
        app = mounted(whole(lambda: b""), window)
        async with consented(app) as client:
            answer = (await client.get("/-/shopwindow/decide?path=/&html=1")).json()
        assert there.times[1] - there.times[0] < 0.1  # not one after the other
    slots = answer["slots"]
    assert slots["home.hero"]["html"] == teaser("/slow/one?lang=en").decode()
    assert slots["home.teaser"]["reason"] == "shown"
    async with shop("hang", BOTH, within=DEADLINE) as (_, window):
        async with consented(mounted(whole(lambda: b""), window)) as client:
            began = time.perf_counter()
            answer = (await client.get("/-/shopwindow/decide?path=/&html=1")).json()
            assert time.perf_counter() - began < DEADLINE * 1.8
    assert [one["reason"] for one in answer["slots"].values()] == ["late", "late"]
    assert [one["html"] for one in answer["slots"].values()] == [None, None]


async def test_a_slot_that_stays_free_goes_to_the_next_one() -> None:
    rules = RULES.format(what="dog")
    for behave, below in (("broken", TEASER), ("slow", b"<p>News</p>")):
        async with shop(behave, rules, pages="[pages]\nat-most = 1\n") as (_, window):
            answer, app = await one(window)
        assert below in answer.body
        assert app.reasons["home.teaser"] == ("shown" if below == TEASER else "budget")


async def test_sites_without_remote_fragments_have_nothing_to_wait_for() -> None:
    async with open_window() as window:
        assert window.remotes._hosts == {}
        assert window.site.remotes == {}
        _, app = await one(window)
        assert app.reasons["home.teaser"] == "shown"
