"""What sales staff may see of a customer: only with the token, only with consent, never too much."""

import json
import logging
import time
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import pytest

from shopwindow import Shopwindow
from shopwindow.middleware import summary
from shopwindow.middleware.keys import pseudonym
from shopwindow.middleware.stores import (
    ATTRIBUTES,
    ERASED,
    IDENTIFIED,
    VISITED,
    StoreError,
)
from shopwindow.middleware.stores.memory import MemoryStore
from shopwindow.rules.events import PREFERENCE_SET
from shopwindow.rules.facts import DAY, Event
from tests.asgi import Answer, ask
from tests.shop import KEYS, by_attribute, mounted, open_window, page, whole

pytestmark = pytest.mark.anyio
SHOP = whole(lambda: page(by_attribute))
TOKEN = "a-token-of-24-characters-or-more"
CUSTOMER = "kundin 17/ä"
OWNER = pseudonym(KEYS, CUSTOMER)
ATTRIBUTES_OF_SITE = """
[attributes.rank]
type = "text"
[attributes.health-note]
type = "text"
sensitive = true
"""


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(summary.VARIABLE, TOKEN)


@pytest.fixture
async def window() -> AsyncIterator[Shopwindow]:
    async with open_window(site=ATTRIBUTES_OF_SITE) as window:
        keep(window)
        yield window


def keep(window: Shopwindow, ago: float = 1, visit: bool = True) -> None:
    now = time.time() - ago * DAY
    day = window.site.context.day(now)
    kept: list[tuple[str, dict[str, Any]]] = [
        ("Product Viewed", {"product_id": "cup-1"}),
        ("Product Viewed", {"product_id": "tea-1"}),
        ("Products Searched", {"query": "Grüner Tee"}),
        ("Product List Viewed", {"category": "teas"}),
        ("Product Added", {"product_id": "tea-1", "quantity": 2}),
        (ATTRIBUTES, {"rank": "gold", "health-note": "GEHEIM", "undeclared": "GEHEIM"}),
        (IDENTIFIED, {"customer": OWNER, "visitor": "new"}),
    ]
    if visit:
        kept.insert(0, (VISITED, {"path": "/"}))
    window.store.commit(
        [
            Event(f"{ago}-{number}", name, "old", now + number, day, properties)
            for number, (name, properties) in enumerate(kept)
        ],
        window.site.learn,
        {},
    )


async def get(
    window: Shopwindow,
    customer: str | None = CUSTOMER,
    token: str | None = TOKEN,
    method: str = "GET",
) -> Answer:
    query = "" if customer is None else f"customer={quote(customer, safe='')}"
    headers = [] if token is None else [(b"authorization", f"Bearer {token}".encode())]
    return await ask(
        mounted(SHOP, window),
        summary.PATH,
        method,
        headers,
        query_string=query.encode(),
    )


async def test_a_customer_is_told_in_the_shops_words(window: Shopwindow) -> None:
    answer = await get(window)
    assert answer.status == 200
    assert answer.header(b"cache-control") == b"private, no-store"
    assert answer.header(b"content-type") == b"application/json"
    assert answer.all(b"set-cookie") == []
    said = json.loads(answer.body)
    assert said["cart"] == [{"id": "tea-1", "title": "Green tea", "quantity": 2}]
    assert said["viewed"] == [
        {"id": "tea-1", "title": "Green tea"},
        {"id": "cup-1", "title": "White cup"},
    ]
    assert said["searched"] == ["grüner tee"]
    assert said["interests"]["category"] == [{"id": "teas", "title": "teas"}]
    assert said["orders"]["count"] == 0 and said["orders"]["currency"] == "EUR"
    assert said["last-seen"].endswith("Z")


async def test_what_a_customer_said_goes_before_what_they_did(
    window: Shopwindow,
) -> None:
    now = time.time()
    said = [("teas", "never"), ("cups", "more")]
    window.store.commit(
        [
            Event(
                f"p-{key}", PREFERENCE_SET, "new", now, window.site.context.day(now),
                {"dimension": "category", "key": key, "answer": answer},
            )
            for key, answer in said
        ],
        window.site.learn,
        {},
    )  # fmt: skip
    said_of = json.loads((await get(window)).body)["interests"]
    assert said_of["category"] == [{"id": "cups", "title": "cups"}]


async def test_it_holds_no_id_and_nothing_sensitive_or_undeclared(
    window: Shopwindow,
) -> None:
    body = (await get(window)).body.decode()
    assert json.loads(body)["attributes"] == {"rank": "gold"}
    for secret in ("GEHEIM", OWNER, CUSTOMER, "kundin"):
        assert secret not in body


async def test_without_the_variable_there_is_no_such_page(
    window: Shopwindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(summary.VARIABLE)
    assert (await get(window)).status == 404
    assert (await get(window, token="")).status == 404


async def test_a_short_token_is_none(
    window: Shopwindow,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv(summary.VARIABLE, "short")
    for _ in range(3):
        assert (await get(window, token="short")).status == 404
    # Once, however many strangers ask.
    assert caplog.text.count("needs at least 24 characters") == 1
    assert '"short"' not in caplog.text and "'short'" not in caplog.text


@pytest.mark.parametrize("wrong", [None, "", "x", TOKEN[:-1], TOKEN + "x", "ä" * 30])
async def test_nothing_is_told_without_the_token(
    window: Shopwindow, wrong: str | None
) -> None:
    answer = await get(window, token=wrong)
    assert answer.status == 401
    assert answer.header(b"www-authenticate") == b"Bearer"
    assert b"tea-1" not in answer.body


async def test_two_tokens_are_none(window: Shopwindow) -> None:
    headers = [(b"authorization", f"Bearer {one}".encode()) for one in (TOKEN, "other")]
    answer = await ask(mounted(SHOP, window), summary.PATH, "GET", headers)
    assert answer.status == 401


async def test_another_scheme_is_no_token(window: Shopwindow) -> None:
    headers = [(b"authorization", f"Basic {TOKEN}".encode())]
    assert (
        await ask(mounted(SHOP, window), summary.PATH, "GET", headers)
    ).status == 401


async def test_who_guesses_is_slowed_down_and_nobody_else(window: Shopwindow) -> None:
    for _ in range(summary.WRONG_AT_MOST):
        assert (await get(window, token="wrong")).status == 401
    refused = await get(window, token="wrong")
    assert (refused.status, refused.header(b"retry-after")) == (429, b"60")
    for _ in range(summary.AT_MOST):
        assert (await get(window)).status == 200
    assert (await get(window)).status == 429


async def test_after_a_minute_it_answers_again() -> None:
    limit = summary.Limit(1)
    assert limit.allows() and not limit.allows()
    limit._since -= summary.MINUTE
    assert limit.allows()


async def test_who_asks_wrongly_is_told_how(window: Shopwindow) -> None:
    assert (await get(window, customer=None)).status == 400
    assert (await get(window, customer="")).status == 400
    posted = await get(window, method="POST")
    assert (posted.status, posted.header(b"allow")) == (405, b"GET, HEAD")


async def test_of_strangers_and_the_erased_there_is_none(window: Shopwindow) -> None:
    assert (await get(window, customer="nobody")).status == 404
    gone = Event("gone", ERASED, "new", time.time(), 20_783)
    window.store.commit([gone], window.site.learn, {})
    assert (await get(window)).status == 404


async def test_an_agreement_that_has_expired_is_none() -> None:
    async with open_window() as window:
        days = window.site.settings.consent_days
        keep(window, ago=days + 1)
        assert (await get(window)).status == 404
    async with open_window() as window:
        keep(window, ago=days - 1)
        assert (await get(window)).status == 200


async def test_who_never_visited_has_agreed_to_nothing() -> None:
    async with open_window() as window:
        keep(window, visit=False)  # an import knows them
        assert (await get(window)).status == 404


async def test_who_was_named_by_another_key_is_found(window: Shopwindow) -> None:
    window.keys = (b"a newer key of sixteen characters", *KEYS)
    assert (await get(window)).status == 200
    window.keys = (*KEYS, b"an even older key of the same shop")
    assert (await get(window)).status == 200


async def test_a_store_that_does_not_answer_is_said(
    window: Shopwindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(day: object) -> Any:
        raise StoreError("away")

    assert isinstance(window.store, MemoryStore)
    monkeypatch.setattr(window.store, "keeper", fail)
    assert (await get(window)).status == 503


async def test_the_log_says_that_it_was_asked_but_not_about_whom(
    window: Shopwindow, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "shopwindow")
    await get(window)
    await get(window, customer="nobody-4711")
    assert "a customer's summary was given" in caplog.text
    for secret in ("kundin", "nobody-4711", OWNER, TOKEN):
        assert secret not in caplog.text
