"""A shelf while it is being filled: who may stand on it, and where."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from .assortment import Assortment, Wish
from .reasons import Reason
from .selection import REFUSED, Selection
from .shopper import DUE, Shopper

PINNED = Reason("pinned")
#: Of so many times the places on a shelf the best are looked at more closely.
CLOSELY = 2
_NOTHING: Collection[str] = frozenset()
_NO_GROUPS: Collection[int] = frozenset((REFUSED,))

Entry = tuple[str, Reason, float]
# A score, and the number, the key and the group of what has it.
_Scored = tuple[float, int, str, int]


class Filling:
    """What stands on one shelf so far: ``entries`` are keys, reasons and scores.

    Strategies place what they find, the best first, until there are ``until``. ``left_out`` and
    ``never`` are the keys that may not stand here, nor do those in ``bought`` that are not due.
    """

    __slots__ = (
        *(
            "assortment",
            "bought",
            "entries",
            "left_out",
            "never",
            "selection",
            "shopper",
        ),
        *("until", "wish", "_cap", "_counts", "_crowded", "_strict"),
    )

    def __init__(
        self,
        selection: Selection,
        wish: Wish,
        shopper: Shopper,
        taken: Collection[str],
    ) -> None:
        self.selection = selection
        self.assortment = selection.assortment
        self.wish = wish
        self.shopper = shopper
        self.entries: list[Entry] = []
        self.until = wish.limit
        unwanted = shopper.unwanted
        self.never = self.assortment.having(unwanted) if unwanted else _NOTHING
        self.bought = shopper.bought
        self.left_out = {*taken, *shopper.dismissed}
        cap = selection.cap
        self._cap = cap.places(wish.limit) if cap is not None else wish.limit + 1
        self._strict = cap is not None and cap.strict
        self._counts: dict[int, int] = {}
        # Groups that have all the places they may have; that of what nobody asks for has none.
        self._crowded = {REFUSED}

    @property
    def full(self) -> bool:
        return len(self.entries) >= self.until

    def pin(self) -> None:
        """What is pinned stands first; only what the visitor sent away does not, nor what is
        ``taken``."""
        ids, gone, never = self.assortment.ids, self.left_out, self.never
        for number in self.selection.pinned(self.wish.pinned):
            id = ids[number]
            if id is None or id in gone or id in never or self.full:
                continue
            self._add(number, id, PINNED, 1.0)

    def _add(self, number: int, id: str, reason: Reason, score: float) -> None:
        self._count(self.selection.assortment.groups[number])
        self.left_out.add(id)
        self.entries.append((id, reason, score))

    def _count(self, group: int) -> None:
        if group >= 0:
            count = self._counts[group] = self._counts.get(group, 0) + 1
            if count >= self._cap:
                self._crowded.add(group)

    def fits(self, number: int, capped: bool = True) -> bool:
        """Whether an item may stand here; ``capped`` as in :meth:`place`."""
        group = self.selection.groups[number]
        if group in (self._crowded if capped or self._strict else _NO_GROUPS):
            return False
        id = self.assortment.ids[number]
        return (
            id is not None
            and id not in self.left_out
            and id not in self.never
            and (id not in self.bought or self.due(id))
        )

    def due(self, id: str) -> bool:
        """Whether somebody who has bought it needs it again: asked only where it matters."""
        return self.shopper.due.get(id, 0.0) >= DUE

    def put(self, number: int, reason: Reason, score: float) -> str | None:
        """Place one item, whatever it scores; its key, or None if it may not stand here."""
        if not self.fits(number):
            return None
        id = self.assortment.ids[number]
        if id is not None:
            self._add(number, id, reason, score)
        return id

    def place(
        self,
        numbers: Iterable[int],
        scores: Sequence[float] | Mapping[int, float],
        reason: Reason | Mapping[int, Reason],
        *,
        capped: bool = True,
    ) -> None:
        """Add those of ``numbers`` that may stand here, in their order, until the shelf is full.

        ``scores`` are theirs, by number; ``reason`` is that of all, or of each by number. Whoever
        goes by one thing is not ``capped``, unless the shop says so.
        """
        left = self.until - len(self.entries)
        if left <= 0:
            return
        ids, groups = self.assortment.ids, self.selection.groups
        left_out, never, bought = self.left_out, self.never, self.bought
        least = self.wish.minimum_score
        crowded = self._crowded if capped or self._strict else _NO_GROUPS
        one = reason if type(reason) is Reason else None
        for number in numbers:
            group = groups[number]
            if group in crowded:
                continue
            id = ids[number]
            if id is None or id in left_out or id in never:
                continue
            if id in bought and not self.due(id):
                continue
            score = scores[number]
            if score < least:
                continue
            left_out.add(id)
            why = one if one is not None else reason[number]  # type: ignore[index]  # as tested
            self.entries.append((id, why, score))
            self._count(group)
            left -= 1
            if not left:
                return

    def tilt(self, found: dict[int, float]) -> None:
        """Multiply the scores of what the rule boosts or buries."""
        factors = self.selection.factors
        if factors:
            for number in self.selection.tilted.intersection(found):
                found[number] *= factors[number]

    def place_scored(
        self,
        found: dict[int, float],
        kind: str,
        why: Mapping[int, int],
        *,
        without: Collection[str] = _NOTHING,
        capped: bool = True,
    ) -> None:
        """As :meth:`place`, for ``found``: number -> score of a table, with what gave most to it.

        Those ``without`` which the shelf is asked for are left out. What the visitor leans to goes
        up; what the rule boosts has its factor already (see :meth:`tilt`). Scores become s / (1 + s).
        """
        if not found or self.full:
            return
        ids, groups = self.assortment.ids, self.selection.groups
        left_out, never, bought = self.left_out.union(without), self.never, self.bought
        crowded = self._crowded if capped or self._strict else _NO_GROUPS
        factors = _Leanings(self.assortment.categories, self.shopper.leaning)
        reasons = _Reasons(self.assortment, kind)
        left = close = CLOSELY * (self.until - len(self.entries))
        scored: list[_Scored] = []
        for number in sorted(found, key=found.__getitem__, reverse=True):
            group = groups[number]
            if group in crowded:
                continue
            id = ids[number]
            if id in left_out or id in never or id is None:
                continue
            if id in bought and not self.due(id):
                continue
            scored.append((found[number] * factors[group], number, id, group))
            left -= 1
            if not left:
                self._place_best(scored, reasons, why, crowded)
                if self.full:
                    return
                scored, left = [], close
        self._place_best(scored, reasons, why, crowded)

    def _place_best(
        self,
        scored: list[_Scored],
        reasons: Mapping[int, Reason],
        why: Mapping[int, int],
        crowded: Collection[int],
    ) -> None:
        """Place those of ``scored`` that fit, the best first; nobody else refuses them."""
        scored.sort(reverse=True)
        counts, cap, entries, left_out = (
            self._counts,
            self._cap,
            self.entries,
            self.left_out,
        )
        left, least = self.until - len(entries), self.wish.minimum_score
        for score, number, id, group in scored:
            if group in crowded:
                continue
            score /= 1.0 + score
            if score < least:
                return
            left_out.add(id)
            entries.append((id, reasons[why[number]], score))
            if group >= 0:
                count = counts[group] = counts.get(group, 0) + 1
                if count >= cap:
                    self._crowded.add(group)
            left -= 1
            if not left:
                return


class _Leanings(dict[int, float]):
    """What the scores of a group are multiplied by, worked out when it is asked for."""

    __slots__ = ("_categories", "_leaning")

    def __init__(
        self, categories: Sequence[str], leaning: Callable[[str], float]
    ) -> None:
        self[-1] = 1.0
        self._categories, self._leaning = categories, leaning

    def __missing__(self, group: int) -> float:
        found = self[group] = 1.0 + self._leaning(self._categories[group])
        return found


class _Reasons(dict[int, Reason]):
    """The reason that each item gives, made when it is asked for."""

    __slots__ = ("_assortment", "_kind")

    def __init__(self, assortment: Assortment, kind: str) -> None:
        self._assortment, self._kind = assortment, kind

    def __missing__(self, item: int) -> Reason:
        assortment = self._assortment
        found = self[item] = assortment.because(self._kind, assortment.key(item))
        return found
