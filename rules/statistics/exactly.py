"""Sums kept to the last digit until they are divided."""

import math
from fractions import Fraction

Number = int | float
Exact = int | Fraction


def exact(number: Number | Fraction) -> Exact:
    """The same number without rounding from here on. -> ValueError if it is none (NaN, infinite)."""
    if isinstance(number, float):
        if not math.isfinite(number):
            raise ValueError(f"{number!r} is no number to reckon with")
        return Fraction(number)
    return number


def quotient(above: Number | Fraction, below: Number | Fraction) -> float | None:
    """``above / below``, rounded once. None if there is none that fits into a float."""
    try:
        return float(Fraction(exact(above)) / Fraction(exact(below)))
    except (ValueError, ZeroDivisionError, OverflowError):
        return None
