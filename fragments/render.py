"""Fragments as bytes: rendered once, then joined for each visitor."""

import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from threading import Lock
from typing import Any

import msgspec
from cachetools import LRUCache
from markupsafe import Markup

from .addresses import is_safe
from .catalog import Catalog
from .formats import text as formatted
from .items import Item
from .library import Fragment, Library, Version
from .parameters import NOBODY, FragmentError, VisitorView, template_values
from .recommendations.rank import Recommendation
from .reorder import Cut, CutError, cut
from .sandbox import OUTPUT_LIMIT, Absent, run

CACHE_BYTES = 16 * 1024 * 1024
#: A fragment's name and an address -> the link that counts the click and leads there.
Click = Callable[[str, str], str]

# Counted for each cached value besides its bytes: key, tuple, table entry.
_OVERHEAD = 300


__all__ = ["FragmentError", "Renderer", "VisitorView"]


class _Cards(msgspec.Struct, frozen=True):
    """A place for the visitor's own product cards."""

    card: str


#: Bytes, or bytes and places for cards in turn.
_Rendered = bytes | tuple[bytes | _Cards, ...]


def _size(value: _Rendered | Cut) -> int:
    if isinstance(value, bytes):
        return len(value) + _OVERHEAD
    if isinstance(value, Cut):
        parts = (*value.between, *value.children)
        # The content it was cut from is its key.
        return 2 * sum(map(len, parts)) + _OVERHEAD
    return sum(len(p) if isinstance(p, bytes) else 100 for p in value) + _OVERHEAD


class Renderer:
    """Renders the fragments of one library with one catalogue.

    ``currency`` is the ISO 4217 code that prices are in. ``click`` makes a link from a
    fragment's name and an address, always the same one, because it is kept with the bytes;
    without it links lead straight to the address. What was rendered is kept, up to ``cache_bytes``; a new library or catalogue needs a new renderer. Safe to
    use from several threads.
    """

    def __init__(
        self,
        library: Library,
        catalog: Catalog,
        *,
        currency: str = "EUR",
        click: Click | None = None,
        cache_bytes: int = CACHE_BYTES,
    ) -> None:
        self.library = library
        self.catalog = catalog
        self.currency = currency
        self.click = click
        #: How often a template ran; everything else came from the cache.
        self.runs = 0
        # Half for fragments, half for cards: neither can push out the other.
        self._cache: LRUCache[Any, Any] = LRUCache(cache_bytes // 2, getsizeof=_size)
        self._cards: dict[Any, bytes] = {}
        self._card_bytes = 0
        self._card_limit = cache_bytes // 2
        self._lock = Lock()
        self._languages = {
            language: language
            for language in {library.language, *library.languages, *catalog.languages}
        }
        self._versions: dict[tuple[str, str], Version] = {}
        # Nobody can guess it, so no text of a visitor can look like a place of ours.
        nonce = secrets.token_hex(8)
        self._mark = f"\ue000{nonce}:%d\ue001"
        self._places = re.compile(f"\ue000{nonce}:(\\d+)\ue001")

    def render(
        self,
        name: str,
        parameters: Mapping[str, Any],
        *,
        items: Sequence[Recommendation] = (),
        visitor: VisitorView = NOBODY,
        language: str = "",
        charset: str = "utf-8",
    ) -> bytes:
        """The fragment in the encoding ``charset``, which must contain ASCII.

        ``parameters`` are the rule's ``with``; ``items`` fill shelves; ``language`` is
        the page's, the site's own when empty or unknown. Raises :class:`FragmentError`.
        """
        language = self._languages.get(language) or self._language(language)
        version = self._versions.get((name, language)) or self._version(name, language)
        mentions = version.mentions
        personal = mentions.visitor
        plain = True
        for value in parameters.values():
            if type(value) is not str:
                plain = False
            elif "{visitor" in value:
                personal = True
        key = (
            name,
            language,
            charset,
            tuple(parameters.items()) if plain else _frozen(parameters),
            visitor if personal else None,
            tuple((i.id, i.reason) for i in items) if mentions.items else None,
        )
        lock = self._lock
        with lock:
            rendered: _Rendered | None = self._cache.get(key)
        if rendered is None:
            rendered = self._make(
                version, parameters, items, visitor, language, charset
            )
            if _size(rendered) <= self._cache.maxsize:
                with lock:
                    self._cache[key] = rendered
        if type(rendered) is bytes:
            return rendered
        parts: list[bytes] = []
        for piece in rendered:
            if type(piece) is bytes:
                parts.append(piece)
            elif type(piece) is _Cards:
                parts += self._shelf(name, piece.card, items, language, charset)
        return b"".join(parts)

    def reorder(
        self,
        name: str,
        default: bytes,
        scores: Mapping[str, float],
        charset: str = "utf-8",
    ) -> bytes:
        """The slot's default content with the visitor's own children first.

        ``scores`` maps keys of the fragment's dimension to anything that grows with
        interest. Raises :class:`FragmentError` when the content cannot be cut.
        """
        if self._fragment(name).reorder is None:
            raise FragmentError(name, "it does not reorder")
        key = (default, charset)
        with self._lock:
            pieces: Cut | None = self._cache.get(key)
        if pieces is None:
            try:
                pieces = cut(default, charset)
            except CutError as error:
                raise FragmentError(name, str(error)) from None
            if _size(pieces) <= self._cache.maxsize:
                with self._lock:
                    self._cache[key] = pieces
        return pieces.ordered(scores)

    def _fragment(self, name: str) -> Fragment:
        try:
            return self.library.fragments[name]
        except KeyError:
            raise FragmentError(name, "there is no such fragment") from None

    def _language(self, language: str) -> str:
        base = language.partition("-")[0].lower()
        return self._languages.get(base, self.library.language)

    def _version(self, name: str, language: str) -> Version:
        fragment = self._fragment(name)
        if not fragment.versions:
            raise FragmentError(name, "it has no text of its own")
        found = fragment.version(language, self.library.language)
        # Bounded: only known fragments and languages come here.
        self._versions[name, language] = found
        return found

    def _shelf(
        self,
        name: str,
        card: str,
        items: Sequence[Recommendation],
        language: str,
        charset: str,
    ) -> list[bytes]:
        version = self._versions.get((card, language)) or self._version(card, language)
        # A card's links count as clicks on the shelf that it stands on.
        shelf = name if version.mentions.click and self.click is not None else ""
        known = self._cards
        parts: list[bytes] = []
        reasoned = version.mentions.reason
        for item in items:
            reason = item.reason if reasoned else None
            key = (card, language, charset, item.id, reason, shelf)
            rendered = known.get(key)
            if rendered is None:
                rendered = self._card(name, version, item, language, charset, key)
                if rendered is None:
                    continue
            parts.append(rendered)
        if not parts:
            raise FragmentError(name, "none of its items is in the catalogue")
        return parts

    def _card(
        self,
        shelf: str,
        version: Version,
        chosen: Recommendation,
        language: str,
        charset: str,
        key: Any,
    ) -> bytes | None:
        item = self._item(chosen, language)
        if item is None:
            return None
        values: dict[str, Any] = {
            name.replace("-", "_"): Absent(name=name)
            for name in version.parameters.optional
        }
        values["item"] = item
        rendered = self._run(shelf, version, values, (), NOBODY, language, charset)
        # The linter refuses cards within cards.
        assert isinstance(rendered, bytes)
        size = _size(rendered)
        with self._lock:
            # First in, first out: a card that is still wanted is soon made again.
            while self._cards and self._card_bytes + size > self._card_limit:
                oldest = next(iter(self._cards))
                self._card_bytes -= _size(self._cards.pop(oldest))
            if size <= self._card_limit and key not in self._cards:
                self._cards[key] = rendered
                self._card_bytes += size
        return rendered

    def _item(self, chosen: Recommendation, language: str) -> Item | None:
        """The product with its reason, in the page's language."""
        item = self.catalog.item("product", chosen.id, language)
        if item is None:
            return None
        reason = chosen.reason.text(self.catalog, language)
        return msgspec.structs.replace(item, reason=reason)

    def _make(
        self,
        version: Version,
        parameters: Mapping[str, Any],
        items: Sequence[Recommendation],
        visitor: VisitorView,
        language: str,
        charset: str,
    ) -> _Rendered:
        values = template_values(
            version.fragment,
            version.parameters,
            parameters,
            visitor,
            self.catalog,
            language,
            self.currency,
        )
        shown: tuple[Item, ...] = ()
        if version.mentions.items:
            found = (self._item(one, language) for one in items)
            shown = tuple(item for item in found if item is not None)
            if not shown:
                raise FragmentError(
                    version.fragment, "none of its items is in the catalogue"
                )
        return self._run(
            version.fragment, version, values, shown, visitor, language, charset
        )

    def _run(
        self,
        fragment: str,
        version: Version,
        values: Mapping[str, Any],
        items: Sequence[Item],
        visitor: VisitorView,
        language: str,
        charset: str,
    ) -> _Rendered:
        places: list[_Cards] = []

        def click(url: object) -> str:
            address = str(url or "")
            if not address or not is_safe(address):
                raise ValueError(f"click() cannot lead to {address!r}")
            return self.click(fragment, address) if self.click else address

        def cards(_: object, card: str = "product-card") -> Markup:
            places.append(_Cards(card))
            return Markup(self._mark % (len(places) - 1))

        def t(value: object, kind: str | None = None) -> str:
            value = None if isinstance(value, Absent) else value
            return formatted(value, kind, language, self.currency)

        self.runs += 1
        names = {
            **values,
            "items": items,
            "visitor": visitor,
            "click": click,
            "cards": cards,
            "t": t,
        }
        try:
            context = version.template.new_context(names)
            text = run(version.render, context, "its output")
            encoded = [
                part.encode(charset, "xmlcharrefreplace")
                for part in self._places.split(text)[::2]
            ]
        except Exception as error:
            # A template of an editor may raise anything; the page must go out.
            why = f"{type(error).__name__}: {error}"
            raise FragmentError(version.fragment, why) from error
        if sum(map(len, encoded)) > OUTPUT_LIMIT:
            why = f"its output is larger than {OUTPUT_LIMIT} bytes"
            raise FragmentError(version.fragment, why)
        if len(encoded) == 1:
            return encoded[0]
        order = [places[int(number)] for number in self._places.findall(text)]
        pieces: list[bytes | _Cards] = [encoded[0]]
        for what, after in zip(order, encoded[1:], strict=True):
            pieces += (what, after)
        return tuple(pieces)


def _frozen(value: Any) -> Any:
    """A key for any parameters: 1, 1.0, True and "1" are printed differently."""
    if isinstance(value, Mapping):
        return tuple((key, _frozen(one)) for key, one in value.items())
    if isinstance(value, list | tuple):
        return tuple(map(_frozen, value))
    return (type(value), repr(value))
