"""Drawings of everything that is made of sheet metal, on a canvas of 320 x 240."""

from .canvas import box, dot, holes, measure, path


def bracket() -> str:
    plate = path("steel", "M92 40L150 24V150L92 172z")
    foot = path("light", "M92 172L150 150L262 176L200 202z")
    rib = path("dark", "M118 112L121 160L172 175Q128 158 118 112z")
    front = holes([(108, 62), (134, 54), (108, 100), (134, 92)], 6)
    floor = "".join(
        f'<ellipse class="hole" cx="{x}" cy="{y}" rx="7" ry="4"/>'
        for x, y in [(196, 172), (226, 180), (178, 186), (206, 192)]
    )
    return (
        plate
        + foot
        + rib
        + front
        + floor
        + path("size", "M74 44V176m-7 0h14m-14 -132h14")
    )


def hanger() -> str:
    shoe = path("steel", "M70 44h52v126h76V44h52v150H70z")
    inside = path("light", "M122 44l14 12v104h48V56l14 -12v126h-76z")
    nails = [(x, y) for x in (84, 106, 214, 236) for y in (62, 92, 122, 152)]
    return shoe + inside + holes(nails) + measure(122, 198, 214)


def plate() -> str:
    points = [
        (66 + 27.0 * x + (13 if y % 2 else 0), 68 + 26.0 * y)
        for x in range(7)
        for y in range(5)
    ]
    return box("steel", 44, 46, 232, 148, 3) + holes(points, 5) + measure(44, 276, 214)


def post() -> str:
    bars = box("steel", 96, 24, 18, 130) + box("steel", 206, 24, 18, 130)
    cross = box("light", 96, 118, 128, 14)
    rod = box("dark", 151, 132, 18, 84, 4)
    ground = path(
        "thin",
        "M40 176H146M174 176H284M52 176l-10 14M82 176l-10 14M112 176l-10 14M202 176l-10 14M232 176l-10 14M262 176l-10 14",
    )
    return (
        bars
        + cross
        + rod
        + ground
        + holes([(105, 46), (105, 84), (215, 46), (215, 84)])
    )


def strap() -> str:
    coil = "".join(dot("none", 126, 118, r) for r in (62, 54, 46, 38))
    band = path("steel", "M126 180H286V160H172q-14 16 -46 20z")
    ring = dot("steel", 126, 118, 70) + dot("light", 126, 118, 28)
    return ring + coil + band + holes([(x, 170.0) for x in range(190, 286, 18)], 4)


def connector() -> str:
    left = box("light", 62, 40, 84, 160, 6) + path("steel", "M104 52l26 14v120h-52V66z")
    right = box("light", 174, 40, 84, 160, 6) + path(
        "steel", "M190 52h52v108l-26 24l-26 -24z"
    )
    points = [(x, y) for x in (94.0, 114.0, 206.0, 226.0) for y in (84.0, 112.0, 140.0)]
    return left + right + holes(points) + path("size", "M152 120h16m-6 -5l6 5l-6 5")


def cup() -> str:
    arm = path("steel", "M150 100h110q10 0 10 14t-10 14H150z") + path(
        "dark", "M110 92l52 10v24l-52 10z"
    )
    mount = box("light", 208, 76, 40, 76, 4)
    return (
        box("light", 48, 64, 20, 100, 4)
        + dot("steel", 100, 114, 44)
        + dot("light", 100, 114, 30)
        + mount
        + arm
        + holes([(228, 86), (228, 142), (190, 114), (252, 114)], 5)
        + measure(56, 144, 192)
    )


def runner() -> str:
    outer = (
        box("steel", 36, 70, 170, 40, 4)
        + box("light", 82, 78, 170, 24, 3)
        + box("steel", 130, 84, 156, 12, 3)
    )
    lower = f'<g transform="translate(0 74)">{outer}{holes([(52, 90), (168, 90), (270, 90)], 4)}</g>'
    return outer + holes([(52, 90), (168, 90), (270, 90)], 4) + lower


def hinge() -> str:
    left, right = box("steel", 66, 46, 82, 148, 8), box("steel", 172, 46, 82, 148, 8)
    knuckle = "".join(box("light", 146, y, 28, 47, 5) for y in (46, 96, 146))
    points = [(88.0, y) for y in (70.0, 120.0, 170.0)] + [
        (232.0, y) for y in (70.0, 120.0, 170.0)
    ]
    return left + right + knuckle + holes(points, 7)


def handle() -> str:
    return path(
        "dark", "M56 84h208q8 0 8 8v58h-20v-38H68v38H48V92q0 -8 8 -8z"
    ) + measure(58, 262, 190)


def strap_hinge() -> str:
    band = path("steel", "M70 92L262 102q16 11 0 22L70 134z") + dot(
        "steel", 60, 113, 24
    )
    pin = box("dark", 50, 60, 20, 106, 5)
    return (
        band
        + pin
        + holes([(112, 113), (156, 113), (200, 113), (242, 113)], 6)
        + measure(38, 270, 196)
    )
