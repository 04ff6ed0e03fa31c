"""What an experiment can see by now, and how long it has to go on."""

import math

from . import normal
from .arms import Arm, arms, information
from .samples import Sample
from .sequences import Sequential

POWER = 0.8
_STEPS = 50  # Newton takes some four
_LONGEST = 1e9  # times as long as until now; whatever needs more is never seen


def detectable(
    control: Sample,
    treated: Sample,
    *,
    confidence: float = 0.95,
    power: float = POWER,
    sequential: Sequential | None = None,
    adjusted: bool = True,
) -> float | None:
    """The smallest relative effect, up or down, that would be seen by now with probability ``power``.

    Seen: the interval of ``uplift`` with the same arguments would leave out 0. None where there
    is not enough to say, as in ``uplift``. -> ValueError unless ``confidence`` and ``power`` are
    between 0 and 1. Source: L. Chow, J. Shao, H. Wang, "Sample Size Calculations in Clinical
    Research", 2nd edition (2008), section 3.2, with both tails counted.
    """
    alpha, found = _asked(confidence, power), arms(control, treated, adjusted)
    if found is None or (error := _relative_error(*found)) is None:
        return None
    effect = error * _needed(_critical(found, 1.0, alpha, sequential), power)
    return effect if math.isfinite(effect) else None


def chance(
    control: Sample,
    treated: Sample,
    effect: float,
    *,
    confidence: float = 0.95,
    sequential: Sequential | None = None,
    adjusted: bool = True,
) -> float | None:
    """With which probability a relative ``effect`` would be seen by now: the power.

    None where there is not enough to say. -> ValueError unless 0 < confidence < 1. Source as of
    ``detectable``.
    """
    alpha, found = _asked(confidence, POWER), arms(control, treated, adjusted)
    if found is None or (error := _relative_error(*found)) is None:
        return None
    if math.isnan(effect):
        return None
    return _power(_critical(found, 1.0, alpha, sequential), abs(effect) / error)


def time_to_go(
    control: Sample,
    treated: Sample,
    effect: float,
    days: float,
    *,
    confidence: float = 0.95,
    power: float = POWER,
    sequential: Sequential | None = None,
    adjusted: bool = True,
) -> float | None:
    """In how many days a relative ``effect`` would be seen with probability ``power``.

    ``days`` is how long it took to come this far; as many units are expected on each further
    day. 0.0: it would be seen by now. None: never, or there is not enough to say. -> ValueError
    unless ``confidence`` and ``power`` are between 0 and 1. With ``sequential`` it is the day on
    which one look sees it; it may well be seen earlier. Source as of ``detectable``.
    """
    alpha, found = _asked(confidence, power), arms(control, treated, adjusted)
    if found is None or (error := _relative_error(*found)) is None:
        return None
    if not (0 < days < math.inf and 0 < abs(effect) < math.inf):
        return None
    signal = abs(effect) / error

    def seen(times: float) -> bool:
        critical = _critical(found, times, alpha, sequential)
        return signal * math.sqrt(times) >= _needed(critical, power)

    if sequential is None:
        return _longer(
            days, (_needed(_critical(found, 1.0, alpha, None), power) / signal) ** 2
        )
    low = high = 1.0
    if seen(low):
        return 0.0
    while not seen(high):
        low, high = high, 2 * high
        if high > _LONGEST:
            return None
    while high - low > 1e-10 * high:
        middle = (low + high) / 2
        if seen(middle):
            high = middle
        else:
            low = middle
    return _longer(days, high)


def _longer(days: float, times: float) -> float | None:
    longer = days * max(0.0, times - 1)
    return longer if times <= _LONGEST and math.isfinite(longer) else None


def _asked(confidence: float, power: float) -> float:
    normal.checked(power)
    return 1 - normal.checked(confidence)


def _relative_error(before: Arm, after: Arm) -> float | None:
    """Of the difference while there is no effect, by the control's mean."""
    if not before.mean:
        return None
    error = math.hypot(before.error / before.mean, after.error / before.mean)
    return error if 0 < error < math.inf else None


def _critical(
    found: tuple[Arm, Arm], times: float, alpha: float, sequential: Sequential | None
) -> float:
    """How many standard errors are seen, after so many times the units; infinite: none are."""
    if sequential is None:
        return normal.upper_quantile(alpha / 2)
    if not times * information(*found) >= sequential.least:
        return math.inf
    return sequential.deviations(times * (found[0].n + found[1].n), alpha)


def _power(critical: float, signal: float) -> float:
    return normal.sf(critical - signal) + normal.sf(critical + signal)


def _needed(critical: float, power: float) -> float:
    """The signal, in standard errors, that is seen with probability ``power``."""
    if math.isinf(critical):
        return math.inf
    if _power(critical, 0.0) >= power:
        return 0.0
    signal = critical + normal.quantile(power)  # but for the tail on the far side
    for _ in range(_STEPS):
        slope = normal.density(critical - signal) - normal.density(critical + signal)
        step = (_power(critical, signal) - power) / slope if slope else 0.0
        signal -= step
        if abs(step) <= 1e-14 * abs(signal):
            break
    return abs(signal)
