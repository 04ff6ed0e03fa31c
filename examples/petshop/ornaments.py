"""Small things that many pictures share, drawn around a point."""

from math import cos, pi, sin

from .shapes import box, circle, ellipse, group, line


def clover(x: float, y: float) -> str:
    leaves = "".join(
        circle(x + dx, y + dy, 6.5, "#6fae54") for dx, dy in ((-6, 0), (6, 0), (0, -8))
    )
    return line(f"M{x:g} {y:g} v22", "#4f8a3b", 3) + leaves


def bone(x: float, y: float, fill: str) -> str:
    knobs = "".join(
        circle(x + dx, y + dy, 6, fill) for dx in (-20, 20) for dy in (-5, 5)
    )
    return box(x - 20, y - 5, 40, 10, fill) + knobs


def daisy(x: float, y: float, scale: float) -> str:
    petals = "".join(
        circle(7 * cos(turn * pi / 3), 7 * sin(turn * pi / 3), 4.6, "#fff")
        for turn in range(6)
    )
    return group(petals, circle(0, 0, 4.6, "#f3c544"), x=x, y=y, scale=scale)


def paw(fill: str) -> str:
    toes = ((-13, -6), (-5, -14), (5, -14), (13, -6))
    return ellipse(0, 4, 10, 8, fill) + "".join(
        ellipse(x, y, 4, 5.5, fill) for x, y in toes
    )
