"""What kind of bytes an answer is."""

import pytest

from shopwindow.middleware.response.charsets import charset_in, charset_of, is_page


@pytest.mark.parametrize(
    ("content_type", "page"),
    [
        (b"text/html", True),
        (b"Text/HTML ;charset=x", True),
        (b" application/xhtml+xml", True),
        (b"text/html-sandboxed", False),
        (b"text/htmlx; charset=utf-8", False),
        (b"application/xhtml+xml2", False),
        (b"", False),
    ],
)
def test_a_page_is_known_by_its_exact_type(content_type: bytes, page: bool) -> None:
    assert is_page(content_type) == page


@pytest.mark.parametrize(
    ("said", "charset"),
    [
        (b"text/html", None),
        (b"text/html; charset=utf-8", "utf-8"),
        (b"text/html;charset = 'UTF8'", "utf-8"),
        (b"text/html; charset=latin1", "iso8859-1"),
        (b"text/html; charset=windows-1252", "cp1252"),
        (b"text/html; charset=Shift_JIS", "shift_jis"),
        (b"text/html; charset=gb18030", "gb18030"),
        (b"text/html; charset=koi8-r", "koi8-r"),
        *((b"text/html; charset=" + name, "") for name in (
            b"utf-16", b"utf-16be", b"utf-32", b"utf-7", b"iso-2022-jp", b"hz", b"cp037", b"cp273",
            b"cp1026", b"cp1140", b"no-such", b"rot13", b"base64", b"unicode_escape", b"punycode", b"idna",
        )),
    ],
)  # fmt: skip
def test_a_header_says_it(said: bytes, charset: str | None) -> None:
    assert charset_of(said) == charset
    assert charset_of(said) == charset  # remembered


@pytest.mark.parametrize(
    ("page", "charset"),
    [
        (b"<!DOCTYPE html><title>x</title>", "utf-8"),
        (b'<head><meta name="a"><META Charset="ISO-8859-1">', "iso8859-1"),
        (b"<meta http-equiv=Content-Type content='text/html; charset=windows-1252'>", "cp1252"),
        (b'<?xml version="1.0" encoding="iso-8859-15"?>', "iso8859-15"),
        (b"\xef\xbb\xbf<meta charset=latin1>", "utf-8"),
        (b"<meta charset=utf-16>", "ascii"),
        (b"<meta charset=no-such>", "ascii"),
        (b"<meta name=description content=charset><p>charset=latin1", "utf-8"),
    ],
)  # fmt: skip
def test_a_page_says_it_itself(page: bytes, charset: str) -> None:
    assert charset_in(page) == charset
