"""What may be remembered: no header grants anything, and a refusal counts in its one spelling."""

import atheris

with atheris.instrument_imports(include=["shopwindow"]):
    from shopwindow.middleware.consent import RefusalCookie, consent
    from shopwindow.middleware.visitor import VisitorCookie

from tests.fuzz.fuzzing import fuzz
from tests.fuzz.visitor_cookie import COOKIE, NOW, WORDS

REFUSAL = RefusalCookie(180)
READER: VisitorCookie = COOKIE
MORE = (
    *(b"__Host-shopwindow-consent=denied", b"shopwindow-consent=denied", b"denied"),
    *(b"__Host-shopwindow-consent=", b"shopwindow-consent=", b"granted", b"; denied"),
)  # fmt: skip


def test(data: bytes) -> None:
    secure, objects, header = bool(data[:1] < b"\x80"), data[1:2] > b"\x80", data[4:]
    refused = REFUSAL.read(header, secure)
    name = b"__Host-shopwindow-consent=" if secure else b"shopwindow-consent="
    said = any(part.strip() == name + b"denied" for part in header.split(b";"))
    assert refused == said
    visitor = READER.read(header, secure, NOW)
    found = consent(visitor, refused, objects, NOW, 180)
    if refused:
        assert found.state == "denied" and not found.purposes
    elif visitor is None:
        assert found.state == ("denied" if objects else "unknown")
    if found.purposes:
        assert visitor is not None and found.purposes == visitor.granted
        assert NOW - visitor.granted_at < 180 * 86_400


if __name__ == "__main__":
    fuzz(test, (*WORDS, *MORE))
