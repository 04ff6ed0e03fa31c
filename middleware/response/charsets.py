"""What kind of bytes an answer is: a page or not, and in which encoding."""

import codecs
import re

HEAD = 1_024  # bytes in which a page says its encoding, and its language
_PAGES = (b"text/html", b"application/xhtml+xml")
_NAME = rb"\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]+)"
_IN_HEADER = re.compile(rb"charset" + _NAME, re.IGNORECASE)
_IN_PAGE = re.compile(
    rb"<(?:meta\b[^>]{0,200}?\bcharset|\?xml\b[^>]{0,200}?\bencoding)" + _NAME,
    re.IGNORECASE,
)
# What marks slots and tags must be these very bytes.
_MARKUP = "".join(map(chr, range(0x20, 0x7F))).translate(dict.fromkeys(map(ord, "\\~")))
# Encodings with shifts: the bytes of "<" may be half of something else.
_SHIFTED = re.compile(r"iso2022|hz|utf_?-?7|punycode|escape|johab|idna")

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

    Where the page is wrong about itself (its bytes cannot be what it says, or nobody knows the
    name), "ascii": characters beyond it are then written as references, which are always right.
    Empty if no such page can be rewritten.
    """
    if page.startswith(codecs.BOM_UTF8):
        return "utf-8"
    found = _IN_PAGE.search(page)
    if found is None:
        return "utf-8"
    return "" if _shifted(found[1]) else _usable(found[1]) or "ascii"


def _shifted(name: bytes) -> bool:
    try:
        return _SHIFTED.search(codecs.lookup(name.decode()).name) is not None
    except LookupError:
        return False


def _usable(name: bytes) -> str:
    """The codec of ``name``, empty if there is none that leaves markup as it is."""
    try:
        codec = codecs.lookup(name.decode())
        known = "" if _SHIFTED.search(codec.name) else codec.name
        # Raises for codecs that are not of text, too.
        return known if _MARKUP.encode(known or "utf-16") == _MARKUP.encode() else ""
    except (LookupError, UnicodeError):
        return ""
