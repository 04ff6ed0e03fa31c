"""The shelves of one page: together they show nothing twice."""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Protocol

from ..fragments.recommendations.assortment import Assortment
from ..fragments.recommendations.model import article_key, kind_and_id
from ..fragments.recommendations.shelf import NO_CANDIDATES, Candidates, Shelf, fill
from ..rules.attributes import Facts
from ..rules.events import ARTICLE_VIEWED, PRODUCT_VIEWED
from ..rules.facts import Recommend
from .shoppers import KnownShopper

if TYPE_CHECKING:
    from .site import Site


class Shop(Protocol):
    """Of a :class:`~.window.Shopwindow` what shelves need."""

    @property
    def site(self) -> "Site": ...
    @property
    def assortment(self) -> Assortment: ...


class Shelves:
    """What stands on the shelves of a page, by slot; all of one assortment, the page's."""

    __slots__ = ("_assortment", "_by_slot", "_here")

    def __init__(self) -> None:
        self._assortment: Assortment | None = None  # a model may be swapped meanwhile
        self._by_slot: dict[str, Shelf] = {}
        self._here: tuple[str, ...] = ()  # what the page itself is about

    def fill(
        self,
        window: Shop,
        slot: str,
        wish: Recommend,
        known: Facts,
        candidates: Candidates = NO_CANDIDATES,
    ) -> Shelf:
        """What ``wish`` puts into ``slot``, and no other shelf of the page shows."""
        assortment = self._assortment
        if assortment is None:
            assortment = self._assortment = window.assortment
            self._here = _about(window, known.context.path)
        taken: Collection[str] = self._here
        if self._by_slot:
            taken = self.taken(slot)
        shelf = self._by_slot[slot] = fill(
            assortment.selection(wish),
            wish,
            KnownShopper(known),
            taken=taken,
            slot=slot,
            candidates=candidates,
        )
        return shelf

    def taken(self, slot: str) -> set[str]:
        """What stands elsewhere on the page, or is what the page is about."""
        taken = set(self._here)
        for other, shelf in self._by_slot.items():
            if other != slot:
                taken.update(shelf.ids)
        return taken

    def join(self, others: "Shelves") -> None:
        """Go on with shelves that were filled ahead, for this very page."""
        if others._by_slot:
            self._assortment, self._here = others._assortment, others._here
            self._by_slot = {**others._by_slot, **self._by_slot}

    def leave(self, slot: str) -> None:
        """``slot`` shows no shelf after all: what stood there may stand elsewhere."""
        self._by_slot.pop(slot, None)

    def only(self, slots: Collection[str]) -> None:
        """Forget all shelves but those in ``slots``."""
        self._by_slot = {s: shelf for s, shelf in self._by_slot.items() if s in slots}

    def discovered(self, slot: str) -> Mapping[str, float]:
        """The ids of what luck has brought into ``slot``, and how probable that was."""
        shelf = self._by_slot.get(slot)
        found = shelf.discovered if shelf is not None else {}
        return {kind_and_id(key)[1]: chance for key, chance in found.items()}


def _about(window: Shop, path: str) -> tuple[str, ...]:
    """The product or article that the page at ``path`` is about: no shelf on it leads there."""
    seen = window.site.tracks.sighting(path, b"")
    if seen is None:
        return ()
    if seen.name == PRODUCT_VIEWED:
        return (seen.properties["product_id"],)
    if seen.name == ARTICLE_VIEWED:
        return (article_key(seen.properties["article_id"]),)
    return ()
