"""Lines and shapes of a technical drawing, as SVG that follows light and dark."""

from collections.abc import Sequence
from html import escape

STYLE = (
    "<style>.sheet{fill:#edf1f3}.grid{stroke:#d9e1e5;stroke-width:1}"
    ".steel{fill:#bcc7ce}.light{fill:#dde4e8}.dark{fill:#7f8f9a}.brass{fill:#d8b65c}"
    ".nylon{fill:#9fa9b0}.orange{fill:#e07b2a}.wood{fill:#d9b48a}.end{fill:#c79b6b}"
    ".hole{fill:#edf1f3}.none{fill:none}"
    ".steel,.light,.dark,.brass,.nylon,.orange,.wood,.end,.hole,.none"
    "{stroke:#22313b;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}"
    ".thin{fill:none;stroke:#22313b;stroke-width:1.3;stroke-linecap:round}"
    ".size{stroke:#c2570c;stroke-width:1.3;fill:none}"
    "text{font:600 14px system-ui,sans-serif;fill:#b04f0a;text-anchor:middle}"
    "@media(prefers-color-scheme:dark){.sheet,.hole{fill:#1d272e}.grid{stroke:#27343d}"
    ".steel{fill:#8797a2}.light{fill:#aab7c0}.dark{fill:#56656f}.nylon{fill:#77838b}"
    ".brass{fill:#b3924a}.wood{fill:#a98257}.end{fill:#8c6842}"
    ".steel,.light,.dark,.brass,.nylon,.orange,.wood,.end,.hole,.none{stroke:#0c1317}"
    ".none,.thin{stroke:#c5d0d7}.size{stroke:#f0a35e}text{fill:#f3b27a}}</style>"
)


def sheet(width: int, height: int, drawing: str, title: str) -> str:
    """A whole SVG document: ``drawing`` on squared paper, named ``title``."""
    lines = "".join(f"M{x} 0V{height}" for x in range(20, width, 20))
    lines += "".join(f"M0 {y}H{width}" for y in range(20, height, 20))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" role="img"><title>{escape(title)}</title>'
        f'{STYLE}<path class="sheet" d="M0 0H{width}V{height}H0z"/>'
        f'<path class="grid" fill="none" d="{lines}"/>{drawing}</svg>'
    )


def path(kind: str, d: str) -> str:
    return f'<path class="{kind}" d="{d}"/>'


def box(kind: str, x: float, y: float, w: float, h: float, r: float = 0) -> str:
    return (
        f'<rect class="{kind}" x="{x:g}" y="{y:g}" width="{w:g}" height="{h:g}"'
        f' rx="{r:g}"/>'
    )


def dot(kind: str, x: float, y: float, r: float) -> str:
    return f'<circle class="{kind}" cx="{x:g}" cy="{y:g}" r="{r:g}"/>'


def holes(points: Sequence[tuple[float, float]], r: float = 5) -> str:
    return "".join(dot("hole", x, y, r) for x, y in points)


def measure(x1: float, x2: float, y: float) -> str:
    """A dimension line from ``x1`` to ``x2``."""
    return path(
        "size",
        f"M{x1:g} {y - 8}v16M{x2:g} {y - 8}v16M{x1:g} {y}H{x2:g}"
        f"m-8 -4l8 4l-8 4M{x1 + 8:g} {y - 4}l-8 4l8 4",
    )


def thread(x1: float, x2: float, y: float, half: float, step: float = 7) -> str:
    """Thread flanks between ``x1`` and ``x2`` on a shank of height 2 * ``half``."""
    d, x = "", x1
    while x + step <= x2:
        d += f"M{x:.1f} {y + half + 3:.1f}L{x + step * 0.7:.1f} {y - half - 3:.1f}"
        x += step
    return path("thin", d)


def star(x: float, y: float, r: float) -> str:
    """A six-lobed socket."""
    near = r * 0.62
    corners = [(0, -1), (0.87, -0.5), (0.87, 0.5), (0, 1), (-0.87, 0.5), (-0.87, -0.5)]
    d = f"M{x} {y - r:.1f}"
    for one, two in zip(corners, corners[1:] + corners[:1], strict=True):
        mid = ((one[0] + two[0]) / 2, (one[1] + two[1]) / 2)
        d += (
            f"Q{x + mid[0] * near:.1f} {y + mid[1] * near:.1f} "
            f"{x + two[0] * r:.1f} {y + two[1] * r:.1f}"
        )
    return d + "z"
