"""The shelves of one page: together they show nothing twice."""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from ..fragments.recommendations.assortment import Assortment
from ..fragments.recommendations.shelf import NO_CANDIDATES, Candidates, Shelf, fill
from ..rules.attributes import Facts
from ..rules.facts import Recommend
from .shoppers import KnownShopper

if TYPE_CHECKING:
    from .window import Shopwindow

_NOTHING: Collection[str] = ()


class Shelves:
    """What stands on the shelves of a page, by slot; all of one assortment, the page's."""

    __slots__ = ("_assortment", "_by_slot")

    def __init__(self) -> None:
        self._assortment: Assortment | None = None  # a model may be swapped meanwhile
        self._by_slot: dict[str, Shelf] = {}

    def fill(
        self,
        window: "Shopwindow",
        slot: str,
        wish: Recommend,
        known: Facts,
        candidates: Candidates = NO_CANDIDATES,
    ) -> Shelf:
        """What ``wish`` puts into ``slot``, and no other shelf of the page shows."""
        assortment = self._assortment
        if assortment is None:
            assortment = self._assortment = window.assortment
        taken = self._taken(slot) if self._by_slot else _NOTHING
        shelf = self._by_slot[slot] = fill(
            assortment.selection(wish),
            wish,
            KnownShopper(known, assortment.catalog),
            taken=taken,
            slot=slot,
            candidates=candidates,
        )
        return shelf

    def _taken(self, slot: str) -> set[str]:
        taken: set[str] = set()
        for other, shelf in self._by_slot.items():
            if other != slot:
                taken.update(shelf.ids)
        return taken

    def join(self, others: "Shelves") -> None:
        """Go on with shelves that were filled ahead, for this very page."""
        if others._by_slot:
            self._assortment = others._assortment
            self._by_slot = {**others._by_slot, **self._by_slot}

    def leave(self, slot: str) -> None:
        """``slot`` shows no shelf after all: what stood there may stand elsewhere."""
        self._by_slot.pop(slot, None)

    def only(self, slots: Collection[str]) -> None:
        """Forget all shelves but those in ``slots``."""
        self._by_slot = {s: shelf for s, shelf in self._by_slot.items() if s in slots}

    def discovered(self, slot: str) -> Mapping[str, float]:
        """What luck has brought into ``slot``, and how probable that was."""
        shelf = self._by_slot.get(slot)
        return shelf.discovered if shelf is not None else {}
