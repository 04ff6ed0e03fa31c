"""Drawings of what the shop sells, by kind: SVG shapes on a canvas of 320 x 240."""

from collections.abc import Callable

from .canvas import box, dot, measure, path, star, thread
from .plates import (
    bracket,
    connector,
    cup,
    handle,
    hanger,
    hinge,
    plate,
    post,
    runner,
    strap,
    strap_hinge,
)


def screw(head: str, diameter: float, length: float) -> str:
    """A wood or concrete screw: head left, point right."""
    half = 4 + diameter * 0.9
    left, right, y = 70.0, 150 + min(length, 160) * 0.85, 115.0
    tip = right - half * 2.4
    body = path(
        "steel",
        f"M{left} {y - half}H{tip}L{right} {y}L{tip} {y + half}H{left}z",
    )
    start = left + (right - left) * (0.08 if head in ("hex", "trumpet") else 0.38)
    turns = thread(start, tip + 4, y, half, 6 + diameter * 0.35)
    big = half * 2.3
    heads = {
        "countersunk": f"M{left - 22} {y - big}h6L{left + 6} {y - half}v{2 * half}"
        f"L{left - 16} {y + big}h-6z",
        "trumpet": f"M{left - 22} {y - big}h4Q{left - 8} {y - half} {left + 16} {y - half}"
        f"v{2 * half}Q{left - 8} {y + half} {left - 18} {y + big}h-4z",
        "washer": f"M{left - 4} {y - big * 1.5}q-20 {big * 1.5} 0 {big * 3}"
        f"h6V{y + half + 6}l10 -6v{-2 * half}l-10 -6V{y - big * 1.5}z",
        "cylinder": f"M{left - 18} {y - half * 1.6}h20v{half * 3.2}h-20z",
        "hex": f"M{left - 26} {y - big}h24v{2 * big}h-24z"
        f"M{left - 26} {y - big / 2}h24M{left - 26} {y + big / 2}h24"
        f"M{left - 2} {y - big * 1.3}h6v{big * 2.6}h-6z",
    }
    front = dot("light", 262, 52, 26)
    if head == "hex":
        front = path("light", "M262 24l24 14v28l-24 14l-24 -14v-28z")
        front += dot("thin", 262, 52, 19)
    else:
        front += path("dark", star(262, 52, 13))
    label = measure(left - 22, right, 186)
    return body + turns + path("steel", heads[head]) + front + label


def dowel(diameter: float, length: float) -> str:
    half = 10 + diameter
    y, right = 112.0, 130 + length * 1.9
    body = path("nylon", f"M66 {y - half}H{right - 16}l16 8v{2 * half - 16}l-16 8H66z")
    ribs = "".join(
        path("thin", f"M{x} {y - half}l-8 {half * 0.6}M{x} {y + half}l-8 {-half * 0.6}")
        for x in range(112, int(right) - 18, 16)
    )
    collar = box("nylon", 58, y - half - 7, 12, 2 * half + 14, 3)
    slot = path("thin", f"M104 {y}H{right}")
    fins = path(
        "nylon", f"M140 {y - half}l-26 -13l-4 13zM140 {y + half}l-26 13l-4 -13z"
    )
    return fins + body + ribs + slot + collar + measure(58, right, 186)


def frame() -> str:
    sleeve = box("nylon", 50, 98, 196, 30, 4) + box("nylon", 42, 90, 12, 46, 3)
    ribs = path(
        "thin", "".join(f"M{x} 98l-8 12M{x} 128l-8 -12" for x in range(160, 244, 14))
    )
    tip = path("steel", "M246 104h20l22 9l-22 9h-20z") + thread(246, 276, 113, 7)
    head = path("steel", "M28 94l14 6v26l-14 6z")
    return head + tip + sleeve + ribs + measure(28, 288, 186)


def plasterboard() -> str:
    body = path("nylon", "M84 84H180L246 113L180 142H84z") + thread(
        96, 196, 113, 24, 18
    )
    return (
        body
        + box("nylon", 64, 66, 22, 94, 6)
        + path("dark", "M66 108h18v10H66z")
        + measure(64, 246, 196)
    )


def cavity() -> str:
    legs = path("brass", "M96 100L158 62L214 100M96 126L158 164L214 126")
    legs = legs.replace('class="brass"', 'class="brass" fill-opacity=".55"')
    rod = box("steel", 60, 104, 200, 18, 3) + thread(130, 258, 113, 8)
    return (
        legs
        + rod
        + box("brass", 84, 82, 12, 62, 2)
        + box("brass", 212, 94, 16, 38, 2)
        + box("steel", 46, 92, 16, 42, 5)
        + measure(46, 260, 204)
    )


def insulation() -> str:
    disc = path("orange", "M58 46q-16 67 0 134h12V46z")
    return (
        disc
        + box("orange", 70, 102, 176, 22, 4)
        + path("thin", "".join(f"M{x} 102l-7 22" for x in range(186, 246, 12)))
        + measure(54, 246, 206)
    )


def bolt() -> str:
    rod = box("steel", 46, 100, 200, 26, 3) + thread(48, 130, 113, 13)
    cone = path("dark", "M226 100h44q8 13 0 26h-44z") + box("light", 178, 96, 50, 34, 3)
    sleeve = path("thin", "M184 113h38M196 96v10M208 130v-10")
    washer = box("light", 112, 76, 8, 74, 2)
    nut = path("steel", "M78 84h32v58H78zM78 104h32M78 122h32")
    return rod + cone + sleeve + washer + nut + measure(46, 274, 190)


def cartridge() -> str:
    tube = box("orange", 70, 78, 150, 70, 6) + box("light", 94, 90, 96, 46, 3)
    nozzle = path("light", "M220 100h14l8 8h46v10h-46l-8 8h-14z")
    cap = box("dark", 52, 72, 18, 82, 4)
    return (
        tube
        + nozzle
        + cap
        + path(
            "thin", "M104 104h76M104 114h52M104 124h64M248 108l8 10l8 -10l8 10l8 -10"
        )
    )


def dropin() -> str:
    body = box("steel", 86, 84, 148, 58, 5) + path(
        "thin", "M160 113h74M160 104h74M160 122h74"
    )
    front = dot("steel", 262, 52, 26) + dot("hole", 262, 52, 14)
    return (
        body
        + path("dark", "M88 96h64v34H88z")
        + thread(92, 150, 113, 12)
        + front
        + measure(86, 234, 190)
    )


def rod() -> str:
    bar = path("steel", "M40 102H262l18 11l-18 11H40z") + thread(44, 258, 113, 11, 6)
    nut = path("light", "M72 84h30v58H72zM72 104h30M72 122h30") + box(
        "light", 104, 80, 7, 66, 2
    )
    return bar + nut + path("size", "M160 92v42") + measure(40, 280, 190)


def bit(kind: str, length: float) -> str:
    stretch = length - 25
    shank = path(
        "steel", "M70 88h66v50H70zM70 105h66M70 121h66M92 88q8 8 0 17m0 16q8 8 0 17"
    )
    neck = path(
        "light", f"M136 94l18 7h{40 + stretch}l8 -4v32l-8 -4h{-40 - stretch}l-18 7z"
    )
    x = 202 + stretch
    tip = path("dark", f"M{x} 97h34l6 4v24l-6 4h-34zM{x} 107h40M{x} 119h40")
    front = dot("light", 262, 52, 26) + path("dark", star(262, 52, 17))
    return shank + neck + tip + front + measure(70, x + 40, 186)


def bitset() -> str:
    case = box("dark", 46, 44, 228, 152, 12) + box("light", 58, 56, 204, 128, 6)
    rows = "".join(
        box(
            "orange" if (row + x) % 5 == 0 else "steel",
            70 + x * 23,
            66 + row * 40,
            13,
            28,
            2,
        )
        for row in range(3)
        for x in range(8)
    )
    return case + rows + box("steel", 138, 36, 44, 12, 4)


def drill() -> str:
    body = path("steel", "M36 104h70v18H36z") + path(
        "light", "M106 100H262l8 4v-6l4 8l14 7l-14 7l-4 8v-6l-8 4H106z"
    )
    spiral = "".join(
        path("dark", f"M{x} 100q10 2 20 26h-8q-6 -20 -20 -26z")
        for x in range(112, 240, 22)
    )
    return body + spiral + measure(36, 288, 186)


def socket() -> str:
    body = box("steel", 132, 74, 122, 78, 6) + path(
        "light", "M58 94h56l18 -8v54l-18 -8H58zM58 107h56M58 119h56"
    )
    front = dot("steel", 66, 48, 28) + path("hole", "M66 30l16 9v18l-16 9l-16 -9v-18z")
    return body + path("thin", "M150 74v78M240 74v78") + front + measure(58, 254, 190)


KINDS: dict[str, Callable[..., str]] = {
    "screw": screw, "bracket": bracket, "hanger": hanger, "plate": plate, "post": post,
    "strap": strap, "connector": connector, "dowel": dowel, "frame": frame,
    "plasterboard": plasterboard, "cavity": cavity, "insulation": insulation,
    "bolt": bolt, "cartridge": cartridge, "dropin": dropin, "rod": rod, "bit": bit,
    "bitset": bitset, "drill": drill, "socket": socket, "cup": cup, "runner": runner,
    "hinge": hinge, "handle": handle, "strap-hinge": strap_hinge,
}  # fmt: skip


def shapes(drawing: str) -> str:
    """The shapes of a catalogue's drawing, ``"screw washer 8 120"``: kind, then its facts."""
    kind, *facts = drawing.split()
    return KINDS[kind](*(_number(fact) for fact in facts))


def _number(fact: str) -> float | str:
    return float(fact) if fact.replace(".", "", 1).isdigit() else fact
