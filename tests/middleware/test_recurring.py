"""Streamed pages whose address has streamed the same chunks before."""

import pytest

from shopwindow import Shopwindow
from shopwindow.fragments.recurring import Recurring
from tests.asgi import Answer, ask
from tests.shop import LANES, TEASER, many_chunks, mounted, open_window, page

pytestmark = pytest.mark.anyio
CHUNK = 16_384
LINES = [b'<li><a href="/p/%d">Tea %d</a></li>\n' % (n, n) for n in range(3_000)]
PLAIN = b"<!doctype html><title>Shop</title><ul>" + b"".join(LINES) + b"</ul>"


async def streamed(
    window: Shopwindow, body: bytes, size: int = CHUNK, path: str = "/"
) -> Answer:
    return await ask(mounted(many_chunks(lambda: body, size), window), path)


async def with_slots(window: Shopwindow, lane: str, path: str = "/") -> Answer:
    app = many_chunks(lambda: PLAIN + page(LANES[lane]), CHUNK)
    return await ask(mounted(app, window), path)


def remembered(window: Shopwindow, path: str = "/") -> bytes:
    known = window.recurring._pages.get(path)
    return b"".join(chunk.text for chunk in known.chunks) if known else b""


async def learnt(window: Shopwindow, body: bytes) -> None:
    for _ in range(2 + len(body) // CHUNK):
        assert (await streamed(window, body)).body == body
    assert remembered(window) == body[CHUNK:]


async def test_pages_leave_as_the_app_made_them() -> None:
    async with open_window() as window:
        await learnt(window, PLAIN)
        for size in (CHUNK, 9_000, 70_000, CHUNK):
            for body in (PLAIN, PLAIN[:60_000], PLAIN + b"<hr>", PLAIN[5:]):
                answer = await streamed(window, body, size)
                assert answer.body == body
                assert not answer.all(b"cache-control")
        assert not window.counters


async def test_one_visitors_page_shows_nothing_of_another_ones() -> None:
    async with open_window() as window:
        await learnt(window, PLAIN)
        names = [b"customer %04d" % number for number in range(4)]
        for name in names:
            body = PLAIN[:50_000] + name + PLAIN[50_013:]
            assert (await streamed(window, body)).body == body
            # The last one is remembered, as it is of pages that come in one message.
            kept = remembered(window)
            assert [one for one in names if one in kept] == [name]


@pytest.mark.parametrize("lane", LANES)
async def test_a_slot_that_turns_up_behind_them_is_swapped(lane: str) -> None:
    async with open_window() as window:
        await learnt(window, PLAIN)
        window.routes.learn("/", True)
        window.routes.learn("/other", True)
        expected = await with_slots(window, lane, "/other")
        answer = await with_slots(window, lane)
        assert answer.body == expected.body
        assert answer.body.startswith(PLAIN)
        assert TEASER in answer.body


@pytest.mark.parametrize("lane", LANES)
async def test_the_next_page_with_a_slot_takes_their_place(lane: str) -> None:
    async with open_window() as window:
        await learnt(window, PLAIN)
        await with_slots(window, lane)
        assert (remembered(window) == b"") == (lane != "template")


async def test_a_page_in_one_message_is_not_remembered_here() -> None:
    async with open_window() as window:
        for _ in range(3):
            await streamed(window, PLAIN, len(PLAIN))
            await streamed(window, PLAIN[:20_000])
        assert not window.recurring._pages
        assert repr(window.recurring) == "<Recurring 0 pages, 0 bytes>"


@pytest.mark.parametrize("place", ["page", "expect", "chunk", "forget"])
async def test_a_fault_takes_no_page_down(
    place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ArithmeticError("a fault of ours")

    async with open_window() as window:
        await streamed(window, PLAIN)
        if place == "expect":
            window.recurring._pages.clear()
        body = PLAIN
        if place == "forget":
            body = PLAIN + page(LANES["attribute"])
        monkeypatch.setattr(Recurring, place, broken)
        answer = await streamed(window, body)
        assert answer.body == body and answer.complete
        assert any(name.startswith("warning") for name in window.counters)
