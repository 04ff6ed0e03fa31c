"""This request, read once: time, device, language, where it came from, and for what."""

import datetime
import ipaddress
import threading
import zoneinfo
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from shopwindow.middleware.context import Arrival, ContextReader, is_loopback
from shopwindow.middleware.settings import Settings
from shopwindow.rules.attributes import Attribute
from shopwindow.rules.facts import Context
from tests.asgi import scope_of
from tests.middleware.agents import BOTS, BROWSERS
from tests.middleware.crawlers import CRAWLERS

NOW = 1_795_300_000.0
HOST = (b"host", b"shop.example")


def scope(*headers: tuple[bytes, bytes], **more: Any) -> dict[str, Any]:
    base = {
        "type": "http",
        "method": "GET",
        "scheme": "https",
        "path": "/",
        "query_string": b"",
        "client": ("203.0.113.9", 4711),
    }
    return {**base, "headers": list(headers), **more}


def arrival(*headers: tuple[bytes, bytes], now: float = NOW, **more: Any) -> Arrival:
    return Arrival(scope(*headers, **more), now)


def reader(
    *languages: str,
    timezone: str = "Europe/Berlin",
    attributes: dict[str, Attribute] | None = None,
    trusted: tuple[str, ...] = (),
) -> ContextReader:
    settings = Settings(
        Path(),
        timezone=timezone,
        language="de",
        attributes=attributes or {},
        trusted=tuple(ipaddress.ip_network(network) for network in trusted),
    )
    return ContextReader(settings, frozenset({"de", *languages}))


def read(*headers: tuple[bytes, bytes], **more: Any) -> Context:
    return reader("en").read(arrival(*headers, **more))


# -- time ----------------------------------------------------------------------------------


def at(text: str) -> float:
    return datetime.datetime.fromisoformat(text).timestamp()


@pytest.mark.parametrize(
    ("utc", "day", "hour", "weekday"),
    [
        ("2026-03-28T22:59:59+00:00", "2026-03-28", 23, "sat"),
        ("2026-03-28T23:00:00+00:00", "2026-03-29", 0, "sun"),
        ("2026-03-29T00:59:59+00:00", "2026-03-29", 1, "sun"),
        (
            "2026-03-29T01:00:00+00:00",
            "2026-03-29",
            3,
            "sun",
        ),  # two o'clock is left out
        ("2026-03-29T21:59:59+00:00", "2026-03-29", 23, "sun"),
        ("2026-03-29T22:00:00+00:00", "2026-03-30", 0, "mon"),
        ("2026-10-24T22:00:00+00:00", "2026-10-25", 0, "sun"),
        ("2026-10-25T00:59:59+00:00", "2026-10-25", 2, "sun"),
        ("2026-10-25T01:00:00+00:00", "2026-10-25", 2, "sun"),  # and once more
        ("2026-10-25T02:00:00+00:00", "2026-10-25", 3, "sun"),
        ("2026-10-25T22:59:59+00:00", "2026-10-25", 23, "sun"),
        ("2026-10-25T23:00:00+00:00", "2026-10-26", 0, "mon"),
        ("2026-12-31T23:30:00+00:00", "2027-01-01", 0, "fri"),
    ],
)
def test_the_days_on_which_the_clocks_change(
    utc: str, day: str, hour: int, weekday: str
) -> None:
    context = reader().read(arrival(now=at(utc)))
    assert (context.hour, context.weekday) == (hour, weekday)
    epoch = datetime.date(1970, 1, 1).toordinal()
    assert context.day == datetime.date.fromisoformat(day).toordinal() - epoch
    assert context.now == at(utc)


def test_a_look_that_nobody_takes_has_a_context_too() -> None:
    context = reader("en").at(NOW, "/en/sale", device="mobile")
    assert (context.now, context.path, context.language) == (NOW, "/sale", "en")
    real = reader("en").read(arrival(path="/en/sale"))
    assert (context.day, context.hour, context.weekday) == (
        real.day,
        real.hour,
        real.weekday,
    )
    assert (context.device, context.referrer) == ("mobile", None)
    assert reader().at(NOW, "/").language == "de"


@pytest.mark.parametrize(
    "zone", ["Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]
)
def test_one_reader_is_right_in_every_quarter_of_an_hour_of_a_year(zone: str) -> None:
    one, info = reader(timezone=zone), zoneinfo.ZoneInfo(zone)
    start = at("2026-01-01T00:00:00+00:00")
    for now in range(int(start) - 1, int(start) + 366 * 86_400, 899):
        there = datetime.datetime.fromtimestamp(now, info)
        context = one.read(arrival(now=float(now)))
        assert context.hour == there.hour
        assert context.day == there.toordinal() - 719_163
        assert context.weekday == there.strftime("%a").lower()


def test_the_day_of_an_event_long_ago_is_right_too_from_any_thread() -> None:
    one = reader()
    summer, winter = at("2026-07-01T22:30:00+00:00"), at("2026-12-01T22:30:00+00:00")
    wrong: list[float] = []

    def ask(now: float, day: int) -> None:
        for _ in range(3_000):
            if one.day(now) != day:
                wrong.append(now)

    days = [int((summer + 7200) // 86_400), int((winter + 3600) // 86_400)]
    threads = [
        threading.Thread(target=ask, args=pair)
        for pair in [*zip((summer, winter), days, strict=True)] * 2
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


# -- who is asking -------------------------------------------------------------------------


@pytest.mark.parametrize("agent", [*BOTS, *CRAWLERS])
def test_a_program_is_known_as_one(agent: str) -> None:
    assert arrival((b"user-agent", agent.encode())).bot


def test_the_lists_are_long_enough_to_mean_something() -> None:
    assert len({*BOTS, *CRAWLERS}) >= 300
    assert len(set(BROWSERS)) >= 50


@pytest.mark.parametrize(("agent", "device"), BROWSERS)
def test_a_person_is_not_taken_for_a_program(agent: str, device: str) -> None:
    came = arrival((b"user-agent", agent.encode()))
    assert (came.bot, came.device) == (False, device)


@pytest.mark.parametrize("agent", [b"", b"-", b"\xff\xfe", b"x" * 100_000])
def test_who_does_not_say_what_it_is_is_a_program(agent: bytes) -> None:
    assert arrival((b"user-agent", agent)).bot
    assert arrival().bot


# -- what for ------------------------------------------------------------------------------

HTML = (b"accept", b"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")


@pytest.mark.parametrize(
    ("headers", "navigation"),
    [
        ((), True),
        ((HTML,), True),
        (((b"accept", b"*/*"),), True),
        (((b"accept", b"text/*"),), True),
        (((b"accept", b"application/xhtml+xml"),), True),
        (((b"accept", b"application/json"),), False),
        (((b"accept", b"image/avif,image/webp,image/*;q=0.8"),), False),
        (((b"accept", b"text/event-stream"),), False),
        ((HTML, (b"sec-fetch-dest", b"document")), True),
        ((HTML, (b"sec-fetch-dest", b"iframe")), True),
        ((HTML, (b"sec-fetch-dest", b"empty")), False),
        ((HTML, (b"sec-fetch-dest", b"image")), False),
        ((HTML, (b"sec-fetch-dest", b"script")), False),
        ((HTML, (b"sec-fetch-dest", b"object")), False),
        ((HTML, (b"sec-purpose", b"prefetch")), False),
        ((HTML, (b"sec-purpose", b"prefetch;prerender")), False),
        ((HTML, (b"purpose", b"prefetch")), False),
        ((HTML, (b"x-purpose", b"preview")), False),
        ((HTML, (b"x-moz", b"prefetch")), False),
    ],
)
def test_slots_are_for_people_who_open_a_page(
    headers: tuple[tuple[bytes, bytes], ...], navigation: bool
) -> None:
    assert arrival(*headers).navigation is navigation


@pytest.mark.parametrize(
    ("method", "navigation"),
    [
        ("GET", True),
        ("HEAD", True),
        ("POST", False),
        ("OPTIONS", False),
        ("PUT", False),
    ],
)
def test_only_reading_a_page_is_a_navigation(method: str, navigation: bool) -> None:
    assert arrival(HTML, method=method).navigation is navigation


@pytest.mark.parametrize(
    ("header", "objects"),
    [
        ((b"sec-gpc", b"1"), True),
        ((b"dnt", b"1"), True),
        ((b"sec-gpc", b"0"), False),
        ((b"dnt", b"0"), False),
        ((b"sec-gpc", b"true"), False),  # "1" is the only value there is
        ((b"x", b"1"), False),
    ],
)
def test_an_objection_of_the_browser_is_heard(
    header: tuple[bytes, bytes], objects: bool
) -> None:
    assert arrival(header).objects is objects


@pytest.mark.parametrize(
    ("headers", "same"),
    [
        ([], True),
        ([(b"sec-fetch-site", b"same-origin")], True),
        ([(b"sec-fetch-site", b"none")], True),
        ([(b"sec-fetch-site", b"same-site")], False),
        ([(b"sec-fetch-site", b"cross-site")], False),
        (
            [(b"sec-fetch-site", b"cross-site"), (b"origin", b"https://shop.example")],
            False,
        ),
        ([(b"origin", b"https://shop.example")], True),
        ([(b"origin", b"https://shop.example:444")], False),
        ([(b"origin", b"https://evil.example")], False),
        ([(b"origin", b"https://shop.example.evil.example")], False),
        ([(b"origin", b"null")], False),
        ([(b"origin", b"")], False),
        ([(b"origin", b"https://[nonsense")], False),
    ],
)
def test_a_form_counts_only_from_this_site(
    headers: list[tuple[bytes, bytes]], same: bool
) -> None:
    assert arrival(HOST, *headers, method="POST").same_origin is same


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        (b"localhost", True),
        (b"LOCALHOST:8000", True),
        (b"localhost:8000", True),
        (b"127.0.0.1", True),
        (b"127.0.0.1:80", True),
        (b"[::1]", True),
        (b"[::1]:8000", True),
        (b"", False),
        (b"shop.example", False),
        (b"localhost.evil.example", False),
        (b"127.0.0.1.evil.example:80", False),
        (b"[::2]", False),
        (b"evil@localhost", False),
    ],
)
def test_only_loopback_over_http_does_without_the_safe_cookie(
    host: bytes, loopback: bool
) -> None:
    assert is_loopback(host) is loopback
    assert arrival((b"host", host), scheme="http").secure is not loopback
    assert arrival((b"host", host), scheme="https").secure


def test_cookies_in_several_headers_are_one_list() -> None:
    assert arrival((b"cookie", b"a=1"), (b"cookie", b"b=2")).cookies == b"a=1; b=2"
    assert arrival().cookies == b""


# -- where ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "root", "seen"),
    [
        ("/p/hay", "", "/p/hay"),
        ("/shop/p/hay", "/shop", "/p/hay"),
        ("/shop/", "/shop", "/"),
        ("/shop", "/shop", "/"),
        ("/shop/p", "/shop/", "/p"),
        ("/shopping/list", "/shop", "/shopping/list"),
        ("/p/hay", "/shop", "/p/hay"),
        ("/", "/", "/"),
    ],
)
def test_the_path_is_the_one_below_the_mount(path: str, root: str, seen: str) -> None:
    assert arrival(path=path, root_path=root).path == seen


@pytest.mark.parametrize(
    ("path", "language", "rest"),
    [
        ("/en", "en", "/"),
        ("/en/", "en", "/"),
        ("/en/p/hay", "en", "/p/hay"),
        ("/de/p/hay", "de", "/p/hay"),
        ("/fr/p/hay", "de", "/fr/p/hay"),  # not spoken here
        ("/english", "de", "/english"),
        ("/", "de", "/"),
        ("/p/en", "de", "/p/en"),
    ],
)
def test_a_language_at_the_start_of_the_path(
    path: str, language: str, rest: str
) -> None:
    context = read(path=path)
    assert (context.language, context.path) == (language, rest)


@pytest.mark.parametrize(
    ("page", "language"),
    [
        (b'<!doctype html><html lang="en">', "en"),
        (b"<html lang=en><head>", "en"),
        (b"<HTML class=x LANG = 'en-GB' id=y>", "en"),
        (b'<html lang="de-AT">', "de"),
        (b'<html lang="fr">', None),  # not spoken here
        (b'<html data-lang="en">', None),
        (b'<body><p lang="en">', None),
        (b"", None),
    ],
)
def test_a_page_says_its_language(page: bytes, language: str | None) -> None:
    assert reader("en").spoken(page) == language


def test_a_shop_of_one_language_has_no_prefixes() -> None:
    context = reader().read(arrival(path="/de/p/hay"))
    assert (context.language, context.path) == ("de", "/de/p/hay")


@pytest.mark.parametrize(
    ("came", "referrer"),
    [
        (b"https://www.google.com/search?q=x", "www.google.com"),
        (b"https://shop.example/p/hay", None),
        (b"https://forum.example:8080/", "forum.example:8080"),
        (b"android-app://com.google.android.gm", "com.google.android.gm"),
        (b"", None),
        (b"about:blank", None),
        (b"https://[broken", None),
        (b"\xff\xfe", None),
    ],
)
def test_the_referrer_is_another_host(came: bytes, referrer: str | None) -> None:
    assert read(HOST, (b"referer", came)).referrer == referrer


def test_a_campaign_is_read_from_the_address() -> None:
    query = b"utm_campaign=" + quote("Frühling 26").encode()
    context = read(query_string=query + b"&utm_source=news&utm_medium=mail&x=1")
    assert context.campaign == "Frühling 26"
    assert (context.campaign_source, context.campaign_medium) == ("news", "mail")
    assert read(query_string=b"campaign=x").campaign is None
    assert read(query_string=b"utm_campaign=").campaign is None
    assert read(query_string=b"utm_=\xff%ff&&=").campaign is None


# -- what the request carries --------------------------------------------------------------

CARRIED = {
    "country": Attribute("country", "text", "header:CF-IPCountry"),
    "theme": Attribute("theme", "text", "cookie:theme"),
    "test": Attribute("test", "text", "query:test"),
    "cart": Attribute("cart", "number", "app"),
}
FULL = ((b"cf-ipcountry", b"AT"), (b"cookie", b"xtheme=no; theme=a=b; b=1"))


def given(client: object, cookies: bool = True) -> dict[str, Any]:
    one = reader(attributes=CARRIED, trusted=("10.0.0.0/8", "2001:db8::/32"))
    came = arrival(*FULL, query_string=b"test=&x=1&test=%C3%A4", client=client)
    return one.given(came, cookies)


@pytest.mark.parametrize(
    ("client", "trusted"),
    [
        (("10.1.2.3", 1), True),
        (("::ffff:10.1.2.3", 1), True),  # as a server that listens on :: says it
        (("2001:db8::1", 1), True),
        (("11.1.2.3", 1), False),
        (("::ffff:11.1.2.3", 1), False),
        (("2001:db9::1", 1), False),
        (("unix:", None), False),
        (("", 0), False),
        (None, False),
    ],
)
def test_headers_are_believed_from_trusted_proxies_only(
    client: object, trusted: bool
) -> None:
    assert given(client).get("country") == ("AT" if trusted else None)


def test_nobody_is_trusted_unless_told() -> None:
    one = reader(attributes=CARRIED)
    assert "country" not in one.given(arrival(*FULL, client=("10.1.2.3", 1)), True)


def test_cookies_and_the_address_carry_attributes_too() -> None:
    assert given(None) == {"theme": "a=b", "test": "ä"}
    assert given(None, cookies=False) == {"test": "ä"}  # cookies need consent


@pytest.mark.parametrize(
    ("headers", "production", "secure"),
    [
        ([], False, False),  # on the developer's own machine
        ([], True, True),  # behind a proxy that says neither host nor scheme
        ([(b"x-forwarded-for", b"203.0.113.9")], False, True),
        ([(b"forwarded", b"for=203.0.113.9")], False, True),
    ],
)
def test_loopback_behind_a_proxy_is_no_exemption(
    headers: list[tuple[bytes, bytes]], production: bool, secure: bool
) -> None:
    scope = scope_of(headers=headers)
    assert Arrival(scope, NOW, production).secure is secure
