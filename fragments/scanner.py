"""Where the slots of a page begin and end: the tokenizer.

The tokenizer follows https://html.spec.whatwg.org/multipage/parsing.html#tokenization for the bytes of any charset
in which ASCII bytes mean ASCII. In shift_jis, gb18030 and big5 a second byte may look like a letter or a bracket, but
never like ``<``, ``>``, a quote, ``=``, ``/`` or a space; only the ``]]>`` that ends a CDATA section may be misread.
"""

import re
from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from .elements import (
    BREAKOUT,
    COMMENT,
    FORMATTING,
    IGNORED,
    IMPLIED,
    OUTSIDE,
    RAW,
    SPECIAL,
    UNSUPPORTED,
    VOID,
    Element,
    OpenElements,
)
from .leaves import DEEP, LISTS, RESTLESS, leaves
from .slots import NAMED, SlotNames

LITERAL = b"shopwindow"
# What stands around the literal in a slot; links, cookies and words do not wake the tokenizer.
WAKE = re.compile(rb"data-shopwindow[=\t\n\f\r ]|<!-- shopwindow:")
BEFORE = 5  # bytes before the literal, of either kind
DEEPEST = 512  # elements; browsers stop there too
LONGEST_TAG = 262_144  # bytes of a tag with a slot in it

# Groups repeat inside (?>...) and never as )*+, which CPython before 3.11.5 matches wrongly (gh-106052). What can be
# backtracked to costs memory until the (?>...) is left, so they repeat a number of times, and the scanner goes on.
_WORDS = {b"ws": rb"\t\n\f\r ", b"name": NAMED}
# One attribute of a complete tag.
_WORDS[b"attribute"] = (
    rb"""[^%(ws)s/>][^%(ws)s/>=]*+"""
    rb"""(?:[%(ws)s]*+=[%(ws)s]*+(?:"[^"]*+"|'[^']*+'|[^%(ws)s>"'][^%(ws)s>]*+|(?=>))|(?![%(ws)s]*+=))"""
) % _WORDS
# One attribute of a tag that may go on: the byte that ends it is there too.
_WORDS[b"whole"] = (
    rb"""[^%(ws)s/>][^%(ws)s/>=]*+(?:[%(ws)s]*+=[%(ws)s]*+"""
    rb"""(?:"[^"]*+"|'[^']*+'|[^%(ws)s>"'][^%(ws)s>]*+(?=[%(ws)s>])|(?=>))|(?=[%(ws)s]*+[^%(ws)s=]))"""
) % _WORDS
# What follows a tag's name. Most attributes are of the plain kind, which is quicker to match.
_WORDS[b"rest"] = (
    rb"""(?:>|(?>(?:\x20[a-z-]++="[^"]*+"){0,64})"""
    rb"""(?:>|(?>[%(ws)s/]*+(?:%(attribute)s[%(ws)s/]*+){0,64})>))"""
) % _WORDS
_WORDS[b"dull-rest"] = (
    rb"""(?:>|(?>(?:\x20(?!data-shopwindow)[a-z-]++="[^"]*+"){0,64})"""
    rb"""(?:>|(?>[%(ws)s/]*+(?:(?!data-shopwindow[%(ws)s=])%(attribute)s[%(ws)s/]*+){0,64})>))"""
) % _WORDS
# Elements of which pages are full, and that are dull wherever they stand.
_WORDS[b"frequent"] = (
    rb"a|li|div|span|img|p|h[1-6]|b|ul|i|td|tr|br|strong|section|article|button|input|option|label"
)
# Neither a tag nor a comment of ours: a bare "<", comments, declarations.
_WORDS[b"other"] = rb"""<(?=[^A-Za-z/!?])|</>
    |<!--(?!\x20/?shopwindow)(?:-?>|(?>(?:[^-]++|-(?!-!?>)){0,64})--!?>)
    |<(?:!(?!--|\[CDATA\[)|\?|/(?=[^A-Za-z>]))[^>]*+>"""
_OTHER = _WORDS[b"other"]
_TEXT = re.compile(rb"(?>[^<]*+(?:(?:%(other)s)[^<]*+){0,256})" % _WORDS, re.VERBOSE)
# What is of no interest outside slots: also complete tags, unless they begin something that has rules of its own: the
# RAW ones, svg, math, template, select and frameset. Told apart by the first letter, as this is the scanner's inner loop;
# what most tags of most pages look like comes first, which halves its time.
_DULL = re.compile(
    rb"""(?>[^<]*+(?:(?:</(?!template|select)[a-z]++[1-6]?>
    |<(?:%(frequent)s)(?>(?:\x20(?!data-shopwindow)[a-z-]++="[^"]*+"){0,64})>
    |<(?:(?![fimnpstxFIMNPSTX])
        |(?!(?:[sS](?i:cript|tyle|vg|elect)|[tT](?i:extarea|itle|emplate)|[nN](?i:oscript|oembed|oframes)|[xX](?i:mp)
            |[iI](?i:frame)|[pP](?i:laintext)|[mM](?i:ath)|[fF](?i:rameset))[%(ws)s/>]))
        [A-Za-z][^%(ws)s/>]*+%(dull-rest)s
    |</(?![tsTS](?i:emplate|elect)[%(ws)s/>])[A-Za-z][^%(ws)s/>]*+%(rest)s
    |%(other)s)[^<]*+){0,256})"""
    % _WORDS,
    re.VERBOSE,
)
_TAG = re.compile(rb"<(/?)([A-Za-z][^%(ws)s/>]*+)%(rest)s" % _WORDS)
# The same in parts, for tags that are long or have not come as a whole.
_TAG_BEGIN = re.compile(rb"</?[A-Za-z][^%(ws)s/>]*+(?=[%(ws)s/>])" % _WORDS)
_TAG_GOES_ON = re.compile(rb"(?>[%(ws)s/]*+(?:%(whole)s[%(ws)s/]*+){0,256})" % _WORDS)
_OPEN_VALUE = re.compile(
    rb"""[^%(ws)s/>][^%(ws)s/>=]*+[%(ws)s]*+=[%(ws)s]*+(["'])""" % _WORDS
)
_TAG_UP_TO_END = re.compile(rb"<(/?)([A-Za-z][^%(ws)s/>]*+)(?s:.*+)" % _WORDS)
_ATTRIBUTES = re.compile(
    rb"""([^%(ws)s/>][^%(ws)s/>=]*+)(?:[%(ws)s]*+=[%(ws)s]*+(?:"([^"]*+)"|'([^']*+)'|([^%(ws)s>"'][^%(ws)s>]*+)|))?"""
    % _WORDS
)
_EMPTY_COMMENT = re.compile(rb"<!---?>")
_SLOT_COMMENT = re.compile(
    rb"<!-- (?:shopwindow:(%(name)s{1,128}?)|/shopwindow) -->" % _WORDS
)
_COMMENT_END = re.compile(rb"--!?>")
_BOGUS_END = re.compile(rb">")
_CDATA_END = re.compile(rb"\]\]>")
_SCRIPT = re.compile(rb"<!--|-->|<(/?)(?i:script)[%(ws)s/>]" % _WORDS)
_RAW_END = {
    name: re.compile(rb"</(?i:%s)[\t\n\f\r />]" % name) for name in RAW - {b"script"}
}


def literals(data: bytes) -> Iterator[int]:
    """Where in ``data`` literals stand that are of interest, from the last one to the first.

    Backwards, because that takes half as long: ``rfind`` skips a whole literal at a time, where ``find`` has to look
    at every byte that could end one.
    """
    place = data.rfind(LITERAL)
    while place >= 0:
        if place >= BEFORE and WAKE.match(data, place - BEFORE):
            yield place
        place = data.rfind(LITERAL, 0, place)


class Event(NamedTuple):
    """What happens to a slot at a byte of the page.

    ``kind``: "open", "close"; "broken" (an end that does not fit ends it), "refused" (cannot be a slot), "lost" (from
    here on nothing is sure), "limit" (the next token ends past it). ``reason``: of "broken", "refused" and "lost".
    ``end``: of the token that made it happen.
    """

    kind: str
    at: int
    end: int
    slot: str = ""
    reason: str = ""


class State(NamedTuple):
    """All of a scanner that decides what the bytes that come next mean to it, between two tokens.

    ``elements``: name, foreign and slot of each, as in :class:`Element`.
    """

    elements: tuple[tuple[bytes, bytes, str | None], ...] = ()
    templates: int = 0
    select: bool = False
    raw: bytes = b""
    escaped: int = 0
    refused: frozenset[str] = frozenset()
    taken: frozenset[str] = frozenset()


class Scanner:
    """The tokenizer of one page. Feed it from the first byte on, and ask ``next`` until it says None.

    ``last``: where in the page the last literal is that has to be looked at; behind it, with no slot open, the
    scanner rests. ``limit``: it stops once before the first token that ends behind it. ``at``: how far it is. ``taken``: the slots that had their place, shared with the caller, who adds to it.
    """

    __slots__ = (
        "_base",
        "_buffer",
        "_chosen",
        "_elements",
        "_escaped",
        "_events",
        "_fresh",
        "_names",
        "_refused",
        "_raw",
        "_select",
        "_taken",
        "_templates",
        "_until",
        "_waiting",
        "_within",
        "_index",
        "last",
        "limit",
        "slots",
    )

    def __init__(self, names: SlotNames, taken: set[str]) -> None:
        self._names = names.by_bytes
        self._taken = taken
        self._fresh: list[bytes] = []  # not in the buffer yet
        self._buffer = b""
        self._base = 0  # of the page, where the buffer begins
        self._index = 0  # in the buffer, where the next token begins
        self._events: deque[Event] = deque()
        self._elements = OpenElements()
        self._templates = 0  # open around us
        self._select = False
        self._raw = b""  # the element whose text we are in
        self._escaped = 0  # in a script: 1 inside <!--, 2 inside <!-- <script>
        self._waiting = b""  # the token cannot end before this byte comes
        self._within = 0  # bytes of an unfinished tag that need no second look
        self._until: re.Pattern[bytes] | None = None  # what ends the comment we are in
        self._refused: set[str] = set()
        self._chosen: tuple[int, str] | None = None  # the next tag, if it begins here
        self.last = -1
        self.limit: int | None = None
        self.slots = 0  # open now

    @property
    def at(self) -> int:
        return self._base + self._index

    @property
    def awake(self) -> bool:
        """It has to see the bytes that come next."""
        return self.slots > 0 or self.at <= self.last

    @property
    def settled(self) -> bool:
        """No token has begun that has not ended: what it knows comes from the bytes before ``at`` alone."""
        return not (
            self._index < len(self._buffer)
            or self._fresh
            or self._events
            or self._until is not None
        )

    def state(self) -> State:
        return State(
            tuple([(one.name, one.foreign, one.slot) for one in self._elements]),
            self._templates,
            self._select,
            self._raw,
            self._escaped,
            frozenset(self._refused),
            frozenset(self._taken),
        )

    def resume(self, state: State, at: int) -> None:
        """Be as a scanner that has come to the byte ``at`` of its page in ``state``; ``taken`` is the caller's."""
        self._fresh.clear()
        self._buffer = b""
        self._base, self._index = at, 0
        self._events.clear()
        self._elements[:] = [Element(*one) for one in state.elements]
        self._templates, self._select = state.templates, state.select
        self._raw, self._escaped = state.raw, state.escaped
        self._waiting, self._within, self._until = b"", 0, None
        self._refused = set(state.refused)
        self.slots = sum(one.slot is not None for one in self._elements)

    def feed(self, data: bytes) -> None:
        self._fresh.append(data)
        if self._waiting and self._waiting in data:
            self._waiting = b""

    def forget(self) -> None:
        """Let go of the bytes that it is through with."""
        self._buffer = self._buffer[self._index :]
        self._base += self._index
        self._index = 0

    def choose(self, slot: str, at: int) -> None:
        """The tag that begins at ``at``, with what is fed next, is ``slot`` by a selector."""
        if self._chosen is None or self._chosen[0] != at:
            self._chosen = (at, slot)

    def drop(self, slot: str) -> None:
        """The caller gave this slot up: it ends nowhere."""
        for element in self._elements:
            if element.slot == slot:
                element.slot = None
                self.slots -= 1
                self._settle()
                return

    def next(self) -> Event | None:
        """The next event, or None: nothing more in what was fed so far."""
        if self._events:
            return self._events.popleft()
        if self._fresh and not self._waiting:
            if self._index < len(self._buffer):
                self._fresh.insert(0, self._buffer[self._index :])
            self._buffer = b"".join(self._fresh)  # no copy of a single one
            self._base += self._index
            self._index = 0
            self._fresh.clear()
        while not self._waiting and self.awake:
            if not self._token():
                return None
            if self._events:
                return self._events.popleft()
        return None

    def _token(self) -> bool:
        """Go on by at least one token; False if there is none complete."""
        buffer, index = self._buffer, self._index
        if self._until is not None:
            found = self._until.search(buffer, index)
            if found is None:
                self._index = max(index, len(buffer) - 3)
                return False
            self._index = found.end()
            self._until = None
            return True
        if self._raw:
            return self._raw_text()
        if self._within:
            tag = self._rest_of_tag()
            if tag is None:
                return False
        else:
            after = self._run().match(buffer, index)
            assert after is not None
            begun = index
            self._index = index = after.end()
            if index == len(buffer):
                return False
            if buffer.startswith(b"<!--", index):
                return self._comment()
            tag = _TAG.match(buffer, index)
            if tag is None:
                if index > begun:
                    return True  # there may be more of the same
                tag = self._rest_of_tag()
                if tag is None:
                    return self._unfinished()
        if self._limited(tag.end()):
            return True
        self._index = tag.end()
        name = tag[2].lower()
        if tag[1]:
            self._end_tag(name, self._base + index)
        else:
            self._start_tag(name, tag)
        return True

    def _run(self) -> re.Pattern[bytes]:
        """What is of no interest here."""
        elements = self._elements
        if self._chosen is not None:
            return _TEXT  # up to the tag that was chosen
        if not elements:
            return _DULL
        if len(elements) > DEEPEST - DEEP:
            return _TEXT
        for element in elements:
            if element.foreign or element.name in RESTLESS:
                return _TEXT
        whole, items = leaves(_OTHER)
        if elements[-1].name == COMMENT:
            # Between comments, as around them: there an li may end one outside of all this.
            return items if elements.implied(b"li") == IGNORED else whole
        return items if elements[-1].name in LISTS else whole

    def _limited(self, end: int) -> bool:
        """A token that ends here has to wait until the caller has dropped a slot."""
        end += self._base
        if self.limit is None or end <= self.limit:
            return False
        self.limit = None
        self._events.append(Event("limit", end, end))
        return True

    def _unfinished(self) -> bool:
        """At a ``<`` that is neither text nor a complete tag."""
        buffer, index = self._buffer, self._index
        if buffer.startswith(b"<![CDATA[", index):
            foreign = self._elements and self._elements[-1].foreign
            self._until = _CDATA_END if foreign else _BOGUS_END
            self._index = index + 9
            return True
        if not self._within:
            self._waiting = b">"
        return False

    def _rest_of_tag(self) -> re.Match[bytes] | None:
        """The tag that begins here; None, and how far it came, when its end is not there yet.

        A tag may come in any number of chunks, so what is complete of it is not read again.
        """
        buffer, index = self._buffer, self._index
        at = index + self._within
        if not self._within:
            begin = _TAG_BEGIN.match(buffer, index)
            if begin is None:
                return None
            at = begin.end()
        while (more := _TAG_GOES_ON.match(buffer, at)) and more.end() > at:
            at = more.end()
        if buffer.startswith(b">", at):
            self._within = 0
            return _TAG_UP_TO_END.match(buffer, index, at + 1)
        self._within = at - index
        value = _OPEN_VALUE.match(buffer, at)
        self._waiting = value[1] if value else b">"
        return None

    def _comment(self) -> bool:
        buffer, index = self._buffer, self._index
        if slot := _SLOT_COMMENT.match(buffer, index):
            if self._limited(slot.end()):
                return True
            self._index = slot.end()
            if slot[1] is None:
                self._end_pair(self._base + index)
            else:
                self._start_pair(slot[1], self._base + slot.end())
            return True
        whole = _EMPTY_COMMENT.match(buffer, index)
        if whole := whole or _COMMENT_END.search(buffer, index + 4):
            self._index = whole.end()
            return True
        if len(buffer) - index < 200:  # may still become one of ours, or end at once
            self._waiting = b">"
            return False
        self._until = _COMMENT_END
        self._index = index + 4
        return True

    def _raw_text(self) -> bool:
        buffer, index, name = self._buffer, self._index, self._raw
        if name == b"plaintext":
            self._index = len(buffer)
            return False
        if name != b"script":
            end = _RAW_END[name].search(buffer, index)
            if end is None:
                self._index = max(index, len(buffer) - len(name) - 2)
                return False
            self._index = end.start()
            self._raw = b""
            return True
        while found := _SCRIPT.search(buffer, index):
            index = found.end()
            if found[0] == b"<!--":
                self._escaped = self._escaped or 1
                index -= 2  # its dashes may end it: <!-->
            elif found[0] == b"-->":
                self._escaped = 0
            elif not found[1]:
                self._escaped = 2 if self._escaped else 0
            elif self._escaped == 2:
                self._escaped = 1
            else:
                self._index = found.start()
                self._raw = b""
                return True
        self._index = max(index, len(buffer) - 8)
        return False

    def _start_pair(self, name: bytes, at: int) -> None:
        slot = self._names.get(name)
        if slot in self._taken:
            slot = None
        elif slot is not None and not self._place_for(slot, at):
            slot = None
        if slot is not None or self.slots:
            self._elements.append(Element(COMMENT, b"", slot))
        if slot is not None:
            self.slots += 1
            self._events.append(Event("open", at, self.at, slot))

    def _end_pair(self, at: int) -> None:
        index = self._elements.nearest(COMMENT, frozenset())
        if index < 0:
            return
        pair = self._elements[index]
        inner = self._elements[index + 1 :]
        fits = all(element.name in IMPLIED for element in inner)
        for element in reversed(inner):
            # An element that ends outside the pair and is a slot inside it.
            self._forget(element, "broken", at)
        self._forget(pair, "close" if fits else "broken", at)
        del self._elements[index]
        self._settle()

    def _place_for(self, slot: str, at: int) -> bool:
        """Where we are there can be a slot; else say so, once."""
        if not self._templates and not any(
            element.foreign or element.name == b"template" for element in self._elements
        ):
            return True
        self._refuse(slot, at, "unsupported")
        return False

    def _refuse(self, slot: str, at: int, reason: str) -> None:
        if slot not in self._refused:
            self._refused.add(slot)
            self._events.append(Event("refused", at, self.at, slot, reason))

    def _start_tag(self, name: bytes, tag: re.Match[bytes]) -> None:
        elements = self._elements
        at = self._base + tag.start()
        if len(elements) > DEEPEST:
            self._reach_out(at)
        if not elements.html():
            if name in BREAKOUT or (
                name == b"font" and _has(tag, (b"color", b"face", b"size"))
            ):
                self._cut(elements.breakout(), False, at)
            else:
                if name == b"annotation-xml":
                    self._lose(at)
                self._find_slot(name, tag)
                if not _self_closing(tag):
                    elements.append(Element(name, elements[-1].foreign, None))
                return
        while (index := elements.implied(name)) >= 0:
            self._finish(index, elements[index].name, False, at)
        if index == OUTSIDE:
            self._reach_out(at)
        # In a select some of these are ignored, and then their text is markup.
        if name == b"frameset" or (
            name in RAW and name != b"script" and self._in_select()
        ):
            self._lose(at)
            return
        slot = self._find_slot(name, tag)
        if name in RAW:
            self._raw = name
            self._escaped = 0
        if name in (b"svg", b"math"):
            if not _self_closing(tag):
                elements.append(Element(name, name, None))
            return
        if slot is not None:
            elements.append(Element(name, b"", slot))
            self.slots += 1
            self._events.append(Event("open", self.at, self.at, slot))
        elif not elements:
            if name == b"template":
                self._templates += 1
            elif name == b"select":
                self._select = True
        elif name not in VOID and name not in (b"html", b"head", b"body", b"image"):
            if name != b"form" or elements.nearest(name, frozenset()) < 0:
                elements.append(Element(name, b"", None))

    def _find_slot(self, name: bytes, tag: re.Match[bytes]) -> str | None:
        """The slot that this start tag is, if it can be one."""
        slot = self._names.get(_marked(tag)) if LITERAL in tag[0] else None
        if self._chosen is not None:
            place, chosen = self._chosen
            self._chosen = None
            if slot is None and place == self._base + tag.start():
                slot = chosen
        if slot is None or slot in self._taken:
            return None
        at = tag.end() + self._base
        if name in UNSUPPORTED or self._in_select():
            self._refuse(slot, at, "unsupported")
        elif tag.end() - tag.start() > LONGEST_TAG:
            self._refuse(slot, at, "too-large")
        elif self._place_for(slot, at):
            return slot
        return None

    def _in_select(self) -> bool:
        return self._select or any(e.name == b"select" for e in self._elements)

    def _lose(self, at: int) -> None:
        self._events.append(Event("lost", at, self.at, "", "ambiguous"))

    def _reach_out(self, at: int) -> None:
        """A tag ends an element around all that we follow."""
        if any(element.foreign for element in self._elements):
            self._lose(at)
        else:
            self._cut(0, False, at)

    def _end_tag(self, name: bytes, at: int) -> None:
        elements = self._elements
        if not elements:
            if name == b"template":
                self._templates = max(0, self._templates - 1)
            elif name == b"select":
                self._select = False
            return
        if not elements.html() and name in (b"p", b"br"):
            self._cut(elements.breakout(), False, at)
        if name == b"br" or not elements:
            return
        found = elements.ending(name)
        if 0 <= found < len(elements) - 1 and any(
            e.name == b"select" for e in elements[found + 1 :]
        ):
            found = OUTSIDE  # browsers differ: a select used to ignore it
        if found == OUTSIDE:
            # In svg, one that ends nothing around it either is ignored.
            if name in SPECIAL or name in FORMATTING or not elements[0].foreign:
                self._reach_out(at)
        elif found != IGNORED:
            self._finish(found, name, elements[found].name == name, at)

    def _finish(self, index: int, name: bytes, fits: bool, at: int) -> None:
        """A tag ends the element at ``index``; ``fits``: its own end tag."""
        elements = self._elements
        alone = name in FORMATTING or name == b"form"
        if (
            alone
            and index + 1 < len(elements)
            and any(e.name in SPECIAL for e in elements[index + 1 :])
        ):
            # The adoption agency: it ends, the blocks inside it stay open.
            self._forget(elements[index], "broken", at)
            del elements[index]
            self._settle()
        else:
            self._cut(index, fits, at)

    def _cut(self, index: int, fits: bool, at: int) -> None:
        """All elements from ``index`` on end; the first one in order if it ``fits``."""
        elements = self._elements
        for inner in range(len(elements) - 1, index, -1):
            self._forget(elements[inner], "broken", at)
        if index < len(elements):
            self._forget(elements[index], "close" if fits else "broken", at)
        del elements[index:]
        self._settle()

    def _forget(self, element: Element, kind: str, at: int) -> None:
        if element.slot is not None:
            reason = "misnested" if kind == "broken" else ""
            self._events.append(Event(kind, at, self.at, element.slot, reason))
            element.slot = None
            self.slots -= 1

    def _settle(self) -> None:
        """Without a slot only svg and math need their elements followed."""
        if self.slots:
            return
        elements = self._elements
        keep = 0
        while keep < len(elements) and not elements[keep].foreign:
            self._templates += elements[keep].name == b"template"
            self._select = self._select or elements[keep].name == b"select"
            keep += 1
        del elements[:keep]


def _marked(tag: re.Match[bytes]) -> bytes:
    """The name of a slot in a start tag, empty if there is none."""
    for attribute in _ATTRIBUTES.finditer(tag.string, tag.end(2), tag.end() - 1):
        if attribute[1] == b"data-shopwindow":
            return attribute[2] or attribute[3] or attribute[4] or b""
    return b""


def _has(tag: re.Match[bytes], names: tuple[bytes, ...]) -> bool:
    inside = _ATTRIBUTES.finditer(tag.string, tag.end(2), tag.end() - 1)
    return any(attribute[1].lower() in names for attribute in inside)


def _self_closing(tag: re.Match[bytes]) -> bool:
    if not tag[0].endswith(b"/>"):
        return False
    end = tag.end(2)
    for attribute in _ATTRIBUTES.finditer(tag.string, end, tag.end() - 1):
        end = attribute.end()
    return end < tag.end() - 1  # else the slash belongs to an unquoted value
