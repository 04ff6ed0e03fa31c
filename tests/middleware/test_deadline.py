"""What a page waits for other servers: for all of them together."""

import asyncio
import time
from pathlib import Path

import pytest

from shopwindow import Shopwindow
from shopwindow.middleware.remote.deadline import Deadline
from shopwindow.middleware.stores.memory import MemoryStore
from tests.enginehost import engine_host
from tests.shop import (
    KEYS,
    by_attribute,
    consented,
    mounted,
    page,
    site_folder,
    whole,
)

pytestmark = pytest.mark.anyio
WITHIN = 0.3
SITE = f"""
[deadlines]
fragments-ms = {WITHIN * 1000:.0f}
[fragments.far]
url = "URL/far"
[recommendations.engines.recs]
kind = "json"
url = "URL/top"
timeout-ms = 2000
"""
RULES = """
version: 1
rules:
  - id: elsewhere
    slot: home.hero
    show: far
  - id: shelf
    slot: home.teaser
    show: product-shelf
    with: {headline: Shelf}
    recommend: {strategy: [engine:recs, trending]}
"""


async def test_it_runs_out_over_all_that_is_waited_for() -> None:
    deadline, began = Deadline(0.1), time.monotonic()
    never, done = (asyncio.create_task(asyncio.sleep(s)) for s in (60, 0))
    await deadline.wait((done,))
    assert time.monotonic() - began < 0.1 and not deadline.waits_for((done,))
    assert deadline.waits_for((done, never))
    await deadline.wait((done, never))
    assert not deadline.waits_for((never,))
    over = time.monotonic()
    assert over - began >= 0.09 and not never.done()
    await deadline.wait((never,))
    assert time.monotonic() - over < 0.05
    never.cancel()


async def test_a_fragment_and_a_shelf_share_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOPWINDOW_ALLOWED_HOSTS", "127.0.0.1")
    async with engine_host("p1") as host:
        host.manners = "hang"
        site = SITE.replace("URL", host.url)
        folder = site_folder(tmp_path / "site", rules=RULES, site=site)
        async with Shopwindow(folder, keys=KEYS, store=MemoryStore()) as window:
            shop = mounted(whole(lambda: page(by_attribute)), window)
            async with consented(shop) as client:
                began = time.monotonic()
                assert (await client.get("/")).status_code == 200
                took = time.monotonic() - began
        assert {one.path.partition("?")[0] for one in host.asked} == {"/far", "/top"}
    assert WITHIN * 0.9 < took < WITHIN * 1.7
