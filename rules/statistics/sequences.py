"""Confidence sequences: intervals that hold at every look, however often one looks."""

import math
from typing import NamedTuple

UNITS = 5_000.0


class Sequential(NamedTuple):
    """How the always-valid interval is tuned.

    ``units``: of both arms together, for which it is tightest. It holds for every number, and
    has to be chosen before there is any.
    """

    units: float = UNITS

    def rho_squared(self, alpha: float) -> float:
        """The mixture's parameter. -> ValueError unless ``units`` is a positive number.

        Source: I. Waudby-Smith, D. Arbour, R. Sinha, E. Kennedy, A. Ramdas, "Time-uniform
        central limit theory and asymptotic confidence sequences" (arXiv 2103.06476v7), eq. 161.
        """
        if not 0 < self.units < math.inf:
            raise ValueError(
                f"Sequential(units={self.units!r}): units must be positive"
            )
        level = -2 * math.log(alpha)
        return (level + math.log(level + 1)) / self.units

    def deviations(self, units: float, alpha: float) -> float:
        """Half of the interval's width, in standard errors, after so many units. Ibid., eq. 9."""
        grown = units * self.rho_squared(alpha)
        return math.sqrt(
            2 * (grown + 1) / grown * (math.log(grown + 1) / 2 - math.log(alpha))
        )

    def p(self, z: float, units: float, alpha: float) -> float:
        """The always-valid p of a difference of ``z`` standard errors. Ibid., eq. 155.

        It is below ``alpha`` where the interval leaves out 0.
        """
        grown = units * self.rho_squared(alpha)
        evidence = grown / (grown + 1) * z * z / 2 - math.log(grown + 1) / 2
        return math.exp(-max(0.0, evidence))
