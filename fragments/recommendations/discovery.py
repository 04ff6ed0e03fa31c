"""What a visitor does not usually see: drawn by luck, which is the same for the same visitor, day and slot."""

from collections.abc import Collection, Iterable, Iterator
from hashlib import blake2b
from struct import Struct

from .selection import Selection

_DRAWS = 24  # before all that may be drawn is looked at
_ONE = 1.0 / 2**53
_eight = Struct(">8Q").unpack


class Luck:
    """Numbers from 0 to 1 that follow from a text."""

    __slots__ = ("_block", "_left", "_seed")

    def __init__(self, text: str) -> None:
        self._seed = text.encode("utf-8", "surrogatepass")
        self._block = 0
        self._left: list[int] = []

    def __next__(self) -> float:
        left = self._left
        if not left:
            digest = blake2b(self._seed, salt=self._block.to_bytes(8, "big")).digest()
            left += _eight(digest)
            self._block += 1
        return (left.pop() >> 11) * _ONE


def expected(share: float, limit: int, usual: int | None = None) -> float:
    """How many of ``limit`` places are for discovery, as a mean, so that it has its share.

    With ``usual`` of the usual there are, and no more: so many that it is the share of a shelf that
    is as much shorter.
    """
    if usual is None or share >= 1.0:
        return share * limit
    return min(share * limit, usual * share / (1.0 - share))


def drawn(places: float, luck: float) -> int:
    """A whole number whose mean is ``places``."""
    whole = int(places)
    return whole + (luck < places - whole)


def discovered(
    selection: Selection,
    usual: Collection[str],
    left_out: Iterable[Collection[str]],
    places: float,
    luck: Luck,
) -> Iterator[tuple[int, float]]:
    """Items out of no ``usual`` category, one after the other, each with its propensity.

    That is the probability with which this very item would be drawn for such a visitor: all that may
    be drawn have the same, and together they have ``places`` places, as a mean. ``left_out``
    are the keys that may not be drawn, in several heaps. Where the visitor knows all categories, anything
    else may be.
    """
    numbers, keys, category, of_category = selection.pool
    size = len(keys)
    familiar, within = set(usual), category.keys()
    out: set[str] = set()
    for some in left_out:
        if some:
            out |= within & some
    left, of = size, of_category.get
    for name in familiar:
        left -= of(name, 0)
    for key in out:
        if category[key] not in familiar:
            left -= 1
    if left <= 0:
        familiar, left = set(), size - len(out)
    if left <= 0:
        return
    propensity = min(1.0, places / left)
    for _ in range(left):
        for _ in range(_DRAWS):
            place = int(next(luck) * size)
            key = keys[place]
            if key not in out and category[key] not in familiar:
                break
        else:  # few are left: look at each of them
            fitting = [
                place
                for place, key in enumerate(keys)
                if key not in out and category[key] not in familiar
            ]
            place = fitting[int(next(luck) * len(fitting))]
        out.add(keys[place])
        yield numbers[place], propensity
