"""Slots that CSS selectors find, in pages whose templates cannot be touched.

lol-html, which the optional extra brings, says at which tags the selected elements begin. Where they end, and
whether they can be slots at all, the rewriter decides as for any other slot; the page's bytes stay the page's own.
"""

import secrets
from collections.abc import Mapping
from importlib import import_module
from threading import get_ident
from typing import Any

from .rewrite import Kept, Piece, Rewriter

lolhtml: Any  # its types promise more than it keeps
try:
    lolhtml = import_module("lolhtml")
except ImportError:  # the extra is not installed
    lolhtml = None

HELD = 262_144  # bytes of one tag that wait for their end

# Finders that outlived their page in a thread which may not drop them, by the thread that may.
_stranded: dict[int, list[Any]] = {}

_HINTS = {
    "Unsupported combinator": "elements are known only by what is around them: name them by id, class or attribute",
    "Unsupported pseudo": "of these there are :not, :first-child, :nth-child, :first-of-type and :nth-of-type",
}


class SelectorError(ValueError):
    """A selector that cannot be used. ``hint``: what can be done."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


def check(selector: str) -> None:
    """Raises :class:`SelectorError` for a selector that no page can be asked for."""
    if lolhtml is None:
        words = "selectors need an extra that is not installed"
        raise SelectorError(words, 'pip install "shopwindow[selectors]"')
    try:
        lolhtml.HTMLRewriter([].append).on(selector, _Start("", ""))
    except RuntimeError as error:
        message = str(error)
        hints = (hint for start, hint in _HINTS.items() if start in message)
        said = message[:1].lower() + message[1:].rstrip(".")
        raise SelectorError(
            f'the selector "{selector}" cannot be used: {said}', next(hints, "")
        ) from None


class Selectors:
    """The selectors of a site, made once at start.

    ``selectors``: slot to CSS selector; of each, the first element of the page counts.
    Raises :class:`SelectorError` for one that cannot be used.
    """

    __slots__ = ("_starts", "_written")

    def __init__(self, selectors: Mapping[str, str]) -> None:
        for selector in selectors.values():
            check(selector)
        self._written = dict(selectors)
        token = secrets.token_hex(16)  # no page holds it
        self._starts = [
            (slot, selector, f"<!--{token}:{number}-->")
            for number, (slot, selector) in enumerate(selectors.items())
        ]

    def __eq__(self, other: object) -> bool:
        """Whether they select the same in any page."""
        if not isinstance(other, Selectors):
            return NotImplemented
        return self._written == other._written

    __hash__ = None  # type: ignore[assignment]  # nothing needs them as a key

    def over(self, rewriter: Rewriter, charset: str) -> "Selecting":
        """``rewriter``, with the slots that the selectors find in a page of ``charset`` (Python's name for it)."""
        return Selecting(self._starts, rewriter, charset)


class _Start:
    """Puts ``mark`` before the first element that is found. The element itself is never kept: it dies with the call."""

    __slots__ = ("found", "failed", "mark", "slot")

    def __init__(self, slot: str, mark: str) -> None:
        self.slot = slot
        self.mark = mark
        self.found = False
        self.failed = False

    def element(self, element: Any) -> None:
        if self.found or self.failed:
            return
        try:
            element.before(self.mark, lolhtml.ContentType.HTML)
            self.found = True
        except Exception:
            # Of the binding, which would hide it behind an error of its own.
            self.failed = True


class Selecting:
    """A page going by as with a :class:`Rewriter`, whose interface it has. All of it in one thread.

    When the selectors cannot go on, the rest of the page goes through the rewriter without them, and the slots they
    would have found are ``Kept``: "charset" (a selector with letters beyond ASCII, on a page that is not UTF-8),
    "ambiguous", "too-large" (a tag), "thread".
    """

    __slots__ = (
        *("_finder", "_kept", "_marks", "_out"),
        *("_pending", "_rewriter", "_starts", "_thread"),
    )

    def __init__(
        self, starts: list[tuple[str, str, str]], rewriter: Rewriter, charset: str
    ) -> None:
        self._rewriter = rewriter
        self._out: list[bytes] = []  # filled by the finder, which loses errors of ours
        self._pending = b""  # what the finder has taken in and not given back
        self._kept: list[Kept] = []
        self._finder: Any = None
        self._thread = get_ident()  # no other may touch the finder
        self._starts: list[_Start] = []
        self._marks: dict[bytes, str] = {}
        _stranded.pop(self._thread, None)
        self._finder = lolhtml.HTMLRewriter(self._out.append)
        for slot, selector, mark in starts:
            if not selector.isascii() and charset != "utf-8":
                self._kept.append(Kept(slot, "charset"))
                continue
            start = _Start(slot, mark)
            self._starts.append(start)
            self._marks[mark.encode()] = slot
            self._finder.on(selector, start)

    @property
    def found(self) -> bool:
        return self._rewriter.found

    @property
    def opening(self) -> tuple[str, ...]:
        return self._rewriter.opening

    def feed(self, chunk: bytes) -> list[Piece]:
        """The pieces that can leave now that ``chunk`` is there."""
        if self._finder is None:
            return self._rewriter.feed(chunk)
        self._pending = self._pending + chunk if self._pending else chunk
        self._ask(chunk)
        return self._given()

    def close(self) -> list[Piece]:
        """The end of the page: everything held leaves as it was."""
        out: list[Piece] = []
        if self._finder is not None:
            self._ask(None)
            out += self._given()
            self._drop()
            out += self._rest()
        out += self._rewriter.close()
        return out + [k for k in self._kept if k.slot not in self._rewriter.taken]

    def _ask(self, chunk: bytes | None) -> None:
        if get_ident() != self._thread:
            self._lose("thread")
            return
        try:
            if chunk is None:
                self._finder.end()
            else:
                self._finder.write(chunk)
        except Exception:
            # Of the binding: a page that can be read in more than one way.
            self._lose("ambiguous")
        except BaseException as error:
            # What Rust calls a panic: a fault of the binding, not of the page.
            if type(error).__name__ != "PanicException":
                raise
            self._lose("ambiguous")

    def __del__(self) -> None:
        self._drop()  # the garbage collector may run in any thread

    def _drop(self) -> None:
        finder, self._finder = self._finder, None
        if finder is not None and get_ident() != self._thread:
            _stranded.setdefault(self._thread, []).append(finder)

    def _lose(self, reason: str) -> None:
        """From here on the selectors find nothing."""
        self._drop()
        self._kept += (Kept(s.slot, reason) for s in self._starts if not s.found)
        self._starts.clear()

    def _given(self) -> list[Piece]:
        """Hand on what the finder gave back, told where the selected elements begin."""
        pending, rewriter = self._pending, self._rewriter
        out: list[Piece] = []
        begun = at = 0  # in what is pending
        for part in self._out:
            slot = self._marks.get(part) if len(part) < 99 else None
            if slot is not None:
                if at > begun:
                    out += rewriter.feed(pending[begun:at])
                out += rewriter.choose(slot)
                begun = at
            elif pending.startswith(part, at):
                at += len(part)
            else:  # these are not the page's bytes
                self._lose("ambiguous")
                break
        self._out.clear()
        if any(start.failed for start in self._starts):
            self._lose("ambiguous")
        if at - begun == len(pending) > 0:
            out += rewriter.feed(pending)
        elif at > begun:
            out += rewriter.feed(pending[begun:at])
        self._pending = pending[at:]
        if len(self._pending) > HELD:
            self._lose("too-large")
        if self._finder is None:
            out += self._rest()
        return out

    def _rest(self) -> list[Piece]:
        rest, self._pending = self._pending, b""
        return self._rewriter.feed(rest) if rest else []
