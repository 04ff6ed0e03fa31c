"""Masks along a line of numbers: one for each limit, and one for what lies between two."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from typing import Any

Cell = Callable[[Sequence[Any], Any], int]


class Line:
    """Collects which bits hold where.

    Cell ``2 * i + 1`` is the limit ``i``, the even cells lie before, between and after them.
    """

    def __init__(self, limits: Iterable[Any]) -> None:
        self.limits: list[Any] = sorted(set(limits))
        self._place = {limit: place for place, limit in enumerate(self.limits)}
        self._flips = [0] * (2 * len(self.limits) + 1)

    def add(self, bit: int, own: Iterable[Any], holds: Callable[[Any], bool]) -> None:
        """Sets ``bit`` where ``holds`` says so, which may change at its ``own`` limits alone."""
        limits = sorted(set(own))
        before = holds(_below(limits[0]) if limits else 0)
        if before:
            self._flips[0] ^= bit
        for place, limit in enumerate(limits):
            cell = 2 * self._place[limit] + 1
            after = limits[place + 1 : place + 2]
            behind = _between(limit, *after) if after else _above(limit)
            for here, value in ((cell, limit), (cell + 1, behind)):
                if (now := holds(value)) is not before:
                    self._flips[here] ^= bit
                    before = now

    def masks(self, start: int = 0) -> tuple[list[int], Cell]:
        """A mask for each cell, and ``cell(limits, number)`` that finds a number's place there.

        Bits of ``start`` are set where ``add`` left them out.
        """
        masks = []
        for flip in self._flips:
            if flip:  # else the same object serves again
                start ^= flip
            masks.append(start)
        if any(self._flips[2::2]):
            return masks, _cell
        # Nothing changes behind a limit, as with "at-least": one bisection is enough.
        return [masks[0], *masks[1::2]], bisect_right


# Floats and whole numbers lie where they say, but two of them may have no third one between
# them; fractions always do, and take longer.


def _below(limit: Any) -> Any:
    number = limit - 1
    return number if number < limit else Fraction(limit) - 1


def _above(limit: Any) -> Any:
    number = limit + 1
    return number if number > limit else Fraction(limit) + 1


def _between(limit: Any, beyond: Any) -> Any:
    number = (limit + beyond) / 2
    if limit < number < beyond:
        return number
    return (Fraction(limit) + Fraction(beyond)) / 2


def _cell(limits: Sequence[Any], number: Any) -> int:
    return bisect_left(limits, number) + bisect_right(limits, number)
