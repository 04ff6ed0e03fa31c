"""The visitor's own first: the children of a slot in another order, byte for byte."""

import re
from collections.abc import Mapping
from html import unescape

import msgspec

# Tokens of the HTML standard (13.2.5): a tag ends at the first ">" outside quotes.
_SPACE = rb"[\t\n\f\r ]*+"
# A name may begin with "=", but after a name "=" begins a value.
_NAMED = rb"""([^\t\n\f\r />][^\t\n\f\r />=]*+)
    (?:SPACE=SPACE(?:"([^"]*+)"|'([^']*+)'|([^\t\n\f\r "'>][^\t\n\f\r >]*+)|(?=>|\Z))
    |(?!SPACE=))""".replace(b"SPACE", _SPACE)
_ATTRIBUTE = re.compile(rb"[\t\n\f\r /]*+" + _NAMED, re.VERBOSE)
# Without its own groups: a group inside (?>...) is matched wrongly by some versions of CPython 3.11,
# and so is )*+ (gh-106052).
_TAG = re.compile(
    rb"<(/?)([A-Za-z][^\t\n\f\r />]*+)((?>[\t\n\f\r /]*+(?:"
    + re.sub(rb"\((?!\?)", rb"(?:", _NAMED)
    + rb"[\t\n\f\r /]*+)*))>",
    re.VERBOSE,
)
_COMMENT_END = re.compile(rb"--!?>")
_VOID = frozenset(
    b"area base br col embed hr img input link meta param source track wbr".split()
)
#: Their content is text; ends at their end tag.
_RAW = frozenset(b"script style textarea title iframe".split())
#: These change how everything after them is read.
_REFUSED = frozenset(
    b"plaintext xmp noembed noframes noscript frameset html head body "
    b"foreignobject annotation-xml".split()
)
_FOREIGN = frozenset((b"svg", b"math"))
# HTML elements end an svg or math element that they stand in (13.2.6.5).
_BREAKOUT = frozenset(
    b"b big blockquote body br center code dd div dl dt em embed h1 h2 h3 h4 h5 h6 head "
    b"hr i img li listing menu meta nobr ol p pre ruby s small span strong strike sub "
    b"sup table tt u ul var font".split()
)


class CutError(ValueError):
    """The content cannot be cut into whole elements safely."""


class Cut(msgspec.Struct, frozen=True):
    """Content with places for its keyed children.

    ``between`` holds what never moves, one more than there are children: it comes before,
    between and after them.
    """

    between: tuple[bytes, ...]
    keys: tuple[str, ...]
    children: tuple[bytes, ...]

    def ordered(self, scores: Mapping[str, float]) -> bytes:
        """The content with the highest scores first, those below 0 last; others keep their order."""
        get = scores.get
        # A score that is not a number would stand anywhere; it is not equal to itself.
        marks = [s if (s := get(key, 0.0)) == s else 0.0 for key in self.keys]
        order = sorted(range(len(marks)), key=marks.__getitem__, reverse=True)
        parts = [b""] * (2 * len(order) + 1)
        parts[::2] = self.between
        children = self.children
        parts[1::2] = [children[place] for place in order]
        return b"".join(parts)


class _Child(msgspec.Struct):
    start: int
    end: int
    inside: tuple[int, int]
    key: str | None


def cut_children(content: bytes, charset: str = "utf-8") -> Cut:
    """Cuts out the child elements with a ``data-key``.

    When all of the content is one element without a key, its children are meant (a list
    around the items). Raises :class:`CutError` when an element is not closed by its own
    end tag, when a construct would need a whole HTML parser, or with fewer than two keys.
    """
    start, end = 0, len(content)
    while True:
        children = _children(content, start, end, charset)
        keyed = [child for child in children if child.key is not None]
        if keyed or len(children) != 1:
            break
        start, end = children[0].inside
    if len(keyed) < 2:
        raise CutError("fewer than two children have a data-key")
    between: list[bytes] = []
    place = 0
    for child in keyed:
        between.append(content[place : child.start])
        place = child.end
    between.append(content[place:])
    return Cut(
        tuple(between),
        tuple(child.key or "" for child in keyed),
        tuple(content[child.start : child.end] for child in keyed),
    )


def _children(content: bytes, start: int, end: int, charset: str) -> list[_Child]:
    found: list[_Child] = []
    # Open elements: name, and where the content after the start tag begins.
    stack: list[tuple[bytes, int]] = []
    foreign = 0
    first, key = start, None
    place = start
    while (place := content.find(b"<", place, end)) >= 0:
        follows = content[place + 1 : place + 2]
        if not follows.isalpha() and follows not in (b"/", b"!", b"?"):
            place += 1  # A lone "<" is text.
            continue
        if content.startswith(b"<!--", place):
            place = _after_comment(content, place, end)
            continue
        tag = _TAG.match(content, place, end)
        if tag is None:
            raise CutError(f"byte {place}: this is neither a tag nor a comment")
        name = tag[2].lower()
        if name in _REFUSED or b"\0" in name:
            raise CutError(f"byte {place}: <{name.decode('latin-1')}>")
        if foreign and name in _BREAKOUT:
            raise CutError(f"byte {place}: HTML inside svg or math")
        if tag[1]:
            if not stack or stack[-1][0] != name:
                raise CutError(f"byte {place}: an end tag without its start tag")
            _, inside = stack.pop()
            foreign -= name in _FOREIGN
            if not stack:
                found.append(_Child(first, tag.end(), (inside, place), key))
            place = tag.end()
            continue
        if not stack:
            first, key = place, _key(tag[3], charset)
        place = tag.end()
        closed = foreign or name in _FOREIGN
        if closed and _self_closing(tag[3]):
            if not stack:
                found.append(_Child(first, place, (place, place), key))
        elif name in _VOID and not foreign:
            if not stack:
                found.append(_Child(first, place, (place, place), key))
        else:
            stack.append((name, place))
            foreign += name in _FOREIGN
            if name in _RAW:
                place = _after_text(content, name, place, end, bool(foreign))
    if stack:
        raise CutError(f"<{stack[-1][0].decode('latin-1')}> is not closed")
    return found


def _after_comment(content: bytes, place: int, end: int) -> int:
    if content.startswith((b"<!-->", b"<!--->"), place):
        return content.index(b">", place) + 1
    close = _COMMENT_END.search(content, place + 4, end)
    if close is None:
        raise CutError(f"byte {place}: this comment is not closed")
    return close.end()


def _after_text(
    content: bytes, name: bytes, place: int, end: int, foreign: bool
) -> int:
    """Where the end tag of an element begins whose content is not markup."""
    close = re.compile(rb"</" + name + rb"[\t\n\f\r />]", re.IGNORECASE)
    found = close.search(content, place, end)
    if found is None:
        raise CutError(f"byte {place}: <{name.decode()}> is not closed")
    text = content[place : found.start()]
    # In a script "<!--" changes where it ends; in svg all of these hold markup.
    if (name == b"script" and b"<!--" in text) or (foreign and b"<" in text):
        raise CutError(f"byte {place}: the end of <{name.decode()}> is not sure")
    return found.start()


def _self_closing(attributes: bytes) -> bool:
    """Whether the "/" before ">" is one of its own, not the end of an unquoted value."""
    if not attributes.endswith(b"/"):
        return False
    ends = [found.end() for found in _ATTRIBUTE.finditer(attributes)]
    return not ends or ends[-1] < len(attributes)


def _key(attributes: bytes, charset: str) -> str | None:
    for found in _ATTRIBUTE.finditer(attributes):
        if found[1].lower() == b"data-key":
            value = found[2] or found[3] or found[4] or b""
            try:
                return unescape(value.decode(charset)) or None
            except (UnicodeDecodeError, LookupError):
                return None
    return None
