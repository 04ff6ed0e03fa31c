"""A shelf while it is being filled: who may stand on it, and where."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from .assortment import Wish
from .reasons import Reason
from .selection import Selection
from .shopper import DUE, Shopper

PINNED = Reason("pinned")
#: Of so many times the places on a shelf the best are looked at more closely.
_CLOSELY = 5


class Filling:
    """A shelf while it is being filled. Strategies place what they find, the best first."""

    __slots__ = (
        *("assortment", "ids", "numbers", "reasons", "scores", "selection", "shopper"),
        *("left_out", "never", "until", "wish", "_cap", "_counts", "_strict"),
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
        self.ids: list[str] = []
        self.numbers: list[int] = []
        self.reasons: list[Reason] = []
        self.scores: list[float] = []
        self.until = wish.limit
        self.never = self.assortment.having(shopper.unwanted)
        self.left_out = left_out = set(shopper.bought)
        for id, probability in shopper.due.items() if left_out else ():
            if probability >= DUE:
                left_out.discard(id)
        left_out.update(taken)
        left_out.update(shopper.dismissed)
        cap = selection.cap
        self._cap = cap.places(wish.limit) if cap is not None else wish.limit
        self._strict = cap is not None and cap.strict
        self._counts: dict[int, int] = {}

    @property
    def full(self) -> bool:
        return len(self.ids) >= self.until

    def pin(self) -> None:
        """What is pinned stands first; only what the visitor sent away does not."""
        gone = {*self.shopper.dismissed}
        for number in self.selection.pinned(self.wish.pinned):
            id = self.assortment.ids[number]
            if id is None or id in gone or id in self.never or self.full:
                continue
            self._count(self.assortment.groups[number])
            self._add(number, id, PINNED, 1.0)

    def _count(self, group: int) -> None:
        if group >= 0:
            self._counts[group] = self._counts.get(group, 0) + 1

    def _add(self, number: int, id: str, reason: Reason, score: float) -> None:
        self.left_out.add(id)
        self.ids.append(id)
        self.numbers.append(number)
        self.reasons.append(reason)
        self.scores.append(score)

    def fits(self, number: int) -> bool:
        """Whether an item may stand here, as far as its category has places left."""
        id = self.assortment.ids[number]
        return (
            self.selection.allowed[number] == 1
            and id is not None
            and id not in self.left_out
            and id not in self.never
        )

    def put(self, number: int, reason: Reason, score: float) -> str | None:
        """Place one item, whatever it scores; its key, or None if it may not stand here."""
        group = self.assortment.groups[number]
        if group >= 0 and self._counts.get(group, 0) >= self._cap:
            return None
        id = self.assortment.ids[number]
        if id is None or not self.fits(number):
            return None
        self._count(group)
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
        ids, groups = self.assortment.ids, self.assortment.groups
        allowed, least = self.selection.allowed, self.wish.minimum_score
        left_out, never, counts = self.left_out, self.never, self._counts
        cap = self._cap if capped or self._strict else len(ids)
        one = reason if type(reason) is Reason else None
        left = self.until - len(self.ids)
        if left <= 0:
            return
        for number in numbers:
            if not allowed[number]:
                continue
            id = ids[number]
            if id is None or id in left_out or id in never:
                continue
            score = scores[number]
            if score < least:
                continue
            group = groups[number]
            if group >= 0:
                count = counts.get(group, 0)
                if count >= cap:
                    continue
                counts[group] = count + 1
            why = one if one is not None else reason[number]  # type: ignore[index]  # as tested
            self._add(number, id, why, score)
            left -= 1
            if not left:
                return

    def place_scored(
        self,
        found: dict[int, float],
        kind: str,
        why: Mapping[int, int] | None = None,
        *,
        capped: bool = True,
    ) -> None:
        """As :meth:`place`, for ``found``: number -> score of a table, with what gave most to it.

        What the visitor leans to goes up, and what the rule boosts. Scores become s / (1 + s).
        """
        if not found or self.full:
            return
        allowed, factors = self.selection.allowed, self.selection.factors
        by_score = found.__getitem__
        if factors:
            for number in factors.keys() & found.keys():
                found[number] *= factors[number]
        order = [n for n in sorted(found, key=by_score, reverse=True) if allowed[n]]
        close = order[: _CLOSELY * self.wish.limit]
        groups, categories = self.assortment.groups, self.assortment.categories
        leaning, leanings = self.shopper.leaning, dict[int, float]()
        scores: dict[int, float] = {}
        for number in close:
            score, group = found[number], groups[number]
            if group >= 0:
                lean = leanings.get(group)
                if lean is None:
                    lean = leanings[group] = 1.0 + leaning(categories[group])
                score *= lean
            scores[number] = score / (1.0 + score)
        close.sort(key=scores.__getitem__, reverse=True)
        self.place(close, scores, _Because(self, kind, why), capped=capped)
        if not self.full and len(order) > len(close):
            rest = order[len(close) :]
            for number in rest:
                score = found[number]
                scores[number] = score / (1.0 + score)
            self.place(rest, scores, _Because(self, kind, why), capped=capped)


class _Because(dict[int, Reason]):
    """The reasons of what is placed, made when they are."""

    def __init__(
        self, filling: Filling, kind: str, why: Mapping[int, int] | None
    ) -> None:
        self._assortment, self._kind, self._why = filling.assortment, kind, why

    def __missing__(self, number: int) -> Reason:
        assortment, why = self._assortment, self._why
        key = assortment.key(why[number]) if why is not None else ""
        return assortment.because(self._kind, key)
