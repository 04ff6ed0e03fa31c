"""Requests of those who agreed to nothing: whatever they ask, nothing is kept and nothing is set."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any

from shopwindow import Shopwindow
from shopwindow.middleware.stores.memory import MemoryStore
from shopwindow.rules.facts import Profile
from tests.asgi import Answer, ask
from tests.middleware.agents import BOTS
from tests.middleware.crawlers import CRAWLERS
from tests.shop import by_attribute, mounted, open_window, page, whole

from .soaked import KEPT, Soaked

PROGRAMS = (*BOTS, *CRAWLERS)
PAGE = whole(lambda: page(by_attribute))
FORM = (b"content-type", b"application/x-www-form-urlencoded")
NAVIGATION: tuple[tuple[bytes, bytes], ...] = (
    (b"sec-fetch-dest", b"document"),
    (b"sec-fetch-mode", b"navigate"),
)
# Cookies of a shop that say nothing about consent, and some that only look as if they did.
COOKIES = (
    b"",
    b"session=abc; theme=dark",
    b"shopwindow=junk",
    b"__Host-shopwindow=" + b"A" * 22 + b".1795300000.ps1795300000." + b"A" * 43,
    b"shopwindow-consent=granted",
    b"shopwindow-consent=denied",
    b"CookieConsent={stamp:'x',necessary:true,preferences:false,statistics:false,marketing:false,method:'explicit',utc:1795300000000}",
    b"euconsent-v2=CAAA; CookieConsent=-1; klaro={}",
)


class Counting(MemoryStore):
    """Counts whatever is asked of it, the shop's own figures excepted."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def fetch(self, visitor: str) -> Profile | None:
        self.calls += 1
        return super().fetch(visitor)

    def commit(self, *everything: Any) -> None:
        self.calls += 1
        super().commit(*everything)


async def _shop(scope: Any, receive: Any, send: Any) -> None:
    """Pages, and handlers that tell everything that there is to tell."""
    visit = scope["state"]["shopwindow"]
    if scope["method"] == "POST":
        visit.track("Order Completed", {"order_id": "1", "products": [], "revenue": 5})
        visit.set(cart_value=5, keep=True)
        visit.identify("customer-1")
        visit.forget()
    elif scope["path"].startswith("/events"):
        headers = [(b"content-type", b"text/event-stream")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for number in range(3):
            body = b"data: %d\n\n" % number
            await send({"type": "http.response.body", "body": body, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
        return
    await PAGE(scope, receive, send)


def _requests(window: Shopwindow, chance: Random) -> "Sequence[Callable[[], Mapping[str, Any]]]":  # fmt: skip
    click = window.clicks.link("offer", "/p/tea-1")

    def page_() -> Mapping[str, Any]:
        path = chance.choice(("/", "/p/tea-1", "/p/cup-1", "/c/tea"))
        return {"path": path, "headers": NAVIGATION}

    def tagged() -> Mapping[str, Any]:
        query = b"utm_campaign=spring&q=" + b"%d" % chance.randrange(99)
        return {"path": "/", "headers": NAVIGATION, "query_string": query}

    def post() -> Mapping[str, Any]:
        return {"path": "/cart", "method": "POST", "headers": [FORM], "body": b"a=1"}

    def clicked() -> Mapping[str, Any]:
        return {"path": click.partition("?")[0], "headers": NAVIGATION}

    def decided() -> Mapping[str, Any]:
        query = b"slot=home.hero&path=/"
        return {"path": "/-/shopwindow/decide", "query_string": query}

    def reported() -> Mapping[str, Any]:
        body = b"decision=abc&shown=home.hero"
        path = "/-/shopwindow/decide"
        return {"path": path, "method": "POST", "headers": [FORM], "body": body}

    def events() -> Mapping[str, Any]:
        accept = (b"accept", b"text/event-stream")
        return {"path": "/events", "headers": [accept]}

    def bot() -> Mapping[str, Any]:
        agent = (b"user-agent", chance.choice(PROGRAMS).encode())
        return {"path": "/p/tea-1", "headers": [agent]}

    def agreeing_bot() -> Mapping[str, Any]:
        agent = (b"user-agent", chance.choice(PROGRAMS).encode())
        path, body = "/-/shopwindow/consent", b"choice=granted"
        return {"path": path, "method": "POST", "headers": [agent, FORM], "body": body}

    def prefetched() -> Mapping[str, Any]:
        return {"path": "/", "headers": [*NAVIGATION, (b"sec-purpose", b"prefetch")]}

    def picture() -> Mapping[str, Any]:
        headers = [(b"sec-fetch-dest", b"image"), (b"accept", b"image/*")]
        return {"path": "/i/tea.jpg", "headers": headers}

    def head() -> Mapping[str, Any]:
        return {"path": "/", "method": "HEAD", "headers": NAVIGATION}

    def objecting() -> Mapping[str, Any]:
        name = chance.choice((b"sec-gpc", b"dnt"))
        return {"path": "/", "headers": [*NAVIGATION, (name, b"1")]}

    return (page_, page_, tagged, post, clicked, decided, reported, events, bot,
            agreeing_bot, prefetched, picture, head, objecting)  # fmt: skip


async def _run(
    count: int, seed: int, advance: Callable[[], None], provider: str, mixed: bool
) -> tuple[dict[str, int], list[str]]:
    chance = Random(seed)
    store = Counting()
    faults: list[str] = []
    figures = {"pages by context alone": 0, "other answers": 0}
    async with open_window(store, site=provider) as window:
        app = mounted(_shop, window)
        kinds = _requests(window, chance)
        for number in range(count):
            asked = dict(kinds[number % len(kinds)]() if mixed else kinds[0]())
            cookie = chance.choice(COOKIES) if mixed else b""
            headers = [*asked.pop("headers", ()), *([(b"cookie", cookie)] if cookie else [])]  # fmt: skip
            answer: Answer = await ask(app, headers=headers, **asked)
            shown = b'<p class="banner">Hello</p>' in answer.body
            figures["pages by context alone" if shown else "other answers"] += 1
            if answer.all(b"set-cookie"):
                faults.append(f"{asked} was answered with {answer.headers}")
            advance()
        await asyncio.to_thread(window.journal.wait_until_written)
        figures |= {
            "ids": len(window.cookie._known),
            "rows": len(store.profiles),
            "events": len(store.events) + window.journal.accepted,
            "store calls": store.calls,
        }
    faults += [f"{figures[one]} {one}" for one in ("ids", "rows", "events", "store calls") if figures[one]]  # fmt: skip
    return figures, faults


def soak_strangers(
    count: int,
    seed: int,
    advance: Callable[[], None] = lambda: None,
    provider: str = "",
) -> Soaked:
    """So many requests of all kinds, by people and programs who agreed to nothing."""
    figures, faults = asyncio.run(_run(count, seed, advance, provider, True))
    return Soaked("strangers", count, len(faults), figures, faults[:KEPT])


def soak_cookieless(
    count: int, seed: int, advance: Callable[[], None] = lambda: None
) -> Soaked:
    """So many pages without a cookie."""
    figures, faults = asyncio.run(_run(count, seed, advance, "", False))
    return Soaked("cookieless", count, len(faults), figures, faults[:KEPT])
