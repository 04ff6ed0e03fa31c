"""Pages while a model is swapped: each of them is of one model, and frees it when it has left."""

import asyncio
import gc
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import httpx
import pytest

from shopwindow import PersonalizationMiddleware, Shopwindow
from shopwindow.fragments.recommendations import Model
from shopwindow.middleware import models
from tests.asgi import BROWSER
from tests.faults.shops import persons
from tests.faults.swaps import ITEM, generation, write_site
from tests.shop import KEYS, by_attribute, page, whole

Get = Callable[[], Awaitable[set[bytes]]]


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(models, "POLL", 0.005)
    yield


def shown(
    folder: Path, story: Callable[[Shopwindow, Path, Get], Awaitable[None]]
) -> None:
    """Tell ``story`` to a shop with a model; ``Get`` is a page, the models on it."""
    site = write_site(folder / "site")
    out = site / "models"
    generation(out, 0)
    window = Shopwindow(site, keys=KEYS)
    app = PersonalizationMiddleware(whole(lambda: page(by_attribute)), window)
    headers = {
        "user-agent": BROWSER.decode(),
        "accept": "text/html",
        "cookie": persons(1)[0].cookie.decode(),
    }

    async def told() -> None:
        transport = httpx.ASGITransport(app)
        where = "http://127.0.0.1"
        async with (
            window,
            httpx.AsyncClient(
                transport=transport, base_url=where, headers=headers
            ) as client,
        ):

            async def get() -> set[bytes]:
                answer = await client.get("/")
                return {model for model, _ in ITEM.findall(answer.content)}

            await client.get("/p/x")
            for _ in range(500):
                if await get():
                    break
                await asyncio.sleep(0.01)
            await story(window, out, get)

    asyncio.run(told())


async def until_live(window: Shopwindow, name: str) -> None:
    for _ in range(500):
        model = window.assortment.model
        if model is not None and model.name == name:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"{name} is not live")


def test_what_was_swapped_is_freed_by_the_last_page_that_shows_it(
    tmp_path: Path, quick: None
) -> None:
    async def story(window: Shopwindow, out: Path, get: Get) -> None:
        gc.collect()
        gc.disable()  # whoever stands in a circle stays
        try:
            for number in range(1, 6):
                await until_live(window, generation(out, number))
                assert await get() == {b"%d" % number}
            await asyncio.sleep(0.05)  # the next look lets go of the last but one
            known = [
                one
                for one in gc.get_objects()
                if isinstance(one, Model) and one.folder.parent == out
            ]
            assert [one.name for one in known] == [window.model and window.model.name]
        finally:
            gc.enable()

    shown(tmp_path, story)


def test_the_site_and_the_model_change_without_each_other(
    tmp_path: Path, quick: None
) -> None:
    async def story(window: Shopwindow, out: Path, get: Get) -> None:
        window.reload()
        assert await get() == {b"0"}
        catalog = out.parent / "catalog" / "products.csv"
        rows = catalog.read_text().splitlines()
        catalog.write_text("\n".join(row for row in rows if "g1-0," not in row))
        name = generation(out, 1)
        window.reload()
        await until_live(window, name)
        assert await get() == {b"1"}
        assert window.assortment.catalog is window.site.catalog
        assert "g1-0" not in window.assortment.ids

    shown(tmp_path, story)


def test_a_site_that_was_read_while_a_model_came_goes_by_it_soon(
    tmp_path: Path, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(window: Shopwindow, out: Path, get: Get) -> None:
        made = window._made(window.site)  # by the model of now
        await until_live(window, generation(out, 1))
        window._swap(made)
        assert window.model is not None
        await until_live(window, window.model.name)
        assert await get() == {b"1"}

    shown(tmp_path, story)
