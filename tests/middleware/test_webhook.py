"""Signed messages of a CRM: taken in once they are stored, from nobody else, and never twice."""

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import pytest
from starlette.types import Message

from shopwindow import Shopwindow
from shopwindow.middleware.keys import pseudonym
from shopwindow.middleware.sources import signature, webhook
from shopwindow.middleware.sources.signature import Seen, key_of, sign
from shopwindow.middleware.stores import ERASED, IDENTIFIED, VISITED, StoreError
from shopwindow.middleware.stores.memory import MemoryStore
from shopwindow.rules.facts import Event, Profile
from tests.asgi import Answer, ask
from tests.shop import KEYS, by_attribute, compiled, mounted, page, whole

pytestmark = pytest.mark.anyio

SHOP = whole(lambda: page(by_attribute))
PATH = webhook.PREFIX + "crm"
OLD, NEW = "an-old-secret-of-the-crm", "whsec_" + base64.b64encode(b"n" * 24).decode()
CUSTOMER = "10017"
OWNER = pseudonym(KEYS, CUSTOMER)
SITE = """
[attributes.rank]
type = "text"
from = "webhook:crm"
[attributes.points]
type = "number"
from = "webhook:crm"
[attributes.born]
type = "date"
from = "webhook:crm"
[webhooks.crm]
secret = "env:SHOPWINDOW_SOURCE_CRM_SECRETS"
customer = "$.customer.number"
map = { rank = "$.rank", points = "$.account.points", born = "$.customer.born" }
"""
SAID: Mapping[str, Any] = {
    "customer": {"number": CUSTOMER, "born": "1990-04-01"},
    "rank": "gold",
    "account": {"points": 17},
}


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOPWINDOW_SOURCE_CRM_SECRETS", f"{NEW} {OLD}")


def opened(store: MemoryStore | None = None) -> Shopwindow:
    """Read anew: the secrets are those of the environment now."""
    return Shopwindow(compiled(site=SITE), store=store or MemoryStore(), keys=KEYS)


@pytest.fixture
async def window() -> AsyncIterator[Shopwindow]:
    async with opened() as window:
        yield window


def headers(
    body: bytes, id: str = "msg_1", secret: str = NEW, ago: float = 0.0
) -> list[tuple[bytes, bytes]]:
    moment = int(time.time() - ago)
    return [
        (b"webhook-id", id.encode()),
        (b"webhook-timestamp", str(moment).encode()),
        (b"webhook-signature", sign(key_of(secret), id, moment, body).encode()),
        (b"content-type", b"application/json"),
    ]


async def post(
    window: Shopwindow,
    said: Any = SAID,
    *,
    given: Sequence[tuple[bytes, bytes]] | None = None,
    path: str = PATH,
    method: str = "POST",
    **signed: Any,
) -> Answer:
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    sent = headers(body, **signed) if given is None else list(given)
    return await ask(mounted(SHOP, window), path, method, sent, body=body)


def known(window: Shopwindow) -> Profile | None:
    store = window.store
    assert isinstance(store, MemoryStore)
    return store.profiles.get(OWNER)


async def test_what_it_says_is_stored_before_it_is_answered(window: Shopwindow) -> None:
    answer = await post(window)
    assert (answer.status, answer.body) == (204, b"")
    assert answer.all(b"set-cookie") == []
    profile = known(window)
    assert profile is not None and profile.customer == OWNER
    assert profile.attributes == {"rank": "gold", "points": 17, "born": "1990-04-01"}
    assert profile.told["rank"].source == "webhook:crm"
    assert abs(profile.told["rank"].time - time.time()) < 5
    assert window.journal.waiting == 0


async def test_it_is_what_the_customer_finds_who_logs_in(window: Shopwindow) -> None:
    await post(window)
    now = time.time()
    login = Event("1", IDENTIFIED, "v", now, 0, {"customer": OWNER, "visitor": "w"})
    window.store.commit([login], window.site.learn, {})
    found = window.store.fetch("w")
    assert isinstance(found, Profile) and found.attributes["rank"] == "gold"
    await post(window, {**SAID, "rank": "silver"}, id="msg_2")
    found = window.store.fetch("w")
    assert isinstance(found, Profile) and found.attributes["rank"] == "silver"


async def test_nobody_was_here_when_it_comes(window: Shopwindow) -> None:
    before = time.time() - 3_600
    window.store.commit(
        [
            Event("1", VISITED, "v", before, 0, {}),
            Event("2", IDENTIFIED, "v", before, 0, {"customer": OWNER, "visitor": "w"}),
        ],
        window.site.learn,
        {},
    )
    await post(window)
    profile = known(window)
    assert profile is not None and profile.attributes["rank"] == "gold"
    assert profile.last_seen == int(before) and profile.visits == 1


async def test_who_was_erased_stays_so(window: Shopwindow) -> None:
    await post(window)
    now = time.time()
    login = Event("1", IDENTIFIED, "v", now, 0, {"customer": OWNER, "visitor": "w"})
    gone = Event("2", ERASED, "w", now, 0, {})
    window.store.commit([login, gone], window.site.learn, {})
    assert (await post(window, id="msg_2")).status == 204
    assert known(window) is None


async def test_what_is_null_is_taken_back_and_what_is_missing_stays(
    window: Shopwindow,
) -> None:
    await post(window)
    await post(window, {"customer": SAID["customer"], "rank": None}, id="msg_2")
    profile = known(window)
    assert profile is not None
    assert profile.attributes == {"points": 17, "born": "1990-04-01"}


async def test_a_value_of_another_type_is_left_out_and_not_logged(
    window: Shopwindow, caplog: pytest.LogCaptureFixture
) -> None:
    for id in ("msg_1", "msg_2"):
        said = {**SAID, "account": {"points": "GEHEIM"}}
        assert (await post(window, said, id=id)).status == 204
    profile = known(window)
    assert profile is not None
    assert profile.attributes == {"rank": "gold", "born": "1990-04-01"}
    assert caplog.text.count('"points" came as no number') == 1
    assert "GEHEIM" not in caplog.text and CUSTOMER not in caplog.text


async def test_both_secrets_count_while_they_are_changed(window: Shopwindow) -> None:
    assert (await post(window, secret=OLD)).status == 204
    assert (await post(window, secret=NEW, id="msg_2")).status == 204
    wrong = sign(key_of("somebody else's secret"), "m", 1, b"").encode()
    body = json.dumps(SAID).encode()
    given = headers(body, "msg_3")
    given[2] = (
        given[2][0],
        wrong + b" v1a,x " + given[2][1],
    )  # one of several is enough
    assert (await post(window, given=given)).status == 204


async def test_a_message_that_comes_again_changes_nothing(window: Shopwindow) -> None:
    body = json.dumps(SAID).encode()
    given = headers(body)
    assert (await post(window, body, given=given)).status == 204
    accepted = window.journal.accepted
    assert (await post(window, body, given=given)).status == 204
    assert window.journal.accepted == accepted


@pytest.mark.parametrize("ago", [301, 3_600, -301, -3_600])
async def test_its_time_is_near(window: Shopwindow, ago: float) -> None:
    answer = await post(window, ago=ago)
    assert answer.status == 400 and b"too far from now" in answer.body
    assert known(window) is None


@pytest.mark.parametrize("ago", [298, -298])
async def test_a_clock_may_be_a_little_wrong(window: Shopwindow, ago: float) -> None:
    assert (await post(window, ago=ago)).status == 204
    profile = known(window)
    assert profile is not None and profile.told["rank"].time <= time.time()


FORGED = {
    "another secret": {"secret": "somebody else's secret"},
    "an empty signature": {2: b"v1,"},
    "no version": {2: b"x"},
    "another version": {2: b"v0"},
    "another id": {0: b"msg_2"},
    "another time": {1: b"1764000000"},
    "letters beyond ASCII": {2: "v1,ä".encode()},
}


@pytest.mark.parametrize("how", FORGED)
async def test_a_forged_message_is_refused(
    window: Shopwindow, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    body = json.dumps(SAID).encode()
    given = headers(body, secret=str(FORGED[how].get("secret", NEW)))  # type: ignore[attr-defined]
    for place, value in FORGED[how].items():  # type: ignore[attr-defined]
        if isinstance(place, int):
            given[place] = (given[place][0], value)
    answer = await post(window, body, given=given)
    assert answer.status in (400, 401)
    assert known(window) is None and window.journal.accepted == 0
    assert CUSTOMER not in caplog.text and CUSTOMER.encode() not in answer.body
    for part in (b"gold", NEW.encode(), OLD.encode()):
        assert part not in answer.body and part.decode() not in caplog.text


async def test_another_body_is_another_message(window: Shopwindow) -> None:
    given = headers(json.dumps(SAID).encode())
    assert (await post(window, {**SAID, "rank": "x"}, given=given)).status == 401


@pytest.mark.parametrize("place", [0, 1, 2])
async def test_all_three_headers_are_needed(window: Shopwindow, place: int) -> None:
    given = headers(json.dumps(SAID).encode())
    del given[place]
    assert (await post(window, given=given)).status == 400


REFUSED: dict[str, tuple[Any, int, bytes]] = {
    "no JSON": (b"{", 400, b"no JSON"),
    "no UTF-8": (b'{"customer": "\xff"}', 400, b"no JSON"),
    "a nest": (b"[" * 60_000, 400, b"no JSON"),
    "too large": (b" " * 65_537, 413, b"at most 65536"),
    "nobody": ({"rank": "gold"}, 422, b"$.customer.number names no customer"),
    "a list": ([1], 422, b"names no customer"),
    "an empty id": ({"customer": {"number": ""}}, 422, b"names no customer"),
    "a long id": ({"customer": {"number": "x" * 201}}, 422, b"names no customer"),
    "yes": ({"customer": {"number": True}}, 422, b"names no customer"),
}


@pytest.mark.parametrize("what", REFUSED)
async def test_what_cannot_be_taken_in_is_refused(
    window: Shopwindow, what: str
) -> None:
    said, status, words = REFUSED[what]
    answer = await post(window, said)
    assert answer.status == status and words in answer.body
    assert window.journal.accepted == 0


async def test_nobody_hears_which_webhooks_there_are(
    window: Shopwindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = await post(window, path=webhook.PREFIX + "erp")
    monkeypatch.setenv("SHOPWINDOW_SOURCE_CRM_SECRETS", "short")
    async with opened() as unsafe:
        without = await post(unsafe)
    assert (other.status, without.status) == (404, 404)
    assert other.body == without.body
    assert (await post(window, method="GET")).status == 405


class _Down(MemoryStore):
    def commit(self, *arguments: Any, **keywords: Any) -> None:
        raise StoreError("down")


async def test_the_sender_tries_again_what_could_not_be_stored(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(webhook, "PATIENCE", 0.1)
    async with opened(_Down()) as window:
        answer = await post(window)
        assert answer.status == 503 and answer.header(b"retry-after") == b"10"
        window.journal.write_to(MemoryStore())
        assert (await post(window)).status == 204


async def test_a_body_that_drips_ends(
    window: Shopwindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "PATIENCE", 0.05)

    async def receive() -> Message:
        await asyncio.sleep(0.02)
        return {"type": "http.request", "body": b" ", "more_body": True}

    with pytest.raises(webhook._Refusal, match="took too long"):
        await webhook._body(receive, b"")


async def test_there_are_never_many_at_once(window: Shopwindow) -> None:
    desk = webhook._desks.setdefault(window, webhook._Desk())
    desk.busy = webhook.AT_ONCE
    assert (await post(window)).status == 503
    desk.busy = 0
    assert (await post(window)).status == 204


def test_the_specification_s_own_example() -> None:
    key = key_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    wanted = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    id = "msg_p5jXN8AQM9LWM0D4loKWxJek"
    assert sign(key, id, 1614265330, b'{"test": 2432232314}') == wanted


@pytest.mark.parametrize("secret", ["", "short", "whsec_", "whsec_c2hvcnQ=", "whsec_ä"])
def test_a_secret_that_is_none_counts_for_nothing(secret: str) -> None:
    with pytest.raises(ValueError):
        key_of(secret)


def test_ids_are_remembered_as_long_as_they_could_come_again() -> None:
    seen = Seen(most=3)
    for number in range(5):
        seen.add(str(number), 1_000.0 + number)
    assert len(seen) == 3 and "1" not in seen and "4" in seen
    seen.add("later", 1_002.5 + 2 * signature.WINDOW)
    assert "2" not in seen and "3" in seen
