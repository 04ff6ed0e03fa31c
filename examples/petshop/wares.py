"""One drawn thing per kind of product, 200 by 200 units, standing on y = 178.

The colours come from the product's category. Packages wear the category's animal as
their label, so that a shelf can be read from afar.
"""

from collections.abc import Callable
from math import cos, pi, sin

from .animals import ANIMALS
from .colours import Colours
from .homes import (
    WOOD,
    bed,
    beehotel,
    cage,
    castle,
    cave,
    feeder,
    house,
    lamp,
    nestbox,
    perch,
    scratcher,
    stone,
    tank,
    tunnel,
)
from .ornaments import bone, daisy, paw
from .packages import (
    PAPER,
    STEEL,
    bag,
    book,
    bottle,
    box_,
    bucket,
    can,
    carrier,
    hay,
    portrait,
)
from .shapes import INK, area, box, circle, ellipse, faded, group, line


def ball(c: Colours, category: str) -> str:
    return (
        circle(72, 138, 38, c.main)
        + line("M38 124 q34 22 70 0 M40 152 q32 -20 66 0", c.light, 6)
        + circle(136, 148, 28, c.light)
        + line("M112 140 q24 16 48 0 M136 121 q-14 26 0 54", c.main, 5)
        + circle(104, 88, 22, c.dark)
        + line("M86 82 q18 12 37 0", c.light, 4.5)
        + faded(ellipse(60, 118, 10, 7, "#fff", -30), 0.5)
    )


def ring(c: Colours, category: str) -> str:
    bumps = "".join(
        circle(
            100 + 54 * cos(turn * pi / 6),
            116 + 54 * sin(turn * pi / 6),
            12,
            c.light if turn % 2 else c.main,
        )
        for turn in range(12)
    )
    return (
        f'<circle cx="100" cy="116" r="46" fill="none" stroke="{c.main}" stroke-width="24"/>'
        + bumps
        + line("M68 84 q14 -16 34 -16", "#fff", 5)
    )


def bone_(c: Colours, category: str) -> str:
    return (
        group(bone(0, 0, "#f0dcbc"), x=70, y=66, scale=1.35)
        + group(bone(0, 0, c.light), x=130, y=108, scale=1.45)
        + group(bone(0, 0, c.main), x=88, y=156, scale=1.7)
    )


def bowl(c: Colours, category: str) -> str:
    return (
        ellipse(100, 116, 70, 18, c.dark)
        + ellipse(100, 117, 60, 13, "#8fd0ea")
        + ellipse(84, 114, 18, 3.5, "#c9ecf8")
        + area("M30 118 Q100 150 170 118 L154 172 Q100 186 46 172 Z", c.main)
        + group(paw(PAPER), x=100, y=158, scale=0.9)
        + line("M36 130 Q100 158 164 130", c.light, 4)
    )


def plant(c: Colours, category: str) -> str:
    def leaf(turn: float, fill: str) -> str:
        return f'<path d="M100 132 C84 100 86 62 100 34 C114 62 116 100 100 132 Z" fill="{fill}" transform="rotate({turn:g} 100 132)"/>'

    return (
        "".join(
            leaf(turn, fill)
            for turn, fill in (
                (-58, "#5d9e45"),
                (58, "#5d9e45"),
                (-30, "#76b558"),
                (30, "#76b558"),
                (0, "#92c96f"),
            )
        )
        + daisy(62, 66, 1.2)
        + daisy(140, 72, 1.2)
        + daisy(102, 40, 1.4)
        + area("M64 130 H136 L128 178 H72 Z", c.main)
        + box(58, 122, 84, 16, c.dark, 5)
        + group(paw(c.light), x=100, y=158, scale=0.85)
    )


def leash(c: Colours, category: str) -> str:
    return (
        line(
            "M58 52 C20 86 60 120 104 112 C160 102 176 142 134 160 C96 174 62 152 72 128 C80 110 130 120 150 92",
            c.main,
            11,
        )
        + line("M58 52 C20 86 60 120 104 112 C160 102 176 142 134 160", c.light, 2.5)
        + f'<ellipse cx="74" cy="42" rx="24" ry="15" fill="none" stroke="{c.main}" stroke-width="11"/>'
        + line("M150 92 l8 -12", STEEL, 8)
        + f'<circle cx="164" cy="68" r="11" fill="none" stroke="{STEEL}" stroke-width="6"/>'
    )


def collar(c: Colours, category: str) -> str:
    return (
        f'<ellipse cx="100" cy="104" rx="66" ry="46" fill="none" stroke="{c.dark}" stroke-width="17"/>'
        + line("M34 104 Q36 152 100 152 Q164 152 166 104", c.main, 18)
        + "".join(
            circle(x, y, 4, c.light)
            for x, y in ((46, 132), (64, 144), (136, 144), (154, 132))
        )
        + f'<rect x="84" y="138" width="32" height="26" rx="5" fill="none" stroke="{STEEL}" stroke-width="6"/>'
        + circle(100, 174, 13, "#f3c544")
        + group(paw("#b98a1c"), x=100, y=176, scale=0.55)
    )


def brush(c: Colours, category: str) -> str:
    bristles = line(" ".join(f"M{x} 128 v30" for x in range(40, 118, 8)), "#e9d9bd", 5)
    return (
        bristles
        + box(28, 102, 98, 30, c.main, 14)
        + area("M112 104 Q150 92 176 66 Q188 56 182 76 Q164 118 118 130 Z", c.main)
        + line("M40 112 H104", c.light, 5)
        + circle(172, 78, 5, c.light)
        + line("M58 170 q10 8 20 0 q10 -8 20 0", "#c6a98f", 3)
    )


def comb(c: Colours, category: str) -> str:
    teeth = line(" ".join(f"M{x} 96 v62" for x in range(38, 164, 9)), c.light, 5)
    return (
        teeth
        + box(28, 66, 144, 36, c.main, 16)
        + portrait(category, 100, 84, 30)
        + line("M44 78 H78 M122 78 H156", c.light, 4)
    )


def wheel(c: Colours, category: str) -> str:
    spokes = line(
        " ".join(
            f"M100 98 L{100 + 58 * cos(turn * pi / 5):.0f} {98 + 58 * sin(turn * pi / 5):.0f}"
            for turn in range(10)
        ),
        c.light,
        4,
    )
    return (
        line("M100 98 L62 176 M100 98 L138 176", c.dark, 9)
        + circle(100, 98, 68, c.main)
        + circle(100, 98, 58, PAPER)
        + spokes
        + group(ANIMALS[category], x=56, y=64, scale=0.44)
        + circle(100, 98, 6, c.dark)
        + box(46, 172, 108, 9, c.dark, 4)
    )


def rope(c: Colours, category: str) -> str:
    return (
        line("M40 66 C80 70 70 130 108 124 C140 118 132 150 164 154", c.main, 17)
        + "".join(
            line(f"M{x} {y} l10 8", c.light, 4)
            for x, y in (
                (52, 62),
                (68, 76),
                (74, 96),
                (84, 114),
                (104, 120),
                (122, 122),
                (134, 136),
            )
        )
        + circle(40, 66, 17, c.dark)
        + circle(102, 122, 17, c.dark)
        + circle(162, 154, 17, c.dark)
        + line(
            "M34 52 l-6 -20 M42 50 l4 -20 M172 166 l16 10 M176 156 l16 -4", c.main, 5
        )
    )


def blanket(c: Colours, category: str) -> str:
    stars = "".join(
        group(paw(c.light), x=x, y=y, scale=0.6)
        for x, y in ((62, 82), (100, 74), (138, 82), (80, 108), (120, 108))
    )
    return (
        area("M32 72 Q100 40 168 72 L176 150 Q100 124 24 150 Z", c.main)
        + stars
        + area("M24 138 Q100 112 176 138 V160 Q100 134 24 160 Z", c.light)
        + area("M24 156 Q100 130 176 156 V174 Q100 150 24 174 Z", c.dark)
    )


def mouse(c: Colours, category: str) -> str:
    return (
        line("M150 150 q34 4 30 -26 q-4 -20 -18 -10", c.light, 6)
        + area(
            "M28 158 C40 96 108 74 140 112 C156 134 156 166 140 168 H44 Q28 168 28 158 Z",
            c.main,
        )
        + circle(92, 92, 19, c.light)
        + circle(92, 92, 11, "#f0a79f")
        + circle(64, 104, 15, c.light)
        + circle(64, 104, 8, "#f0a79f")
        + eye_stitch(56, 136)
        + circle(29, 156, 7, INK)
        + line("M46 154 l-24 -10 M46 160 l-26 6", INK, 2)
        + line("M100 120 l12 -8 M112 132 l14 -6 M116 148 l14 -2", c.light, 4)
    )


def eye_stitch(x: float, y: float) -> str:
    return line(f"M{x - 5} {y - 5} l10 10 M{x + 5} {y - 5} l-10 10", INK, 3.5)


def rod(c: Colours, category: str) -> str:
    return (
        line("M30 176 L128 40", WOOD, 8)
        + line("M128 40 Q160 60 146 100", INK, 2)
        + area("M146 98 C120 120 116 150 132 174 C150 156 160 126 146 98 Z", c.main)
        + area("M148 98 C172 112 186 140 178 168 C156 154 144 128 148 98 Z", c.light)
        + line("M144 108 Q130 140 132 168 M150 108 Q168 136 176 160", PAPER, 2.5)
        + circle(147, 98, 8, "#f3c544")
        + line("M30 176 L54 143", c.dark, 11)
    )


def bell(c: Colours, category: str) -> str:
    return (
        f'<circle cx="100" cy="36" r="12" fill="none" stroke="{c.main}" stroke-width="6"/>'
        + area("M48 146 C60 128 56 50 100 50 C144 50 140 128 152 146 Z", "#f0bf47")
        + box(40, 142, 120, 15, "#d39f27", 7)
        + circle(100, 166, 13, "#a97812")
        + line("M74 124 Q76 82 92 70", "#ffe9ae", 7)
        + line("M28 100 q-10 14 -4 30 M172 100 q10 14 4 30", c.main, 4)
    )


def net(c: Colours, category: str) -> str:
    return (
        area("M40 62 H120 L100 142 Q80 166 60 142 Z", "#dff0f6")
        + line(
            "M46 84 H114 M52 106 H109 M58 128 H103 M56 64 L66 148 M80 64 V154 M104 64 L94 148",
            c.light,
            2.5,
        )
        + box(34, 54, 92, 12, c.dark, 6)
        + line("M122 60 L178 26", c.main, 9)
        + group(ANIMALS[category], x=58, y=78, scale=0.22)
    )


WARES: dict[str, Callable[[Colours, str], str]] = {
    "bag": bag,
    "ball": ball,
    "bed": bed,
    "beehotel": beehotel,
    "bell": bell,
    "blanket": blanket,
    "bone": bone_,
    "book": book,
    "bottle": bottle,
    "bowl": bowl,
    "box": box_,
    "brush": brush,
    "bucket": bucket,
    "cage": cage,
    "can": can,
    "carrier": carrier,
    "castle": castle,
    "cave": cave,
    "collar": collar,
    "comb": comb,
    "feeder": feeder,
    "hay": hay,
    "house": house,
    "lamp": lamp,
    "leash": leash,
    "mouse": mouse,
    "nestbox": nestbox,
    "net": net,
    "perch": perch,
    "plant": plant,
    "ring": ring,
    "rod": rod,
    "rope": rope,
    "scratcher": scratcher,
    "stone": stone,
    "tank": tank,
    "tunnel": tunnel,
    "wheel": wheel,
}
