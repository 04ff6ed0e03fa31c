"""What a page's slots show: the same for the page and for handlers that ask."""

from time import time

import pytest
from starlette.types import Receive, Scope, Send

from shopwindow import Customer, Decision
from shopwindow.middleware.stores.memory import MemoryStore
from shopwindow.rules.facts import DAY, Interest, Profile
from tests.asgi import ask
from tests.shop import LANES, consented, mounted, open_window, page, whole

pytestmark = pytest.mark.anyio
LOGGED_IN = """
version: 1
rules:
  - id: member
    slot: home.hero
    when: [{logged-in: true}]
    show: banner
    with: {text: Welcome back}
"""
OWN_FIRST = """
version: 1
rules:
  - id: own
    slot: home.hero
    when: [{consent: personalization}]
    show: own-first
"""
TILES = '<a data-key="dog">Dog</a><a data-key="rabbit">Rabbit</a>'


async def test_a_handler_that_does_not_wait_hears_who_is_logged_in() -> None:
    seen: list[Decision] = []
    answer = whole(lambda: page(LANES["attribute"]))

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["state"]["shopwindow"].decide_sync("home.hero"))
        await answer(scope, receive, send)

    async with open_window(customer=lambda _: Customer("1"), rules=LOGGED_IN) as window:
        response = await ask(mounted(app, window), "/")
    assert seen[0].rule == "member"
    assert b"Welcome back" in response.body


async def test_a_handler_that_does_not_wait_does_not_decide_for_the_page() -> None:
    seen: list[Decision] = []
    answer = whole(lambda: page(LANES["attribute"]))

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["state"]["shopwindow"].decide_sync("home.hero"))
        await answer(scope, receive, send)

    async def customer(scope: Scope) -> Customer:
        return Customer("1")

    async with open_window(customer=customer, rules=LOGGED_IN) as window:
        response = await ask(mounted(app, window), "/")
    assert seen[0].rule is None  # the shop's answer was still on its way
    assert b"Welcome back" in response.body


@pytest.mark.parametrize(
    ("dog", "rabbit", "first"),
    [
        ((4.0, 365), (3.0, 0), "rabbit"),  # score, and how many days ago
        ((4.0, 0), (3.0, 0), "dog"),
        ((2.0, 0), (3.0, 1), "rabbit"),
    ],
)
async def test_the_visitors_own_come_first_by_what_counts_today(
    dog: tuple[float, int], rabbit: tuple[float, int], first: str
) -> None:
    store, now = MemoryStore(), time()
    tiles = page(LANES["attribute"], f"<div>{TILES}</div>")
    async with open_window(store, rules=OWN_FIRST) as window:
        async with consented(mounted(whole(lambda: tiles), window)) as client:
            header = f"shopwindow={client.cookies['shopwindow']}".encode()
            visitor = window.cookie.read(header, False, now)
            assert visitor is not None
            interests = {
                key: Interest(score, now - days * DAY)
                for key, (score, days) in (("dog", dog), ("rabbit", rabbit))
            }
            store.profiles[visitor.id] = Profile(interests={"category": interests})
            body = (await client.get("/")).text
    places = {key: body.index(f'data-key="{key}"') for key in ("dog", "rabbit")}
    assert min(places, key=places.__getitem__) == first
