"""The visitor cookie: whatever a browser sends, only what we issued is believed, in its one spelling."""

import atheris

with atheris.instrument_imports(include=["shopwindow"]):
    from shopwindow.middleware.visitor import Visitor, VisitorCookie

from tests.fuzz.fuzzing import fuzz

NOW = 1_795_300_000.0
NEW, OLD = b"a key of sixteen or more characters", b"an older key, just as long"
COOKIE, FORMER = VisitorCookie((NEW, OLD)), VisitorCookie((OLD,))
FOREIGN = VisitorCookie((b"a key that is nobody's, of this shop",))


def _visitor(id: str, issued: int, *granted: str) -> Visitor:
    return Visitor(id, issued, frozenset(granted), issued)


SOME = _visitor(
    "AAAAAAAAAAAAAAAAAAAAAA", int(NOW) - 50, "personalization", "statistics"
)
OTHER = _visitor("abcdefghijklmnopqrstuv", int(NOW) - 9_000_000, "personalization")
AGED = _visitor("0123456789abcdefghijkl", int(NOW) - 90_000_000, "statistics")
GOOD = {COOKIE.value(SOME): SOME, COOKIE.value(OTHER): OTHER}
GOOD[FORMER.value(OTHER)] = Visitor(
    OTHER.id, OTHER.issued, OTHER.granted, OTHER.granted_at, True
)
BAD = (COOKIE.value(AGED), FOREIGN.value(SOME))
WORDS = (
    *(b"__Host-shopwindow=" + value for value in (*GOOD, *BAD)),
    *(b"shopwindow=" + value for value in (*GOOD, *BAD)),
    *(*GOOD, *BAD, b"__Host-shopwindow=", b"shopwindow=", b"; ", b";", b"=", b".", b" "),
    *(b"\t", b"\x00", b"\xa0", b'"', b",", b"; path=/", b"$Version=1; "),
)  # fmt: skip


def test(data: bytes) -> None:
    secure, header = bool(data[:1] < b"\x80"), data[4:]
    found = COOKIE.read(header, secure, NOW)
    every = COOKIE.every(header, secure, NOW)
    assert every <= set(GOOD.values())
    name = b"__Host-shopwindow=" if secure else b"shopwindow="
    values = [
        part.removeprefix(b" ")[len(name) :]
        for part in header.split(b";")
        if part.removeprefix(b" ").startswith(name)
    ]
    known = {GOOD[value] for value in values if value in GOOD}
    alone = len(known) == 1 and all(value in GOOD for value in values)
    assert found == (known.pop() if alone else None), (header, found)
    if found is not None:
        assert COOKIE.sent(header, secure)
        assert COOKIE.verify(COOKIE.value(found), NOW) is not None


if __name__ == "__main__":
    fuzz(test, WORDS)
