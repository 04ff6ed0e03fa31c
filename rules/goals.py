"""What a rule is to bring about, and what it must not break: a metric and how far it may move."""

import msgspec

from .moments import lasted
from .numerals import percent


class Goal(msgspec.Struct, frozen=True, gc=False):
    """A ``metric`` that is to move, compared with those who were not shown the rule.

    ``target`` is the wanted relative change, 0.25 for +25 %; None: any for the better. What
    happens within ``window`` seconds from the first showing counts; 0.0: as site.toml says.
    """

    metric: str
    target: float | None = None
    window: float = 0.0
    line: int = 0

    def __str__(self) -> str:
        said = self.metric
        if self.target is not None:
            said += f" {signed(self.target)}"
        return f"{said} within {lasted(self.window)}" if self.window else said


class Guardrail(msgspec.Struct, frozen=True, gc=False):
    """A ``metric`` whose relative change must stay within bounds, 0.02 for +2 %."""

    metric: str
    at_least: float | None = None
    at_most: float | None = None
    line: int = 0

    def __str__(self) -> str:
        bounds = []
        if self.at_least is not None:
            bounds.append(f"at least {signed(self.at_least)}")
        if self.at_most is not None:
            bounds.append(f"at most {signed(self.at_most)}")
        return f"{self.metric} {' and '.join(bounds)}"


def signed(change: float) -> str:
    """A relative change with its sign: ``+25%``."""
    return f"{'-' if change < 0 else '+'}{percent(abs(change))}"
