"""TC strings: any value, and nothing is granted that a slow reading of the specification does not grant."""

import atheris

with atheris.instrument_imports(include=["shopwindow"]):
    from shopwindow.middleware.consent.settings import TcfSettings
    from shopwindow.middleware.consent.tcf import reading
    from shopwindow.middleware.consent.tcstring import Unreadable, decode
    from shopwindow.middleware.consent.told import LONGEST_VALUE, ToolCookie

from tests.fuzz.fuzzing import fuzz
from tests.middleware.tcstrings import agreed, publisher, written

NOW, DAY = 1_795_300_000.0, 86_400
WANTED = {"personalization": (1, 5, 6), "statistics": (1, 8)}
PARSE = {vendor: reading(TcfSettings("tc", WANTED, vendor)) for vendor in (0, 8)}
WORDS = [
    written(updated=NOW),
    written((1, 5, 6), updated=NOW - 9 * DAY, ranges=[(3, 3), (7, 9)]),
    written(updated=NOW, restrictions=[(5, 0, [(8, 8)])], more=[publisher((1,), 2)]),
    written(updated=NOW, disclosed=None),
    *(".", "YAAAAAAAAAAA", "IAAA", "C", "%2E", '"'),
]


def test(data: bytes) -> None:
    vendor, value = 8 * (data[:1] < b"\x80"), data[4:]
    told = ToolCookie("tc", PARSE[vendor]).read(b"tc=" + value)
    if told.purposes:
        assert len(value) <= LONGEST_VALUE and b"; tc=" not in value
    text = value.decode("latin-1")
    try:
        decode(text)
    except Unreadable:
        assert PARSE[vendor](text) is None
        return
    found = PARSE[vendor](text)
    fresh = found is not None and NOW - 180 * DAY < found.at <= NOW + 300
    purposes = found.purposes if found is not None and fresh else frozenset()
    said = agreed(text, NOW, 180, vendor) or set()
    right = {name for name, numbers in WANTED.items() if said >= set(numbers)}
    assert purposes == right, (text, purposes, right)


if __name__ == "__main__":
    fuzz(test, (word.encode() for word in WORDS))
