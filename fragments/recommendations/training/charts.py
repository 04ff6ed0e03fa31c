"""Where the marks of a chart stand: numbers for SVG, which a template draws."""

from collections.abc import Sequence
from typing import NamedTuple

WIDTH, HEIGHT = 640, 260
LEFT, BOTTOM, TOP, RIGHT = 52, 36, 16, 16
BAR, GAP, NAMES = 24, 12, 190


class Tick(NamedTuple):
    """A place on an axis, and what is written there."""

    at: float
    text: str


class Bar(NamedTuple):
    """A bar that lies: its name, value, upper edge and length."""

    name: str
    value: float
    y: float
    length: float


class Bars(NamedTuple):
    """Bars one below the other, from ``left`` on."""

    bars: list[Bar]
    left: int
    width: int
    height: int


class Column(NamedTuple):
    """A bar that stands: its left and upper edge, its height; ``second`` of the pair."""

    x: float
    y: float
    height: float
    second: bool


class Columns(NamedTuple):
    """Pairs of columns of one ``breadth``, on the line ``floor``."""

    columns: list[Column]
    breadth: float
    floor: int
    ticks: list[Tick]
    names: list[Tick]


class Line(NamedTuple):
    """Marks that a line joins, each with its value."""

    marks: list[tuple[float, float, float]]
    floor: int
    ticks: list[Tick]
    names: list[Tick]

    @property
    def path(self) -> str:
        """The line, as ``points`` of a polyline."""
        return " ".join(f"{x:.1f},{y:.1f}" for x, y, _ in self.marks)


def bars(rows: Sequence[tuple[str, float]]) -> Bars:
    """Shares between 0 and 1, the longest possible bar being 1."""
    room = WIDTH - NAMES - 70
    found = [
        Bar(name, value, number * (BAR + GAP) + GAP, value * room)
        for number, (name, value) in enumerate(rows)
    ]
    return Bars(found, NAMES, WIDTH, len(rows) * (BAR + GAP) + GAP)


def columns(pairs: Sequence[tuple[float, float]]) -> Columns:
    """Two shares per group."""
    top = _above(max((max(pair) for pair in pairs), default=1.0))
    step = (WIDTH - LEFT - RIGHT) / max(1, len(pairs))
    breadth = step * 0.36
    found = []
    for number, pair in enumerate(pairs):
        for second, value in enumerate(pair):
            height = value / top * (HEIGHT - TOP - BOTTOM)
            x = LEFT + number * step + step * 0.12 + second * (breadth + step * 0.04)
            found.append(Column(x, HEIGHT - BOTTOM - height, height, bool(second)))
    names = [
        Tick(LEFT + (number + 0.5) * step, str(number + 1))
        for number in range(len(pairs))
    ]
    return Columns(found, breadth, HEIGHT - BOTTOM, _ticks(top), names)


def line(points: Sequence[tuple[float, float]]) -> Line:
    """A share that grows with another one, both between 0 and 1."""
    top = _above(max((value for _, value in points), default=1.0))
    room = WIDTH - LEFT - 3 * RIGHT
    marks = [
        (
            LEFT + share * room,
            HEIGHT - BOTTOM - value / top * (HEIGHT - TOP - BOTTOM),
            value,
        )
        for share, value in points
    ]
    names = [
        Tick(x, f"{share * 100:g} %")
        for (x, _, _), (share, _) in zip(marks, points, strict=True)
    ]
    return Line(marks, HEIGHT - BOTTOM, _ticks(top), names)


def _above(highest: float) -> float:
    """The next round share above."""
    return next((top for top in (0.05, 0.1, 0.2, 0.4, 0.6, 0.8) if top >= highest), 1.0)


def _ticks(top: float) -> list[Tick]:
    room = HEIGHT - TOP - BOTTOM
    return [
        Tick(HEIGHT - BOTTOM - part / 4 * room, f"{top * part / 4 * 100:g} %")
        for part in range(5)
    ]
