"""What all personalisation together earned: those who saw something against the holdout."""

from collections.abc import Iterable

from .report import Earned, Effect
from .writing import Writing

REVENUE, NET = "revenue-per-visitor", "net-value"


def earned(
    effects: Iterable[Effect], shown: int, held: int, write: Writing
) -> Earned | None:
    """Out of the effects of the whole site; None where the revenue cannot be compared.

    In money over the days of the report: the difference per visitor, times the visitors who saw
    something. Its interval is that of the difference itself, which needs not be divided by what
    a small holdout happened to bring: it may be sure where the relative uplift is still open.
    """
    found = {effect.metric: effect for effect in effects}
    revenue, net = found.get(REVENUE), found.get(NET)
    if revenue is None:
        return None
    total, low, high = (
        one * shown
        for one in (revenue.absolute, revenue.absolute_low, revenue.absolute_high)
    )
    per = write.money(revenue.absolute)
    span = f"{write.money(low)} to {write.money(high)}"
    if low > 0:
        words = f"Personalisation earned {write.money(total)} more than the holdout"
    elif high < 0:
        words = f"Personalisation cost {write.money(-total)} against the holdout"
    else:
        words = (
            "Whether personalisation earns more than the holdout is open: so far "
            f"{write.money(total)}"
        )
    words += f" ({span}), which is {per} per visitor."
    return Earned(
        shown,
        held,
        revenue.absolute,
        revenue.absolute_low,
        revenue.absolute_high,
        total,
        low,
        high,
        revenue.relative,
        revenue.low,
        revenue.high,
        revenue.p,
        None if net is None else net.absolute * shown,
        None if net is None else net.absolute_low * shown,
        None if net is None else net.absolute_high * shown,
        words,
    )
