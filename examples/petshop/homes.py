"""Places to live in, sleep on and look out of: 200 by 200 units, standing on y = 178."""

from .animals import ANIMALS
from .colours import Colours
from .packages import PAPER
from .shapes import INK, area, box, circle, ellipse, faded, group, line

WOOD, BARK, GRAIN = "#d3a26b", "#a87443", "#b98550"


def bed(c: Colours, category: str) -> str:
    return (
        ellipse(100, 146, 82, 34, c.main)
        + ellipse(100, 132, 74, 27, c.dark)
        + ellipse(100, 136, 62, 20, c.light)
        + group(ANIMALS[category], x=56, y=52, scale=0.44)
        + area("M20 142 Q100 178 180 142 Q182 180 100 180 Q18 180 20 142 Z", c.main)
        + line("M40 162 q60 20 120 0", c.light, 3)
    )


def house(c: Colours, category: str) -> str:
    return (
        box(44, 92, 112, 86, WOOD, 3)
        + line("M46 112 H154 M46 132 H154 M46 152 H154", GRAIN, 2.5)
        + area("M30 96 L100 36 L170 96 L160 104 H40 Z", c.main)
        + line("M44 92 L100 45 L156 92", c.light, 4)
        + area("M76 178 V140 Q76 116 100 116 Q124 116 124 140 V178 Z", INK)
        + group(ANIMALS[category], x=78, y=132, scale=0.225)
        + area("M92 78 q8 -12 16 0 q-2 8 -8 12 q-6 -4 -8 -12 z", c.light)
    )


def cave(c: Colours, category: str) -> str:
    return (
        area("M22 176 C22 74 66 50 104 52 C150 54 180 96 178 176 Z", c.main)
        + area("M58 176 C56 120 78 98 104 98 C132 98 148 122 146 176 Z", c.dark)
        + group(ANIMALS[category], x=68, y=108, scale=0.36)
        + line("M40 124 q6 -34 32 -50 M150 84 q16 22 18 50", c.light, 4)
        + area("M14 172 H186 Q188 180 180 180 H20 Q12 180 14 172 Z", c.light)
    )


def castle(c: Colours, category: str) -> str:
    def tower(x: float, top: float) -> str:
        teeth = "".join(
            box(x + step, top - 10, 9, 14, "#9aa5ad", 1) for step in (0, 14.5, 29)
        )
        return (
            box(x, top, 38, 178 - top, "#9aa5ad", 2)
            + teeth
            + area(f"M{x + 13:g} {top + 44:g} v-14 q6 -9 12 0 v14 z", c.dark)
        )

    return (
        box(60, 110, 80, 68, "#b3bdc4")
        + tower(30, 74)
        + tower(132, 58)
        + area("M84 178 V152 Q100 128 116 152 V178 Z", c.dark)
        + area("M151 48 V22 L176 30 L151 38 Z", c.main)
        + line("M60 96 q-12 -12 0 -26 M146 176 q12 -14 0 -30", "#5fae6d", 5)
    )


def tunnel(c: Colours, category: str) -> str:
    return (
        area("M60 82 H148 Q180 82 180 128 Q180 174 148 174 H60 Z", c.main)
        + line("M100 84 q20 44 0 88 M132 84 q20 44 0 88", c.light, 5)
        + ellipse(60, 128, 32, 47, c.light)
        + ellipse(60, 128, 25, 39, c.dark)
        + group(ANIMALS[category], x=32, y=100, scale=0.3)
        + circle(148, 112, 13, PAPER)
        + circle(148, 112, 9, c.dark)
    )


def cage(c: Colours, category: str) -> str:
    bars = line(
        " ".join(
            f"M{x} 150 V{62 + (x - 100) ** 2 / 90:.0f}" for x in range(44, 160, 14)
        ),
        "#8d979d",
        3,
    )
    return (
        area("M34 150 V96 C34 46 70 40 100 40 C130 40 166 46 166 96 V150 Z", "#f4fafc")
        + group(ANIMALS[category], x=58, y=70, scale=0.42)
        + bars
        + line(
            "M34 150 V96 C34 46 70 40 100 40 C130 40 166 46 166 96 V150 M34 108 H166",
            "#7c878d",
            5,
        )
        + line("M100 40 v-12 m-8 -2 a8 8 0 1 1 16 0", "#7c878d", 5)
        + box(26, 146, 148, 32, c.main, 8)
        + line("M40 162 H160", c.light, 4)
    )


def tank(c: Colours, category: str) -> str:
    return (
        box(24, 56, 152, 114, "#e3f3fa", 6)
        + (
            area("M26 80 Q60 72 100 80 T174 80 V168 H26 Z", "#9fd6f0")
            if category == "fish"
            else area("M26 60 H174 V168 H26 Z", "#fdf1d2")
        )
        + area("M26 148 Q70 136 110 148 T174 146 V168 H26 Z", "#e6cd94")
        + line(
            "M48 150 q-10 -20 0 -36 M60 150 q8 -16 0 -30 M154 150 q8 -22 -2 -40",
            "#5fae6d",
            6,
        )
        + group(ANIMALS[category], x=68, y=84, scale=0.36)
        + '<rect x="24" y="56" width="152" height="114" rx="6" fill="none" stroke="#b9cdd6" stroke-width="4"/>'
        + box(18, 42, 164, 20, c.main, 6)
        + box(18, 164, 164, 14, c.dark, 5)
        + line("M36 74 v34", "#fff", 5)
    )


def scratcher(c: Colours, category: str) -> str:
    turns = line(
        " ".join(f"M{x} {y} l18 -5" for x in (56, 126) for y in range(92, 170, 9)),
        GRAIN,
        2.5,
    )
    return (
        box(54, 80, 22, 96, WOOD)
        + box(124, 48, 22, 128, WOOD)
        + turns
        + box(30, 168, 140, 12, c.dark, 5)
        + box(34, 74, 62, 13, c.main, 6)
        + box(100, 40, 70, 13, c.main, 6)
        + group(ANIMALS[category], x=112, y=-17, scale=0.32)
        + line("M46 86 v24", INK, 2)
        + circle(46, 116, 7, c.light)
        + box(96, 118, 58, 12, c.main, 6)
    )


def nestbox(c: Colours, category: str) -> str:
    return (
        box(88, 20, 24, 164, BARK, 4)
        + area("M56 76 H144 V158 H56 Z", WOOD)
        + line("M58 100 H142 M58 126 H142", GRAIN, 2.5)
        + area("M44 78 L100 38 L156 78 Z", c.main)
        + line("M58 74 L100 45 L142 74", c.light, 4)
        + circle(100, 106, 17, INK)
        + group(ANIMALS["bird"], x=84, y=92, scale=0.16)
        + box(96, 128, 8, 18, BARK, 3)
        + area("M144 60 q18 -14 28 0 q-12 14 -28 0 z", "#76b558")
    )


def beehotel(c: Colours, category: str) -> str:
    rooms = "".join(
        circle(x + (y // 22 % 2) * 9, y, 6.5, "#7d5129")
        for y in (98, 120, 142, 162)
        for x in (62, 82, 102, 122)
    )
    bee = (
        ellipse(0, 0, 13, 9, "#f3c544")
        + line("M-3 -8 v16 M4 -8 v16", INK, 3.5)
        + faded(
            ellipse(-2, -12, 7, 9, "#fff", -20) + ellipse(7, -12, 6, 8, "#fff", 20),
            0.85,
        )
    )
    return (
        box(46, 84, 108, 94, WOOD, 3)
        + rooms
        + area("M34 90 L100 40 L166 90 Z", c.main)
        + line("M50 85 L100 48 L150 85", c.light, 4)
        + group(bee, x=40, y=54)
        + group(bee, x=172, y=122, scale=0.8)
    )


def feeder(c: Colours, category: str) -> str:
    return (
        box(95, 130, 10, 54, BARK, 3)
        + box(34, 122, 132, 13, WOOD, 4)
        + box(52, 74, 9, 50, BARK)
        + box(139, 74, 9, 50, BARK)
        + area("M30 78 L100 32 L170 78 Z", c.main)
        + line("M48 73 L100 40 L152 73", c.light, 4)
        + "".join(circle(x, 120, 3.6, "#4f3a28") for x in range(70, 136, 9))
        + group(ANIMALS["bird"], x=72, y=66, scale=0.3)
        + group(ANIMALS["bird"], x=140, y=14, scale=0.22)
    )


def stone(c: Colours, category: str) -> str:
    return (
        area(
            "M24 168 C20 130 54 108 96 110 C150 108 184 134 176 170 Q100 186 24 168 Z",
            "#b4a79b",
        )
        + area("M56 128 Q96 106 146 130 Q100 148 56 128 Z", "#cbbfb3")
        + group(ANIMALS[category], x=62, y=50, scale=0.42)
        + line("M46 156 q14 8 28 2 M116 160 q16 4 30 -6", "#95887d", 3)
        + line(
            "M36 96 q-8 -12 0 -22 q8 -10 0 -22 M166 96 q-8 -12 0 -22 q8 -10 0 -22",
            c.light,
            5,
        )
    )


def lamp(c: Colours, category: str) -> str:
    return (
        faded(area("M66 92 L30 176 H170 L134 92 Z", "#ffe79a"), 0.75)
        + line("M100 14 V40", "#7c878d", 5)
        + area("M76 44 Q100 28 124 44 L148 92 Q100 106 52 92 Z", c.main)
        + ellipse(100, 93, 48, 10, c.dark)
        + circle(100, 98, 15, "#fff4c2")
        + line("M84 52 L68 84", c.light, 5)
        + group(ANIMALS[category], x=64, y=112, scale=0.36)
    )


def perch(c: Colours, category: str) -> str:
    return (
        line("M60 148 V34 M140 148 V34", "#b99a6a", 4)
        + line("M60 36 Q100 2 140 36", "#b99a6a", 4)
        + box(34, 142, 132, 15, BARK, 7)
        + line("M52 148 h20 M92 151 h22 M130 147 h16", "#7d5129", 2.5)
        + group(ANIMALS[category], x=54, y=66, scale=0.46)
        + circle(60, 96, 8, c.main)
        + circle(140, 84, 8, c.light)
        + circle(140, 104, 8, c.main)
        + circle(60, 76, 8, c.light)
    )
