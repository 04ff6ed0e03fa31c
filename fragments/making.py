"""Fragments made: templates run, in one language and encoding."""

import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from markupsafe import Markup

from .addresses import is_safe
from .catalog import Catalog
from .dismissal import button
from .formats import text as formatted
from .items import Item
from .library import Fragment, Library, Version
from .parameters import NOBODY, FragmentError, Things, VisitorView, template_values
from .plainlinks import plain
from .plates import Cards, Deck, Pieces, Rendered
from .recommendations.model import kind_and_id
from .recommendations.reasons import Reason
from .sandbox import OUTPUT_LIMIT, Absent, run
from .thumbs import buttons

#: A fragment's name and an address -> the link that counts the click and leads there.
Click = Callable[[str, str], str]

# In these Python spells two signs as the bytes of others, which browsers then show.
_JAPANESE = frozenset(("euc_jp", "shift_jis"))
_SPELLED = {0xA5: "&#165;", 0x203E: "&#8254;"}


class Maker:
    """Runs the templates of one library with one catalogue; keeps nothing but ``cards``."""

    def __init__(
        self,
        library: Library,
        catalog: Catalog,
        currency: str,
        click: Click | None,
        cards: Cards,
        plain_links: bool = False,
        lead: bytes = b"",
    ) -> None:
        self.plain_links = plain_links
        self.lead = lead
        self.library = library
        self.catalog = catalog
        self.currency = currency
        self.click = click
        self.cards = cards
        #: How often a template ran.
        self.runs = 0
        self._languages = {library.language, *library.languages, *catalog.languages}
        self._versions: dict[tuple[str, str], Version] = {}
        # Nobody can guess it, so no text of a visitor can look like a place of ours.
        nonce = secrets.token_hex(8)
        self._mark = f"\ue000{nonce}:%d\ue001"
        self._places = re.compile(f"\ue000{nonce}:(\\d+)\ue001")

    def fragment(self, name: str) -> Fragment:
        try:
            return self.library.fragments[name]
        except KeyError:
            raise FragmentError(name, "there is no such fragment") from None

    def language(self, language: str) -> str:
        """The language that a page in ``language`` gets: the site's own when unknown."""
        if language in self._languages:
            return language
        base = language.partition("-")[0].lower()
        return base if base in self._languages else self.library.language

    def version(self, name: str, language: str) -> Version:
        """The fragment's best version; ``language`` is one that :meth:`language` gave."""
        if known := self._versions.get((name, language)):
            return known
        fragment = self.fragment(name)
        if not fragment.versions:
            raise FragmentError(name, "it has no text of its own")
        found = fragment.version(language, self.library.language)
        # Bounded: only known fragments and languages come here.
        self._versions[name, language] = found
        return found

    def _deck(self, shelf: str, card: str, language: str, charset: str) -> Deck:
        version = self.version(card, language)
        if not version.mentions.click or self.click is None:
            shelf = ""  # its links do not name the shelf: one card for all shelves
        return self.cards.deck(version, shelf, language, charset)

    def card(self, shelf: str, deck: Deck, id: str, reason: Reason) -> Pieces | None:
        """One card for ``deck``, or the one that is there; None: the catalogue lacks it."""
        key = (id, reason) if deck.reasoned else id
        if (ready := deck.ready.get(key)) is not None:
            return ready
        item = self._item(id, reason, deck.language)
        if item is None:
            return None
        version = deck.version
        values: dict[str, Any] = {
            name.replace("-", "_"): Absent(name=name)
            for name in version.parameters.optional
        }
        values["item"] = item
        rendered = self._run(
            shelf, version, values, (), NOBODY, deck.language, deck.charset
        )
        # The linter refuses cards within cards.
        assert isinstance(rendered, Pieces)
        self.cards.put(deck, key, rendered)
        return rendered

    def _item(self, id: str, reason: Reason, language: str) -> Item | None:
        """The product or article with its reason, in the page's language."""
        item = self.catalog.item(*kind_and_id(id), language)
        if item is None:
            return None
        return msgspec.structs.replace(item, reason=reason.text(self.catalog, language))

    def make(
        self,
        version: Version,
        parameters: Mapping[str, Any],
        things: Things,
        chosen: Sequence[tuple[str, Reason]],
        visitor: VisitorView,
        language: str,
        charset: str,
    ) -> Rendered:
        """The fragment; ``chosen`` are its items' ids and reasons. Raises
        :class:`FragmentError`."""
        values = template_values(
            version.fragment,
            version.parameters,
            parameters,
            things,
            visitor,
            self.catalog,
            language,
            self.currency,
        )
        shown: tuple[Item, ...] = ()
        if version.mentions.items:
            found = (self._item(id, reason, language) for id, reason in chosen)
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
    ) -> Rendered:
        places: list[Deck] = []
        links: dict[str, str] = {}

        def click(url: object) -> str:
            address = str(url or "")
            if not address or not is_safe(address):
                raise ValueError(f"click() cannot lead to {address!r}")
            if self.click is None:
                return address
            link = self.click(fragment, address)
            links[link] = address
            return link

        def cards(_: object, card: str = "product-card") -> Markup:
            places.append(self._deck(fragment, card, language, charset))
            return Markup(self._mark % (len(places) - 1))

        def t(value: object, kind: str | None = None) -> str:
            value = None if isinstance(value, Absent) else value
            return formatted(value, kind, language, self.currency)

        def dismiss(label: object = "") -> Markup:
            return button("" if isinstance(label, Absent) else str(label), language)

        def thumbs() -> Markup:
            return buttons(language)

        self.runs += 1
        names = {
            **values,
            "items": items,
            "visitor": visitor,
            "click": click,
            "cards": cards,
            "dismiss": dismiss,
            "thumbs": thumbs,
            "t": t,
        }
        try:
            context = version.template.new_context(names)
            text = run(version.render, context, "its output")
            if links and self.plain_links:
                text = plain(text, links)
            if charset in _JAPANESE:
                text = text.translate(_SPELLED)
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
        at = self.lead if links else b""
        made = [Pieces(part.split(at) if at else (part,)) for part in encoded]
        if len(made) == 1:
            return made[0]
        order = [places[int(number)] for number in self._places.findall(text)]
        pieces: list[Pieces | Deck] = [made[0]]
        for what, after in zip(order, made[1:], strict=True):
            pieces += (what, after)
        return tuple(pieces)
