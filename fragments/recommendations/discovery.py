"""What a visitor does not usually see: drawn by luck, which is the same for the same visitor, day and slot."""

from collections.abc import Collection, Iterator
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
    usual: Collection[int],
    left_out: Collection[str],
    never: Collection[str],
    places: float,
    luck: Luck,
) -> Iterator[tuple[int, float]]:
    """Items out of no ``usual`` group, one after the other, each with its propensity.

    That is the probability with which this very item would be drawn for such a visitor: all that may
    be drawn have the same, and together they have ``places`` places, as a mean. ``left_out`` and
    ``never`` are keys. Where the visitor knows all categories, anything that is not ``left_out``
    may be drawn.
    """
    numbers, keys, of_group = selection.pool
    ids, groups = selection.assortment.ids, selection.assortment.groups
    out = keys.intersection(left_out) | keys.intersection(never)
    known = sum(of_group.get(group, 0) for group in usual)
    left = len(numbers) - known
    for key in out:
        number = selection.assortment.number(key)
        if number is not None and groups[number] not in usual:
            left -= 1
    if left <= 0:
        usual, left = (), len(numbers) - len(out)
    if left <= 0:
        return
    propensity = min(1.0, places / left)
    taken: set[int] = set()

    def fits(number: int) -> bool:
        return (
            groups[number] not in usual
            and ids[number] not in out
            and number not in taken
        )

    for _ in range(left):
        found = -1
        for _ in range(_DRAWS):
            number = numbers[int(next(luck) * len(numbers))]
            if fits(number):
                found = number
                break
        if found < 0:  # few are left: look at each of them
            fitting = [number for number in numbers if fits(number)]
            if not fitting:
                return
            found = fitting[int(next(luck) * len(fitting))]
        taken.add(found)
        yield found, propensity
