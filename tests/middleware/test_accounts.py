"""What the shop says of a firm counts for all who buy for it, and for nobody else."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from shopwindow import Customer, Shopwindow
from shopwindow.middleware.accounts import account_visitor
from shopwindow.middleware.keys import pseudonym
from shopwindow.middleware.settings import read_settings
from shopwindow.middleware.stores import Store, StoreError
from shopwindow.rules.attributes import facts
from shopwindow.rules.facts import PURPOSES, Profile
from tests.databases import PLACES
from tests.shop import (
    KEYS,
    browser,
    by_attribute,
    consent,
    consented,
    mounted,
    open_window,
    page,
    site_of,
)
from tests.stores import fetched, open_at

pytestmark = pytest.mark.anyio

SHARED = """
[attributes.price-list]
type = "text"
of = "account"
[attributes.nickname]
type = "text"
"""
RULES = """
version: 1
rules:
  - id: dealers
    slot: home.hero
    when: [{price-list: {is: dealers}}]
    show: banner
    with: {text: For dealers}
"""
DEALERS = b"For dealers"


def customer_of(scope: Scope) -> Customer | None:
    """Who says so in a header: number and account."""
    for name, value in scope["headers"]:
        if name == b"x-customer":
            number, _, account = value.decode().partition("/")
            return Customer(number, account=account)
    return None


async def later(scope: Scope) -> Customer | None:
    await asyncio.sleep(0.005)
    return customer_of(scope)


async def shop(scope: Scope, receive: Receive, send: Send) -> None:
    request = Request(scope, receive)
    answer: Response = HTMLResponse(page(by_attribute))
    visit = request.state.shopwindow
    if request.method == "POST":
        values = dict(request.query_params)
        if values.pop("login", ""):
            visit.identify(request.headers["x-customer"].partition("/")[0])
        leaves = values.pop("leave", "")
        if values:
            visit.set(keep=True, **values)
        if leaves:
            visit.deny()
        answer = RedirectResponse("/", 303)
    await answer(scope, receive, send)


@pytest.fixture(params=["memory", "sqlite", "postgresql", "redis"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    store = open_at(PLACES[request.param](request, tmp_path), tmp_path)
    yield store
    store.close()
    await asyncio.sleep(0.01)  # sockets are closed a turn later


def window_over(store: Store | None, customer: Any = customer_of) -> Shopwindow:
    return open_window(store, customer=customer, site=SHARED, rules=RULES)


def asked_of(store: Store, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Of whom the store is asked from here on."""
    asked: list[str] = []
    fetch = store.fetch

    def noted(visitor: str) -> Any:
        asked.append(visitor)
        return fetch(visitor)

    monkeypatch.setattr(store, "fetch", noted)
    return asked


def kept(window: Shopwindow, account: str) -> Profile | None:
    return fetched(window.store, account_visitor(KEYS, account))


@pytest.mark.parametrize("customer", [customer_of, later])
async def test_what_one_member_sets_all_see(store: Store, customer: Any) -> None:
    async with window_over(store, customer) as window:
        app: ASGIApp = mounted(shop, window)
        async with (
            consented(app, **{"x-customer": "1/acme"}) as anna,
            consented(app, **{"x-customer": "2/acme"}) as bert,
            consented(app, **{"x-customer": "3/other"}) as cleo,
        ):
            for one in (anna, bert, cleo):
                assert DEALERS not in (await one.get("/")).content
            await anna.post("/?price-list=dealers")
            await asyncio.to_thread(window.journal.wait_until_written)
            assert DEALERS in (await anna.get("/")).content
            assert DEALERS in (await bert.get("/")).content
            assert DEALERS not in (await cleo.get("/")).content
        assert await asyncio.to_thread(kept, window, "acme")
        assert window.counters.total() == 0


async def test_before_it_is_stored_this_process_knows_it() -> None:
    async with window_over(None) as window:
        app = mounted(shop, window)
        async with consented(app, **{"x-customer": "1/acme"}) as anna:
            await anna.get("/")
            await asyncio.to_thread(window.journal.wait_until_written)
            original, window.store.commit = window.store.commit, _refuse  # type: ignore[assignment,method-assign]
            await anna.post("/?price-list=dealers")
            assert DEALERS in (await anna.get("/")).content
            window.store.commit = original  # type: ignore[method-assign]


def _refuse(*_: object) -> None:
    raise StoreError("not now")


async def test_who_goes_takes_nothing_of_the_account_along(store: Store) -> None:
    async with window_over(store) as window:
        app = mounted(shop, window)
        async with (
            consented(app, **{"x-customer": "1/acme"}) as anna,
            consented(app, **{"x-customer": "2/acme"}) as bert,
        ):
            await anna.post("/?login=1")
            await anna.post("/?price-list=dealers&nickname=ann")
            assert DEALERS in (await anna.get("/")).content
            await consent(anna, "denied")
            await asyncio.to_thread(window.journal.wait_until_written)
            assert DEALERS not in (await anna.get("/")).content  # reads nothing now
            assert DEALERS in (await bert.get("/")).content
            profile = await asyncio.to_thread(kept, window, "acme")
            assert profile and profile.attributes == {"price-list": "dealers"}
            assert not profile.customer


async def test_without_consent_nothing_is_read_or_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with window_over(None) as window:
        asked = asked_of(window.store, monkeypatch)
        async with browser(mounted(shop, window), **{"x-customer": "1/acme"}) as anna:
            assert DEALERS not in (await anna.get("/")).content
            await anna.post("/?price-list=dealers")
            assert DEALERS not in (await anna.get("/")).content
            await consent(anna, "denied")
            await anna.post("/?price-list=dealers")
            assert DEALERS not in (await anna.get("/")).content
        assert asked == []
        assert window.journal.accepted == 0


async def test_consent_that_goes_meanwhile_counts() -> None:
    """The account is known only after the handler has gone on and said that they leave."""
    async with window_over(None, later) as window:
        async with consented(mounted(shop, window), **{"x-customer": "1/acme"}) as anna:
            await anna.get("/")
            await anna.post("/?leave=1&price-list=dealers")
            await asyncio.to_thread(window.journal.wait_until_written)
            assert kept(window, "acme") is None


async def test_of_whom_no_account_is_known_it_is_kept_for_nobody(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with window_over(None) as window:
        async with consented(mounted(shop, window), **{"x-customer": "1"}) as anna:
            await anna.get("/")
            await anna.post("/?price-list=dealers")
            assert DEALERS not in (await anna.get("/")).content
        assert "price-list is kept for nobody" in caplog.text


async def test_an_answer_that_comes_too_late_is_told_of(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def never(scope: Scope) -> Customer | None:
        await asyncio.sleep(60)
        return None

    async with window_over(None, never) as window:
        async with consented(mounted(shop, window)) as anna:
            assert (await anna.post("/?price-list=dealers")).status_code == 303
    assert "price-list is kept for nobody: who is logged in came too" in caplog.text


async def test_a_site_without_such_attributes_asks_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with open_window(customer=customer_of) as window:
        asked = asked_of(window.store, monkeypatch)
        async with consented(mounted(shop, window), **{"x-customer": "1/acme"}) as anna:
            await anna.get("/")
            assert len(asked) == 1


@pytest.mark.parametrize("awaited", [False, True])
async def test_a_store_that_fails_at_the_account_leaves_the_rest(
    monkeypatch: pytest.MonkeyPatch, awaited: bool
) -> None:
    async with window_over(None) as window:
        fetch = window.store.fetch

        def broken(who: str) -> Any:
            if not who.startswith("account:"):
                return fetch(who)
            if awaited:
                return _broken()
            raise OSError("gone")

        monkeypatch.setattr(window.store, "fetch", broken)
        async with consented(mounted(shop, window), **{"x-customer": "1/acme"}) as anna:
            answer = await anna.get("/")
            assert answer.content.endswith(b"</html>")
        assert window.counters["warning account"] == 1


async def _broken() -> Profile | None:
    raise OSError("gone")


async def test_an_account_that_does_not_answer_costs_the_deadline(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with window_over(None) as window:
        fetch = window.store.fetch
        monkeypatch.setattr(
            window.store,
            "fetch",
            lambda who: asyncio.sleep(5) if who.startswith("account:") else fetch(who),
        )
        async with consented(mounted(shop, window), **{"x-customer": "1/acme"}) as anna:
            start = asyncio.get_running_loop().time()
            answer = await anna.get("/")
            assert asyncio.get_running_loop().time() - start < 0.5
            assert answer.content.endswith(b"</html>")
        assert window.stats.late["account"] == 1


# -- site.toml ---------------------------------------------------------------------------


def findings(line: str) -> list[str]:
    text = (
        f'[slots]\n"a" = ""\n[attributes]\nprice-list = {{ type = "text", {line} }}\n'
    )
    return [str(one) for one in read_settings(Path(), text, {})[1]]


def test_an_attribute_says_whose_it_is() -> None:
    assert findings('of = "account"') == findings('of = "visitor"') == []
    (found,) = findings('of = "acount"')
    assert 'unknown owner "acount"' in found and "account" in found
    (found,) = findings('of = "account", from = "query:list"')
    assert "tells about one person" in found
    found = findings('of = "account", from = "import:till"')[-1]
    assert "tells about one person" in found


def test_rules_ask_for_consent_where_the_account_is_asked() -> None:
    attribute = site_of(site=SHARED, rules=RULES).settings.attributes["price-list"]
    assert attribute.purposes == {"personalization"}


def test_what_a_member_has_under_that_name_does_not_count() -> None:
    """From before it was said whose it is: what is the account's, the account says alone."""
    site = site_of(site=SHARED, rules=RULES)
    context = site.context.at(1_800_000_000.0, "/")
    profile = Profile(attributes={"price-list": "dealers"})
    for given, known in (({}, False), ({"price-list": "dealers"}, True)):
        found = facts(site.rules, profile, context, frozenset(PURPOSES), given)
        assert ("price-list" in found.values) is known


def test_an_account_and_a_customer_of_one_name_are_two() -> None:
    assert pseudonym(KEYS, "17")[2:] not in account_visitor(KEYS, "17")
