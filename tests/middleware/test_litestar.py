"""Litestar: one Shopwindow for all routes, whatever Litestar puts around them."""

import asyncio
import gzip
from collections.abc import AsyncIterator
from typing import Any

import pytest
from jinja2 import DictLoader, Environment
from litestar import Litestar, Request, get, post
from litestar.config.compression import CompressionConfig
from litestar.config.csrf import CSRFConfig
from litestar.exceptions import NotAuthorizedException
from litestar.middleware import DefineMiddleware
from litestar.middleware.authentication import (
    AbstractAuthenticationMiddleware,
    AuthenticationResult,
)
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.response import Response, Template
from litestar.template import TemplateConfig

from shopwindow import (
    Customer,
    PageCache,
    PersonalizationMiddleware,
    Shopwindow,
    current,
)
from shopwindow.middleware.litestar import ShopwindowPlugin
from shopwindow.middleware.stores.memory import MemoryStore
from shopwindow.middleware.templating import SlotExtension
from shopwindow.rules.facts import Profile
from tests.asgi import ask
from tests.shop import (
    HERO,
    TEASER,
    browser,
    by_attribute,
    consent,
    consented,
    events_of,
    open_window,
    page,
)

pytestmark = pytest.mark.anyio
DEFAULT, DRESSED = page(by_attribute), page(by_attribute, teaser=TEASER.decode())
BLOCK = '{% slot "home.teaser" %}<i>{{ text }}</i>{% endslot %}'


@pytest.fixture
async def window() -> AsyncIterator[Shopwindow]:
    async with open_window() as window:
        yield window


@get("/")
async def home() -> Response[bytes]:
    return Response(DEFAULT, media_type="text/html")


@get("/p/{product:str}")
async def product() -> Response[bytes]:
    return Response(DEFAULT, media_type="text/html")


@get("/block")
async def block() -> Template:
    return Template("page.html", context={"text": "a<b"})


@post("/order", status_code=200)
async def order(request: Request[Any, Any, Any]) -> dict[str, str]:
    visit = current()
    assert visit is not None and visit is request.scope["state"]["shopwindow"]
    await visit.track("Product Viewed", {"product_id": "tea-1"}).stored
    return {"path": visit.arrival.path}


@get("/cached", cache=True)
async def cached() -> Response[bytes]:
    return Response(DEFAULT, media_type="text/html")


def app(window: Shopwindow, **more: Any) -> Any:
    """The shop; its own types name the messages of ASGI more narrowly than a server does."""
    jinja = Environment(
        loader=DictLoader({"page.html": BLOCK}),
        extensions=[SlotExtension],
        autoescape=True,
    )
    engine: Any = JinjaTemplateEngine(engine_instance=jinja)
    return Litestar(
        [home, product, block, order, cached],
        plugins=[ShopwindowPlugin(window)],
        logging_config=None,  # it would be that of all tests of this process
        template_config=TemplateConfig(instance=engine),
        **more,
    )


async def test_all_routes_share_one_window_that_starts_once_with_the_app() -> None:
    starts: list[int] = []
    window = open_window()
    opening = window._open

    async def counted() -> None:
        starts.append(1)
        await opening()

    window._open = counted  # type: ignore[method-assign]  # to count
    seen: list[bool] = []
    shop = app(window, on_startup=[lambda: seen.append(window.started)])
    async with shop.lifespan():
        for path in ("/", "/p/tea-1", "/"):
            assert (await ask(shop, path)).body == DRESSED
        assert window.started
    assert starts == [1] and seen == [True] and not window.started


async def test_the_plugin_says_who_may_know_how_long_things_took() -> None:
    window = open_window()
    plugin = ShopwindowPlugin(window, timing=lambda scope: scope["path"] == "/")
    shop: Any = Litestar([home, product], plugins=[plugin], logging_config=None)
    async with shop.lifespan():
        assert b"sw-decide" in ((await ask(shop, "/")).header(b"server-timing") or b"")
        assert (await ask(shop, "/p/tea-1")).header(b"server-timing") is None


async def test_pages_are_kept_where_the_whole_app_is_wrapped() -> None:
    made: list[str] = []

    @get("/kept")
    async def kept() -> Response[bytes]:
        made.append("kept")
        return Response(DEFAULT, media_type="text/html")

    @post("/kept", status_code=200)
    async def changed() -> None:
        """Its address shows something else from now on."""

    window = open_window()
    litestar: Any = Litestar([kept, changed], logging_config=None)
    shop: Any = PersonalizationMiddleware(litestar, window, cache=PageCache({"/*": 60}))
    async with window:
        for _ in range(3):
            assert (await ask(shop, "/kept")).body == DRESSED
        assert made == ["kept"]
        await ask(shop, "/kept", "POST")
        assert (await ask(shop, "/kept")).body == DRESSED
    assert made == ["kept", "kept"]


async def test_without_a_lifespan_it_starts_with_the_first_request() -> None:
    window = open_window()
    assert (await ask(app(window), "/")).body == DRESSED
    assert window.started
    await window.stop()


async def test_our_own_failure_does_not_keep_the_shop_from_starting_or_stopping(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def fails() -> None:
        raise OSError("broken")

    window = open_window()
    stop = window.stop
    for name in ("start", "stop"):
        monkeypatch.setattr(window, name, fails)
    shop = app(window)
    async with shop.lifespan():
        assert (await ask(shop, "/")).body == DRESSED
    assert window.counters["warning start"] == window.counters["warning stop"] == 1
    await stop()


async def test_a_visitor_from_consent_over_a_handler_to_the_next_page(
    window: Shopwindow,
) -> None:
    async with browser(app(window)) as client:
        answer = await consent(client, next="/p/tea-1")
        assert (answer.status_code, answer.headers["location"]) == (303, "/p/tea-1")
        assert HERO in (await client.get("/p/tea-1")).content
        assert (await client.post("/order")).json() == {"path": "/order"}
        assert HERO in (await client.get("/")).content
        decided = await client.get("/-/shopwindow/decide?path=/&slot=home.hero")
        assert decided.json()["slots"]["home.hero"]["rule"] == "tea-hero"
        assert (await client.get("/-/shopwindow/nothing")).status_code == 404
    assert events_of(window).count("Product Viewed") == 2


async def test_below_a_proxy_prefix_addresses_are_those_of_the_shop(
    window: Shopwindow,
) -> None:
    async with browser(app(window)) as client:
        client._transport.root_path = "/shop"  # type: ignore[attr-defined]  # as a proxy says it
        answer = await client.post(
            "/shop/-/shopwindow/consent", data={"choice": "granted"}
        )
        assert (answer.status_code, answer.headers["location"]) == (303, "/shop/")
        assert HERO in (await client.get("/shop/p/tea-1")).content


async def test_the_block_of_its_templates(window: Shopwindow) -> None:
    assert (await ask(app(window), "/block")).body == TEASER


async def test_its_compressor_comes_after_us(window: Shopwindow) -> None:
    shop = app(window, compression_config=CompressionConfig("gzip", minimum_size=10))
    for path in ("/", "/cached", "/cached"):
        packed = await ask(shop, path, headers=[(b"accept-encoding", b"gzip")])
        assert packed.header(b"content-encoding") == b"gzip"
        assert gzip.decompress(packed.body) == DRESSED and packed.complete
        assert (await ask(shop, path)).body == DRESSED
    assert "warning unreadable" not in window.counters


async def test_what_its_cache_keeps_is_nobodys_page() -> None:
    """Litestar keeps whole answers by their address alone."""

    class Slow(MemoryStore):
        """So that the first part of a page leaves before the rest."""

        async def fetch(self, visitor: str) -> Profile | None:  # type: ignore[override]  # both are legal
            await asyncio.sleep(0.005)
            return super().fetch(visitor)

    compressing = CompressionConfig("gzip", minimum_size=10)
    for more in ({}, {"compression_config": compressing}):
        async with open_window(Slow()) as window:
            shop = app(window, **more)
            async with consented(shop, **{"accept-encoding": "gzip"}) as client:
                await client.get("/p/tea-1")
                assert HERO in (await client.get("/cached")).content
                assert HERO in (await client.get("/cached")).content
            async with browser(shop) as other:
                answer = await other.get("/cached")
                assert answer.content == DRESSED
                assert answer.headers["cache-control"] == "private, no-store"


class Authentication(AbstractAuthenticationMiddleware):
    """Everybody but those who say so is sent away."""

    async def authenticate_request(self, connection: Any) -> AuthenticationResult:
        if "x-login" not in connection.headers:
            raise NotAuthorizedException
        return AuthenticationResult("17", None)


@pytest.mark.parametrize("first", [True, False])
async def test_consent_needs_no_login_and_the_login_is_the_customer(
    first: bool,
) -> None:
    seen: list[str] = []

    def customer(scope: Any) -> Customer:
        seen.append(scope["user"])
        return Customer(scope["user"])

    window = open_window()
    authentication = DefineMiddleware(
        Authentication, exclude_from_auth_key="exclude_from_auth"
    )

    class Before(ShopwindowPlugin):
        """Some other plugin puts its middleware in front of ours."""

        def on_app_init(self, app_config: Any) -> Any:
            super().on_app_init(app_config).middleware.insert(0, authentication)
            return app_config

    kind = Before if first else ShopwindowPlugin
    shop: Any = Litestar(
        [home],
        plugins=[kind(window, customer=customer)],
        middleware=[] if first else [authentication],
        logging_config=None,
        csrf_config=CSRFConfig(secret="a secret of the shop"),
    )
    async with shop.lifespan(), consented(shop) as client:
        assert (await client.get("/")).status_code == 401
        answer = await client.get("/", headers={"x-login": "1"})
        assert TEASER in answer.content
    assert set(seen) == {"17"}
