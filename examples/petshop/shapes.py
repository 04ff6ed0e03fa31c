"""The few SVG shapes that every picture of the shop is made of.

All coordinates are in the user units of the picture's own ``viewBox``. Every function
returns one SVG element as text; ``group`` wraps several.
"""

INK = "#3a2f2b"


def ellipse(
    cx: float, cy: float, rx: float, ry: float, fill: str, turn: float = 0
) -> str:
    """An ellipse, turned clockwise by ``turn`` degrees around its own middle."""
    turned = f' transform="rotate({turn:g} {cx:g} {cy:g})"' if turn else ""
    return f'<ellipse cx="{cx:g}" cy="{cy:g}" rx="{rx:g}" ry="{ry:g}" fill="{fill}"{turned}/>'


def circle(cx: float, cy: float, r: float, fill: str) -> str:
    return f'<circle cx="{cx:g}" cy="{cy:g}" r="{r:g}" fill="{fill}"/>'


def box(
    x: float, y: float, width: float, height: float, fill: str, round: float = 0
) -> str:
    return f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="{round:g}" fill="{fill}"/>'


def area(d: str, fill: str) -> str:
    """A filled path with soft corners."""
    return f'<path d="{d}" fill="{fill}" stroke="{fill}" stroke-width="2" stroke-linejoin="round"/>'


def line(d: str, colour: str, width: float = 3) -> str:
    """A drawn path with round ends."""
    return (
        f'<path d="{d}" fill="none" stroke="{colour}" stroke-width="{width:g}"'
        ' stroke-linecap="round" stroke-linejoin="round"/>'
    )


def group(*parts: str, x: float = 0, y: float = 0, scale: float = 1) -> str:
    """``parts`` moved by ``x`` and ``y`` and then scaled."""
    return (
        f'<g transform="translate({x:g} {y:g}) scale({scale:g})">{"".join(parts)}</g>'
    )


def mirrored(*parts: str) -> str:
    """``parts`` as seen in a mirror that stands in the middle of a 200 wide picture."""
    return f'<g transform="translate(200 0) scale(-1 1)">{"".join(parts)}</g>'


def both(*parts: str) -> str:
    """``parts`` and their mirror image: two ears, two feet."""
    return "".join(parts) + mirrored(*parts)


def faded(part: str, opacity: float) -> str:
    return f'<g opacity="{opacity:g}">{part}</g>'


def eye(x: float, y: float, r: float = 6) -> str:
    """A dark eye with a spark of light in it."""
    return circle(x, y, r, INK) + circle(x + r * 0.32, y - r * 0.36, r * 0.36, "#fff")


def mouth(x: float, y: float, width: float = 10) -> str:
    """A smile of two small bows under the nose."""
    return line(
        f"M{x - width:g} {y:g} q{width / 2:g} {width * 0.7:g} {width:g} 0"
        f" q{width / 2:g} {width * 0.7:g} {width:g} 0",
        INK,
        2.6,
    )
