"""Signed links that show a page as a persona would see it, and count nothing."""

import asyncio
import os
import re
import sqlite3
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from shopwindow import PersonalizationMiddleware, Shopwindow
from shopwindow.middleware.decisions import PATH as DECIDE
from shopwindow.middleware.previews import LASTING, Previews
from tests.asgi import BROWSER
from tests.commands import run
from tests.servers import free_port, serving
from tests.shop import (
    HERO,
    KEYS,
    RULES,
    TEASER,
    browser,
    by_attribute,
    by_template,
    consented,
    events_of,
    mounted,
    page,
    site_folder,
    whole,
)

pytestmark = pytest.mark.anyio
PERSONAS = """
now: 2026-11-21 10:00
personas:
  tea-lover:
    consent: [personalization]
    events: [{viewed: {product: tea-1}, at: 2 days ago}]
  grüner Tee:
    first-name: Anna
    consent: [personalization, statistics]
    events: [{viewed: {product: tea-1}, at: 2 days ago}]
  says-no: {}
"""
SPLIT = """
rules:
  - id: two-ways
    slot: home.hero
    split:
      experiment: way
      variants:
        - {name: left, show: banner, with: {text: To the left}}
        - {name: right, show: banner, with: {text: To the right}}
  - {id: offered, slot: home.teaser, show: offer, when: [{weekday: sat}]}
"""
SHOP = whole(lambda: page(by_attribute))


def with_personas(folder: Path, **changes: str) -> Path:
    site = site_folder(folder, **changes)
    tests = site / "rules/tests"
    tests.mkdir()
    (tests / "personas.yaml").write_text(PERSONAS, "utf-8")
    return site


@asynccontextmanager
async def shop(folder: Path, **changes: str) -> AsyncIterator[Shopwindow]:
    """The small shop, with personas beside its rules."""
    site = with_personas(folder / "site", **changes)
    async with Shopwindow(site, keys=KEYS) as window:
        yield window


@pytest.fixture
async def window(tmp_path: Path) -> AsyncIterator[Shopwindow]:
    async with shop(tmp_path) as window:
        yield window


def link(path: str = "/", persona: str = "tea-lover", **more: object) -> str:
    url = f"http://127.0.0.1{path}"
    return Previews(KEYS).link(url, persona, **more)  # type: ignore[arg-type] # cases as data


def is_ordinary(answer: httpx.Response) -> bool:
    """Nothing of the answer says that it is a preview."""
    names = ("x-robots-tag", "x-shopwindow-preview", "referrer-policy")
    return not any(name in answer.headers for name in names)


# -- what it shows -------------------------------------------------------------------------


async def test_a_link_shows_the_page_through_the_personas_eyes(
    window: Shopwindow,
) -> None:
    async with browser(mounted(SHOP, window)) as client:
        assert HERO not in (await client.get("/")).content
        answer = await client.get(link())
        assert HERO in answer.content
        assert answer.headers["x-robots-tag"] == "noindex"
        assert answer.headers["cache-control"] == "private, no-store"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["x-shopwindow-preview"] == "tea-lover"
        assert "set-cookie" not in answer.headers
        assert HERO not in (await client.get(link(persona="says-no"))).content


async def test_a_persona_may_have_any_name(window: Shopwindow) -> None:
    async with browser(mounted(SHOP, window)) as client:
        answer = await client.get(link(persona="grüner Tee"))
    assert HERO in answer.content
    assert answer.headers["x-shopwindow-preview"] == "gr%C3%BCner%20Tee"


async def test_a_link_may_name_a_moment_and_variants(tmp_path: Path) -> None:
    saturday, friday = 1_795_251_600.0, 1_795_165_200.0
    async with shop(tmp_path, rules=SPLIT) as window:
        async with browser(mounted(SHOP, window)) as client:
            for variant, words in {
                "left": b"To the left",
                "right": b"To the right",
                "control": b"Default",
            }.items():
                answer = await client.get(link(pins={"way": variant}))
                assert words in answer.content
            assert b"Tea</a>" in answer.content, "the file's own now is a saturday"
            assert b"Tea</a>" in (await client.get(link(now=saturday))).content
            assert b"Tea</a>" not in (await client.get(link(now=friday))).content


async def test_the_shop_does_not_see_the_ticket_and_the_page_sees_its_query(
    tmp_path: Path,
) -> None:
    asked: list[bytes] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        asked.append(scope["query_string"])
        await SHOP(scope, receive, send)

    rules = (
        "rules:\n  - {id: a, slot: home.hero, show: offer, when: [{campaign: mail}]}\n"
    )
    async with shop(tmp_path, rules=rules) as window:
        async with browser(mounted(app, window)) as client:
            answer = await client.get(link("/?utm_campaign=mail&b=2"))
            assert b"Tea</a>" in answer.content
            ticket = link().partition("?")[2]
            await client.get(f"/?{ticket}&a=1&b=")
            await client.get(link())
    assert asked == [b"utm_campaign=mail&b=2", b"a=1&b=", b""]


async def test_template_slots_and_handlers_see_the_persona_too(
    window: Shopwindow,
) -> None:
    told: list[object] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        visit = scope["state"]["shopwindow"]
        decision = await visit.decide("home.hero")
        told.extend([decision.rule, visit.consent.state, visit.profile.visits > 1])
        await whole(lambda: page(by_template))(scope, receive, send)

    async with browser(mounted(app, window)) as client:
        assert HERO in (await client.get(link())).content
    assert told == ["tea-hero", "granted", True]


async def test_it_is_the_same_that_the_command_decides(
    window: Shopwindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = window.site.settings.folder
    said = run("decide", site, "--personas", site / "rules/tests/personas.yaml").output
    async with browser(mounted(SHOP, window)) as client:
        for persona in ("tea-lover", "says-no"):
            body = (await client.get(link(persona=persona))).content
            decided = re.search(rf"{persona} on /\n  home.hero: (\w+)", said)
            assert decided is not None
            assert (HERO in body) is (decided[1] == "banner")


async def test_the_page_has_its_limits_but_holds_nobody_out(tmp_path: Path) -> None:
    limits = "[pages]\nat-most = 1\n"
    holdout = '[experiments]\nholdout = "100%"\n'
    async with shop(tmp_path, pages=limits, site=holdout) as window:
        async with browser(mounted(SHOP, window)) as client:
            body = (await client.get(link())).content
    assert HERO in body and TEASER not in body


async def test_below_a_root_path_the_whole_address_counts(window: Shopwindow) -> None:
    app = PersonalizationMiddleware(SHOP, window)
    transport = httpx.ASGITransport(app=app, root_path="/shop")
    headers = {"user-agent": BROWSER.decode(), "accept": "text/html"}
    async with httpx.AsyncClient(transport=transport, headers=headers) as client:
        assert HERO in (await client.get(link("/shop/"))).content
        assert is_ordinary(
            await client.get(link("/").replace("127.0.0.1/", "127.0.0.1/shop/"))
        )


# -- what it does not do -------------------------------------------------------------------


async def test_a_preview_counts_nothing_and_leaves_the_visitor_alone(
    tmp_path: Path,
) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        visit = scope["state"]["shopwindow"]
        if visit.guise is not None:
            visit.track("Order Completed", {"order_id": "1"})
            visit.set(cart_value=99.0, keep=True)
            visit.identify("customer-1")
            visit.forget()
            visit.grant()
            visit.deny()
        await SHOP(scope, receive, send)

    async with shop(tmp_path) as window:
        async with consented(mounted(app, window)) as client:
            cookie = client.cookies["shopwindow"]
            before = events_of(window)
            for path in ("/", "/p/tea-1"):
                answer = await client.get(link(path))
                assert "set-cookie" not in answer.headers
            assert events_of(window) == before == []
            assert client.cookies["shopwindow"] == cookie
            # Two looks at tea through other eyes: this visitor has not seen any.
            assert HERO not in (await client.get("/")).content


async def test_the_shop_is_not_asked_who_is_logged_in(tmp_path: Path) -> None:
    def customer(scope: Scope) -> None:
        raise AssertionError("nobody is here")

    async with shop(tmp_path) as window:
        window.customer = customer
        async with browser(mounted(SHOP, window)) as client:
            assert HERO in (await client.get(link())).content
    assert window.counters["warning customer"] == 0


async def test_links_on_a_preview_lead_on_without_counting(tmp_path: Path) -> None:
    async with shop(tmp_path, rules=SPLIT) as window:
        async with consented(mounted(SHOP, window)) as client:
            body = (await client.get(link())).text
            (address,) = re.findall(r'href="(/-/shopwindow/[^"]+)"', body)
            answer = await client.get(address)
            assert (answer.status_code, answer.headers["location"]) == (303, "/p/tea-1")
            assert events_of(window) == []


async def test_scripts_on_a_preview_ask_through_the_same_eyes(
    window: Shopwindow,
) -> None:
    async with consented(mounted(SHOP, window)) as client:
        for path in ("/", "/p/cup%201"):
            asked = {"path": path}
            referer = {"referer": link(path)}
            said = (await client.get(DECIDE, params=asked, headers=referer)).json()
            assert said["slots"]["home.hero"]["rule"] == "tea-hero"
            assert said["decision"] is None
            for wrong in (f"{referer['referer']}x", "http://127.0.0.1/"):
                other = {"referer": wrong}
                said = (await client.get(DECIDE, params=asked, headers=other)).json()
                assert said["slots"]["home.hero"]["rule"] is None
                assert said["decision"] is not None
    assert events_of(window) == []


async def test_scripts_on_a_preview_report_in_vain(window: Shopwindow) -> None:
    async with consented(mounted(SHOP, window)) as client:
        token = (await client.get(f"{DECIDE}?path=/")).json()["decision"]
        form = {"decision": token, "shown": "home.teaser"}
        answer = await client.post(DECIDE, data=form, headers={"referer": link()})
        assert answer.status_code == 204 and events_of(window) == []
        await client.post(DECIDE, data=form, headers={"referer": "http://127.0.0.1/"})
        assert events_of(window) == ["Promotion Viewed"]


async def test_a_program_gets_the_default_but_may_not_list_the_page(
    window: Shopwindow,
) -> None:
    async with browser(mounted(SHOP, window), **{"user-agent": "curl/8"}) as client:
        answer = await client.get(link())
    assert answer.content == page(by_attribute)
    assert answer.headers["x-robots-tag"] == "noindex"


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("POST", {}),
        ("GET", {"sec-purpose": "prefetch"}),
        ("GET", {"accept": "image/*"}),
    ],
)
async def test_only_who_opens_the_page_gets_a_preview(
    window: Shopwindow, method: str, headers: dict[str, str]
) -> None:
    async with browser(mounted(SHOP, window)) as client:
        answer = await client.request(method, link(), headers=headers)
    assert is_ordinary(answer) and HERO not in answer.content


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pipes in folders")
async def test_what_is_no_file_among_the_personas_keeps_nobody_waiting(
    tmp_path: Path,
) -> None:
    async with shop(tmp_path) as window:
        pipe = window.folder / "rules/tests/another.yaml"
        os.mkfifo(pipe)
        async with browser(mounted(SHOP, window)) as client:
            asked = asyncio.ensure_future(client.get(link()))
            done, _ = await asyncio.wait((asked,), timeout=2)
            if not done:  # let go of the thread that reads
                os.close(os.open(pipe, os.O_WRONLY))
            assert HERO in (await asked).content and done


# -- what is wrong with a link -------------------------------------------------------------


class Wrong(NamedTuple):
    name: str
    url: str


def wrong_links() -> list[Wrong]:
    good = link()
    start, _, token = good.partition("shopwindow-preview=")
    body, _, signature = token.rpartition(".")
    forged = Previews((b"some other key of the attacker",)).link(start, "tea-lover")
    return [
        Wrong("without a signature", f"{start}shopwindow-preview={body}"),
        Wrong("with another signature", f"{start}shopwindow-preview={body}.{signature[::-1]}"),
        Wrong("with another ticket", f"{start}shopwindow-preview=x{body}.{signature}"),
        Wrong("signed by somebody else", forged),
        Wrong("of another path", good.replace("127.0.0.1/", "127.0.0.1/p/tea-1")),
        Wrong("twice", f"{good}&shopwindow-preview={token}"),
        Wrong("empty", f"{start}shopwindow-preview="),
        Wrong("nonsense", f"{start}shopwindow-preview=%ff%00..."),
        Wrong("under another name", good.replace("-preview=", "-previews=")),
        Wrong("of an unknown persona", link(persona="nobody")),
        Wrong("of our own addresses", link(DECIDE)),
    ]  # fmt: skip


@pytest.mark.parametrize("wrong", wrong_links(), ids=lambda wrong: wrong.name)
async def test_a_wrong_link_is_an_ordinary_page(
    window: Shopwindow, wrong: Wrong
) -> None:
    async with browser(mounted(SHOP, window)) as client:
        answer = await client.get(wrong.url)
    assert is_ordinary(answer) and HERO not in answer.content
    known = "unknown persona" in wrong.name
    assert window.counters["warning preview"] == int(known)


async def test_a_link_holds_a_quarter_of_an_hour(
    window: Shopwindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, now = link(), time.time()
    async with browser(mounted(SHOP, window)) as client:
        for later, holds in {
            LASTING - 2: True,
            LASTING + 2: False,
            -200.0: True,  # the clocks of two machines differ
            -400.0: False,
        }.items():
            monkeypatch.setattr(
                "shopwindow.middleware.asgi.time", lambda later=later: now + later
            )
            answer = await client.get(url)
            assert is_ordinary(answer) is not holds
            assert (HERO in answer.content) is holds, later


async def test_links_outlive_a_change_of_keys(window: Shopwindow) -> None:
    window.previews = Previews((b"a fresh key, of this morning", *KEYS))
    async with browser(mounted(SHOP, window)) as client:
        assert HERO in (await client.get(link())).content


async def test_a_fault_of_ours_is_an_ordinary_page(
    window: Shopwindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*arguments: object) -> None:
        raise RuntimeError("ours")

    monkeypatch.setattr("shopwindow.middleware.tested.read_personas", broken)
    async with browser(mounted(SHOP, window)) as client:
        answer = await client.get(link())
    assert answer.status_code == 200 and is_ordinary(answer)


async def test_a_file_with_errors_costs_its_own_personas_alone(
    window: Shopwindow,
) -> None:
    tests = window.site.settings.folder / "rules/tests"
    (tests / "a.yaml").write_text("personas:\n  tea-lover: {visitts: 3}\n  b: [\n")
    (tests / "b.yml").write_bytes(b"\xff\xfe")
    async with browser(mounted(SHOP, window)) as client:
        assert HERO in (await client.get(link())).content


# -- the command that writes links ---------------------------------------------------------


class Server(NamedTuple):
    url: str
    site: Path


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    site = with_personas(tmp_path / "site", rules=RULES)
    settings = site / "site.toml"
    settings.write_text(settings.read_text().replace("memory:", "sqlite:///shop.db"))
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "tests.serve:app", "--app-dir", "."]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHOP_SITE", str(site))
        patch.setenv("SHOPWINDOW_SECRET_KEYS", KEYS[0].decode())
        with serving([*command, "--port", str(port)], port, tmp_path / "log"):
            yield Server(f"http://127.0.0.1:{port}", site)


def test_the_commands_link_opens_the_page_of_a_running_shop(server: Server) -> None:
    result = run(
        "preview", server.site, "--link", f"{server.url}/?a=1", "--persona", "tea-lover"
    )
    assert result.stderr == "for 15 minutes, for whoever has it:\n"
    url = result.stdout.strip()
    headers = {"user-agent": BROWSER.decode(), "accept": "text/html"}
    with httpx.Client(headers=headers) as client:
        for _ in range(2):
            answer = client.get(url)
            assert HERO in answer.content
            assert answer.headers["x-robots-tag"] == "noindex"
            assert "etag" not in answer.headers
        assert HERO not in client.get(f"{server.url}/").content
        assert is_ordinary(client.get(url.replace("/?", "/p/tea-1?")))
        assert is_ordinary(client.get(f"{url}x"))
        # a page without slots is no page for search engines either
        about = run(
            "preview", server.site, "--link", f"{server.url}/about", "--persona", "tea-lover"
        ).stdout.strip()  # fmt: skip
        assert client.get(about).headers["x-robots-tag"] == "noindex"
    with closing(sqlite3.connect(server.site / "shop.db")) as store:
        for table in ("events", "profiles"):
            assert store.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)


@pytest.mark.parametrize(
    ("options", "keys", "why"),
    [
        (["--persona", "tea-lovre"], KEYS[0].decode(), 'did you mean "tea-lover"?'),
        (["--link", "shop.example"], KEYS[0].decode(), "write https://shop.example/"),
        (["--link", "https://["], KEYS[0].decode(), "write https://shop.example/"),
        (
            ["--link", "https://a/\udce9"],
            KEYS[0].decode(),
            "write https://shop.example/",
        ),
        (["--variant", "way=left"], KEYS[0].decode(), 'unknown experiment "way"'),
        ([], "", "SHOPWINDOW_SECRET_KEYS is not set"),
        ([], "short", "at least 16 characters"),
    ],
)
def test_a_link_that_the_shop_would_not_believe_is_not_written(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: list[str],
    keys: str,
    why: str,
) -> None:
    site = with_personas(tmp_path / "site")
    monkeypatch.setenv("SHOPWINDOW_SECRET_KEYS", keys)
    usual = {"--link": "https://shop.example/", "--persona": "tea-lover"}
    asked = [x for name, value in usual.items() if name not in options for x in (name, value)]  # fmt: skip
    result = run("preview", site, *asked, *options, code=2)
    assert why in result.stderr and result.stdout == ""
