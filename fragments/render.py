"""Fragments as bytes: rendered once, then joined for each visitor."""

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any

from .bytecache import ByteCache
from .catalog import Catalog
from .fragment_files import Parameters
from .items import Item
from .library import Library, Version
from .making import Click, Maker
from .parameters import (
    NO_THINGS,
    NOBODY,
    FragmentError,
    Things,
    VisitorView,
    template_values,
)
from .plates import OVERHEAD, WHOLE, Cards, Deck, Pieces, Plate, Rendered, Whole, size
from .recommendations.reasons import Reason, Recommendation
from .remote import LANGUAGE, Remote
from .reorder import Cut, CutError, cut_children

CACHE_BYTES = 16 * 1024 * 1024

__all__ = ["Click", "FragmentError", "Plate", "Renderer", "VisitorView"]


def _cut_size(cut: Cut) -> int:
    # The content it was cut from is its key.
    return 2 * sum(map(len, (*cut.between, *cut.children))) + OVERHEAD


class Renderer:
    """Renders the fragments of one library with one catalogue.

    ``currency`` is the ISO 4217 code that prices are in. ``click`` makes a link from a
    fragment's name and an address, always the same one, because it is kept with the bytes;
    without it links lead straight to the address, as they do with ``plain_links``, which name
    the other one beside it. What was rendered is kept, up to
    ``cache_bytes``; a new library or catalogue needs a new renderer. Safe to use from
    several threads.
    """

    def __init__(
        self,
        library: Library,
        catalog: Catalog,
        *,
        currency: str = "EUR",
        click: Click | None = None,
        lead: str = "",
        plain_links: bool = False,
        cache_bytes: int = CACHE_BYTES,
    ) -> None:
        self.library = library
        cards = Cards(cache_bytes // 2)
        self._cards = cards.kept
        self._lead = lead.encode()
        self._maker = Maker(
            *(library, catalog, currency, click, cards, plain_links), self._lead
        )
        # A share for each kind: none can push out the others. A plate and the value it
        # was made of often are the same bytes, but not always.
        self._cache: ByteCache[Any, Rendered] = ByteCache(cache_bytes // 4, size)
        self._plates: ByteCache[Any, Plate] = ByteCache(
            cache_bytes // 8, attrgetter("size")
        )
        self._cuts: ByteCache[Any, Cut] = ByteCache(cache_bytes // 8, _cut_size)

    @property
    def runs(self) -> int:
        """How often a template ran; everything else came from what is kept."""
        return self._maker.runs

    def render(
        self,
        name: str,
        parameters: Mapping[str, Any],
        *,
        things: Things = NO_THINGS,
        items: Sequence[Recommendation] = (),
        visitor: VisitorView = NOBODY,
        language: str = "",
        charset: str = "utf-8",
    ) -> bytes:
        """The fragment in the encoding ``charset``, which must contain ASCII.

        ``parameters`` are the rule's ``with``; ``things`` say which of them, and which other
        names in their texts, are something of the catalogue; ``items`` fill shelves; ``language`` is
        the page's, the site's own when empty or unknown. Raises :class:`FragmentError`.
        """
        language = self._maker.language(language)
        version = self._maker.version(name, language)
        chosen = [(item.id, item.reason) for item in items]
        rendered = self._rendered(
            version,
            parameters,
            things,
            chosen,
            visitor if _is_personal(version, parameters) else None,
            language,
            charset,
        )
        ids, reasons = [id for id, _ in chosen], [reason for _, reason in chosen]
        return self._joined(name, rendered, ids, reasons, self._lead)

    def plate(
        self,
        name: str,
        parameters: Mapping[str, Any],
        language: str = "",
        charset: str = "utf-8",
        *,
        things: Things = NO_THINGS,
    ) -> Plate:
        """The fragment with these parameters, for :meth:`serve` or as it is.

        As :meth:`render`, but fast for a mapping that is given again and again: it is
        known by its identity, so it must never change, and with it always come the same
        ``things``. Raises :class:`FragmentError`.
        """
        # The plate holds the mapping: nothing else can have its id as long as we keep it.
        key = (id(parameters), name, language, charset)
        plate = self._plates.young.get(key) or self._plates.get(key)
        if plate is None:
            plate = self._plate(name, parameters, things, language, charset)
            self._plates.put(key, plate)
        return plate

    def serve(
        self,
        plate: Plate,
        ids: Sequence[str] = (),
        reasons: Sequence[Reason] = (),
        visitor: VisitorView = NOBODY,
        lead: bytes = b"",
    ) -> bytes:
        """The bytes for one visitor, as :meth:`render` gives them.

        ``ids`` are the products for shelves and ``reasons`` why each one was chosen.
        ``visitor`` is looked at only if the plate is ``personal``. Links begin with ``lead``,
        if there is one.
        """
        if not lead and plate.content is not None:
            return plate.content
        whole = plate.whole
        if whole is not None and ids is whole.ids and reasons is whole.reasons:
            return lead.join(whole.cut(self._lead)) if lead else whole.content
        rendered = plate.rendered
        if rendered is None:
            rendered = self._rendered(
                plate.version,
                plate.parameters,
                plate.things,
                list(zip(ids, reasons, strict=True)),
                visitor if plate.personal else None,
                plate.language,
                plate.charset,
            )
        name = plate.version.fragment
        # Only tuples stay what they are; a personal fragment is not everybody's.
        if (
            isinstance(ids, tuple)
            and isinstance(reasons, tuple)
            and plate.rendered is not None
        ):
            again, plate.seen = plate.seen is ids, ids
            if again or not lead:
                content = self._joined(name, rendered, ids, reasons, self._lead)
                if len(content) <= WHOLE:
                    plate.whole = Whole(ids, reasons, content)
                if not lead:
                    return content
        return self._joined(name, rendered, ids, reasons, lead or self._lead)

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
        if self._maker.fragment(name).reorder is None:
            raise FragmentError(name, "it does not reorder")
        key = (default, charset)
        pieces = self._cuts.get(key)
        if pieces is None:
            try:
                pieces = cut_children(default, charset)
            except CutError as error:
                raise FragmentError(name, str(error)) from None
            self._cuts.put(key, pieces)
        return pieces.ordered(scores)

    def address(
        self,
        remote: Remote,
        parameters: Mapping[str, Any],
        language: str = "",
        *,
        things: Things = NO_THINGS,
    ) -> str:
        """Where ``remote`` is, with ``parameters`` and ``things`` as in :meth:`render`.

        What is in the catalogue stands there by its id. Nothing about the visitor can.
        Raises :class:`FragmentError`.
        """
        values = template_values(
            remote.name,
            Parameters(remote.required, remote.optional, False),
            parameters,
            things,
            NOBODY,
            self._maker.catalog,
            language,
            self._maker.currency,
        )
        try:
            filled = {
                name: _in_address(name, values[name.replace("-", "_")])
                for name in remote.required | remote.optional
                if name in parameters
            }
            return remote.address({**filled, LANGUAGE: language})
        except ValueError as error:
            raise FragmentError(remote.name, str(error)) from None

    def _plate(
        self,
        name: str,
        parameters: Mapping[str, Any],
        things: Things,
        language: str,
        charset: str,
    ) -> Plate:
        language = self._maker.language(language)
        version = self._maker.version(name, language)
        personal = _is_personal(version, parameters)
        rendered = None
        if not personal and not version.mentions.items:
            rendered = self._rendered(
                version, parameters, things, (), None, language, charset
            )
        content = None
        if isinstance(rendered, Pieces):
            content = self._joined(name, rendered, (), (), self._lead)
        return Plate(
            *(version, parameters, things, language, charset, personal),
            *(rendered, content),
        )

    def _rendered(
        self,
        version: Version,
        parameters: Mapping[str, Any],
        things: Things,
        chosen: Sequence[tuple[str, Reason]],
        visitor: VisitorView | None,
        language: str,
        charset: str,
    ) -> Rendered:
        """From what is kept, or made; ``visitor`` is None where it makes no difference."""
        values = parameters.values()
        plain = all(type(value) is str for value in values)
        key = (
            version.fragment,
            language,
            charset,
            tuple(parameters.items()) if plain else _frozen(parameters),
            tuple(things.items()),
            visitor,
            tuple(chosen) if version.mentions.items else None,
        )
        rendered = self._cache.get(key)
        if rendered is None:
            rendered = self._maker.make(
                version,
                parameters,
                things,
                chosen,
                visitor or NOBODY,
                language,
                charset,
            )
            self._cache.put(key, rendered)
        return rendered

    def _joined(
        self,
        name: str,
        rendered: Rendered,
        ids: Sequence[str],
        reasons: Sequence[Reason],
        lead: bytes,
    ) -> bytes:
        if type(rendered) is Pieces:
            return lead.join(rendered)
        parts: list[bytes] = []
        for piece in rendered:
            if type(piece) is Pieces:
                parts.append(lead.join(piece))
            elif type(piece) is Deck:
                ready = piece.ready
                try:
                    if piece.reasoned:
                        cards = [ready[key] for key in zip(ids, reasons, strict=True)]
                    else:
                        cards = [ready[id] for id in ids]
                except KeyError:
                    cards = self._dealt(name, piece, ids, reasons)
                if not cards:
                    why = "none of its items is in the catalogue"
                    raise FragmentError(name, why)
                parts += [lead.join(card) for card in cards]
        return b"".join(parts)

    def _dealt(
        self, name: str, deck: Deck, ids: Sequence[str], reasons: Sequence[Reason]
    ) -> list[Pieces]:
        """The cards of these products; those that the catalogue does not have left out."""
        cards: list[Pieces] = []
        for id, reason in zip(ids, reasons, strict=True):
            card = self._maker.card(name, deck, id, reason)
            if card is not None:
                cards.append(card)
        return cards


def _in_address(name: str, value: Any) -> str:
    """A parameter as it stands in an address. Raises :class:`ValueError`."""
    if isinstance(value, Item):
        return value.id
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"{float(value)!r}" if isinstance(value, float) else str(value)
    raise ValueError(f"{{{name}}} is neither a text nor a number")


def _is_personal(version: Version, parameters: Mapping[str, Any]) -> bool:
    """Whether the output depends on who the visitor is."""
    return version.mentions.visitor or "{visitor" in repr(parameters)


def _frozen(value: Any) -> Any:
    """A key for any parameters: 1, 1.0, True and "1" are printed differently."""
    if isinstance(value, Mapping):
        return tuple((key, _frozen(one)) for key, one in value.items())
    if isinstance(value, list | tuple):
        return tuple(map(_frozen, value))
    return (type(value), repr(value))
