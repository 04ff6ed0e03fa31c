"""Fragments of other servers: their addresses, and what of an answer can be shown."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shopwindow.fragments.catalog import Catalog
from shopwindow.fragments.items import Item, Price
from shopwindow.fragments.library import Library
from shopwindow.fragments.remote import (
    LONGEST,
    Remote,
    Unshowable,
    content_of,
    in_charset,
    mistakes,
)
from shopwindow.fragments.render import Renderer
from shopwindow.fragments.views import FragmentError

URL = "https://cms.internal:8443/teasers/{a}/x-{b}.html?lang={language}&q={c}&d={b}"
REMOTE = Remote("far", URL, frozenset({"a", "b", "c"}))


def address(a: str = "dog", b: str = "1", c: str = "", language: str = "en") -> str:
    return REMOTE.address({"a": a, "b": b, "c": c, "language": language})


def test_the_names_are_filled_and_percent_encoded() -> None:
    found = address("Hunde & Katzen", "ä", "a=1&b=2 +#?", "de")
    assert found == (
        "https://cms.internal:8443/teasers/Hunde%20%26%20Katzen/x-%C3%A4.html"
        "?lang=de&q=a%3D1%26b%3D2%20%2B%23%3F&d=%C3%A4"
    )


@pytest.mark.parametrize(
    "value",
    ["..", ".", "", "a/b", "/", "../admin", "a\\b", "a\r\nX: y", "\0", "\x7f", "\x85"]
    + ["\u2028", "\ud800", "x" * LONGEST],
)
def test_what_would_lead_elsewhere_is_refused(value: str) -> None:
    with pytest.raises(ValueError):
        address(value)


def test_parts_are_looked_at_as_they_become() -> None:
    two = Remote("far", "https://cms/{a}{b}/x", frozenset({"a", "b"}))
    with pytest.raises(ValueError):
        two.address({"a": ".", "b": "."})
    assert two.address({"a": ".", "b": "x"}) == "https://cms/.x/x"
    assert address(c="../..\\")  # harmless in the query


TEXT = st.text(max_size=40)
TRICKS = st.text(alphabet="./\\%2eEfF5c{}?#&=;:@ \r\n\t\0ab", max_size=12)


@given(TEXT | TRICKS, TEXT | TRICKS, TEXT | TRICKS)
@example("%2e%2e", "..", "%0d%0a")
@example("{b}", "{a}", "{language}")
def test_no_value_changes_anything_but_its_own_place(a: str, b: str, c: str) -> None:
    try:
        found = address(a, b, c)
    except ValueError:
        return
    assert found.isascii() and found.isprintable() and " " not in found
    parts = urlsplit(found)
    assert (parts.scheme, parts.netloc) == ("https", "cms.internal:8443")
    assert not parts.fragment
    # As servers read it that split and decode, in either order.
    split_first = [unquote(part) for part in parts.path.split("/")]
    for path in (split_first, unquote(parts.path).split("/")):
        assert path == ["", "teasers", a, f"x-{b}.html"]
        assert "." not in path and ".." not in path
    assert parse_qsl(parts.query, keep_blank_values=True) == [
        ("lang", "en"),
        ("q", c),
        ("d", b),
    ]
    # What the client asks for is that very address.
    url = httpx.URL(found)
    assert (url.scheme, url.host, url.port) == ("https", "cms.internal", 8443)
    assert url.raw_path.decode() == found.removeprefix("https://cms.internal:8443")


@given(TEXT | TRICKS)
def test_a_url_is_wrong_or_stays_with_its_server(url: str) -> None:
    url = "https://cms.internal/" + url
    names = frozenset({"a", "b"})
    if list(mistakes(url, names, frozenset())):
        return
    found = Remote("far", url, names).address({"a": "1", "b": "2", "language": "en"})
    assert httpx.URL(found).host == "cms.internal"


# -- what rules give -----------------------------------------------------------------------

CATALOG = Catalog(
    {"dog": Item("category", "dog", "Hunde"), "a/b": Item("category", "a/b", "A")}
)


def filled(
    parameters: Mapping[str, Any],
    url: str = "https://cms/{category}?q={q}",
    things: Mapping[str, tuple[str, str]] | None = None,
) -> str:
    names = frozenset({"category"}) if "{category}" in url else frozenset()
    remote = Remote("far", url, names, frozenset({"q"}))
    renderer = Renderer(Library({}, "de"), CATALOG)
    return renderer.address(remote, parameters, "de", things=things or {})


def test_the_catalogue_stands_there_by_its_ids() -> None:
    assert filled({"category": "Hunde"}) == "https://cms/dog?q="
    assert filled({"category": "dog", "q": "{category.title}"}).endswith("?q=Hunde")
    things = {"cat": ("category", "dog"), "category": ("category", "dog")}
    found = filled({"category": "dog", "q": "{cat}"}, things=things)
    assert found == "https://cms/dog?q=Hunde"


@pytest.mark.parametrize(
    ("value", "shown"),
    [(3, "3"), (2.5, "2.5"), (True, "true"), (Price(5.9), "5.9"), ("a b", "a%20b")],
)
def test_numbers_are_written_as_programs_do(value: Any, shown: str) -> None:
    assert filled({"category": "dog", "q": value}) == f"https://cms/dog?q={shown}"


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"category": "cat"},
        {"category": "a/b"},
        {"category": "dog", "q": ["a"]},
        {"category": "dog", "q": {"a": 1}},
        {"category": "dog", "q": None},
        {"category": "dog", "q": "Hello {visitor.first_name}"},
        {"category": "dog", "q": "{visitor.language}"},
        {"category": "dog", "q": "{nothing}"},
        {"category": "dog", "q": "a\r\nb"},
    ],
)
def test_what_cannot_stand_there_is_an_error(parameters: Mapping[str, Any]) -> None:
    with pytest.raises(FragmentError) as caught:
        filled(parameters)
    assert caught.value.reason == "error"


# -- answers -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "body", "content"),
    [
        ("text/html", "ä".encode(), "ä"),
        ("text/html; charset=UTF-8", b"\xef\xbb\xbfa", "a"),
        ('Text/HTML;charset="latin1"', b"\xe4", "ä"),
        ("text/html; charset=windows-1252", b"\x80", "€"),
        ("text/html; charset=shift_jis", "日本".encode("shift_jis"), "日本"),
        ("text/html", b" <p>a</p> ", " <p>a</p> "),
        ("text/html", b" \r\n\t", ""),
        ("text/plain", b' a < b & "c" ', "a &lt; b &amp; &quot;c&quot;"),
        ("text/plain", "ä".encode(), "&#228;"),
    ],
)
def test_html_is_taken_as_it_is_and_text_escaped(
    kind: str, body: bytes, content: str
) -> None:
    assert content_of(kind, body) == content.encode()


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("", b"a"),
        ("application/json", b"{}"),
        ("image/svg+xml", b"<svg/>"),
        ("application/xhtml+xml", b"<p/>"),
        ("text/html; charset=utf-8", b"\xff"),
        ("text/html; charset=ascii", "ä".encode()),
        ("text/html; charset=utf-16", "a".encode("utf-16")),
        ("text/html; charset=utf-7", b"+ADw-script+AD4-"),
        ("text/html; charset=idna", b"a"),
        ("text/html; charset=punycode", b"a"),
        ("text/html; charset=unicode_escape", b"a"),
        ("text/html; charset=zlib", b"a"),
        ("text/html; charset=nonsense", b"a"),
    ],
)
def test_other_answers_cannot_be_shown(kind: str, body: bytes) -> None:
    with pytest.raises(Unshowable):
        content_of(kind, body)


def test_a_page_that_lacks_letters_cannot_show_them() -> None:
    assert in_charset("ä".encode(), "latin-1") == b"\xe4"
    with pytest.raises(Unshowable):
        in_charset("日".encode(), "latin-1")


@given(st.binary(max_size=200), st.sampled_from(["utf-8", "cp1252", "big5", "gb18030"]))
def test_any_bytes_are_shown_or_refused(body: bytes, charset: str) -> None:
    for kind in ("text/html", "text/plain"):
        try:
            content_of(f"{kind}; charset={charset}", body).decode()
        except Unshowable:
            pass


def test_secrets_stay_out_of_logs() -> None:
    remote = Remote("far", "https://cms/", header={"Authorization": "Bearer x"})
    assert "Bearer" not in f"{remote!r} {remote}"
