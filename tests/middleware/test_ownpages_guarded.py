"""Nobody else may send a form of the visitor's own pages, ask too often, or keep an answer."""

from collections.abc import Iterable
from http import HTTPStatus
from ipaddress import ip_network
from typing import Any
from urllib.parse import urlencode

import pytest

from shopwindow.middleware.context import Arrival
from shopwindow.middleware.ownpages import rates
from shopwindow.middleware.ownpages.rates import BY_ADDRESS, BY_PROXY, Rates, sender
from shopwindow.middleware.ownpages.tickets import LASTING, Tickets
from tests.asgi import Headers, ask, scope_of
from tests.ownpages import HERE, SHOP, filled_in, tree, visiting, window_of
from tests.shop import browser, consented, events_of, mounted

pytestmark = pytest.mark.anyio
PAGES = ("", "consent", "preferences", "known", "download", "erase")
NOW = 1_795_700_000.0


# -- tickets -------------------------------------------------------------------------------


def test_a_ticket_is_for_one_form_of_one_visitor_for_a_while() -> None:
    new, old = b"n" * 16, b"o" * 16
    tickets = Tickets((new, old))
    ticket = tickets.make("erase", "ann", NOW)
    assert tickets.good(ticket, "erase", "ann", NOW)
    assert tickets.good(ticket, "erase", "ann", NOW + LASTING)
    assert tickets.good(Tickets((old,)).make("erase", "ann", NOW), "erase", "ann", NOW)
    assert not tickets.good(ticket, "preferences", "ann", NOW)
    assert not tickets.good(ticket, "erase", "bob", NOW)
    assert not tickets.good(ticket, "erase", "", NOW)
    assert not tickets.good(ticket, "erase", "ann", NOW + LASTING + 1)
    assert not tickets.good(ticket, "erase", "ann", NOW - 3_600)
    assert not Tickets((b"x" * 16,)).good(ticket, "erase", "ann", NOW)


@pytest.mark.parametrize(
    "wrong",
    ["", ".", "1795700000", "1795700000.", "1795700000.ä", "-1.x", "٣.x", "1" * 99],
)
def test_what_is_no_ticket_is_refused(wrong: str) -> None:
    assert not Tickets((b"k" * 16,)).good(wrong, "erase", "ann", NOW)


@pytest.mark.parametrize("page", ["preferences", "erase"])
async def test_a_form_without_a_good_ticket_changes_nothing(page: str) -> None:
    window = window_of()
    async with visiting(window, "/p/tea-1") as client:
        form = filled_in((await client.get(HERE + page)).text)
        form |= {"category:tea": "more"} if page == "preferences" else {}
        before = events_of(window)
        for ticket in ("", "1795700000.abc", form["ticket"][:-1] + "A"):
            answer = await client.post(HERE + page, data=form | {"ticket": ticket})
            assert answer.status_code == 403
            assert "open for too long" in answer.text
        if page == "preferences":  # what was filled in is still there
            assert filled_in(answer.text)["category:tea"] == "more"
        assert events_of(window) == before
        # Of another visitor, it is as bad as none.
        async with consented(mounted(SHOP, window)) as other:
            await other.get("/p/tea-1")
            answer = await other.post(HERE + page, data=form)
            assert answer.status_code == 403


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"sec-fetch-site": "same-origin"}, 200),
        ({"origin": "http://127.0.0.1"}, 200),
    ],
)
async def test_only_this_site_may_send_a_form(
    headers: dict[str, str], status: int
) -> None:
    window = window_of()
    async with visiting(window, "/p/tea-1") as client:
        form = filled_in((await client.get(HERE + "erase")).text)
        answer = await client.post(HERE + "erase", data=form, headers=headers)
        assert answer.status_code == status
        assert bool(events_of(window)) == (status == 403)


@pytest.mark.parametrize("page", ["preferences", "erase"])
async def test_a_form_that_is_too_large_is_not_read_to_its_end(page: str) -> None:
    window = window_of()
    async with visiting(window, "/p/tea-1") as client:
        answer = await client.post(HERE + page, content=b"x=" + b"y" * 200_000)
        assert answer.status_code == 413 and "too large" in answer.text


# -- rates ---------------------------------------------------------------------------------


def arrival(client: str, **headers: str) -> Arrival:
    listed: Headers = [
        (name.replace("_", "-").encode(), value.encode())
        for name, value in headers.items()
    ]
    return Arrival(scope_of(headers=listed, client=(client, 1)), NOW)


@pytest.mark.parametrize(
    ("client", "headers", "whose", "most"),
    [
        ("127.0.0.1", {}, "", 0),
        ("::1", {}, "", 0),
        ("testclient", {}, "", 0),
        ("203.0.113.7", {}, "203.0.113.7", BY_ADDRESS),
        ("::ffff:203.0.113.7", {}, "203.0.113.7", BY_ADDRESS),
        ("2001:db8:1:2:3::9", {}, "2001:db8:1:2::/64", BY_ADDRESS),
        # Who is not trusted may say what it likes: it stays itself.
        ("203.0.113.7", {"x_forwarded_for": "1.2.3.4"}, "203.0.113.7", BY_PROXY),
        ("10.0.0.1", {"x_forwarded_for": "1.2.3.4"}, "1.2.3.4", BY_ADDRESS),
        ("10.0.0.1", {"x_forwarded_for": "6.6.6.6, 1.2.3.4"}, "1.2.3.4", BY_ADDRESS),
        ("10.0.0.1", {"x_forwarded_for": "1.2.3.4, 10.0.0.2"}, "1.2.3.4", BY_ADDRESS),
        ("10.0.0.1", {"x_forwarded_for": "nonsense"}, "10.0.0.1", BY_PROXY),
        ("10.0.0.1", {"forwarded": "for=1.2.3.4"}, "10.0.0.1", BY_PROXY),
    ],
)
def test_whose_address_counts(
    client: str, headers: dict[str, str], whose: str, most: int
) -> None:
    trusted = (ip_network("10.0.0.0/8"),)
    assert sender(arrival(client, **headers), trusted) == (whose, most)


def test_memory_stays_bounded_whatever_comes() -> None:
    counts = Rates()
    for number in range(rates.REMEMBERED + 5_000):
        assert counts.wait(arrival("127.0.0.1"), f"visitor{number}", ()) == 0
    assert counts._seen is not None and len(counts._seen) == rates.REMEMBERED


def test_a_new_minute_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(rates, "monotonic", lambda: now[0])
    monkeypatch.setattr(rates, "BY_VISITOR", 3)
    counts = Rates()
    waits = []
    for second in (0, 10, 20, 30, 59, 60):
        now[0] = 100.0 + second
        waits.append(counts.wait(arrival("127.0.0.1"), "ann", ()))
    assert waits == [0, 0, 0, 30, 1, 0]


async def test_who_asks_too_often_is_told_when_to_come_again() -> None:
    window = window_of()
    async with visiting(window, "/p/tea-1") as client:
        for _ in range(rates.BY_VISITOR - 1):
            assert (await client.get(HERE + "consent")).status_code == 200
        erase = await client.get(HERE + "erase")
        form = filled_in(erase.text)
        for method, page in [("GET", "known"), ("POST", "erase"), ("GET", "download")]:
            answer = await client.request(method, HERE + page, data=form)
            assert answer.status_code == 429
            assert 0 < int(answer.headers["retry-after"]) <= 60
            assert "a little much" in answer.text
        assert events_of(window), "it was erased all the same"
        # The shop's own pages, and other visitors, go on.
        assert (await client.get("/")).status_code == 200
        async with consented(mounted(SHOP, window)) as other:
            assert (await other.get(HERE + "known")).status_code == 200


async def test_an_address_has_a_limit_of_its_own() -> None:
    window = window_of()
    async with window:
        app = mounted(SHOP, window)
        statuses = [
            (await ask(app, HERE + "consent", client=("203.0.113.7", 1))).status
            for _ in range(BY_ADDRESS + 5)
        ]
        assert statuses.count(429) == 5 and statuses[-5:] == [429] * 5
        answer = await ask(app, HERE + "consent", client=("203.0.113.8", 1))
        assert answer.status == 200


# -- headers, methods, mounts --------------------------------------------------------------


async def test_no_answer_is_kept_framed_listed_or_told_to_others() -> None:
    window = window_of()
    async with visiting(window, "/p/tea-1") as client:
        for page in PAGES:
            answer = await client.get(HERE + page)
            headers = answer.headers
            assert headers["cache-control"] == "private, no-store", page
            assert headers["x-robots-tag"].startswith("noindex")
            assert headers["referrer-policy"] == "same-origin"
            assert headers["x-frame-options"] == "DENY"
            assert headers["x-content-type-options"] == "nosniff"
            assert "etag" not in headers
            if page != "download":
                policy = headers["content-security-policy"]
                assert "default-src 'none'" in policy and "unsafe" not in policy
                assert "frame-ancestors 'none'" in policy
                assert "<script" not in answer.text and " style=" not in answer.text
                assert 'name="robots" content="noindex"' in answer.text


async def test_the_policy_allows_just_the_style_that_is_there() -> None:
    from base64 import b64encode
    from hashlib import sha256

    window = window_of(more={"pages/style.css": ":root { --accent: #663399; }"})
    async with window, browser(mounted(SHOP, window)) as client:
        answer = await client.get(HERE)
        style = answer.text.split("<style>")[1].split("</style>")[0]
        assert "#663399" in style
        digest = b64encode(sha256(style.encode()).digest()).decode()
        assert (
            f"style-src 'sha256-{digest}'" in answer.headers["content-security-policy"]
        )


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "POST"])
async def test_other_methods_are_told_what_there_is(page: str, method: str) -> None:
    window = window_of()
    async with window:
        answer = await ask(mounted(SHOP, window), HERE + page, method)
    takes = page in ("consent", "preferences", "erase")
    if method == "POST" and takes:
        assert answer.status != 405
    else:
        assert answer.status == HTTPStatus.METHOD_NOT_ALLOWED
        allowed = b"GET, HEAD, POST" if takes else b"GET, HEAD"
        assert answer.header(b"allow") == allowed


@pytest.mark.parametrize("page", PAGES)
async def test_head_says_what_get_does(page: str) -> None:
    window = window_of()
    async with visiting(window, "/p/tea-1") as client:
        get, head = [
            await client.request(method, HERE + page) for method in ("GET", "HEAD")
        ]
        assert head.status_code == get.status_code == 200
        assert {*get.headers} == {*head.headers}


def links(html: str) -> Iterable[str]:
    root = tree(html)
    for name, attribute in (("a", "href"), ("form", "action")):
        for element in root.find(name):
            if not element[attribute].startswith("#"):
                yield element[attribute]


async def test_below_a_root_path_every_link_stays_there() -> None:
    window = window_of()
    async with window:
        app = mounted(SHOP, window)
        cookie: Headers = []

        async def at(page: str, method: str = "GET", body: bytes = b"") -> Any:
            return await ask(
                app, f"/shop{HERE}{page}", method, cookie, body, root_path="/shop"
            )

        answer = await at("consent", "POST", b"choice=granted")
        assert answer.header(b"location") == b"/shop/"
        cookie = [(b"cookie", answer.all(b"set-cookie")[0].partition(b";")[0])]
        for page in PAGES:
            answer = await at(page)
            assert answer.status == 200, page
            if page != "download":
                found = [*links(answer.body.decode())]
                assert found and all(link.startswith("/shop/") for link in found)
        form = filled_in((await at("preferences")).body.decode())
        body = urlencode(form | {"category:tea": "more"}).encode()
        answer = await at("preferences", "POST", body)
        assert answer.header(b"location").startswith(b"/shop/-/shopwindow/preferences?")
