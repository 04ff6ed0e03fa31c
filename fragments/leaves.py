"""Whole elements that leave everything around them as it was: swallowed in one match, not tag by tag.

An element whose end tag comes right after text, and elements of the same kind, opens and closes nothing else, unless
its start tag ends something before it. With none of RESTLESS open, the start tags below do not.
"""

import re
from functools import cache
from itertools import count

from .elements import HEADINGS

RESTLESS = HEADINGS | {b"p", b"a", b"button", b"nobr", b"select", b"template"}
LISTS = frozenset({b"ul", b"ol"})  # in these an li ends no other one
DEEP = 8  # more elements than a leaf has within

_VOID = rb"img|br|wbr|source|input"
_PHRASES = rb"span|b|strong|em|i|small|label|time|sup|sub|s|u|code|abbr|mark|picture"
_BLOCKS = rb"h[1-6]|p|div"


# Ordinary attributes and the end of a start tag that is no slot. Other tags are left to who reads them one by one.
_REST = rb"""(?>(?:[\t\n\f\r\x20]++(?!data-shopwindow)[A-Za-z0-9_:.@-]++(?:="[^"]*+")?){0,64})[\t\n\f\r\x20]*+/?>"""
_EMPTY = rb"<(?:%b)%b" % (_VOID, _REST)


@cache
def leaves(other: bytes) -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    """What matches text and leaves, and what matches text and whole list items; ``other`` matches as text does.

    Compiling them takes as long as a tenth of what is imported: not before the first page that needs them.
    """
    numbers = count()

    def element(names: bytes, *inner: bytes) -> bytes:
        """An element with one of these ``names``, and text and ``inner`` within."""
        name = b"n%d" % next(numbers)
        begin = rb"<(?P<%b>%b)%b[^<]*+" % (name, names, _REST)
        content = rb"(?>(?:(?:%b)[^<]*+){0,64})" % b"|".join((_EMPTY, *inner))
        return rb"%b%b</(?P=%b)>" % (begin, content, name)

    def phrase() -> bytes:
        return element(_PHRASES)

    def block() -> bytes:
        return element(_BLOCKS, phrase(), element(b"a", phrase()))

    def link() -> bytes:
        return element(b"a", phrase(), element(_BLOCKS, phrase()))

    def run(*kinds: bytes) -> re.Pattern[bytes]:
        every = b"|".join((*kinds, other))
        return re.compile(rb"(?>[^<]*+(?:(?:%b)[^<]*+){0,256})" % every, re.VERBOSE)

    item = element(b"li", link(), block(), phrase())
    return run(_EMPTY, link(), block(), phrase()), run(item)
