"""Decisions as JSON: for pages that render themselves, and for apps."""

import sqlite3
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from shopwindow import Shopwindow
from shopwindow.middleware.decisions import MOST_FIELDS, PATH
from shopwindow.middleware.forms import LARGEST
from shopwindow.middleware.showings import LASTING, Showings
from shopwindow.middleware.stores.memory import MemoryStore
from tests.asgi import BROWSER, ask
from tests.servers import free_port, serving
from tests.shop import (
    KEYS,
    RULES,
    browser,
    by_attribute,
    consented,
    events_of,
    mounted,
    open_window,
    page,
    site_folder,
    whole,
)

pytestmark = pytest.mark.anyio
SHOP = whole(lambda: page(by_attribute))
HELLO = {
    "rule": "hello",
    "fragment": "banner",
    "with": {"text": "Hello"},
    "variant": None,
    "reason": "shown",
}
NOTHING: dict[str, Any] = {"rule": None, "fragment": None, "with": {}, "variant": None}
CAPPED = RULES.replace("slot: home.teaser", "slot: home.teaser\n    cap: {times: 1}")


@pytest.fixture
async def window() -> AsyncIterator[Shopwindow]:
    async with open_window() as window:
        yield window


async def decided(client: httpx.AsyncClient, **asked: Any) -> dict[str, Any]:
    answer = await client.get(PATH, params={"path": "/", **asked})
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = answer.json()
    return said


async def report(
    client: httpx.AsyncClient, token: str | None, *slots: str, **headers: str
) -> httpx.Response:
    data = {"decision": token or "", "shown": list(slots)}
    return await client.post(PATH, data=data, headers=headers)


# -- asking --------------------------------------------------------------------------------


async def test_an_answer_names_every_slot_of_the_shop(window: Shopwindow) -> None:
    async with browser(mounted(SHOP, window)) as client:
        answer = await client.get(PATH, params={"path": "/"})
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.headers["vary"] == "Cookie"
    said = answer.json()
    assert said["revision"] == window.site.rules.revision
    assert said["decision"] is None, "without consent nothing is counted"
    assert said["slots"] == {
        "home.hero": {**NOTHING, "reason": "consent"},
        "home.teaser": HELLO,
    }


async def test_the_slots_asked_for_come_in_the_shops_own_order(
    window: Shopwindow,
) -> None:
    async with browser(mounted(SHOP, window)) as client:
        said = await decided(client, slot=["home.teaser", "home.hero", "home.teaser"])
        assert list(said["slots"]) == ["home.hero", "home.teaser"]
        said = await decided(client, slot="home.teaser")
        assert said["slots"] == {"home.teaser": HELLO}


async def test_it_decides_as_the_page_does_for_the_same_cookie(
    window: Shopwindow,
) -> None:
    async with consented(mounted(SHOP, window)) as client:
        await client.get("/p/tea-1")
        hero = (await decided(client))["slots"]["home.hero"]
        assert hero == {**HELLO, "rule": "tea-hero", "with": {"text": "More tea"}}
        assert b"More tea" in (await client.get("/")).content
        await client.post("/-/shopwindow/consent", data={"choice": "denied"})
        hero = (await decided(client))["slots"]["home.hero"]
        assert hero["rule"] is None


async def test_slots_share_the_page_with_its_limits() -> None:
    rules = "rules:\n  - {id: a, slot: home.hero, show: offer}\n  - {id: b, slot: home.teaser, show: offer}\n"
    async with open_window(rules=rules, pages="[pages]\nat-most = 1\n") as window:
        async with browser(mounted(SHOP, window)) as client:
            slots = (await decided(client, slot=["home.teaser", "home.hero"]))["slots"]
    assert [slots[slot]["reason"] for slot in slots] == ["shown", "budget"]


async def test_the_page_and_its_query_count(window: Shopwindow) -> None:
    rules = (
        "rules:\n  - {id: mailed, slot: home.hero, show: offer,"
        " when: [{path: /sale now}, {campaign: spring}, {device: mobile}]}\n"
    )
    async with open_window(rules=rules) as window:
        phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Mobile/15E148"
        async with browser(mounted(SHOP, window), **{"user-agent": phone}) as client:
            for path, rule in {
                "/sale%20now?utm_campaign=spring#top": "mailed",
                "/sale%20now": None,
                "/?utm_campaign=spring": None,
            }.items():
                said = await decided(client, path=path)
                assert said["slots"]["home.hero"]["rule"] == rule, path


async def test_html_is_what_the_page_would_hold(window: Shopwindow) -> None:
    async with consented(mounted(SHOP, window)) as client:
        said = await decided(client, html="1")
    hero, teaser = said["slots"].values()
    assert teaser["html"] == '<p class="banner">Hello</p>'
    assert hero["html"] is None and hero["reason"] == "no-rule"


async def test_a_fragment_that_fails_keeps_the_default_and_says_so() -> None:
    rules = "rules:\n  - {id: a, slot: home.teaser, show: banner, with: {text: '{visitor.nothing}'}}\n"
    async with open_window(rules=rules) as window:
        async with consented(mounted(SHOP, window)) as client:
            said = await decided(client, html="1", slot="home.teaser")
            assert said["slots"]["home.teaser"]["html"] is None
            assert said["slots"]["home.teaser"]["reason"] == "error"
            answer = await report(client, said["decision"], "home.teaser")
            assert answer.status_code == 400, "what was not shown cannot be counted"


async def test_what_is_sensitive_is_nowhere_in_the_answer() -> None:
    site = '[attributes.illness]\ntype = "text"\nfrom = "query:ill"\nsensitive = true\n'
    rules = (
        "rules:\n  - {id: gentle, slot: home.hero, show: banner, with: {text: Rest},"
        " when: [{illness: {starts-with: hay}}]}\n"
    )
    async with open_window(site=site, rules=rules) as window:
        async with browser(mounted(SHOP, window)) as client:
            answer = await client.get(
                PATH, params={"path": "/?ill=hayfever", "html": "1"}
            )
    assert answer.json()["slots"]["home.hero"]["rule"] == "gentle"
    assert "hay" not in answer.text and "illness" not in answer.text


@pytest.mark.parametrize(
    ("headers", "reason"),
    [({"user-agent": "curl/8"}, "bot"), ({"sec-purpose": "prefetch"}, "shown")],
)
async def test_programs_get_the_default_and_who_asks_ahead_an_answer(
    window: Shopwindow, headers: dict[str, str], reason: str
) -> None:
    async with browser(mounted(SHOP, window), **headers) as client:
        said = await decided(client)
    assert said["slots"]["home.teaser"]["reason"] == reason
    assert said["decision"] is None


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("", '"path" is missing'),
        ("path=", '"path" is the address of a page of this shop'),
        ("path=start", '"path" is the address'),
        ("path=//evil.example/", '"path" is the address'),
        ("path=https://evil.example/", '"path" is the address'),
        ("path=/%0a", '"path" is the address'),
        ("path=/&path=/", '"path" stands there more than once'),
        ("path=/&slot=home.her", 'unknown slot "home.her": did you mean "home.hero"?'),
        ("path=/&slot=", 'unknown slot ""'),
        ("path=/&slots=home.hero", 'unknown parameter "slots": did you mean "slot"?'),
        ("path=/&html=yes", '"html" is 1, or left out'),
        ("path=/&html=", '"html" is 1, or left out'),
        ("path=/&html=1&html=1", '"html" stands there more than once'),
        ("path=/" + "&slot=home.hero" * MOST_FIELDS, "more than 200 parameters"),
        ("path=%ff%fe", '"path" is the address'),
    ],
)
async def test_a_wrong_question_is_answered_with_what_is_wrong(
    window: Shopwindow, query: str, why: str
) -> None:
    async with browser(mounted(SHOP, window)) as client:
        answer = await client.get(f"{PATH}?{query}")
    assert answer.status_code == 400
    assert answer.headers["cache-control"] == "private, no-store"
    assert list(answer.json()) == ["error"] and why in answer.json()["error"]


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    ("name", "value", "status"),
    [
        ("sec-fetch-site", "cross-site", 403),
        ("sec-fetch-site", "same-site", 403),
        ("origin", "http://evil.example", 403),
        ("sec-fetch-site", "same-origin", 200),
        ("origin", "http://127.0.0.1", 200),
    ],
)
async def test_only_the_site_itself_may_ask(
    window: Shopwindow, method: str, name: str, value: str, status: int
) -> None:
    async with browser(mounted(SHOP, window)) as client:
        if method == "GET":
            answer = await client.get(f"{PATH}?path=/", headers={name: value})
        else:
            answer = await report(client, "x", "home.hero", **{name: value})
    assert answer.status_code == (204 if (method, status) == ("POST", 200) else status)


async def test_other_methods_are_told_which_there_are(window: Shopwindow) -> None:
    async with browser(mounted(SHOP, window)) as client:
        answer = await client.put(PATH)
        assert (answer.status_code, answer.headers["allow"]) == (
            405,
            "GET, HEAD, POST",
        )
        assert (await client.head(f"{PATH}?path=/")).status_code == 200


# -- reporting -----------------------------------------------------------------------------


async def test_asking_counts_nothing_and_reporting_counts_once(
    window: Shopwindow,
) -> None:
    async with consented(mounted(SHOP, window)) as client:
        said = await decided(client, html="1")
        await decided(client)
        assert events_of(window) == []
        for _ in range(3):
            answer = await report(client, said["decision"], "home.teaser")
            assert answer.status_code == 204 and answer.content == b""
        assert events_of(window) == ["Promotion Viewed"]
    assert isinstance(window.store, MemoryStore)
    (event,) = window.store.events.values()
    banner = {"promotion_id": "banner", "slot": "home.teaser", "rule": "hello"}
    assert event.properties == {
        "promotions": [{**banner, "decision": f"{event.id}.0"}],
        "revision": window.site.rules.revision,
        "stage": "new",
        "segments": ["new-visitor", "new-customer"],
    }


async def test_a_cap_counts_what_was_reported(window: Shopwindow) -> None:
    async with open_window(rules=CAPPED) as window:
        async with consented(mounted(SHOP, window)) as client:
            first = await decided(client)
            assert first["slots"]["home.teaser"]["reason"] == "shown"
            assert (await decided(client))["slots"]["home.teaser"]["reason"] == "shown"
            await report(client, first["decision"], "home.teaser")
            assert (await decided(client))["slots"]["home.teaser"]["rule"] is None


async def test_who_is_held_out_is_reported_as_such() -> None:
    site = '[experiments]\nholdout = "100%"\n'
    async with open_window(site=site) as window:
        async with consented(mounted(SHOP, window)) as client:
            said = await decided(client)
            teaser = said["slots"]["home.teaser"]
            assert (teaser["fragment"], teaser["reason"]) == (None, "holdout")
            answer = await report(client, said["decision"], "home.teaser")
            assert answer.status_code == 204
            assert events_of(window) == ["Promotion Viewed"]
    assert isinstance(window.store, MemoryStore)
    (event,) = window.store.events.values()
    assert event.properties["promotions"][0]["held"] == "holdout"


@pytest.mark.parametrize(
    "headers",
    [
        {"user-agent": "curl/8"},
        {"sec-purpose": "prefetch;prerender"},
        {"cookie": "shopwindow=forged"},
    ],
)
async def test_programs_prefetches_and_strangers_count_nothing(
    window: Shopwindow, headers: dict[str, str]
) -> None:
    async with consented(mounted(SHOP, window)) as client:
        said = await decided(client)
        answer = await report(client, said["decision"], "home.teaser", **headers)
    assert answer.status_code == 204 and "set-cookie" not in answer.headers
    assert events_of(window) == []


async def test_the_decision_of_somebody_else_counts_for_nobody(
    window: Shopwindow,
) -> None:
    app = mounted(SHOP, window)
    async with consented(app) as one, consented(app) as other:
        said = await decided(one)
        answer = await report(other, said["decision"], "home.teaser")
        assert answer.status_code == 400
        assert "for this visitor" in answer.json()["error"]
    assert events_of(window) == []


@pytest.mark.parametrize(
    ("form", "why"),
    [
        ({}, '"decision" is missing'),
        ({"decision": "{token}"}, '"shown" is missing'),
        ({"decision": "{token}", "shown": "home.hero"}, 'nothing was decided for "home.hero"'),
        ({"decision": "{token}", "shown": ["home.teaser", "nowhere"]}, '"nowhere"'),
        ({"decision": "{token}x", "shown": "home.teaser"}, 'this "decision" is not one'),
        ({"decision": "nonsense", "shown": "home.teaser"}, 'this "decision" is not one'),
        ({"decision": "{token}", "show": "home.teaser"}, 'did you mean "shown"?'),
    ],
)  # fmt: skip
async def test_a_wrong_report_counts_nothing_and_says_why(
    window: Shopwindow, form: dict[str, Any], why: str
) -> None:
    async with consented(mounted(SHOP, window)) as client:
        token = (await decided(client))["decision"]
        data = {
            name: value.replace("{token}", token) if isinstance(value, str) else value
            for name, value in form.items()
        }
        answer = await client.post(PATH, data=data)
    assert answer.status_code == 400 and why in answer.json()["error"]
    assert events_of(window) == []


async def test_a_report_is_no_larger_than_a_form(window: Shopwindow) -> None:
    answer = await ask(mounted(SHOP, window), PATH, "POST", [], b"x" * (LARGEST + 1))
    assert answer.status == 413 and b"too large" in answer.body


def test_a_seal_holds_an_hour_for_its_visitor_and_outlives_a_change_of_keys() -> None:
    old, both = Showings((b"o" * 16,)), Showings((b"n" * 16, b"o" * 16))
    token = old.seal("anna", 1000.0, "r1", {"home.hero": {"rule": "a"}})
    assert "anna" not in token
    opened = both.open(token, "anna", 1000.0 + LASTING - 1)
    assert opened is not None and opened.slots == {"home.hero": {"rule": "a"}}
    assert opened.event_id("home.hero") != opened.event_id("home.teaser")
    assert both.open(token, "anna", 1000.0 + LASTING) is None
    assert both.open(token, "berta", 1000.0) is None
    assert Showings((b"n" * 16,)).open(token, "anna", 1000.0) is None


# -- a real server -------------------------------------------------------------------------


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    site = site_folder(tmp_path / "site")
    settings = site / "site.toml"
    settings.write_text(settings.read_text().replace("memory:", "sqlite:///shop.db"))
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "tests.serve:app", "--app-dir", "."]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHOP_SITE", str(site))
        patch.setenv("SHOPWINDOW_SECRET_KEYS", KEYS[0].decode())
        with serving([*command, "--port", str(port)], port, tmp_path / "log"):
            yield f"http://127.0.0.1:{port}"


async def test_a_page_that_renders_itself_asks_and_reports(
    server: str, tmp_path: Path
) -> None:
    headers = {"user-agent": BROWSER.decode(), "sec-fetch-site": "same-origin"}
    async with httpx.AsyncClient(base_url=server, headers=headers) as client:
        await client.post("/-/shopwindow/consent", data={"choice": "granted"})
        await client.get("/p/tea-1")
        said = await decided(client, slot="home.hero", html="1")
        assert said["slots"]["home.hero"]["html"] == '<p class="banner">More tea</p>'
        beacon = urlencode({"decision": said["decision"], "shown": "home.hero"})
        kind = {"content-type": "application/x-www-form-urlencoded;charset=UTF-8"}
        for _ in range(2):
            answer = await client.post(PATH, content=beacon, headers=kind)
            assert answer.status_code == 204
    with closing(sqlite3.connect(tmp_path / "site/shop.db")) as store:
        rows = store.execute("SELECT name, properties FROM events")
        reported = [name for name, told in rows if "home.teaser" not in told]
    assert reported == ["Product Viewed", "Promotion Viewed"]
