"""What browsers ask of us: the consent form and click links."""

from collections.abc import AsyncIterator
from urllib.parse import quote, urlencode

import pytest
from starlette.types import Message

from shopwindow import Shopwindow
from shopwindow.middleware.forms import LARGEST
from shopwindow.middleware.replies import local
from tests.asgi import Answer, Headers, ask, scope_of
from tests.shop import (
    browser,
    by_attribute,
    consent,
    consented,
    events_of,
    mounted,
    open_window,
    page,
    whole,
)

pytestmark = pytest.mark.anyio
SHOP = whole(lambda: page(by_attribute))
PATH = "/-/shopwindow/consent"


@pytest.fixture
async def window() -> AsyncIterator[Shopwindow]:
    async with open_window() as window:
        yield window


async def post(
    window: Shopwindow, body: bytes = b"choice=granted", headers: Headers | None = None
) -> Answer:
    return await ask(mounted(SHOP, window), PATH, "POST", headers or [], body)


# -- the form ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "status", "cookies"),
    [
        (b"choice=granted", 303, [b"shopwindow"]),
        (b"choice=denied", 303, [b"shopwindow-consent"]),
        (b"choice=selected&statistics=on", 303, [b"shopwindow"]),
        (b"choice=selected", 303, [b"shopwindow-consent"]),  # nothing ticked
        (b"choice=selected&personalization=", 303, [b"shopwindow-consent"]),
        (b"choice=denied&choice=granted", 303, [b"shopwindow"]),  # the last one counts
        (b"choice=maybe", 400, []),
        (b"choice=GRANTED", 400, []),
        (b"", 400, []),
        (b"\xff\xfe%%%&=&&", 400, []),
        (b'{"choice": "granted"}', 400, []),
        (b"x" * (LARGEST + 1), 413, []),
    ],
)
async def test_an_answer_and_what_it_sets(
    window: Shopwindow, body: bytes, status: int, cookies: list[bytes]
) -> None:
    answer = await post(window, body)
    assert answer.status == status
    assert [c.partition(b"=")[0] for c in answer.all(b"set-cookie")] == cookies
    assert answer.header(b"cache-control") == b"private, no-store"
    assert answer.header(b"content-length") == b"%d" % len(answer.body)


async def test_an_answer_that_broke_off_is_none(window: Shopwindow) -> None:
    messages: list[Message] = [
        {"type": "http.request", "body": b"choice=granted&next=/ca", "more_body": True},
        {"type": "http.disconnect"},
    ]
    left: list[Message] = []

    async def receive() -> Message:
        return messages.pop(0)

    async def sending(message: Message) -> None:
        left.append(message)

    await mounted(SHOP, window)(scope_of(PATH, "POST"), receive, sending)
    assert left[0]["status"] == 400 and "set-cookie" not in dict(left[0]["headers"])


async def test_a_form_in_many_parts_is_read_to_its_end(window: Shopwindow) -> None:
    parts = [bytes([byte]) for byte in b"choice=granted&next=%2Fcart"]
    answer = await ask(mounted(SHOP, window), PATH, "POST", body=parts)
    assert answer.header(b"location") == b"/cart"
    endless = [b"x" * 5_000] * 10
    assert (await ask(mounted(SHOP, window), PATH, "POST", body=endless)).status == 413


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([(b"sec-fetch-site", b"same-origin")], 303),
        ([(b"sec-fetch-site", b"none")], 303),
        ([(b"sec-fetch-site", b"same-site")], 403),
        ([(b"sec-fetch-site", b"cross-site")], 403),
        ([(b"sec-fetch-site", b"")], 403),
        ([(b"sec-fetch-site", b"cross-site"), (b"origin", b"http://127.0.0.1")], 403),
        ([(b"origin", b"http://127.0.0.1")], 303),
        ([(b"origin", b"http://127.0.0.1:8000"), (b"host", b"127.0.0.1:8000")], 303),
        ([(b"origin", b"http://127.0.0.1:8001"), (b"host", b"127.0.0.1:8000")], 403),
        ([(b"origin", b"http://evil.example")], 403),
        ([(b"origin", b"http://127.0.0.1.evil.example")], 403),
        ([(b"origin", b"http://evil.example/127.0.0.1")], 403),
        ([(b"origin", b"null")], 403),
        ([(b"origin", b"null"), (b"host", b"")], 403),
        ([(b"origin", b"")], 403),
        ([(b"origin", b"http://[")], 403),
        ([(b"origin", b"http://127.0.0.1\xff")], 403),
        ([], 303),
    ],
)
async def test_only_this_very_site_may_answer(
    window: Shopwindow, headers: Headers, status: int
) -> None:
    answer = await post(window, headers=headers)
    assert answer.status == status
    assert bool(answer.all(b"set-cookie")) == (status == 303)


NASTY = [
    "https://evil.example/", "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "/\\/evil",
    "http:evil.example", "javascript:alert(1)", "data:text/html,x", " /x", "/ /evil.example", "/\t/evil.example",
    "\t//evil.example", "/\n/evil.example", "/x\r\nSet-Cookie: a=1", "/\x00/evil", "/\x7f/evil", "evil.example", "",
    "?next=1", "#a", ".", "..", "/\x0b/evil", "https:/evil.example", "//[", "/\u00a0\\evil", "\ufeff//evil.example",
]  # fmt: skip


@pytest.mark.parametrize("url", NASTY)
async def test_nobody_is_led_to_another_site(window: Shopwindow, url: str) -> None:
    assert local(url) is None
    answer = await post(window, urlencode({"choice": "granted", "next": url}).encode())
    assert answer.status == 303
    assert answer.header(b"location") == b"/"


@pytest.mark.parametrize(
    "url",
    [
        "/",
        "/cart?a=1&b=%2F%2Fx",
        "/käse",
        "/a//b",
        "/?u=https://evil.example",
        "/#x",
        "/..//evil.example",
        "/@evil",
    ],
)
async def test_pages_of_this_site_are_fine(window: Shopwindow, url: str) -> None:
    answer = await post(window, urlencode({"choice": "denied", "next": url}).encode())
    assert answer.header(b"location") == url.replace("ä", "%C3%A4").encode()


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
async def test_consent_is_given_by_post_only(window: Shopwindow, method: str) -> None:
    answer = await ask(
        mounted(SHOP, window), PATH, method, query_string=b"choice=granted"
    )
    assert answer.status == (200 if method in ("GET", "HEAD") else 405)
    if answer.status == 405:
        assert answer.header(b"allow") == b"GET, HEAD, POST"
    assert not answer.all(b"set-cookie")


@pytest.mark.parametrize(
    "path",
    [
        "dismiss",
        "nothing",
        "consent/",
        "Consent",
        "click/",
        "click/x",
        "click/..%2f",
        "click",
    ],
)
async def test_what_is_not_there_is_not_found_and_never_asked_of_the_shop(
    window: Shopwindow, path: str
) -> None:
    answer = await ask(mounted(SHOP, window), f"/-/shopwindow/{path}")
    assert answer.status == 404 and answer.body == b"404 Not Found\n"
    assert answer.header(b"cache-control") == b"private, no-store"


async def test_cookies_of_a_shop_on_https_are_bound_to_its_host(
    window: Shopwindow,
) -> None:
    app = mounted(SHOP, window)
    for host, scheme in [
        (b"tea.example", "https"),
        (b"127.0.0.1", "https"),
        (b"tea.example", "http"),
    ]:
        answer = await ask(
            app, PATH, "POST", [(b"host", host)], b"choice=granted", scheme=scheme
        )
        (cookie,) = answer.all(b"set-cookie")
        assert cookie.startswith(b"__Host-shopwindow=") and cookie.endswith(
            b"; Path=/; HttpOnly; SameSite=Lax; Secure"
        )


# -- click links ---------------------------------------------------------------------------


async def test_a_click_counts_and_leads_to_its_page(window: Shopwindow) -> None:
    link = window.clicks.link("banner", "/p/tea-1?a=1&b=ü")
    async with consented(mounted(SHOP, window)) as client:
        answer = await client.get(link)
        assert answer.status_code == 303
        assert answer.headers["location"] == "/p/tea-1?a=1&b=%C3%BC"
        assert answer.headers["cache-control"] == "private, no-store"
        await client.head(link)
        await client.get(link, headers={"sec-purpose": "prefetch"})
        assert (await client.put(link)).status_code == 405
    assert events_of(window) == ["Promotion Clicked"]


async def test_a_click_without_consent_only_leads_on(window: Shopwindow) -> None:
    async with browser(mounted(SHOP, window)) as client:
        for _ in range(2):
            answer = await client.get(window.clicks.link("banner", "/cart"))
            assert answer.headers["location"] == "/cart"
            assert "set-cookie" not in answer.headers
            await consent(client, "denied")
    assert window.journal.accepted == 0


async def test_an_altered_link_leads_nowhere(window: Shopwindow) -> None:
    link = window.clicks.link("banner", "/p/tea-1")
    head, _, token = link.rpartition("/")
    alphabet = "ABab09-_.=%/ é\n"
    bad = {
        token[:at] + other + token[at + 1 :]
        for at in range(len(token))
        for other in alphabet
    }
    bad |= {
        token[:at] + other + token[at:]
        for at in range(len(token) + 1)
        for other in alphabet
    }
    bad |= {token[:at] for at in range(len(token))} | {
        token + token,
        token.upper(),
        "." + token,
    }
    bad.discard(token)
    assert len(bad) > 1_000
    app = mounted(SHOP, window)
    accepted = [t for t in bad if (await ask(app, f"{head}/{t}")).status != 404]
    assert accepted == []
    assert (await ask(app, link)).status == 303


async def test_a_link_of_another_shop_leads_nowhere(window: Shopwindow) -> None:
    async with open_window() as other:
        other.clicks = type(other.clicks)((b"another key of some characters",))
        link = other.clicks.link("banner", quote("/p/tea-1"))
    assert (await ask(mounted(SHOP, window), link)).status == 404
