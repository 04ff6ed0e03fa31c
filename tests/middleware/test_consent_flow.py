"""Consent that another tool asks for, as a browser and the store see it."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import HTMLResponse, RedirectResponse, Response

from shopwindow import PageCache, PersonalizationMiddleware, Shopwindow, current
from shopwindow.middleware.context import Arrival
from shopwindow.middleware.stores.memory import MemoryStore
from shopwindow.middleware.stores.sqlite import SqliteStore
from shopwindow.middleware.visit import Visit
from shopwindow.middleware.visitor import RENEW_AFTER, Visitor
from tests.asgi import ask, scope_of
from tests.middleware.tcstrings import written
from tests.shop import (
    HERO,
    TEASER,
    browser,
    by_attribute,
    consent,
    events_of,
    mounted,
    open_window,
    page,
    whole,
)

pytestmark = pytest.mark.anyio
NAME, TOOL = "shopwindow", "agreed"
RULE = """[consent]
provider = { cookie = "agreed", granted-when = { personalization = "contains:person", statistics = "contains:stat" } }
"""
TCF = '[consent]\nprovider = "tcf"\n'
SHOP = whole(lambda: page(by_attribute))


PLAIN = HTMLResponse("<!DOCTYPE html><html><body>Imprint</body></html>")
OTHERS = {
    "/imprint": PLAIN,
    "/go": RedirectResponse("/"),
    "/i/tea.png": Response(b"png", media_type="image/png"),
}


async def APP(scope: Any, receive: Any, send: Any) -> None:
    if scope["path"] == "/grant":
        scope["state"]["shopwindow"].grant()
    await OTHERS.get(scope["path"], SHOP)(scope, receive, send)


@pytest.fixture
async def window() -> AsyncIterator[Shopwindow]:
    async with open_window(MemoryStore(), site=RULE) as window:
        yield window


@pytest.fixture
async def client(window: Shopwindow) -> AsyncIterator[Any]:
    async with browser(mounted(APP, window)) as client:
        yield client


def rows(window: Shopwindow) -> int:
    assert window.journal.wait_until_written()
    assert isinstance(window.store, MemoryStore)
    return len(window.store.profiles)


def says(client: Any, answer: str | None) -> None:
    """The tool writes its cookie, or the browser loses it."""
    client.cookies.delete(TOOL) if TOOL in client.cookies else None
    if answer is not None:
        client.cookies.set(TOOL, answer)


def visitor(client: Any, window: Shopwindow) -> Visitor | None:
    return window.cookie.verify(client.cookies.get(NAME, "").encode(), time.time())


# -- agreeing ------------------------------------------------------------------------------


async def test_the_next_page_with_a_slot_issues_the_id(
    client: Any, window: Shopwindow
) -> None:
    assert "set-cookie" not in (await client.get("/")).headers
    says(client, "person+stat")
    for path in ("/imprint", "/i/tea.png"):
        answer = await client.get(path)  # as the app made it
        assert "set-cookie" not in answer.headers and "vary" not in answer.headers
    answer = await client.get("/")
    assert answer.headers["cache-control"] == "private, no-store"
    assert rows(window) == 0  # the cookie has not come back
    known = visitor(client, window)
    assert known is not None and known.granted == {"personalization", "statistics"}
    await client.get("/p/tea-1")
    assert HERO in (await client.get("/")).content
    assert rows(window) == 1 and visitor(client, window) == known


async def test_a_redirect_issues_it_too_and_is_private(
    client: Any, window: Shopwindow
) -> None:
    says(client, "person")
    answer = await client.get("/go")
    assert answer.status_code == 307
    assert answer.headers["cache-control"] == "private, no-store"
    known = visitor(client, window)
    assert known is not None and known.granted == {"personalization"}
    assert "set-cookie" not in (await client.get("/go")).headers


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-dest": "empty"},
        {"sec-purpose": "prefetch"},
        {"user-agent": "Mozilla/5.0 (compatible; Googlebot/2.1)"},
    ],
)
async def test_nobody_who_is_not_looking_gets_an_id(
    client: Any, headers: dict[str, str]
) -> None:
    says(client, "person+stat")
    for path in ("/", "/go"):
        answer = await client.get(path, headers=headers)
        assert "set-cookie" not in answer.headers


async def test_statistics_alone_takes_no_id(client: Any, window: Shopwindow) -> None:
    seen = []

    async def app(*args: Any) -> None:
        visit = current()
        assert visit is not None
        seen.append(visit.consent)
        await APP(*args)

    says(client, "stat")
    async with browser(mounted(app, window)) as other:
        says(other, "stat")
        answer = await other.get("/")
        assert TEASER in answer.content and "set-cookie" not in answer.headers
    assert [one.purposes for one in seen] == [{"statistics"}]
    assert rows(window) == 0


@pytest.mark.parametrize("header", ["sec-gpc", "dnt"])
async def test_an_agreement_there_wins_over_an_objection(
    window: Shopwindow, header: str
) -> None:
    seen = []

    async def app(*args: Any) -> None:
        visit = current()
        assert visit is not None
        seen.append(visit.consent.state)
        await APP(*args)

    async with browser(mounted(app, window), **{header: "1"}) as client:
        await client.get("/")
        says(client, "person")
        await client.get("/")
        says(client, "%ff")
        await client.get("/")
    assert seen == ["denied", "granted", "denied"]


# -- taking it back ------------------------------------------------------------------------


async def known_visitor(client: Any, window: Shopwindow) -> None:
    says(client, "person+stat")
    for path in ("/", "/p/tea-1", "/"):
        answer = await client.get(path)
    assert HERO in answer.content and rows(window) == 1


@pytest.mark.parametrize("path", ["/", "/imprint", "/i/tea.png", "/go"])
@pytest.mark.parametrize("answer", ["no", "stat"])
async def test_a_withdrawal_acts_on_the_very_next_request(
    client: Any, window: Shopwindow, path: str, answer: str
) -> None:
    await known_visitor(client, window)
    says(client, answer)
    left = await client.get(path)
    assert left.headers.get_list("set-cookie") == [
        f"{NAME}=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax"
    ]
    assert left.headers["cache-control"] == "private, no-store"
    assert HERO not in left.content and NAME not in client.cookies
    assert rows(window) == 0 and events_of(window) == []
    assert "set-cookie" not in (await client.get("/")).headers
    says(client, "person")
    await client.get("/")
    await client.get("/")
    assert rows(window) == 1  # a stranger, under a new id
    assert HERO not in (await client.get("/")).content


async def test_less_than_before_changes_the_cookie_and_keeps_the_profile(
    client: Any, window: Shopwindow
) -> None:
    await known_visitor(client, window)
    before = visitor(client, window)
    says(client, "person")
    assert HERO in (await client.get("/")).content
    after = visitor(client, window)
    assert before is not None and after is not None and before.id == after.id
    assert after.granted == {"personalization"}


async def test_an_answer_that_is_gone_lets_the_id_rest(
    client: Any, window: Shopwindow
) -> None:
    await known_visitor(client, window)
    before = visitor(client, window)
    says(client, None)
    accepted = window.journal.accepted
    answer = await client.get("/")
    assert HERO not in answer.content and TEASER in answer.content
    await client.get("/p/tea-1")
    assert window.journal.accepted == accepted  # nothing is kept meanwhile
    resting = visitor(client, window)
    assert before is not None and resting is not None and resting.id == before.id
    assert resting.granted == set()
    assert "set-cookie" not in (await client.get("/")).headers
    says(client, "person+stat")
    assert HERO in (await client.get("/")).content  # and wakes it
    woken = visitor(client, window)
    assert woken is not None and woken.id == before.id and woken.granted
    assert woken.granted_at >= before.granted_at


async def test_two_answers_are_none(window: Shopwindow) -> None:
    app = mounted(APP, window)
    for cookies in (b"agreed=person; agreed=no", b"agreed=no; agreed=person"):
        answer = await ask(app, "/", headers=[(b"cookie", cookies)])
        assert answer.header(b"set-cookie") is None


async def test_kept_pages_issue_and_take_back_as_well(window: Shopwindow) -> None:
    cache = PageCache({"/*": 60}, ignore_cookies=(TOOL,))
    app = PersonalizationMiddleware(APP, window, cache=cache)
    async with browser(app) as client:
        for path in ("/", "/p/tea-1"):
            assert "set-cookie" not in (await client.get(path)).headers
        says(client, "person+stat")
        for path in ("/", "/p/tea-1", "/"):
            answer = await client.get(path)
        assert HERO in answer.content and rows(window) == 1
        says(client, "no")
        answer = await client.get("/")
        assert HERO not in answer.content and NAME not in client.cookies
        assert rows(window) == 0
        assert cache.counters["hit"] >= 4


# -- our own form --------------------------------------------------------------------------


async def test_our_form_says_who_decides(client: Any, window: Shopwindow) -> None:
    assert window.site.settings.consent_provider == 'the cookie "agreed"'
    for choice in ("granted", "selected"):
        answer = await consent(client, choice, personalization="on")
        assert answer.status_code == 409 and "set-cookie" not in answer.headers
        assert answer.text == 'consent is asked for by the cookie "agreed", not here\n'
    assert (await consent(client, "perhaps")).status_code == 400


async def test_who_refuses_here_is_heard_and_may_take_it_back(
    client: Any, window: Shopwindow
) -> None:
    await known_visitor(client, window)
    assert (await consent(client, "denied")).status_code == 303
    assert rows(window) == 0 and NAME not in client.cookies
    answer = await client.get("/")
    assert "set-cookie" not in answer.headers and HERO not in answer.content
    says(client, "no")
    assert (await consent(client)).status_code == 409  # it would be a no all the same
    says(client, "person+stat")
    assert (await consent(client)).status_code == 303
    assert "shopwindow-consent" not in client.cookies
    await client.get("/")
    assert visitor(client, window) is not None


async def test_a_handler_cannot_agree_for_the_tool(
    client: Any, window: Shopwindow, caplog: pytest.LogCaptureFixture
) -> None:
    assert "set-cookie" not in (await client.post("/grant")).headers
    assert 'site.toml leaves consent to the cookie "agreed"' in caplog.text


# -- time ----------------------------------------------------------------------------------


async def test_a_tc_string_ends_by_itself_and_a_new_one_begins_anew() -> None:
    now = float(int(time.time()))  # in the string are tenths, which are rounded
    async with open_window(MemoryStore(), site=TCF) as window:
        async with browser(mounted(APP, window)) as client:
            for age, granted in ((181, False), (179, True), (0, True)):
                client.cookies.clear()
                text = written(updated=now - age * 86_400)
                client.cookies.set("euconsent-v2", text)
                await client.get("/")
                assert (NAME in client.cookies) is granted
            known = visitor(client, window)
            assert known is not None and known.granted_at == int(now)
            client.cookies.delete("euconsent-v2")
            client.cookies.set("euconsent-v2", written((), updated=now))
            await client.get("/imprint")
            assert NAME not in client.cookies


async def test_the_cookie_is_renewed_after_a_month_with_the_time_of_the_answer(
    window: Shopwindow,
) -> None:
    now = int(time.time())
    old = Visitor("A" * 22, now - RENEW_AFTER - 9, frozenset({"personalization"}), now - 8_640_000)  # fmt: skip
    cookies = b"agreed=person; shopwindow=" + window.cookie.value(old)
    answer = await ask(mounted(APP, window), headers=[(b"cookie", cookies)])
    sent = answer.header(b"set-cookie")
    assert sent is not None and b"Max-Age=34128000" in sent  # 395 of the 400 days
    value = sent.partition(b";")[0].removeprefix(b"shopwindow=")
    renewed = window.cookie.verify(value, now)
    assert renewed is not None and renewed.id == old.id
    assert renewed.granted_at == old.granted_at and renewed.issued >= now


async def test_an_id_that_was_given_up_is_followed_by_a_new_one(
    tmp_path: Path,
) -> None:
    store = SqliteStore(tmp_path / "shop.db")
    async with open_window(store, site=RULE) as window:
        async with browser(mounted(APP, window)) as client:
            says(client, "person+stat")
            for path in ("/", "/p/tea-1", "/"):
                await client.get(path)
            first, kept = visitor(client, window), client.cookies[NAME]
            says(client, "no")
            await client.get("/")
            await asyncio.to_thread(window.journal.wait_until_written)
            client.cookies.set(NAME, kept, "127.0.0.1")  # it did not let go
            says(client, "person+stat")
            await client.get("/")
            second = visitor(client, window)
            assert first is not None and second is not None and first.id != second.id
            await client.get("/p/tea-1")
            assert HERO in (await client.get("/")).content
    store.close()


# -- abuse ---------------------------------------------------------------------------------


@pytest.mark.parametrize("site", ["", RULE, TCF], ids=["our form", "a rule", "tcf"])
async def test_five_hundred_cookies_hold_up_no_request(site: str) -> None:
    """All that is done with a request before the app sees it, in less than a millisecond."""
    async with open_window(MemoryStore(), site=site) as window:
        many = b"; ".join(b"cookie%d=%020d" % (n, n) for n in range(450))
        alike = b"; ".join([b"agreed=person"] * 300 + [b"shopwindow=x"] * 300)
        strings = b"; ".join([b"euconsent-v2=C" + b"A" * 3_980] * 4)
        junk = b"euconsent-v2=" + b";euconsent-v2=" * 1_150
        for cookies in (
            many,
            alike,
            strings,
            junk,
            b"shopwindow=" * 1_400,
            b";" * 16_000,
        ):
            assert len(cookies) <= 16_384
            scope, best = scope_of(headers=[(b"cookie", cookies)]), 1.0
            for _ in range(7):
                started = time.perf_counter()
                Visit(window, Arrival(scope, time.time()))
                best = min(best, time.perf_counter() - started)
            assert best < 1e-3, (cookies[:30], best)
