"""Things that things come in: 200 by 200 units, standing on y = 178.

Each wears the category's animal as its label, so that a shelf can be read from afar.
"""

from .animals import ANIMALS
from .colours import Colours
from .ornaments import daisy
from .shapes import INK, area, box, circle, ellipse, faded, group, line

PAPER, STEEL = "#fffaf1", "#c9d1d6"


def portrait(category: str, x: float, y: float, size: float) -> str:
    """The category's animal on a paper disc with the middle ``x``, ``y``."""
    scale = size / 250
    return circle(x, y, size / 2, PAPER) + group(
        ANIMALS[category], x=x - 100 * scale, y=y - 106 * scale, scale=scale
    )


def bag(c: Colours, category: str) -> str:
    return (
        area("M56 40 H144 L152 178 H48 Z", c.main)
        + area("M56 40 L60 26 H140 L144 40 Z", c.dark)
        + faded(area("M130 42 H143 L151 177 H134 Z", "#000"), 0.08)
        + line("M62 33 H138", c.light, 2.5)
        + portrait(category, 100, 100, 78)
        + box(72, 148, 56, 8, c.light, 4)
        + box(82, 161, 36, 6, c.light, 3)
    )


def box_(c: Colours, category: str) -> str:
    return (
        box(42, 62, 116, 116, c.main, 5)
        + area("M42 66 L62 40 H138 L158 66 Z", c.light)
        + box(90, 40, 20, 42, PAPER)
        + portrait(category, 100, 122, 76)
        + box(52, 166, 96, 5, c.light, 2.5)
    )


def can(c: Colours, category: str) -> str:
    return (
        box(50, 56, 100, 114, c.main)
        + ellipse(100, 170, 50, 10, c.dark)
        + box(50, 150, 100, 20, c.main)
        + faded(box(128, 58, 22, 112, "#000"), 0.1)
        + ellipse(100, 56, 50, 13, STEEL)
        + ellipse(100, 55, 41, 9, "#e6ebee")
        + ellipse(108, 54, 10, 3.5, "#aab5bc")
        + portrait(category, 100, 114, 74)
        + box(50, 156, 100, 7, c.light)
    )


def bottle(c: Colours, category: str) -> str:
    return (
        box(84, 22, 32, 26, c.dark, 6)
        + box(80, 42, 40, 10, c.dark, 4)
        + area(
            "M86 50 H114 C116 66 138 68 138 90 V170 Q138 178 130 178 H70 Q62 178 62 170 V90 C62 68 84 66 86 50 Z",
            c.main,
        )
        + box(62, 96, 76, 58, PAPER)
        + portrait(category, 100, 124, 54)
        + faded(box(70, 92, 7, 76, "#fff", 3), 0.45)
    )


def bucket(c: Colours, category: str) -> str:
    return (
        line("M48 76 C50 12 150 12 152 76", "#8b8f92", 5)
        + area("M44 74 H156 L142 178 H58 Z", c.main)
        + ellipse(100, 74, 56, 13, c.dark)
        + "".join(
            circle(x, y, 14, fill)
            for x, y, fill in (
                (74, 66, "#d9533f"),
                (100, 60, "#9cc15a"),
                (126, 66, "#e4705b"),
            )
        )
        + area("M46 78 Q100 96 154 78 L153 88 Q100 106 47 88 Z", c.light)
        + portrait(category, 100, 134, 62)
    )


def hay(c: Colours, category: str) -> str:
    straws = "".join(
        line(f"M{100 + (x - 100) * 0.5:g} 150 Q{x:g} 110 {x + lean:g} {top}", fill, 4)
        for x, lean, top, fill in (
            (48, -14, 62, "#c9b04a"),
            (60, -8, 44, "#9cb24e"),
            (74, -6, 52, "#dcc563"),
            (86, -4, 32, "#b6c15a"),
            (100, 2, 42, "#c9b04a"),
            (112, 6, 30, "#9cb24e"),
            (126, 8, 50, "#dcc563"),
            (140, 10, 42, "#b6c15a"),
            (152, 14, 66, "#c9b04a"),
        )
    )
    return (
        straws
        + daisy(66, 54, 1.1)
        + daisy(138, 60, 0.9)
        + area("M44 112 Q100 92 156 112 L164 166 Q100 188 36 166 Z", "#d8c05c")
        + line(
            "M50 128 l30 -8 M58 150 l34 -12 M96 122 l36 -8 M104 146 l42 -10 M70 168 l40 -8 M126 164 l30 -8",
            "#b99f3c",
            3.5,
        )
        + box(62, 104, 10, 72, c.main, 3)
        + box(128, 104, 10, 72, c.main, 3)
        + portrait(category, 100, 142, 46)
    )


def book(c: Colours, category: str) -> str:
    return (
        box(52, 30, 104, 148, PAPER, 4)
        + box(44, 26, 104, 148, c.main, 6)
        + box(44, 26, 16, 148, c.dark, 4)
        + portrait(category, 106, 104, 70)
        + box(72, 42, 64, 8, c.light, 4)
        + box(82, 56, 44, 6, c.light, 3)
        + area("M124 26 H138 V58 L131 50 L124 58 Z", "#f3c544")
    )


def carrier(c: Colours, category: str) -> str:
    return (
        line("M72 70 Q100 20 128 70", c.dark, 9)
        + box(28, 66, 144, 112, c.main, 24)
        + box(52, 90, 96, 72, INK, 12)
        + group(ANIMALS[category], x=64, y=88, scale=0.37)
        + line(" ".join(f"M{x} 92 V160" for x in range(66, 146, 16)), STEEL, 3)
        + line("M40 80 H160", c.light, 5)
    )
