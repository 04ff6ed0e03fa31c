"""Whether a report finds what was planted."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from .planted import effect

if TYPE_CHECKING:
    from ...rules.reporting.report import Report

# Metric -> which part of an arm's effect it shows.
_SHOWS = {
    "conversion-rate": "orders",
    "revenue-per-visitor": "orders",
    "click-rate": "clicks",
}


class Found(msgspec.Struct, frozen=True):
    """A relative effect that was ``planted``, and between what a report says it is."""

    experiment: str
    arm: str
    base: str
    metric: str
    planted: float
    low: float
    high: float

    @property
    def covered(self) -> bool:
        return self.low <= self.planted <= self.high

    def __str__(self) -> str:
        return (
            f"{self.metric} of {self.experiment}/{self.arm} against {self.base}: "
            f"{self.planted:+.1%} planted, {self.low:+.1%} to {self.high:+.1%} found"
        )


def found(report: "Report") -> Iterator[Found]:
    """All effects of the report's experiments that something was planted for."""
    for subject in report.experiments:
        if subject.context:
            continue
        for one in subject.effects:
            shows = _SHOWS.get(one.metric)
            if shows is None:
                continue
            treated, base = (
                getattr(effect(subject.name, arm), shows) for arm in (one.arm, one.base)
            )
            yield Found(
                *(subject.name, one.arm, one.base, one.metric),
                *(treated / base - 1, one.low, one.high),
            )
