"""Never: what a visitor says on their own page is kept by the rules of the very next page."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from shopwindow import Shopwindow
from shopwindow.middleware.stores import Store
from tests.commands import run
from tests.databases import PLACES
from tests.ownpages import HERE, files, filled_in, visiting, window_of
from tests.shop import KEYS
from tests.stores import open_at

pytestmark = pytest.mark.anyio
RULES = """
version: 1
rules:
  - {id: cups, slot: home.hero, priority: 2, when: [{viewed: {category: cups}}], show: banner, with: {text: Cups}}
  - {id: next, slot: home.hero, priority: 1, show: banner, with: {text: Something else}}
  - {id: only, slot: home.teaser, when: [{viewed: {product: cup-1}}, {viewed: {brand: Kiln}}], show: banner, with: {text: From the kiln}}
"""


@pytest.fixture(params=PLACES)
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    made = open_at(PLACES[request.param](request, tmp_path), tmp_path)
    yield made
    made.close()  # on the loop that asked it
    await asyncio.sleep(0.05)


async def arrived(client: httpx.AsyncClient) -> str:
    """The start page; where the store took too long, which leaves both slots alone, another time."""
    for _ in range(10):
        page = (await client.get("/")).text
        if "Cups" in page or "Something else" in page:
            break
    return page


async def test_the_very_next_page_shows_the_next_rule_or_the_default(
    store: Store,
) -> None:
    window = window_of(store, {"rules/start.yaml": RULES})
    async with visiting(window, "/p/cup-1") as client:
        for wish, hero, teaser in (
            ("", "Cups", True),
            ("never", "Something else", False),
            ("less", "Cups", True),
            ("never", "Something else", False),
            ("", "Cups", True),
        ):
            form = filled_in((await client.get(HERE + "preferences")).text)
            form |= {"category:cups": wish, "brand:Kiln": wish}
            answer = await client.post(HERE + "preferences", data=form)
            assert answer.status_code == 303
            page = await arrived(client)
            shown = {text for text in ("Cups", "Something else") if text in page}
            assert shown == {hero}, wish
            assert ("From the kiln" in page) is teaser, wish


async def test_the_shop_is_told_why(tmp_path: Path) -> None:
    for name, text in files(more={"rules/start.yaml": RULES}).items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("memory:", "sqlite:///shop.db"), "utf-8")
    async with Shopwindow(tmp_path, keys=KEYS) as window:
        async with visiting(window, "/p/cup-1") as client:
            form = filled_in((await client.get(HERE + "preferences")).text)
            form |= {"category:cups": "never"}
            await client.post(HERE + "preferences", data=form)
            assert window.journal.wait_until_written()
            who = client.cookies["shopwindow"].partition(".")[0]
            said = run("explain", tmp_path, "--visitor", who).output
    assert "shown next (rules/start.yaml:5)" in said
    words = "the visitor never wants to see category cups"
    assert f"not cups (rules/start.yaml:4): {words}" in said
