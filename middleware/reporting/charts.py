"""Dots and whiskers: where the marks of a chart of uplifts stand, for a template to draw."""

from collections.abc import Iterable, Sequence
from math import ceil, floor, log10
from typing import Literal, NamedTuple

from ...rules.reporting.report import Effect
from ...rules.reporting.writing import Writing

WIDTH, SIDE, TOP, ROW, BOTTOM = 640, 38, 8, 46, 34
_LETTERS = 56  # of a name beside its numbers
_TICKS = 6

Sign = Literal["better", "worse", "open"]


class Row(NamedTuple):
    """One interval and its dot. ``words`` are its numbers; ``cut`` says on which sides the whisker
    goes on beyond the chart. ``sign`` is drawn as a shape, too: colour alone tells nothing."""

    name: str
    short: str
    words: str
    sign: Sign
    y: float
    low: float
    dot: float
    high: float
    cut: tuple[bool, bool]


class Tick(NamedTuple):
    """A place on the axis, and what is written there."""

    at: float
    text: str


class Whiskers(NamedTuple):
    """Rows one below the other over one axis; ``zero`` is where nothing has changed."""

    rows: list[Row]
    ticks: list[Tick]
    zero: float
    width: int
    height: int
    floor: float


def sign(effect: Effect) -> Sign:
    """How it is to be drawn: proven to be better or worse, or open."""
    if not effect.sure:
        return "open"
    return "better" if effect.good else "worse"


def whiskers(named: Iterable[tuple[str, Effect]], write: Writing) -> Whiskers | None:
    """The chart of these effects; None of none."""
    named = list(named)
    if not named:
        return None
    effects = [effect for _, effect in named]
    first, last, step = _range(effects)
    room = WIDTH - 2 * SIDE

    def place(share: float) -> float:
        within = min(max(share, first), last)
        return SIDE + (within - first) / (last - first) * room

    rows = []
    for number, (name, effect) in enumerate(named):
        words = (
            f"{write.percent(effect.relative, signed=True)} "
            f"({write.between(effect.low, effect.high, signed=True)})"
        )
        rows.append(
            Row(
                name,
                name if len(name) <= _LETTERS else f"{name[: _LETTERS - 1]}…",
                words,
                sign(effect),
                TOP + number * ROW + 32,
                place(effect.low),
                place(effect.relative),
                place(effect.high),
                (effect.low < first, effect.high > last),
            )
        )
    bottom = TOP + len(rows) * ROW
    places = 0 if step >= 0.01 else 1
    ticks = [
        Tick(place(at * step), write.percent(at * step, places, signed=True))
        for at in range(round(first / step), round(last / step) + 1)
    ]
    return Whiskers(rows, ticks, place(0.0), WIDTH, bottom + BOTTOM, bottom)


def _range(effects: Sequence[Effect]) -> tuple[float, float, float]:
    """First and last value of the axis, which holds 0 and all dots, and the step of its ticks.

    A single wide interval must not press all others together: it is cut.
    """
    dots = [abs(effect.relative) for effect in effects]
    ends = sorted(max(abs(effect.low), abs(effect.high)) for effect in effects)
    most = max(max(dots) * 1.1, min(ends[-1], 3 * ends[len(ends) // 2]), 0.01)
    low = max(-most, min(0.0, *(effect.low for effect in effects)))
    high = min(most, max(0.0, *(effect.high for effect in effects)))
    step = _round((high - low) / _TICKS)
    return floor(low / step) * step, ceil(high / step) * step, step


def _round(step: float) -> float:
    """The next of 1, 2, 5, 10, ... above."""
    power = 10.0 ** floor(log10(step))
    return next(
        power * one for one in (1, 2, 5, 10) if power * one >= step * (1 - 1e-9)
    )
