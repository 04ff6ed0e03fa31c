"""What the visitor's own pages do is the same in every store there is."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from shopwindow.middleware.stores import Store
from tests.databases import PLACES
from tests.ownpages import HERE, filled_in, tree, visiting, window_of
from tests.stores import open_at

pytestmark = pytest.mark.anyio
RULES = """
version: 1
rules:
  - {id: teas, slot: home.hero, when: [{affinity: {category: tea, at-least: 0.5}}], show: banner, with: {text: Teas}}
  - {id: hello, slot: home.teaser, show: banner, with: {text: Hello}}
"""


@pytest.fixture(params=PLACES)
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    made = open_at(PLACES[request.param](request, tmp_path), tmp_path)
    yield made
    made.close()  # on the loop that asked it
    await asyncio.sleep(0.05)


async def test_what_is_said_counts_at_once_and_is_gone_when_erased(
    store: Store,
) -> None:
    window = window_of(store, {"rules/start.yaml": RULES})
    async with visiting(window, "/p/cup-1") as client:
        for wanted, shown in (("more", True), ("never", False), ("more", True)):
            form = filled_in((await client.get(HERE + "preferences")).text)
            form |= {"category:tea": wanted, "say:pet": "cat"}
            answer = await client.post(HERE + "preferences", data=form)
            assert answer.status_code == 303
            assert ("Teas" in (await client.get("/")).text) is shown, wanted
        page = await client.get("/")
        (form_of, *_) = [
            form
            for form in tree(page.text).find("form")
            if form["class"] == "sw-dismiss"
        ]
        await client.post(form_of["action"])
        assert "Teas" not in (await client.get("/")).text
        known = (await client.get(HERE + "known")).text
        for words in (
            "White cup",
            "Because you seem to like it.",
            "Who lives with you?",
        ):
            assert words in known, words
        said = (await client.get(HERE + "download")).json()
        names = [event["name"] for event in said["events"]]
        assert {"Product Viewed", "Promotion Viewed", "Promotion Dismissed"} <= {*names}
        assert said["profile"]["attributes"] == {"pet": "cat"}
        form = filled_in((await client.get(HERE + "erase")).text)
        cookies = dict(client.cookies)
        answer = await client.post(HERE + "erase", data=form)
        assert "Erased." in answer.text and not client.cookies
        client.cookies.update(cookies)
        assert "Nothing is kept about you" in (await client.get(HERE + "known")).text
        with closing(store.keeper(window.site.context.day)) as keeper:
            sizes = keeper.sizes()
        assert sizes["profiles"] == sizes["events"] == 0
