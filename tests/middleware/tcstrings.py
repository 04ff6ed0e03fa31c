"""TC strings, written and read slowly from the tables of the specification; nothing here is the shop's code.

"Transparency and Consent String with Global Vendor & CMP List Formats", IAB Tech Lab, version 2.4.
"""

from collections.abc import Iterable, Sequence
from random import Random

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
POLICY, DISCLOSED_FROM = 4, 17_723_232_000  # deciseconds: 1 March 2026
Ranges = Sequence[tuple[int, int]]
Restrictions = Sequence[tuple[int, int, Ranges]]


def _bits(number: int, width: int) -> str:
    out = ""
    for _ in range(width):
        out = str(number % 2) + out
        number //= 2
    return out


SIX = {letter: _bits(number, 6) for number, letter in enumerate(LETTERS)}


def _text(bits: str) -> str:
    while len(bits) % 6:
        bits += "0"
    sixes = (bits[at : at + 6] for at in range(0, len(bits), 6))
    return "".join(LETTERS[sum(2 ** (5 - n) for n in range(6) if six[n] == "1")] for six in sixes)  # fmt: skip


def _marked(places: Iterable[int], width: int) -> str:
    chosen = set(places)
    return "".join("1" if n in chosen else "0" for n in range(1, width + 1))


def _ranges(ranges: Ranges) -> str:
    out = _bits(len(ranges), 12)
    for first, last in ranges:
        if first == last:
            out += "0" + _bits(first, 16)
        else:
            out += "1" + _bits(first, 16) + _bits(last, 16)
    return out


def vendor_section(vendors: Iterable[int], ranges: Ranges | None = None) -> str:
    """As bits for each vendor, or as ``ranges``."""
    if ranges is not None:
        return _bits(max((last for _, last in ranges), default=0), 16) + "1" + _ranges(ranges)  # fmt: skip
    chosen = sorted(vendors)
    last = chosen[-1] if chosen else 0
    return _bits(last, 16) + "0" + _marked(chosen, last)


def written(
    purposes: Iterable[int] = range(1, 12),
    *,
    updated: float,
    created: float | None = None,
    version: int = 2,
    cmp: int = 7,
    language: tuple[int, int] = (3, 4),
    policy: int = 5,
    service_specific: bool = True,
    interests: Iterable[int] = (),
    vendors: Iterable[int] = (2, 8, 755),
    ranges: Ranges | None = None,
    restrictions: Restrictions = (),
    disclosed: Iterable[int] | None = (2, 8, 755),
    more: Sequence[str] = (),
) -> str:
    """A TC string; ``more`` are further segments."""
    first = updated if created is None else created
    core = (
        _bits(version, 6)
        + _bits(round(first * 10), 36)
        + _bits(round(updated * 10), 36)
        + _bits(cmp, 12)
        + _bits(3, 12)
        + _bits(1, 6)
        + _bits(language[0], 6)
        + _bits(language[1], 6)
        + _bits(170, 12)
        + _bits(policy, 6)
        + ("1" if service_specific else "0")
        + "0"
        + _marked((1,), 12)
        + _marked(purposes, 24)
        + _marked(interests, 24)
        + "0"
        + _bits(3, 6)
        + _bits(4, 6)
        + vendor_section(vendors, ranges)
        + vendor_section((3,))
        + _bits(len(restrictions), 12)
    )
    for purpose, kind, whom in restrictions:
        core += _bits(purpose, 6) + _bits(kind, 2) + _ranges(whom)
    segments = [_text(core)]
    if disclosed is not None:
        segments.append(_text("001" + vendor_section(disclosed)))
    return ".".join([*segments, *more])


def publisher(purposes: Iterable[int], custom: int = 0) -> str:
    """A segment of the publisher's own purposes."""
    return _text("011" + _marked(purposes, 24) + "0" * 24 + _bits(custom, 6) + "1" * custom + "0" * custom)  # fmt: skip


class Reading:
    """One segment, read bit by bit."""

    def __init__(self, segment: str) -> None:
        assert segment, "empty"
        assert set(segment) <= set(LETTERS), "another letter"
        self.bits = "".join(SIX[letter] for letter in segment)
        self.at = 0

    def take(self, width: int) -> str:
        self.at += width
        assert self.at <= len(self.bits), "too short"
        return self.bits[self.at - width : self.at]

    def number(self, width: int) -> int:
        number = 0
        for bit in self.take(width):
            number = number * 2 + (bit == "1")
        return number

    def places(self, width: int) -> set[int]:
        return {n for n, bit in enumerate(self.take(width), 1) if bit == "1"}

    def ranges(self, most: int) -> set[int]:
        found: set[int] = set()
        for _ in range(self.number(12)):
            several = self.number(1)
            first = self.number(16)
            last = self.number(16) if several else first
            assert 0 < first <= last <= most, "no range"
            found |= set(range(first, last + 1))
        return found

    def vendors(self) -> set[int]:
        most = self.number(16)
        return self.ranges(most) if self.number(1) else self.places(most)

    def end(self) -> None:
        assert "1" not in self.bits[self.at :], "more than it says"


def agreed(text: str, now: float, days: int, vendor: int = 0) -> set[int] | None:
    """The purposes that a shop may rely on, read from ``text``; None: it is not an answer.

    As section 4 of our rules has it: TCF 2.2 or later, for this site, by a registered tool, not older than
    ``days``, not from the future, with the disclosed vendors if it is of TCF 2.3's time.
    """
    try:
        return _agreed(text, now, days, vendor)
    except (AssertionError, ValueError):
        return None


def _agreed(text: str, now: float, days: int, vendor: int) -> set[int] | None:
    segments = text.split(".")
    core = Reading(segments[0])
    version, created, updated = core.number(6), core.number(36), core.number(36)
    assert version == 2
    tool = core.number(12)
    core.number(12)
    core.number(6)
    assert core.number(6) < 26 and core.number(6) < 26
    core.number(12)
    policy, ours = core.number(6), core.number(1)
    core.number(13)
    purposes = core.places(24)
    core.number(24)
    core.number(1)
    assert core.number(6) < 26 and core.number(6) < 26
    vendors = core.vendors()
    core.vendors()
    forbidden: set[int] = set()
    for _ in range(core.number(12)):
        purpose, kind = core.number(6), core.number(2)
        if vendor in core.ranges(65_535) and kind != 1:
            forbidden.add(purpose)
    core.end()
    disclosed: set[int] | None = None
    kinds: list[int] = []
    for segment in segments[1:]:
        reading = Reading(segment)
        kind = reading.number(3)
        kinds.append(kind)
        assert 1 <= kind <= 3
        if kind == 3:
            reading.number(48)
            reading.number(2 * reading.number(6))
        else:
            shown = reading.vendors()
            disclosed = shown if kind == 1 else disclosed
        reading.end()
    assert len(kinds) == len(set(kinds))
    seconds = updated / 10
    if not (0 < created <= updated and now - days * 86_400 < int(seconds) <= now + 300):
        return None
    if tool < 2 or policy < POLICY or not ours:
        return None
    if updated >= DISCLOSED_FROM and disclosed is None:
        return None
    if vendor and (
        vendor not in vendors or (disclosed is not None and vendor not in disclosed)
    ):
        return set()
    return purposes - forbidden if vendor else purposes


def some(chance: Random, now: float) -> str:
    """A TC string of a kind that tools write, mostly one that counts."""
    vendors = sorted(chance.sample(range(1, 1200), chance.randrange(40)))
    ranges = None
    if chance.randrange(2):
        starts = sorted(chance.sample(range(1, 1200, 20), chance.randrange(12)))
        ranges = [(start, start + chance.choice((0, 0, 5, 19))) for start in starts]
    updated = now - chance.choice((0, 1, 20, 100, 179, 181, 400)) * 86_400
    purposes = chance.choice((range(1, 12), range(1, 12), (1, 5), (1, 5, 6), (1, 8), ()))  # fmt: skip
    several = [(chance.randrange(1, 12), chance.randrange(3), [(8, 8), (20, 90)])]
    more = [publisher((1, 5, 6), chance.randrange(3))] if chance.randrange(3) == 0 else []  # fmt: skip
    return written(
        purposes,
        updated=updated,
        policy=chance.choice((2, 4, 5, 5, 5, 6)),
        cmp=chance.choice((0, 1, 2, 7, 300)),
        service_specific=chance.randrange(8) > 0,
        interests=range(1, 12),
        vendors={*vendors, *((8,) if chance.randrange(2) else ())},
        ranges=ranges,
        restrictions=several if chance.randrange(3) == 0 else (),
        disclosed=chance.choice(
            (None, {8, *vendors}, {8, *vendors}, {9, *vendors} - {8})
        ),
        more=more,
    )


def changed(text: str, chance: Random) -> str:
    """``text`` as an accident or an attacker leaves it."""
    at = chance.randrange(len(text) + 1)
    kind = chance.randrange(9)
    if kind == 0:  # one bit
        at = chance.randrange(len(text))
        if text[at] in LETTERS:
            other = LETTERS[LETTERS.index(text[at]) ^ (1 << chance.randrange(6))]
            return text[:at] + other + text[at + 1 :]
    if kind == 1:
        return text[:at]
    if kind == 2:
        return text[:at] + chance.choice(LETTERS) + text[at:]
    if kind == 3:
        return text[:at] + text[at + chance.randrange(1, 5) :]
    if kind == 4:
        return text[:at] + chr(chance.randrange(1, 0x250)) + text[at:]
    if kind == 5:
        end = chance.randrange(len(text) + 1)
        return text[:at] + text[min(at, end) : end] + text[at:]
    if kind == 6:
        parts = text.split(".")
        chance.shuffle(parts)
        return ".".join((*parts, chance.choice(parts)))
    if kind == 7:
        return text + chance.choice((".", "=", "==", ".A", ".YAAA", "A", "\n", " "))
    some_letters = "".join(chance.choices(LETTERS, k=chance.randrange(120)))
    return chance.choice(("", "C", text[:20], text[:40])) + some_letters
