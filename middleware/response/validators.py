"""Pages that a browser may keep and has to ask about: an ETag, and 304 for what it has already.

Only with ``[pages] revalidate = true``, and for pages that leave in one message. The tag is made
of the page's last bytes, so that another profile, rule or product is another page. Nothing else
gets into it: not the decision that a page's links carry, which is another one for each answer, and
cookies are no part of the page. It is a weak tag, because a compressor on the way may change the bytes.
"""

import re
from hashlib import blake2b

from starlette.types import Message

_KEPT = (b"cache-control", b"private, no-cache")
_OPAQUE = re.compile(rb'"[^"]*"')
# About the content, of which a 304 has none: RFC 9110, 15.4.5.
_OF_CONTENT = frozenset(
    (
        b"content-type", b"content-length", b"content-encoding", b"content-language",
        b"content-range", b"content-disposition", b"transfer-encoding", b"last-modified",
    )
)  # fmt: skip


def revalidated(
    start: Message, body: bytes | None, asked: bytes
) -> tuple[Message, bool]:
    """The ``start`` of a private page that a browser may keep, and whether it has it already.

    ``start`` has the headers of a page that must not be kept; ``body`` is the page, None if
    nobody knows it; ``asked`` is If-None-Match, empty if nothing is asked.
    """
    headers = [pair for pair in start["headers"] if pair[0].lower() != _KEPT[0]]
    headers.append(_KEPT)
    if body is None:
        return {**start, "headers": headers}, False
    tag = tag_of(body)
    headers.append((b"etag", tag))
    if not matches(asked, tag):
        return {**start, "headers": headers}, False
    headers = [pair for pair in headers if pair[0].lower() not in _OF_CONTENT]
    return {**start, "status": 304, "headers": headers}, True


def tag_of(body: bytes) -> bytes:
    """The entity tag of a page."""
    return b'W/"%b"' % blake2b(body, digest_size=12).hexdigest().encode()


def matches(asked: bytes, tag: bytes) -> bool:
    """Whether If-None-Match names ``tag``, weak or not: RFC 9110, 8.8.3.2 and 13.1.2."""
    if asked.strip() == b"*":
        return True
    return tag.removeprefix(b"W/") in _OPAQUE.findall(asked)
