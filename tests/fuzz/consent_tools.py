"""The cookies of consent tools: any header, and only what each tool really writes grants anything."""

import atheris

with atheris.instrument_imports(include=["shopwindow"]):
    from shopwindow.middleware.consent.providers import cookie_of
    from shopwindow.middleware.consent.settings import (
        CategorySettings,
        CookieRule,
        RuleSettings,
        TcfSettings,
    )

import json
import re
from urllib.parse import unquote_to_bytes

from tests.fuzz.fuzzing import fuzz

ONE = {"personalization": ("preferences",), "statistics": ("statistics",)}
TOOLS = tuple(
    (settings.cookie.encode(), cookie_of(settings))
    for settings in (
        CategorySettings("cookiebot", "CookieConsent", ONE),
        CategorySettings("klaro", "klaro", ONE),
        CategorySettings("usercentrics", "uc", ONE),
        TcfSettings("euconsent-v2", {"personalization": (1, 5, 6)}),
        RuleSettings("agreed", {"statistics": CookieRule("yes", True)}),
    )
)
WORDS = (
    b"CookieConsent={stamp:%27abc==%27%2Cnecessary:true%2Cpreferences:true%2Cstatistics:true%2C"
    b"marketing:false%2Cmethod:%27explicit%27%2Cver:1%2Cutc:1795300000000%2Cregion:%27de%27}",
    b'klaro={"preferences":true,"statistics":false}',
    b"klaro=%7B%22preferences%22%3Atrue%7D",
    b"uc=1795300000.preferences!statistics",
    b"agreed=yes",
    b"euconsent-v2=",
    *(b"; ", b";", b'"', b"%", b"true", b"false", b"method:'explicit'", b"utc:"),
)  # fmt: skip


def _values(header: bytes, name: bytes) -> list[str | None]:
    """Decoded, slowly."""
    values: list[str | None] = []
    for part in header.split(b";"):
        part = part[1:] if part[:1] == b" " else part
        if part.startswith(name + b"="):
            value = part[len(name) + 1 :]
            if len(value) > 1 and value[0] == value[-1] == ord('"'):
                value = value[1:-1]
            try:
                values.append(unquote_to_bytes(value).decode())
            except UnicodeDecodeError:
                values.append(None)
    return values


def _may_grant(name: bytes, value: str | None) -> bool:
    """Whether any tool could have written such a yes."""
    if value is None:
        return False
    if name == b"klaro":
        try:
            said = json.loads(value)
        except (ValueError, RecursionError):
            return False
        return isinstance(said, dict) and any(
            said.get(one) is True for one in ("preferences", "statistics")
        )
    if name == b"CookieConsent":
        yes = "preferences:true" in value or "statistics:true" in value
        return yes and "method:'explicit'" in value
    if name == b"uc":
        return re.match(r"[1-9][0-9]{9}.*\.(preferences|statistics)", value) is not None
    return value == "yes" if name == b"agreed" else value.startswith("C")


def test(data: bytes) -> None:
    header = data[4:]
    for name, cookie in TOOLS:
        assert cookie is not None
        told = cookie.read(header)
        assert (told.state == "granted") == bool(told.purposes)
        if told.purposes:
            values = _values(header, name)
            assert values and all(_may_grant(name, value) for value in values), header


if __name__ == "__main__":
    fuzz(test, WORDS)
