"""One drawn animal per category, each 200 by 200 units, its feet at y = 184."""

from math import cos, pi, sin

from .ornaments import bone, clover, daisy
from .shapes import (
    INK,
    area,
    both,
    box,
    circle,
    ellipse,
    eye,
    faded,
    group,
    line,
    mirrored,
    mouth,
)

PINK = "#f0a79f"
BLUSH = faded(both(circle(70, 110, 8, "#f08f86")), 0.45)


def rabbit() -> str:
    fur, shade, white = "#d8bfa8", "#c6a98f", "#fdf6ee"
    return (
        circle(143, 160, 15, white)
        + ellipse(80, 46, 15, 46, fur, -9)
        + ellipse(80, 50, 7, 33, PINK, -9)
        + area(
            "M106 82 C102 50 106 20 122 15 C138 12 154 36 160 58 C162 68 152 70 146 63"
            " C139 55 133 51 130 54 C127 64 128 74 126 84 Z",
            fur,
        )
        + area(
            "M122 26 C132 26 144 44 150 56 C143 48 134 42 127 44 C124 38 120 32 122 26 Z",
            PINK,
        )
        + ellipse(100, 146, 45, 40, fur)
        + ellipse(100, 156, 28, 29, white)
        + both(ellipse(72, 179, 21, 9, shade))
        + ellipse(100, 99, 43, 37, fur)
        + ellipse(100, 114, 22, 17, white)
        + BLUSH
        + both(eye(82, 95, 6.5))
        + box(95.5, 119, 9, 10, "#fff", 2)
        + mouth(100, 115)
        + area("M94 106 h12 l-6 7 z", "#d9776d")
        + both(line("M72 116 l-20 -3 M73 121 l-18 4", "#a98b74", 1.8))
        + both(ellipse(86, 150, 8, 12, shade, 12))
        + clover(100, 138)
    )


def dog_head(fur: str, ear: str, white: str, droop: bool = True) -> str:
    left = area(
        "M66 62 C44 54 32 84 41 116 C46 130 61 127 65 112 C69 96 70 80 75 68 Z", ear
    )
    right = (
        mirrored(left)
        if droop
        else area("M124 58 C134 30 152 22 158 34 C162 46 152 70 138 78 Z", ear)
    )
    return (
        ellipse(100, 90, 45, 41, fur)
        + ellipse(100, 70, 9, 24, white)
        + left
        + right
        + ellipse(100, 110, 27, 22, white)
        + area("M92 119 q8 26 16 0 z", "#e8776f")
        + mouth(100, 113, 12)
        + ellipse(100, 100, 10, 7, INK)
        + ellipse(103, 97.5, 3, 1.6, "#fff")
        + both(eye(82, 88, 6.5))
    )


def dog() -> str:
    fur, white = "#cf9654", "#fff6ea"
    return (
        line("M138 164 q32 -4 30 -40", fur, 13)
        + line("M167 130 q1 -3 1 -8", white, 13)
        + ellipse(100, 146, 44, 42, fur)
        + ellipse(100, 154, 27, 32, white)
        + both(ellipse(76, 179, 19, 9, white))
        + dog_head(fur, "#8f5b2d", white)
        + line("M72 130 q28 15 56 0", "#d5543f", 9)
        + circle(100, 143, 8, "#f3c544")
        + circle(100, 143, 3, "#c99419")
    )


def puppy() -> str:
    cream, brown = "#f6dfbb", "#b97b43"
    return (
        line("M132 168 q20 -4 18 -22", cream, 11)
        + ellipse(100, 156, 36, 29, cream)
        + ellipse(100, 162, 20, 20, "#fffaf0")
        + both(ellipse(80, 180, 16, 8, "#fffaf0"))
        + dog_head(cream, brown, "#fffaf0", droop=False)
        + faded(ellipse(82, 88, 15, 16, brown), 0.55)
        + both(eye(82, 88, 7.5))
        + BLUSH
        + line("M76 132 q24 12 48 0", "#3f93a8", 7)
        + circle(154, 172, 14, "#e2604c")
        + line("M142 168 q12 8 24 -2", "#fff", 3)
    )


def dogfood() -> str:
    kibble = "".join(
        circle(x, y, 7, fill)
        for x, y, fill in (
            (64, 142, "#8a5a33"),
            (78, 136, "#a4703f"),
            (93, 140, "#8a5a33"),
            (108, 136, "#a4703f"),
            (122, 140, "#8a5a33"),
            (136, 143, "#a4703f"),
        )
    )
    return (
        group(dog_head("#a9a39b", "#6e675f", "#f4f1ec"), y=-8)
        + ellipse(100, 146, 54, 14, "#7a4d2a")
        + kibble
        + area("M42 148 H158 L146 184 H54 Z", "#d5543f")
        + box(38, 142, 124, 10, "#e4705b", 5)
        + bone(100, 168, "#fff3e0")
    )


def cat_head(fur: str, stripe: str, white: str, iris: str) -> str:
    return (
        both(
            area("M60 80 L62 34 Q64 30 69 34 L98 60 Z", fur),
            area("M68 66 L69 46 L83 59 Z", PINK),
        )
        + ellipse(100, 92, 45, 37, fur)
        + line("M100 58 v14", stripe, 5)
        + both(
            line("M87 60 l2 11", stripe, 5),
            line("M58 92 l11 2 M60 104 l10 -1", stripe, 4),
        )
        + both(ellipse(88, 110, 14, 11, white))
        + ellipse(100, 118, 11, 8, white)
        + both(ellipse(80, 90, 9, 10, iris), ellipse(80, 90, 4, 9, INK))
        + both(circle(82, 86, 2.4, "#fff"))
        + area("M95 102 h10 l-5 6 z", "#d9776d")
        + mouth(100, 109, 9)
        + both(line("M72 110 l-24 -5 M72 115 l-23 4", "#fff", 1.8))
    )


def cat() -> str:
    fur, stripe, white = "#8d84a9", "#6a6189", "#f6f2fb"
    return (
        line("M134 174 q44 4 36 -38 q-4 -16 -15 -12", fur, 13)
        + ellipse(100, 150, 40, 38, fur)
        + ellipse(100, 152, 22, 30, white)
        + both(line("M62 146 l12 3 M63 158 l12 1", stripe, 4))
        + both(ellipse(82, 180, 17, 8, white))
        + cat_head(fur, stripe, white, "#cbe58e")
    )


def kitten() -> str:
    fur, stripe = "#f2aa66", "#d98438"
    return (
        line("M144 140 q22 -22 8 -54", fur, 11)
        + line("M152 92 q0 -3 -1 -7", "#fff6ea", 11)
        + ellipse(100, 146, 36, 30, fur)
        + group(cat_head(fur, stripe, "#fff6ea", "#9fd4c8"), y=10)
        + area("M40 138 H160 V184 H40 Z", "#c9975f")
        + area("M40 138 L24 156 L38 164 L52 138 Z", "#b58148")
        + area("M160 138 L176 156 L162 164 L148 138 Z", "#b58148")
        + box(88, 138, 24, 46, "#dcb17c")
        + both(ellipse(70, 140, 12, 9, "#fff6ea"))
        + both(line("M66 136 v5 M73 136 v5", "#e0b58d", 2))
    )


def bird() -> str:
    teal, dark, sun = "#43a9b8", "#2b7f8e", "#f8d657"
    return (
        box(26, 160, 148, 10, "#9b6d43", 5)
        + area("M158 160 q12 -22 26 -18 q-4 20 -26 18 z", "#7cb45c")
        + area("M87 150 L95 197 H105 L113 150 Z", dark)
        + ellipse(100, 118, 36, 48, teal)
        + ellipse(100, 128, 22, 34, "#a6dfe2")
        + both(ellipse(68, 122, 13, 38, dark, 9))
        + both(line("M62 108 h12 M61 120 h12 M61 132 h11", "#5fc0cc", 3))
        + circle(100, 70, 36, sun)
        + both(line("M74 50 q6 -4 11 -3 M70 60 q5 -3 9 -3", "#d9a52c", 3))
        + both(eye(84, 68, 6.5))
        + both(circle(78, 86, 5, "#4f7fd0"))
        + area("M91 76 Q100 68 109 76 Q106 94 100 96 Q94 94 91 76 Z", "#e8903a")
        + both(line("M86 162 v8 M92 162 v8", "#e8903a", 5))
        + line("M152 62 v-24 l16 -5 v22", INK, 3)
        + ellipse(147, 63, 6, 4.5, INK, -15)
        + ellipse(163, 56, 6, 4.5, INK, -15)
    )


def fish() -> str:
    gold, deep = "#f78f41", "#de6a26"
    bubbles = "".join(
        f'<circle cx="{x}" cy="{y}" r="{r}" fill="#fff" fill-opacity=".55" stroke="#fff" stroke-width="2"/>'
        for x, y, r in ((30, 84, 8), (20, 60, 5), (36, 44, 6), (26, 26, 4))
    )
    return (
        line("M160 184 q-10 -20 0 -38 q10 -18 0 -36", "#4f9e63", 8)
        + line("M178 184 q8 -14 0 -28 q-7 -12 0 -24", "#6cb874", 7)
        + line("M24 184 q8 -14 0 -26", "#6cb874", 7)
        + area(
            "M136 112 C152 76 190 74 184 94 C180 108 180 116 184 130 C190 150 152 148 136 112 Z",
            deep,
        )
        + area("M74 84 C84 54 120 54 132 88 Z", deep)
        + ellipse(94, 112, 54, 38, gold)
        + ellipse(90, 126, 40, 20, "#ffc987")
        + line("M104 96 q10 8 0 16 M118 98 q10 8 0 16 M104 118 q10 7 0 14", deep, 3)
        + area("M96 132 q16 4 14 26 q-18 -2 -24 -20 z", deep)
        + circle(66, 102, 12, "#fff")
        + eye(64, 102, 8)
        + line("M44 120 q8 10 18 4", INK, 3)
        + faded(circle(72, 122, 7, "#e8573f"), 0.4)
        + bubbles
    )


def hamster() -> str:
    fur, white = "#e6b577", "#fff5e6"
    return (
        both(circle(62, 82, 16, fur), circle(62, 82, 9, PINK))
        + ellipse(100, 134, 56, 50, fur)
        + ellipse(100, 148, 38, 36, white)
        + ellipse(100, 102, 46, 34, fur)
        + ellipse(100, 84, 10, 14, white)
        + both(ellipse(66, 116, 21, 17, white))
        + ellipse(100, 114, 15, 11, white)
        + faded(both(circle(58, 118, 8, "#f08f86")), 0.45)
        + both(eye(82, 98, 6.5))
        + ellipse(100, 106, 5, 3.6, "#d9776d")
        + mouth(100, 111, 7)
        + both(ellipse(74, 181, 17, 7, PINK))
        + area("M100 128 q13 14 0 32 q-13 -18 0 -32 z", "#3d3833")
        + line("M100 134 v20 M95.500 139 v12 M104.500 139 v12", "#e9e2d8", 1.8)
        + both(ellipse(86, 144, 8, 7, PINK, 20))
    )


def reptile() -> str:
    skin, shade, shell, rim = "#a8c66c", "#86a850", "#a8793f", "#7f5828"
    return (
        area("M158 158 q22 0 26 12 q-16 4 -30 0 z", shade)
        + ellipse(68, 172, 16, 13, shade)
        + ellipse(138, 172, 16, 13, shade)
        + area(
            "M64 154 C40 158 28 140 30 120 C30 100 62 96 66 118 C68 132 74 140 84 142 Z",
            skin,
        )
        + area("M52 156 C50 76 166 76 166 156 Z", shell)
        + area("M92 108 L110 98 L128 108 V128 L110 138 L92 128 Z", "#c99a5b")
        + line(
            "M92 108 L76 104 M128 108 L144 104 M110 98 V96 M92 128 L76 146 M128 128 L144 146 M110 138 V150",
            rim,
            4,
        )
        + box(48, 148, 122, 13, rim, 6.5)
        + ellipse(84, 176, 17, 10, skin)
        + ellipse(124, 176, 17, 10, skin)
        + eye(46, 114, 6.5)
        + faded(circle(50, 128, 6, "#e8776f"), 0.45)
        + line("M30 126 q7 9 15 5", INK, 2.8)
        + area("M30 130 q-20 -6 -22 10 q14 8 22 -10 z", "#5d9e45")
        + line("M30 130 q-10 2 -18 8", "#3f7a2e", 2)
    )


def horse() -> str:
    coat, dark, mane = "#a87347", "#8a5a34", "#4f3422"
    return (
        area("M54 184 C52 140 66 112 100 112 C134 112 148 140 146 184 Z", dark)
        + area("M126 50 C156 60 160 120 146 160 C136 150 128 120 124 84 Z", mane)
        + both(
            area("M70 54 C60 30 66 14 72 16 C82 22 90 36 90 48 Z", coat),
            area("M74 46 C70 34 71 26 74 27 C80 32 83 38 83 45 Z", PINK),
        )
        + area("M68 64 C66 34 134 34 132 64 L127 126 C124 158 76 158 73 126 Z", coat)
        + area("M94 62 q6 -8 12 0 l5 54 q-11 10 -22 0 z", "#fdf3e6")
        + ellipse(100, 140, 31, 25, "#d9b597")
        + both(ellipse(88, 136, 4.5, 6, "#7b573d", 15))
        + line("M86 152 q14 11 28 0", INK, 3)
        + both(eye(82, 88, 7.5))
        + faded(both(circle(76, 114, 8, "#e8776f")), 0.3)
        + area(
            "M82 42 C92 26 114 28 120 40 C118 58 112 70 104 80 C102 70 100 66 98 60 C95 70 91 74 88 76 C83 64 81 52 82 42 Z",
            mane,
        )
        + daisy(122, 46, 1)
        + line("M75 128 Q100 116 125 128", "#3f7fb5", 5)
    )


def spikes(cx: float, cy: float, rx: float, ry: float, number: int, fill: str) -> str:
    """The upper half of a star with ``number`` points: a coat of spikes."""
    points = []
    for step in range(2 * number + 1):
        reach = 1.0 if step % 2 else 0.84
        angle = pi + pi * step / (2 * number)
        points.append(
            f"{cx + rx * reach * cos(angle):.1f} {cy + ry * reach * sin(angle):.1f}"
        )
    return area("M" + " L".join(points) + " Z", fill)


def garden() -> str:
    face = "#f0d6b4"
    return (
        spikes(108, 170, 76, 96, 15, "#6b4a32")
        + spikes(110, 170, 60, 76, 12, "#86603f")
        + spikes(112, 170, 42, 54, 9, "#a37a55")
        + area(
            "M26 164 C34 126 82 116 92 146 C98 172 84 180 62 180 C46 180 26 176 26 164 Z",
            face,
        )
        + circle(82, 128, 11, "#d9b68c")
        + circle(82, 128, 5.5, PINK)
        + eye(60, 146, 6.5)
        + circle(27, 162, 7.5, INK)
        + circle(29, 160, 2.2, "#fff")
        + line("M40 168 q8 8 17 2", INK, 2.8)
        + faded(circle(70, 162, 8, "#f08f86"), 0.5)
        + ellipse(72, 181, 13, 6, "#d9b68c")
        + ellipse(128, 181, 13, 6, "#d9b68c")
        + circle(122, 74, 14, "#d5483f")
        + line("M122 62 q1 -8 6 -10", "#5b3a22", 3)
        + area("M127 58 q12 -10 18 0 q-10 8 -18 0 z", "#6fae54")
    )


ANIMALS = {
    "rabbit": rabbit(),
    "dog": dog(),
    "puppy": puppy(),
    "dogfood": dogfood(),
    "cat": cat(),
    "kitten": kitten(),
    "bird": bird(),
    "fish": fish(),
    "hamster": hamster(),
    "reptile": reptile(),
    "horse": horse(),
    "garden": garden(),
}
