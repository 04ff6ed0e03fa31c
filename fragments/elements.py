"""Which end tag ends which element: as much of HTML's tree construction as a slot needs."""


def _names(text: str) -> frozenset[bytes]:
    return frozenset(text.encode().split())


VOID = _names(
    "area base basefont bgsound br col embed frame hr image img input keygen link meta param source track wbr"
)
# Their content is text, not markup. noscript: in a browser with scripting.
RAW = _names(
    "script style textarea title xmp iframe noembed noframes noscript plaintext"
)
TABLE_PARTS = _names("caption colgroup tbody tfoot thead tr td th")
# May lack an end tag; what comes next ends them.
IMPLIED = TABLE_PARTS | _names("p li dt dd option optgroup rb rt rtc rp")
HEADINGS = _names("h1 h2 h3 h4 h5 h6")
FORMATTING = _names("a b big code em font i nobr s small strike strong tt u")
CLOSES_P = HEADINGS | _names(
    "address article aside blockquote center details dialog dir div dl dd dt fieldset figcaption figure footer form"
    " header hgroup hr li listing main menu nav ol p plaintext pre search section summary table ul xmp"
)
SPECIAL = (
    CLOSES_P
    | VOID
    | RAW
    | TABLE_PARTS
    | _names(
        "applet body button desc foreignobject frameset head html marquee object select template"
    )
) - _names("dialog")
# Elements that end tags do not reach across.
# title is svg's: html's holds nothing but text.
_OF_SVG_AND_MATH = _names("foreignobject desc title mi mo mn ms mtext annotation-xml")
_SCOPE = (
    _names("applet caption html table td th marquee object template") | _OF_SVG_AND_MATH
)
_CELLS = _names("caption td th template")
_TABLE_SCOPE = _names("html table template")
# What goes on inside each part of a table; any other part ends it.
_ROWS = _names("tr td th")
_PARTS = {
    b"table": TABLE_PARTS | _names("col"),
    b"tbody": _ROWS,
    b"thead": _ROWS,
    b"tfoot": _ROWS,
    b"tr": _names("td th"),
    b"colgroup": _names("col"),
    b"caption": _names(""),
    b"td": _names(""),
    b"th": _names(""),
}
# Begin HTML again inside svg and math.
INTEGRATION = {
    b"svg": _names("foreignobject desc title"),
    b"math": _names("mi mo mn ms mtext"),
}
# A start tag of these leaves svg and math.
BREAKOUT = _names(
    "b big blockquote body br center code dd div dl dt em embed h1 h2 h3 h4 h5 h6 head hr i img li listing menu meta"
    " nobr ol p pre ruby s small span strong strike sub sup table tt u ul var"
)
# A start tag of these may end an element before it.
_IMPLYING = CLOSES_P | TABLE_PARTS | _names("a col nobr button select")
# No slot: no place for one in the page's tree, or an end that only the tree knows.
UNSUPPORTED = (
    VOID
    | RAW
    | IMPLIED
    | _names("html head body frameset svg math template select form nobr")
)

COMMENT = b"!"  # stands for the beginning of a pair of comments

IGNORED, OUTSIDE = -2, -1  # answers of OpenElements.ending


class Element:
    """An open element. ``foreign``: b"svg" or b"math" for an element of theirs, else empty. ``slot``: the slot that it, or a pair of comments, is."""

    __slots__ = ("foreign", "name", "slot")

    def __init__(self, name: bytes, foreign: bytes, slot: str | None) -> None:
        self.name = name
        self.foreign = foreign
        self.slot = slot

    def integrates(self) -> bool:
        """HTML begins again inside it."""
        return self.name in INTEGRATION.get(self.foreign, ())


class OpenElements(list[Element]):
    """The open elements from a slot, or an svg or math, down to where we are; what is around it is not known.

    Follows https://html.spec.whatwg.org/multipage/parsing.html#parsing-main-inbody as far as it decides which end
    tag ends which element.
    """

    __slots__ = ()

    def html(self) -> bool:
        """A start tag here is HTML, not svg or math."""
        return not self or not self[-1].foreign or self[-1].integrates()

    def nearest(self, name: bytes, barriers: frozenset[bytes]) -> int:
        """The index of the innermost open ``name``; OUTSIDE if there is none, IGNORED if a barrier comes first."""
        for index in range(len(self) - 1, -1, -1):
            found = self[index].name
            if found == name:
                return index
            # A template in svg is no template.
            if found in barriers and (
                not self[index].foreign or found in _OF_SVG_AND_MATH
            ):
                return IGNORED
        return OUTSIDE

    def ending(self, name: bytes) -> int:
        """The index of the element that ``</name>`` ends, OUTSIDE for one around all this, IGNORED for none."""
        if self[-1].name == name:
            return len(self) - 1
        if self[-1].foreign:
            for index in range(len(self) - 1, -1, -1):
                if not self[index].foreign:
                    break
                if self[index].name == name:
                    return index
        if name in TABLE_PARTS or name == b"table":
            return self.nearest(name, _TABLE_SCOPE)
        if name == b"template":
            return self.nearest(name, frozenset())
        if name == b"p":
            index = self.nearest(name, _SCOPE | {b"button"})
            # Without an open p it makes an empty one, unless it ends a p around the slot.
            return IGNORED if index == OUTSIDE and self[0].name in CLOSES_P else index
        if name == b"li":
            return self.nearest(name, _SCOPE | {b"ol", b"ul"})
        if name in HEADINGS:
            for index in range(len(self) - 1, -1, -1):
                if self[index].name in HEADINGS:
                    return index
                if self[index].name in _SCOPE:
                    return IGNORED
            return OUTSIDE
        if name in SPECIAL or name in FORMATTING or name == b"dialog":
            return self.nearest(name, _SCOPE)
        return self.nearest(name, SPECIAL)

    def implied(self, name: bytes) -> int:
        """The index of an element that the HTML start tag ``<name>`` ends, OUTSIDE for one around all this, else IGNORED."""
        if name not in _IMPLYING:
            return IGNORED
        if (
            name in CLOSES_P
            and (index := self.nearest(b"p", _SCOPE | {b"button"})) >= 0
        ):
            return index
        if name in HEADINGS:
            index = len(self) - 1
            while index >= 0 and self[index].name == COMMENT:
                index -= 1
            return index if index >= 0 and self[index].name in HEADINGS else IGNORED
        if name in (b"a", b"nobr", b"button", b"select"):
            index = self.nearest(name, _SCOPE)
            return index if index >= 0 else IGNORED
        if name in (b"li", b"dd", b"dt"):
            return self._item(name)
        if name == b"table":  # a table holds another one in its cells only
            index = self.nearest(name, _CELLS)
            return index if index >= 0 else IGNORED
        if name in TABLE_PARTS or name == b"col":
            return self._part(name)
        return IGNORED

    def _part(self, name: bytes) -> int:
        """As ``implied``, for a part of a table: it ends the one before, and what stands in a table without a cell."""
        for index in range(len(self) - 1, -1, -1):
            found = self[index].name
            if found == b"template" or (found == COMMENT and not index):
                return IGNORED
            if self[index].foreign or found not in _PARTS:
                continue
            if name not in _PARTS[found]:
                return index
            index += 1
            while index < len(self) and self[index].name == COMMENT:
                index += 1
            return index if index < len(self) else IGNORED
        return OUTSIDE

    def _item(self, name: bytes) -> int:
        """As ``implied``, for a list item: it ends the one before, up through div, address and p."""
        same = (b"li",) if name == b"li" else (b"dd", b"dt")
        for index in range(len(self) - 1, -1, -1):
            found = self[index].name
            if found in same:
                above = {element.name for element in self[index + 1 :]}
                # Items in comments behind an item that has no end tag: they are whole.
                whole = COMMENT in above and above <= IMPLIED | {COMMENT}
                return IGNORED if whole else index
            if found == COMMENT and index:
                continue
            if found == COMMENT or (
                found in SPECIAL and found not in (b"div", b"address", b"p")
            ):
                return IGNORED
        return OUTSIDE if self else IGNORED

    def breakout(self) -> int:
        """The index from which on a start tag that leaves svg and math ends everything."""
        index = len(self)
        while index and self[index - 1].foreign and not self[index - 1].integrates():
            index -= 1
        return index
