"""The encoding of a page: what its headers and its first bytes say, and whether its bytes can be rewritten."""

import codecs
import re

DECLARED = 1_024  # bytes in which a page may say it itself

_CHARSET = re.compile(rb"charset\s*=\s*[\"']?([A-Za-z0-9_.:-]+)", re.IGNORECASE)
_META = re.compile(
    rb"<meta\s[^>]*?charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]+)", re.IGNORECASE
)
_ASCII = bytes(range(128))
# ASCII bytes that may be something else: after a shift, as the second half of a letter, in an escape.
_HIDING = re.compile(r"iso2022|johab|unicode_escape|unicode-escape|idna|punycode")

_charsets: dict[bytes, str] = {
    b"text/html; charset=utf-8": "utf-8",
    b"text/html": "utf-8",
}


def charset_of(content_type: bytes) -> str:
    """The name of a page's encoding, empty if it cannot be rewritten as bytes."""
    known = _charsets.get(content_type)
    if known is None:
        found = _CHARSET.search(content_type)
        known = _named(found[1]) if found else "utf-8"
        if len(_charsets) < 1_000:
            _charsets[content_type] = known
    return known


def charset_in(page: bytes) -> str:
    """As :func:`charset_of`, of a page that begins with ``page`` and whose headers do not say it."""
    found = _META.search(page, 0, DECLARED)
    if found is None or page.startswith(codecs.BOM_UTF8):
        return "utf-8"
    if found[1].lower().startswith((b"utf-16", b"utf-32")):
        return "utf-8"  # it could not have been read; browsers take it for this
    return _named(found[1])


def _named(name: bytes) -> str:
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
