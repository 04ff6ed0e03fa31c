"""What a visitor does not usually see: drawn by luck, which is the same for the same visitor, day and slot."""

from collections.abc import Collection, Iterable, Iterator
from hashlib import blake2b

from .selection import Selection

_DRAWS = 24  # before all that may be drawn is looked at
_ONE = 1.0 / 2**53


class Luck:
    """Numbers from 0 to 1 that follow from a text."""

    __slots__ = ("_numbers",)

    def __init__(self, text: str) -> None:
        self._numbers = _numbers(text)

    def __next__(self) -> float:
        return next(self._numbers)


def _numbers(text: str) -> Iterator[float]:
    block, seed = 0, text.encode("utf-8", "surrogatepass")
    while True:
        digest = blake2b(seed, salt=block.to_bytes(8, "big")).digest()
        for place in range(0, 64, 8):
            yield (int.from_bytes(digest[place : place + 8], "big") >> 11) * _ONE
        block += 1


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
    numbers, category, of_category = selection.pool
    ids, size = selection.assortment.ids, len(numbers)
    familiar = of_category.keys() & usual
    out: set[str] = set()
    for keys in left_out:
        if keys:
            out |= category.keys() & keys
    left = size
    for name in familiar:
        left -= of_category[name]
    for key in out:
        if category[key] not in familiar:
            left -= 1
    if left <= 0:
        familiar, left = set(), size - len(out)
    if left <= 0:
        return
    propensity = min(1.0, places / left)
    for _ in range(left):
        found = -1
        for _ in range(_DRAWS):
            number = numbers[int(next(luck) * size)]
            key = ids[number]
            if key not in out and category[key] not in familiar:  # type: ignore[index]  # all are offered
                found = number
                break
        else:  # few are left: look at each of them
            fitting = [
                number
                for number in numbers
                if (key := ids[number]) not in out and category[key] not in familiar  # type: ignore[index]  # as above
            ]
            if not fitting:
                return
            found = fitting[int(next(luck) * len(fitting))]
        key = ids[found]
        if key is not None:
            out.add(key)
        yield found, propensity
