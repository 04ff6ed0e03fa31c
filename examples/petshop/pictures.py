"""Every picture of the shop, drawn as SVG: categories, products, articles, the big meadow.

Each function returns a whole SVG document as text. What it shows is also said by the
``alt`` text of the page, so the documents themselves carry no title.
"""

from functools import lru_cache
from zlib import crc32

from .animals import ANIMALS
from .colours import COLOURS, shades
from .ornaments import daisy, paw
from .shapes import area, box, circle, ellipse, faded, group, line
from .wares import WARES


def document(width: int, height: int, *parts: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"'
        f' width="{width}" height="{height}">{"".join(parts)}</svg>'
    )


def cloud(x: float, y: float, scale: float) -> str:
    return faded(
        group(
            ellipse(0, 0, 34, 16, "#fff"),
            circle(-14, -10, 16, "#fff"),
            circle(10, -14, 20, "#fff"),
            x=x,
            y=y,
            scale=scale,
        ),
        0.8,
    )


@lru_cache(maxsize=32)
def category_picture(id: str) -> str:
    """A category's animal at home, 400 by 400."""
    c = COLOURS[id]
    if id == "fish":
        above = [
            circle(x, y, r, "#ffffffb0")
            for x, y, r in ((330, 92, 16), (352, 54, 9), (64, 70, 11))
        ]
        below = [circle(x, 372, 7, "#d9bf85") for x in (60, 90, 320)]
    else:
        above = [cloud(82, 86, 1.0), cloud(330, 122, 0.8)]
        below = [daisy(48, 346, 1.5), daisy(350, 330, 1.2), daisy(322, 374, 1.6)]
    return document(
        400,
        400,
        box(0, 0, 400, 400, c.sky),
        circle(200, 188, 148, "#ffffff88"),
        *above,
        area("M0 306 Q110 262 210 298 T400 288 V400 H0 Z", c.ground),
        faded(ellipse(200, 340, 96, 14, "#000"), 0.1),
        group(ANIMALS[id], x=42, y=52, scale=1.58),
        *below,
    )


@lru_cache(maxsize=512)
def product_picture(id: str, category: str, kind: str) -> str:
    """A product in its category's colours, 300 by 300."""
    c = shades(category, id)
    number = crc32(id.encode())
    return document(
        300,
        300,
        box(0, 0, 300, 300, c.sky),
        circle(90 + number % 120, 100 + number // 128 % 60, 96, "#ffffff70"),
        area(
            f"M0 {232 + number % 9} Q150 {206 + number // 9 % 14} 300 {234 + number // 7 % 9} V300 H0 Z",
            c.ground,
        ),
        faded(ellipse(150, 254, 88, 11, "#000"), 0.12),
        group(WARES[kind](c, category), x=24, y=28, scale=1.26),
    )


@lru_cache(maxsize=64)
def article_picture(id: str, category: str, kind: str) -> str:
    """An animal that thinks of the article's thing, 640 by 360."""
    c = COLOURS[category]
    return document(
        640,
        360,
        box(0, 0, 640, 360, c.sky),
        circle(560, 60, 34, "#ffd976"),
        cloud(90, 70, 1.1),
        area("M0 276 Q160 230 330 270 T640 258 V360 H0 Z", c.ground),
        faded(ellipse(196, 318, 92, 12, "#000"), 0.1),
        group(ANIMALS[category], x=66, y=72, scale=1.32),
        circle(322, 196, 9, "#fff"),
        circle(350, 172, 14, "#fff"),
        ellipse(470, 148, 116, 108, "#fff"),
        group(WARES[kind](c, category), x=386, y=62, scale=0.84),
        daisy(44, 330, 1.3),
        daisy(420, 316, 1.4),
        daisy(594, 328, 1.2),
    )


@lru_cache(maxsize=1)
def meadow_picture() -> str:
    """Everybody on one meadow, 1280 by 540, with room for words on the left."""
    friends = (
        ("dog", 622, 166, 1.42),
        ("cat", 800, 252, 1.02),
        ("rabbit", 488, 232, 1.1),
        ("hamster", 470, 392, 0.62),
        ("puppy", 736, 352, 0.8),
        ("reptile", 918, 384, 0.74),
        ("garden", 1078, 372, 0.74),
        ("bird", 1140, 176, 0.56),
    )
    flowers = (
        (48, 498),
        (170, 462),
        (300, 510),
        (430, 486),
        (640, 512),
        (896, 500),
        (1050, 520),
        (1240, 506),
    )
    return document(
        1280,
        540,
        box(0, 0, 1280, 540, "#d9eef4"),
        circle(1176, 84, 46, "#ffd976"),
        faded(circle(1176, 84, 72, "#ffe9ac"), 0.5),
        cloud(610, 84, 1.4),
        cloud(860, 62, 1.1),
        cloud(400, 150, 0.8),
        area("M0 392 Q240 300 560 300 T1280 250 V540 H0 Z", "#c6e0b4"),
        group(ANIMALS["horse"], x=920, y=112, scale=1.4),
        area("M0 420 Q300 352 640 350 T1280 326 V540 H0 Z", "#aed392"),
        area("M0 478 Q340 424 700 450 T1280 436 V540 H0 Z", "#98c67c"),
        box(1189, 274, 13, 176, "#a87443", 5),
        *(group(ANIMALS[name], x=x, y=y, scale=scale) for name, x, y, scale in friends),
        *(daisy(x, y, 1.3) for x, y in flowers),
        line(
            "M18 540 q6 -22 0 -34 M30 540 q-2 -18 8 -30 M1254 540 q6 -22 0 -34",
            "#7fb264",
            5,
        ),
    )


@lru_cache(maxsize=1)
def logo_picture() -> str:
    """A paw print between two blades of grass, 64 by 64."""
    return document(
        64,
        64,
        circle(32, 32, 32, "#2f6b4a"),
        group(paw("#fff6e6"), x=32, y=36, scale=1.5),
        line("M18 56 q-2 -10 -8 -14 M46 56 q2 -10 8 -14", "#9fd07f", 3),
    )
