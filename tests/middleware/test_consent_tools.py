"""The cookies of consent tools: what each writes is read, and nothing else is an answer."""

import json
import re
import time
from pathlib import Path
from random import Random
from urllib.parse import quote

import pytest

import shopwindow
from shopwindow.middleware.consent.providers import cookie_of
from shopwindow.middleware.consent.told import (
    LONGEST_HEADER,
    REMEMBERED,
    UNTOLD,
    Told,
    ToolCookie,
    answered,
)
from shopwindow.middleware.settings import read_settings
from tests.shop import site_of

BOTH = frozenset({"personalization", "statistics"})
FIRST, SECOND = frozenset({"personalization"}), frozenset({"statistics"})
NO = answered(frozenset())
KLARO = """[consent]
provider = "klaro"
[consent.klaro]
personalization = ["shop-memory"]
statistics = ["matomo", "shop-memory"]
"""
USERCENTRICS = """[consent]
provider = "usercentrics"
[consent.usercentrics]
personalization = ["functional"]
statistics = ["statistics"]
"""
RULE = '[consent]\nprovider = { cookie = "agreed", granted-when = "%s" }\n'
APART = """[consent]
provider = { cookie = "agreed", granted-when = { personalization = "contains:yes", statistics = "equals:all yes" } }
"""


def tool(settings: str) -> ToolCookie:
    found = cookie_of(site_of(site=settings).settings.consent_tool)
    assert found is not None
    return found


COOKIEBOT = tool('[consent]\nprovider = "cookiebot"\n')
STAMP = "oNLBjPlhgvQsfXTcT3nYo80bz5NQ0zBXB/8f2bTC8qu7EGMr60Y/w=="


def cookiebot(
    preferences: bool = True,
    statistics: bool = True,
    method: str | None = "explicit",
    stamp: str = STAMP,
    utc: str = "1795300000123",
    more: str = "",
) -> str:
    said = f"method:'{method}'," if method else ""
    return (
        f"{{stamp:'{stamp}',necessary:true,preferences:{str(preferences).lower()},"
        f"statistics:{str(statistics).lower()},marketing:false,{said}ver:1,utc:{utc}{more},region:'de'}}"
    )


def browsers(value: str) -> str:
    """As the tool's script leaves it: quotes and commas in percents, braces as they are."""
    return value.replace("'", "%27").replace(",", "%2C")


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (cookiebot(), Told("granted", BOTH, 1_795_300_000)),
        (browsers(cookiebot()), Told("granted", BOTH, 1_795_300_000)),
        (quote(cookiebot(), safe=""), Told("granted", BOTH, 1_795_300_000)),
        (f'"{cookiebot()}"', Told("granted", BOTH, 1_795_300_000)),
        (cookiebot(statistics=False), Told("granted", FIRST, 1_795_300_000)),
        (cookiebot(preferences=False), Told("granted", SECOND, 1_795_300_000)),
        (cookiebot(False, False), Told("denied", at=1_795_300_000)),
        ("0", NO),
        ("-1", UNTOLD),  # from where nobody is asked
        (cookiebot(method="implied"), UNTOLD),
        (cookiebot(method=None), UNTOLD),
        (cookiebot(stamp="-1"), UNTOLD),
        (cookiebot(utc="soon"), UNTOLD),
        (cookiebot(utc="-1"), UNTOLD),
        (cookiebot(utc="٣٣٣٣"), UNTOLD),
        (cookiebot(more=",preferences:false"), UNTOLD),
        (cookiebot()[:-1], UNTOLD),
        (cookiebot() + "x", UNTOLD),
        (cookiebot(stamp="a\x00b"), UNTOLD),
        (cookiebot().replace("true", "TRUE"), UNTOLD),
        (cookiebot().replace("true", "1"), UNTOLD),
        (cookiebot().replace("statistics:true,", ""), UNTOLD),
        (cookiebot().replace("'", '"'), UNTOLD),
        (cookiebot().replace("}", ",marketing:'}"), UNTOLD),
        ("{}", UNTOLD),
        ("", UNTOLD),
        ("null", UNTOLD),
    ],
)
def test_cookiebot(value: str, told: Told) -> None:
    assert COOKIEBOT.read(b"CookieConsent=" + value.encode()) == told


def services(**said: object) -> str:
    return json.dumps(
        {name.replace("_", "-"): one for name, one in said.items()},
        separators=(",", ":"),
    )


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (services(shop_memory=True, matomo=True), answered(BOTH)),
        (quote(services(shop_memory=True, matomo=True)), answered(BOTH)),
        (services(shop_memory=True, matomo=False), answered(FIRST)),
        (services(matomo=True, shop_memory=False), NO),
        (services(shop_memory=False), NO),
        (services(shop_memory=True), answered(FIRST)),  # never asked about the other
        (services(youtube=True), UNTOLD),  # not asked about us
        (services(shop_memory=1), UNTOLD),
        (services(shop_memory="true"), UNTOLD),
        (services(shop_memory=[True]), UNTOLD),
        ('{"shop-memory":false,"shop-memory":true}', UNTOLD),
        ('{"shop-memory":true', UNTOLD),
        ('["shop-memory"]', UNTOLD),
        ('{"shop-memory":true,"a\x00b":true}', UNTOLD),  # nothing writes that
        ("{}", UNTOLD),
        ("null", UNTOLD),
        ("true", UNTOLD),
        ("{" * 4_000, UNTOLD),
        ('{"a":' * 800 + "true" + "}" * 800, UNTOLD),
    ],
)
def test_klaro(value: str, told: Told) -> None:
    assert tool(KLARO).read(b"klaro=" + value.encode()) == told


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("1795300000.essential.functional", Told("granted", FIRST, 1_795_300_000)),
        ("1795300000.functional.statistics", Told("granted", BOTH, 1_795_300_000)),
        ("1795300000.essential!functional", Told("denied", at=1_795_300_000)),
        ("1795300000!functional.statistics", Told("granted", SECOND, 1_795_300_000)),
        ("1795300000.functional!statistics", Told("granted", FIRST, 1_795_300_000)),
        ("1795300000.essential", UNTOLD),  # not asked about us
        ("1795300000!functional.functional", UNTOLD),
        ("1795300000", UNTOLD),
        ("0795300000.functional", UNTOLD),
        ("17953000000.functional", UNTOLD),
        ("1795300000.functional.", UNTOLD),
        ("1795300000functional", UNTOLD),
        ("1795300000.a b", UNTOLD),
        ("١٧٩٥٣٠٠٠٠٠.functional", UNTOLD),
        ("functional", UNTOLD),
    ],
)
def test_the_script_for_usercentrics(value: str, told: Told) -> None:
    sent = b"shopwindow-usercentrics=" + value.encode()
    assert tool(USERCENTRICS).read(sent) == told


@pytest.mark.parametrize(
    ("rule", "value", "told"),
    [
        ("contains:marketing", "statistics|marketing", answered(BOTH)),
        ("contains:marketing", "statistics", NO),
        ("equals:all", "all", answered(BOTH)),
        ("equals:all", "all of it", NO),
        ("equals:a b", "a%20b", answered(BOTH)),
        ("contains:ü", "f%C3%BCr", answered(BOTH)),
        ("contains:marketing", "", UNTOLD),
        ("contains:marketing", "%FFmarketing", UNTOLD),
        ("contains:marketing", "marketing" + "x" * 4_096, UNTOLD),
    ],
)
def test_a_rule_about_any_cookie(rule: str, value: str, told: Told) -> None:
    assert tool(RULE % rule).read(b"agreed=" + value.encode()) == told


def test_a_rule_for_each_purpose() -> None:
    apart = tool(APART)
    assert apart.read(b"agreed=all yes") == answered(BOTH)
    assert apart.read(b"agreed=yes") == answered(FIRST)
    assert apart.read(b"agreed=no") == NO


YES, NAY = b"agreed=yes", b"agreed=no"
TOSSED = [
    (YES, True),
    (b"a=1; " + YES, True),
    (b"a=1;" + YES + b";b=2", True),
    (YES + b"; " + YES, True),  # twice the same says the same
    (YES + b'; agreed="yes"', True),
    (YES + b"; " + NAY, False),
    (NAY + b"; " + YES, False),
    (YES + b"; agreed=", False),
    (YES + b"; agreed=%FF", False),
    (b"agreed=; " + YES, False),
    (b"Agreed=yes", False),
    (b"xagreed=yes", False),
    (b"x=agreed=yes", False),
    (b"agreed =yes", False),
    (b"__Host-agreed=yes", False),
    *((lead + YES, False) for lead in (b"\xa0", b"\x85", b"\x0b", b"\t", b"  ", b'"')),
    ("\u2000".encode() + YES, False),
    (YES + b"x" * LONGEST_HEADER, False),
    (b"x=" + b"y" * LONGEST_HEADER + b"; " + YES, False),
    (b"", False),
]  # fmt: skip


@pytest.mark.parametrize(("header", "agreed"), TOSSED)
def test_a_cookie_that_was_planted_grants_nothing(header: bytes, agreed: bool) -> None:
    told = tool(RULE % "equals:yes").read(header)
    assert (told == answered(BOTH)) is agreed


TOOLS = {
    "euconsent-v2": '[consent]\nprovider = "tcf"\n',
    "CookieConsent": '[consent]\nprovider = "cookiebot"\n',
    "klaro": KLARO,
    "shopwindow-usercentrics": USERCENTRICS,
    "agreed": RULE % "contains:yes please",
}


@pytest.mark.parametrize("name", TOOLS)
def test_junk_raises_nothing_and_grants_nothing(name: str) -> None:
    chance, cookie = Random(name), tool(TOOLS[name])
    letters = b"{}[]\"':,.%0123456789truefalsnC=-_\xff\xa0\x00 "
    for _ in range(2_000):
        size = chance.choice((1, 5, 50, 4_000))
        value = bytes(chance.choices(letters, k=size))
        for header in (value, name.encode() + b"=" + value):
            assert cookie.read(header).purposes == frozenset()


@pytest.mark.parametrize("name", TOOLS)
def test_no_value_takes_long(name: str) -> None:
    cookie = tool(TOOLS[name])
    for value in (
        b"{" + b"a:true," * 500,
        b'{"a":true,' * 400,
        b"1795300000" + b".a" * 1_500,
        b"C" + b"A" * 4_000,
        b"%41" * 1_300,
        b"'" * 4_000,
    ):
        best = 1.0
        for tail in (b"", b"1", b"2"):
            started = time.perf_counter()
            cookie.read(name.encode() + b"=" + value[:4_000] + tail)
            best = min(best, time.perf_counter() - started)
        assert best < 1e-3


def test_what_was_read_is_remembered_for_some() -> None:
    cookie = tool(RULE % "contains:yes")
    for number in range(REMEMBERED * 2 + 10):
        assert cookie.read(b"agreed=yes%d" % number) == answered(BOTH)
        assert len(cookie._known) <= REMEMBERED


def test_five_hundred_cookies_take_less_than_a_millisecond() -> None:
    cookie = tool(RULE % "contains:yes")
    many = b"; ".join(b"cookie%d=%020d" % (n, n) for n in range(450)) + b"; "
    alike = b"; ".join([b"agreed=yes"] * 500)
    for header in (many + YES, alike):
        best = 1.0
        for _ in range(5):
            started = time.perf_counter()
            assert cookie.read(header) == answered(BOTH)
            best = min(best, time.perf_counter() - started)
        assert best < 1e-3


def test_the_guides_examples_are_read_without_a_finding(tmp_path: Path) -> None:
    guide = (Path(shopwindow.__file__).parent / "middleware" / "GUIDE.md").read_text()
    part = guide.partition("## Consent that another tool asks for")[2]
    blocks = re.findall(r"```toml\n(.*?)```", part.partition("## Keep pages")[0], re.S)
    assert len(blocks) == 5
    for block in blocks:
        head = "" if "[consent]" in block else '[consent]\nprovider = "tcf"\n'
        settings, findings = read_settings(tmp_path, head + block, {})
        assert findings == [] and settings.consent_tool is not None, block
    other = re.search(r"# (provider = .*)", blocks[-1])
    assert other is not None
    settings, findings = read_settings(tmp_path, f"[consent]\n{other[1]}\n", {})
    assert findings == [] and settings.consent_provider == 'the cookie "cookie-choice"'
