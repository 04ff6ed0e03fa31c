"""What is known of one arm's units: sums, and the mean and variance that follow from them."""

from typing import NamedTuple

from .exactly import Number, exact, quotient


class Mean(NamedTuple):
    """One value of each of ``n`` units: the sums of it and of its square.

    ``x``, ``xx`` and ``xy`` are sums of a covariate known before (the same value earlier, say),
    of its square and of its product with the value; without one they stay 0.
    """

    n: int
    y: Number
    yy: Number
    x: Number = 0
    xx: Number = 0
    xy: Number = 0

    @property
    def mean(self) -> float | None:
        """None without a unit, or if it is beyond the numbers of 64 bits."""
        return quotient(self.y, self.n)

    @property
    def variance(self) -> float | None:
        """The unbiased variance of one unit. None below two units, or if it is beyond."""
        return covariance(self.n, self.y, self.y, self.yy)

    @property
    def covariate_variance(self) -> float | None:
        """The covariate's."""
        return covariance(self.n, self.x, self.x, self.xx)

    @property
    def covariance(self) -> float | None:
        """Of the value and the covariate."""
        return covariance(self.n, self.x, self.y, self.xy)


class Share(NamedTuple):
    """Of ``n`` units, the ``y`` that did something; ``x`` did it before, ``xy`` both times."""

    n: int
    y: Number
    x: Number = 0
    xy: Number = 0

    @property
    def mean(self) -> float | None:
        """None without a unit."""
        return quotient(self.y, self.n)

    @property
    def variance(self) -> float | None:
        """``p (1 - p)``, the binomial variance of one unit. None below two units."""
        return _binomial(self.n, self.y)

    @property
    def covariate_variance(self) -> float | None:
        """Of having done it before."""
        return _binomial(self.n, self.x)

    @property
    def covariance(self) -> float | None:
        """Of doing it and having done it before."""
        return covariance(self.n, self.x, self.y, self.xy)


class Ratio(NamedTuple):
    """Two values of each of ``n`` units, of which the ratio of the sums is asked, ``y / d``.

    Such as clicks and impressions of visitors: the visitors were drawn, not the impressions.
    ``yy``, ``dd`` and ``yd`` are the sums of the squares and of the product.
    """

    n: int
    y: Number
    yy: Number
    d: Number
    dd: Number
    yd: Number

    @property
    def mean(self) -> float | None:
        """The ratio of the sums. None if there is nothing below."""
        return quotient(self.y, self.d)

    @property
    def variance(self) -> float | None:
        """Of the ratio, for one unit: the delta method. None below two units.

        Source: A. Deng, U. Knoblich, J. Lu, "Applying the Delta Method in Metric Analytics"
        (2018), section 3; gathered so that nothing is rounded before the end.
        """
        if not self.n > 1:
            return None
        try:
            n, y, yy, d, dd, yd = map(exact, self)
        except ValueError:
            return None
        spread = yy * d * d - 2 * yd * y * d + dd * y * y
        return quotient(n * n * spread, (n - 1) * d**4)


Sample = Mean | Share | Ratio


def covariance(n: Number, x: Number, y: Number, xy: Number) -> float | None:
    """The unbiased covariance of two values of ``n`` units, from their sums and that of their products.

    None below two units, or if it is beyond the numbers of 64 bits.
    """
    if not n > 1:
        return None
    try:
        units = exact(n)
        spread = units * exact(xy) - exact(x) * exact(y)
    except ValueError:
        return None
    return quotient(spread, units * (units - 1))


def _binomial(n: Number, y: Number) -> float | None:
    if not n > 1:
        return None
    try:
        units, part = exact(n), exact(y)
    except ValueError:
        return None
    return quotient(part * (units - part), units * units)
