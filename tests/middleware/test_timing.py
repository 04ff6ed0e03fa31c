"""Who may know how long things took, and what they are told."""

import asyncio
import re
from collections.abc import Mapping
from typing import Any

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from shopwindow import PersonalizationMiddleware, Shopwindow
from shopwindow.middleware.context import Arrival
from shopwindow.middleware.display import Display
from shopwindow.middleware.lookup import Lookup
from shopwindow.middleware.stores.memory import MemoryStore
from shopwindow.middleware.telemetry import timing as timings
from shopwindow.middleware.telemetry.timing import MayKnow, TimedDisplay, may_know
from shopwindow.rules.facts import Decision, Profile
from tests.asgi import Answer, Headers, ask, chunk, scope_of, start
from tests.shop import (
    HTML,
    KEYS,
    TEASER,
    by_attribute,
    consented,
    many_chunks,
    mounted,
    open_window,
    page,
    site_folder,
    whole,
)

pytestmark = pytest.mark.anyio
TYPE = (b"content-type", HTML.encode())
PAGE = page(by_attribute)
LOOKING = [(b"sec-fetch-dest", b"document")]
FAR = ("192.0.2.7", 50_000)
# By RFC 9110: tokens, and quoted strings with nothing that would have to be escaped.
_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_QUOTED = r'"(?:[\t !#-\[\]-~]|\\["\\])*"'
_ENTRY = rf"{_TOKEN}(?:;{_TOKEN}=(?:{_TOKEN}|{_QUOTED}))*"
HEADER = re.compile(rf"{_ENTRY}(?:, {_ENTRY})*".encode())


class Slow(MemoryStore):
    """Answers after ``seconds``."""

    seconds = 0.02

    async def fetch(self, visitor: str) -> Profile | None:  # type: ignore[override]  # both are legal
        await asyncio.sleep(self.seconds)
        return super().fetch(visitor)


def told(answer: Answer) -> dict[str, list[tuple[float, str]]]:
    """Name to duration in milliseconds and description, of a well-formed header."""
    said = answer.header(b"server-timing")
    if said is None:
        return {}
    assert HEADER.fullmatch(said), said
    found: dict[str, list[tuple[float, str]]] = {}
    for entry in said.decode().split(", "):
        name, duration, *description = entry.split(";")
        text = description[0].removeprefix('desc="').removesuffix('"')
        found.setdefault(name, []).append((float(duration[4:]), text))
    return found


def shop() -> ASGIApp:
    return whole(lambda: PAGE)


async def visitor(window: Shopwindow) -> Headers:
    """The headers of a visitor whose profile is in the store."""
    app = mounted(shop(), window)
    async with consented(app) as client:
        await client.get("/p/tea-1")
        assert window.journal.wait_until_written()
        cookie = f"shopwindow={client.cookies['shopwindow']}".encode()
    return [(b"cookie", cookie), *LOOKING]


async def test_a_page_in_one_message_tells_all() -> None:
    async with open_window() as window:
        headers = await visitor(window)
        app = PersonalizationMiddleware(shop(), window)
        found = told(await ask(app, headers=headers))
        assert [said for _, said in found["sw-profile"]] == ["known"]
        assert [said for _, said in found["sw-decide"]] == [
            "home.hero=shown",
            "home.teaser=shown",
        ]
        assert [said for _, said in found["sw-render"]] == ["home.hero", "home.teaser"]
        assert all(0 <= dur < 50 for one in found.values() for dur, _ in one)


async def test_a_slow_store_is_seen_in_its_duration() -> None:
    async with open_window(Slow()) as window:
        headers = await visitor(window)
        # A store that waits, and a page whose first byte is its first slot: nothing leaves before.
        body = by_attribute("home.hero", "x").encode()
        app = PersonalizationMiddleware(whole(lambda: body), window, timing=True)

        async def patient(scope: Scope, receive: Receive, send: Send) -> None:
            await scope["state"]["shopwindow"].decide("home.hero")
            await whole(lambda: body)(scope, receive, send)

        app.app = patient
        ((duration, said),) = told(await ask(app, headers=headers))["sw-profile"]
        assert said == "known" and 18 < duration < 60


async def test_a_store_that_is_late_is_said_to_be() -> None:
    store = Slow()
    async with open_window(store) as window:
        headers = await visitor(window)
        store.seconds = 5

        async def patient(scope: Scope, receive: Receive, send: Send) -> None:
            await scope["state"]["shopwindow"].decide("home.hero")
            await shop()(scope, receive, send)

        app = PersonalizationMiddleware(patient, window, timing=True)
        found = told(await ask(app, headers=headers))
        ((duration, said),) = found["sw-profile"]
        assert said == "late" and 40 < duration < 500
        assert found["sw-decide"][0][1] == "home.hero=late"


async def test_a_streamed_page_tells_what_happened_so_far() -> None:
    async with open_window(Slow()) as window:
        headers = await visitor(window)
        window.routes.learn("/", True)
        app = PersonalizationMiddleware(many_chunks(lambda: PAGE), window, timing=True)
        assert told(await ask(app, headers=headers)) == {}  # nothing yet

        async def handler(scope: Scope, receive: Receive, send: Send) -> None:
            await scope["state"]["shopwindow"].decide("home.teaser")
            await many_chunks(lambda: PAGE)(scope, receive, send)

        app.app = handler
        found = told(await ask(app, headers=headers))
        assert [said for _, said in found["sw-decide"]] == ["home.teaser=shown"]
        assert "sw-render" not in found and "sw-profile" in found


async def test_what_a_cache_may_keep_never_has_the_header() -> None:
    async with open_window() as window:
        headers = await visitor(window)
        app = PersonalizationMiddleware(
            whole(lambda: b"<p>About</p>", headers={"cache-control": "max-age=60"}),
            window,
            timing=True,
        )
        answer = await ask(app, headers=headers)
        assert answer.header(b"cache-control") == b"max-age=60"
        assert answer.header(b"server-timing") is None


async def test_the_apps_own_timings_stay() -> None:
    async with open_window() as window:
        page_of = whole(lambda: PAGE, headers={"server-timing": "db;dur=3"})
        app = PersonalizationMiddleware(page_of, window, timing=True)
        answer = await ask(app)
        assert answer.all(b"server-timing")[0] == b"db;dur=3"
        assert len(answer.all(b"server-timing")) == 2


async def test_it_changes_nothing_else() -> None:
    async with open_window() as window:
        headers = await visitor(window)
        for make in (shop(), many_chunks(lambda: PAGE)):
            quiet = PersonalizationMiddleware(make, window, timing=False)
            loud = PersonalizationMiddleware(make, window, timing=True)
            for method in ("GET", "HEAD"):
                one = await ask(quiet, method=method, headers=headers)
                other = await ask(loud, method=method, headers=headers)
                assert one.body == other.body
                assert one.headers == [
                    pair for pair in other.headers if pair[0] != b"server-timing"
                ]


# -- who ---------------------------------------------------------------------------------------


CASES: dict[str, tuple[Mapping[str, Any], list[tuple[bytes, bytes]], bool]] = {
    "a browser here": ({}, LOOKING, True),
    "over IPv6": ({"client": ("::1", 50_000)}, LOOKING, True),
    "a program here": ({}, [], False),
    "from afar": ({"client": FAR}, LOOKING, False),
    "encrypted": ({"scheme": "https"}, LOOKING, False),
    "through a proxy": ({}, [*LOOKING, (b"x-forwarded-for", b"192.0.2.7")], False),
    "by the shop's name": ({}, [*LOOKING, (b"host", b"shop.example")], False),
    "nobody knows": ({"client": None}, LOOKING, False),
}


@pytest.mark.parametrize("case", CASES)
async def test_by_default_only_a_browser_on_this_machine_is_told(case: str) -> None:
    more, headers, expected = CASES[case]
    async with open_window() as window:
        app = PersonalizationMiddleware(shop(), window)
        answer = await ask(app, headers=headers, **more)
        assert TEASER in answer.body
        assert (answer.header(b"server-timing") is not None) == expected


async def test_in_production_nobody_is_told_by_default() -> None:
    arrival = Arrival(scope_of(headers=LOOKING), 0.0, production=True)
    assert not may_know(None, arrival, False)
    assert may_know(None, arrival, True)  # a signed link to a preview


async def test_a_preview_is_told_wherever_it_is_looked_at(tmp_path: Any) -> None:
    folder = site_folder(tmp_path)
    (folder / "rules" / "tests").mkdir()
    personas = "version: 1\npersonas:\n  stranger: {}\n"
    (folder / "rules" / "tests" / "people.yaml").write_text(personas)
    async with Shopwindow(folder, store=MemoryStore(), keys=KEYS) as window:
        query = window.previews.link("/", "stranger").partition("?")[2].encode()
        app = PersonalizationMiddleware(shop(), window)
        answer = await ask(app, client=FAR, scheme="https", query_string=query)
        assert answer.header(b"x-shopwindow-preview") == b"stranger"
        assert "sw-decide" in told(answer)
        ordinary = await ask(app, client=FAR, scheme="https")
        assert ordinary.header(b"server-timing") is None


@pytest.mark.parametrize(
    ("timing", "expected"),
    [(True, True), (False, False), (lambda scope: scope["client"] == FAR, True)],
)
async def test_the_shop_says_who_may_know(timing: MayKnow, expected: bool) -> None:
    async with open_window() as window:
        app = PersonalizationMiddleware(shop(), window, timing=timing)
        answer = await ask(app, client=FAR, scheme="https")
        assert (answer.header(b"server-timing") is not None) == expected
        here = await ask(app, headers=LOOKING)
        assert (here.header(b"server-timing") is not None) == (timing is True)


async def test_who_may_not_know_costs_no_clock() -> None:
    seen: list[Any] = []

    async def handler(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["state"]["shopwindow"])
        await shop()(scope, receive, send)

    async with open_window() as window:
        await ask(PersonalizationMiddleware(handler, window), client=FAR)
        (visit,) = seen
        assert visit.timing is None
        assert type(visit.display) is Display and type(visit.lookup) is Lookup


# -- faults ------------------------------------------------------------------------------------


async def test_a_fault_of_the_shops_function_tells_nobody() -> None:
    def fails(scope: Scope) -> bool:
        raise ArithmeticError("a fault of theirs")

    async with open_window() as window:
        app = PersonalizationMiddleware(shop(), window, timing=fails)
        answer = await ask(app, headers=LOOKING)
        assert answer.complete and answer.header(b"server-timing") is None
        assert window.counters["warning timing"] == 1


async def test_a_fault_of_ours_leaves_the_answer_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(timings, "_entry", None)
    async with open_window() as window:
        app = PersonalizationMiddleware(shop(), window, timing=True)
        answer = await ask(app)
        assert answer.complete and answer.header(b"server-timing") is None
        assert window.counters["warning timing"] == 1


async def test_names_cannot_leave_their_quotes(monkeypatch: pytest.MonkeyPatch) -> None:
    nasty = 'a"b\\c\r\nset-cookie: x=1\x7fü'
    slots = {nasty: Decision(nasty, "no-rule")}
    monkeypatch.setattr(Display, "outcome", lambda display: slots)
    monkeypatch.setattr(
        TimedDisplay,
        "outcome",
        lambda display: (
            display._timing.decided.update({nasty: timings.Took(0, 1)}) or slots
        ),
    )
    async with open_window() as window:
        app = PersonalizationMiddleware(shop(), window, timing=True)
        said = (await ask(app)).header(b"server-timing")
        assert said is not None and HEADER.fullmatch(said)
        assert rb'desc="a\"b\\c??set-cookie: x=1??=no-rule"' in said


async def test_the_header_has_an_end() -> None:
    clock = timings.Timing(True)
    clock.rendered = {f"slot.{n}": timings.Took(0, 10**6) for n in range(1_000)}
    seen: list[bytes] = []

    async def handler(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(clock.header(scope["state"]["shopwindow"]))
        await send(start(TYPE))
        await send(chunk(b""))

    async with open_window() as window:
        await ask(mounted(handler, window))
        assert seen[0].count(b", ") == timings.MOST - 1 and len(seen[0]) < 4_000
