"""The Transparency and Consent string of IAB Europe's TCF, version 2, bit by bit.

Written from the specification "Transparency and Consent String with Global Vendor & CMP List
Formats" of the IAB Tech Lab (GitHub: InteractiveAdvertisingBureau/GDPR-Transparency-and-Consent-Framework,
folder TCFv2; its versions 2.0 to 2.4 have the same encoding). A string has segments in base64url without
padding, joined by dots: the core first, then in any order the vendors that were disclosed (type 1,
mandatory since 2.3), the vendors that are allowed (2) and the publisher's own purposes (3).

Whatever cannot be read to its last bit is no string at all: not one consent is taken from it.
"""

import re
from binascii import a2b_base64
from typing import NamedTuple

VERSION = 2
CORE, DISCLOSED, ALLOWED, PUBLISHER = range(4)
LONGEST = 4096  # characters; browsers keep no cookie that is longer
NOT_ALLOWED, REQUIRE_CONSENT, REQUIRE_LEGITIMATE_INTEREST = range(3)

_SEGMENT = re.compile(r"[A-Za-z0-9_-]+\Z")
_STANDARD = str.maketrans("-_", "+/")


class Unreadable(ValueError):
    """This is no TC string."""


class Vendors(NamedTuple):
    """Vendors by their number: one bit for each up to ``last``, or ranges that hold their ends."""

    last: int
    bits: int = 0
    ranges: tuple[tuple[int, int], ...] = ()

    def __contains__(self, vendor: object) -> bool:
        if not isinstance(vendor, int) or not 1 <= vendor <= self.last:
            return False
        if self.ranges:
            return any(first <= vendor <= end for first, end in self.ranges)
        return bool(self.bits >> (self.last - vendor) & 1)


class Restriction(NamedTuple):
    """What the shop itself forbids some vendors, whatever the visitor agreed to."""

    purpose: int
    kind: int
    vendors: Vendors


class TcString(NamedTuple):
    """What a TC string says. Times are seconds since 1970; purposes are numbered from 1."""

    created: float
    updated: float
    cmp: int
    policy: int
    service_specific: bool
    purposes: frozenset[int]  # agreed to; legitimate interest is not among them
    vendors: Vendors  # agreed to
    restrictions: tuple[Restriction, ...] = ()
    disclosed: Vendors | None = None  # None: the segment is missing

    def restricts(self, vendor: int, purpose: int) -> bool:
        """Whether the shop keeps ``vendor`` from using its consent to ``purpose``."""
        return any(
            one.purpose == purpose
            and one.kind != REQUIRE_CONSENT
            and vendor in one.vendors
            for one in self.restrictions
        )


class _Bits:
    """Reads numbers, most significant bit first."""

    __slots__ = ("_bits", "_at")

    def __init__(self, segment: str) -> None:
        if not _SEGMENT.match(segment):
            raise Unreadable("characters that base64url does not have")
        # Whole bytes are what base64 knows; what is filled up here is cut off again.
        filled = segment.translate(_STANDARD) + "A" * (-len(segment) % 4)
        number = int.from_bytes(a2b_base64(filled))
        self._bits = f"{number:0{len(filled) * 6}b}"[: len(segment) * 6]
        self._at = 0

    def number(self, width: int) -> int:
        at = self._at
        self._at = end = at + width
        if end > len(self._bits):
            raise Unreadable("it ends too early")
        return int(self._bits[at:end], 2) if width else 0

    def flag(self) -> bool:
        return self.number(1) == 1

    def numbered(self, width: int) -> frozenset[int]:
        """The places, counted from 1, of the bits that are set."""
        bits = self.number(width)
        return frozenset(n for n in range(1, width + 1) if bits >> (width - n) & 1)

    def letters(self) -> None:
        """Pass by a code of two letters; only letters may stand there."""
        if self.number(6) > 25 or self.number(6) > 25:
            raise Unreadable("a code that is no two letters")

    def vendors(self) -> Vendors:
        last = self.number(16)
        if self.flag():
            return self.ranges(last)
        return Vendors(last, self.number(last))

    def ranges(self, most: int) -> Vendors:
        """Ranges of vendors, none beyond ``most``."""
        found = []
        for _ in range(self.number(12)):
            several = self.flag()
            first = self.number(16)
            end = self.number(16) if several else first
            if not 1 <= first <= end <= most:
                raise Unreadable("a range that is none")
            found.append((first, end))
        # None at all is nobody: bits that are not set say so, too.
        return Vendors(most, 0, tuple(found))

    def restriction(self) -> Restriction:
        purpose, kind = self.number(6), self.number(2)
        return Restriction(purpose, kind, self.ranges((1 << 16) - 1))

    def finish(self) -> None:
        """What is left only fills the last characters up."""
        if "1" in self._bits[self._at :]:
            raise Unreadable("more bits than it says")


def decode(written: str) -> TcString:
    """What the TC string ``written`` says; raises :class:`Unreadable`."""
    if len(written) > LONGEST:
        raise Unreadable("it is longer than any cookie")
    core, *others = written.split(".")
    said = _core(_Bits(core))
    seen: set[int] = set()
    for segment in others:
        bits = _Bits(segment)
        kind = bits.number(3)
        if kind in seen:
            raise Unreadable("a segment stands there twice")
        seen.add(kind)
        if kind in (DISCLOSED, ALLOWED):
            vendors = bits.vendors()
            if kind == DISCLOSED:
                said = said._replace(disclosed=vendors)
        elif kind == PUBLISHER:
            bits.number(24 + 24)
            bits.number(2 * bits.number(6))
        else:
            raise Unreadable(f"a segment of the type {kind}")
        bits.finish()
    return said


def _core(bits: _Bits) -> TcString:
    if (version := bits.number(6)) != VERSION:
        raise Unreadable(f"version {version} of the encoding")
    created, updated = bits.number(36) / 10, bits.number(36) / 10
    cmp = bits.number(12)
    bits.number(12 + 6)  # the CMP's version and screen
    bits.letters()  # the language
    bits.number(12)  # the version of the vendor list
    policy = bits.number(6)
    service_specific = bits.flag()
    bits.number(1 + 12)  # stacks, special features
    purposes = bits.numbered(24)
    bits.number(24)  # legitimate interests: no consent, and never taken for one
    bits.flag()  # purpose 1 was not disclosed: then it was not agreed to, either
    bits.letters()  # the shop's country
    vendors = bits.vendors()
    bits.vendors()  # legitimate interests, as above
    restrictions = tuple(bits.restriction() for _ in range(bits.number(12)))
    bits.finish()
    return TcString(
        created, updated, cmp, policy, service_specific, purposes, vendors, restrictions
    )
