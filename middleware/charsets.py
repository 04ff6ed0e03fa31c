"""What kind of bytes an answer is: a page or not, and in which encoding."""

import codecs
import re

DECLARED = 1_024  # bytes in which a page may name its encoding

_PAGES = (b"text/html", b"application/xhtml+xml")
_NAME = rb"\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]+)"
_IN_HEADER = re.compile(rb"charset" + _NAME, re.IGNORECASE)
_IN_PAGE = re.compile(
    rb"<(?:meta\b[^>]{0,200}?\bcharset|\?xml\b[^>]{0,200}?\bencoding)" + _NAME,
    re.IGNORECASE,
)
_ASCII = bytes(range(128))
# ASCII bytes that may be something else: after a shift, as the second half of a letter, in an escape.
_HIDING = re.compile(r"iso2022|johab|unicode_escape|unicode-escape|idna|punycode")

_charsets: dict[bytes, str | None] = {
    b"text/html; charset=utf-8": "utf-8",
}


def is_page(content_type: bytes) -> bool:
    """Whether the value of a Content-Type header is that of a page."""
    return content_type.partition(b";")[0].strip().lower() in _PAGES


def charset_of(content_type: bytes) -> str | None:
    """The encoding that a Content-Type header names.

    Empty if a page in it cannot be rewritten as bytes, None if no encoding is named.
    """
    try:
        return _charsets[content_type]
    except KeyError:
        found = _IN_HEADER.search(content_type.partition(b";")[2])
        known = None if found is None else _usable(found[1])
        if len(_charsets) < 1_000:
            _charsets[content_type] = known
        return known


def charset_in(page: bytes) -> str:
    """The encoding that the beginning of a page names, for pages whose header does not.

    Empty if a page in it cannot be rewritten as bytes.
    """
    found = _IN_PAGE.search(page, 0, DECLARED)
    if found is None or page.startswith(codecs.BOM_UTF8):
        return "utf-8"
    if found[1].lower().startswith((b"utf-16", b"utf-32")):
        return "utf-8"  # it could not have been read; browsers take it for this
    return _usable(found[1])


def _usable(name: bytes) -> str:
    """The codec of ``name``, empty if there is none that leaves markup as it is."""
    try:
        known = codecs.lookup(name.decode()).name
        if _HIDING.search(known):
            return ""
        text = _ASCII.decode(known)
        if text != _ASCII.decode() or text.encode(known) != _ASCII:
            return ""
    except (LookupError, ValueError):  # there is no such encoding, or not of text
        return ""
    return known
