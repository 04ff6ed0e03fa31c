"""Levels, accounts, adaptive weights and roll-outs on whole pages."""

from pathlib import Path
from time import time

import pytest
from starlette.types import Scope

from shopwindow import Customer, Shopwindow
from shopwindow.middleware.stores.memory import MemoryStore
from shopwindow.rules.experiments import Allocations
from shopwindow.rules.facts import Interest, Profile
from tests.shop import KEYS, LANES, consented, mounted, page, site_folder, whole

pytestmark = pytest.mark.anyio
TILES = '<a data-key="dog">Dog</a><a data-key="rabbit">Rabbit</a>'
HELLO = '{# parameters: #}<p class="hello">Hello {{ visitor.first_name }}!</p>'


def levels(level: str, show: str) -> str:
    return f"""
version: 1
rules:
  - id: hello
    slot: home.hero
    split:
      experiment: level
      control: 0.0001%
      variants: [{{name: only, level: {level}, show: {show}}}]
"""


def split(more: str, guardrails: str = "") -> str:
    return f"""
version: 1
rules:
  - id: tried
    slot: home.hero
    {guardrails}
    split:
      experiment: tried
      {more}
      variants:
        - {{name: a, show: banner, with: {{text: One}}}}
        - {{name: b, show: banner, with: {{text: Two}}}}
"""


def customer_of(scope: Scope) -> Customer | None:
    """Who says so in a header: number, account, first name."""
    for name, value in scope["headers"]:
        if name == b"x-customer":
            number, account, first_name = value.decode().split("/")
            return Customer(number, first_name=first_name, account=account)
    return None


def opened(tmp_path: Path, rules: str, store: MemoryStore | None = None) -> Shopwindow:
    folder = site_folder(tmp_path / "site", rules=rules)
    (folder / "fragments" / "hello.html").write_text(HELLO)
    return Shopwindow(
        folder, keys=KEYS, store=store or MemoryStore(), customer=customer_of
    )


SHOP = whole(lambda: page(LANES["attribute"], f"<div>{TILES}</div>"))
ANNA = {"x-customer": "1/firm/Anna"}


@pytest.mark.parametrize(
    ("level", "said"), [("individual", "Hello Anna!"), ("segment", "Hello !")]
)
async def test_a_segment_is_not_called_by_its_name(
    tmp_path: Path, level: str, said: str
) -> None:
    async with opened(tmp_path, levels(level, "hello")) as window:
        async with consented(mounted(SHOP, window), **ANNA) as client:
            for _ in range(2):  # also from what was foreseen
                assert said in (await client.get("/")).text


@pytest.mark.parametrize(
    ("level", "first"), [("individual", "rabbit"), ("segment", "dog")]
)
async def test_a_segment_has_the_order_of_the_page(
    tmp_path: Path, level: str, first: str
) -> None:
    store, now = MemoryStore(), time()
    async with opened(tmp_path, levels(level, "own-first"), store) as window:
        async with consented(mounted(SHOP, window)) as client:
            header = f"shopwindow={client.cookies['shopwindow']}".encode()
            visitor = window.cookie.read(header, False, now)
            assert visitor is not None
            interests = {"category": {"rabbit": Interest(3.0, now)}}
            store.profiles[visitor.id] = Profile(interests=interests)
            body = (await client.get("/")).text
    places = {key: body.index(f'data-key="{key}"') for key in ("dog", "rabbit")}
    assert min(places, key=places.__getitem__) == first


# -- accounts ------------------------------------------------------------------------------


async def seen(window: Shopwindow, **headers: str) -> str:
    async with consented(mounted(SHOP, window), **headers) as client:
        body = (await client.get("/")).text
    return "a" if "One" in body else "b" if "Two" in body else "default"


async def test_all_who_buy_for_one_account_see_the_same(tmp_path: Path) -> None:
    async with opened(tmp_path, split("unit: account")) as window:
        firms = {
            firm: {
                await seen(window, **{"x-customer": f"{number}/{firm}/Anna"})
                for number in range(4)
            }
            for firm in ("north", "south", "east", "west", "up", "down", "in", "out")
        }
        assert all(len(variants) == 1 for variants in firms.values())
        assert {variant for variants in firms.values() for variant in variants} == {
            *"ab"
        }


async def test_a_split_by_customer_is_not_for_strangers(tmp_path: Path) -> None:
    async with opened(tmp_path, split("unit: customer")) as window:
        assert await seen(window) == "default"
        assert await seen(window, **ANNA) in ("a", "b")


# -- what was learned ----------------------------------------------------------------------

GUARDED = "guardrails: {metric: leads, at-least: -3%}"


async def test_a_roll_out_shows_what_the_window_was_told(tmp_path: Path) -> None:
    async with opened(tmp_path, split("rollout: true", GUARDED)) as window:
        async with consented(mounted(SHOP, window)) as client:
            for share, shown in ((1.0, True), (0.0, False), (1.0, True)):
                window.allocations = Allocations(shares={"tried": share})
                body = (await client.get("/")).text
                assert ("One" in body or "Two" in body) is shown


async def test_a_variant_stays_over_a_login_and_new_weights(tmp_path: Path) -> None:
    async with opened(tmp_path, split("adapt: true")) as window:
        for number in range(6):
            async with consented(mounted(SHOP, window)) as client:
                before = (await client.get("/")).text
                arm = "a" if "One" in before else "b"
                assert window.journal.wait_until_written()
                other = {"a": 1e-9, "b": 1.0} if arm == "a" else {"a": 1.0, "b": 1e-9}
                window.allocations = Allocations(weights={"tried": {"": other}})
                known = {"x-customer": f"{number}//Zoe"}
                for headers in ({}, known, known):
                    assert (await client.get("/", headers=headers)).text == before
            # Who comes anew is dealt what the weights say now.
            fresh = await seen(window)
            assert fresh == ("b" if arm == "a" else "a")
