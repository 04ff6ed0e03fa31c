"""``shopwindow explain --visitor``: why somebody who was in the shop sees what they see."""

import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from shopwindow import Shopwindow
from shopwindow.middleware.rollups import open_rollups
from shopwindow.middleware.settings import address
from shopwindow.rules.experiments import Allocations
from tests.commands import run
from tests.shop import (
    KEYS,
    RULES,
    by_attribute,
    consented,
    mounted,
    page,
    site_folder,
    whole,
)

pytestmark = pytest.mark.anyio
TWICE = RULES.replace("product: tea-1, at-least: 1", "product: tea-1, at-least: 3")


class Shop(NamedTuple):
    """A site with a store, and a client who agreed to everything and looked at tea once."""

    folder: Path
    client: httpx.AsyncClient
    window: Shopwindow

    @property
    def cookie(self) -> str:
        return self.client.cookies["shopwindow"]

    @property
    def id(self) -> str:
        return self.cookie.partition(".")[0]


async def shop_that_logs_out(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["path"] == "/logout":
        scope["state"]["shopwindow"].forget()
    await whole(lambda: page(by_attribute))(scope, receive, send)


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    folder = site_folder(tmp_path / "site", rules=TWICE)
    settings = folder / "site.toml"
    settings.write_text(settings.read_text().replace("memory:", "sqlite:///shop.db"))
    async with Shopwindow(folder, keys=KEYS) as window:
        async with consented(mounted(shop_that_logs_out, window)) as client:
            await client.get("/p/tea-1")
            assert window.journal.wait_until_written()
            yield Shop(folder, client, window)


def explained(shop: Shop, who: str, *options: str, code: int = 0) -> str:
    result = run("explain", shop.folder, "--visitor", who, *options, code=code)
    return result.output


async def test_a_miss_says_what_the_visitor_has(shop: Shop) -> None:
    said = explained(shop, shop.id)
    assert said.startswith(f"{shop.id} on /\n  home.hero\n    default content: ")
    wanted = "wanted 3 x tea-1, visitor has 1"
    assert f"not tea-hero (rules/start.yaml:4): viewed (line 7): {wanted}" in said
    assert "shown hello (rules/start.yaml:" in said


async def test_the_look_at_the_page_counts_as_it_would_in_the_shop(shop: Shop) -> None:
    said = explained(shop, shop.id, "--path", "/p/tea-1", "--slot", "home.hero")
    assert "visitor has 2" in said and "home.teaser" not in said
    await shop.client.get("/p/tea-1")
    assert shop.window.journal.wait_until_written()
    said = explained(shop, shop.id, "--path", "/p/tea-1")
    assert "shown tea-hero (rules/start.yaml:4)" in said


async def test_json_names_the_visitor(shop: Shop) -> None:
    (line,) = explained(shop, shop.id, "--format", "json").splitlines()
    said = json.loads(line)
    assert said["visitor"] == shop.id
    (miss, *_) = said["slots"]["home.hero"]["misses"]
    assert (miss["rule"], miss["file"], miss["line"]) == (
        "tea-hero",
        "rules/start.yaml",
        4,
    )


async def test_a_cookie_tells_what_was_agreed_to(shop: Shop) -> None:
    assert "visitor has 1" in explained(shop, shop.cookie)
    id, issued, _, signature = shop.cookie.split(".")
    only = f"{id}.{issued}.s{issued}.{signature}"
    said = explained(shop, only)
    assert "not tea-hero (rules/start.yaml:4): needs consent to personalization" in said


async def test_another_store_can_be_named(shop: Shop) -> None:
    other = shop.folder / "copy.db"
    with closing(sqlite3.connect(shop.folder / "shop.db")) as store:
        store.execute("VACUUM INTO ?", (str(other),))
    settings = shop.folder / "site.toml"
    settings.write_text(settings.read_text().replace("sqlite:///shop.db", "memory:"))
    said = explained(shop, shop.id, code=2)
    assert "memory: cannot be looked into" in said
    before = other.read_bytes()
    said = explained(shop, shop.id, "--store", "sqlite:///copy.db")
    assert "visitor has 1" in said
    assert other.read_bytes() == before


async def test_the_moment_can_be_another_one(shop: Shop) -> None:
    rules = shop.folder / "rules/start.yaml"
    rules.write_text(TWICE.replace("at-least: 3", "at-least: 3, within: 30 days"))
    later = explained(shop, shop.id, "--now", "2126-01-01T10:00")
    assert "visitor has 0" in later


@pytest.mark.parametrize(
    ("who", "options", "code", "why"),
    [
        ("anna", [], 2, "22 characters"),
        ("A" * 22, [], 1, f"the store knows nobody by the id {'A' * 22}"),
        ("{id}", ["--store", "sqlite:///nowhere.db"], 1, "there is no store at"),
        ("{id}", ["--store", "sqlite:///site.toml"], 1, "cannot be read"),
        ("{id}", ["--personas", "x.yaml"], 2, "exclude each other"),
    ],
)
async def test_who_cannot_be_found_is_said(
    shop: Shop, who: str, options: list[str], code: int, why: str
) -> None:
    before = sorted(path.name for path in shop.folder.iterdir())
    said = explained(shop, who.replace("{id}", shop.id), *options, code=code)
    assert why in said
    assert sorted(path.name for path in shop.folder.iterdir()) == before


async def test_an_id_that_was_given_up_is_named_as_such(shop: Shop) -> None:
    id = shop.id
    await shop.client.post("/logout")
    assert shop.id != id
    assert f"{id} was given up: at a login" in explained(shop, id, code=1)


GROWING = """
version: 1
rules:
  - id: new
    slot: home.hero
    guardrails: {metric: leads, at-least: -3%}
    split:
      experiment: new
      rollout: true
      variants: [{name: a, show: banner, with: {text: New}}]
"""


async def test_how_far_a_roll_out_has_come_is_looked_up(shop: Shop) -> None:
    (shop.folder / "rules/start.yaml").write_text(GROWING)
    said = explained(shop, shop.id)
    assert "experiment new is for 100% of visitors" in said or "at 1%" in said
    at = address(shop.window.site.settings)
    with open_rollups(at, shop.window.site.context.day) as rollups:
        rollups.allot(Allocations(shares={"new": 1.0}))
    said = explained(shop, shop.id)
    assert (
        "shown new/a (rules/start.yaml:4): experiment new, 1 of 1, roll-out at 100%"
        in said
    )
