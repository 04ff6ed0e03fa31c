"""Addresses that may stand in ``href``, ``src`` and ``action``."""

import re

SCHEMES = frozenset({"http", "https", "mailto", "tel"})
NOWHERE = "#"

# Browsers drop these before they look for a scheme (WHATWG URL, "basic URL parser").
_IGNORED = re.compile("[\t\n\r]")
_LEADING = "".join(map(chr, range(0x21)))
_SCHEME = re.compile("([A-Za-z][A-Za-z0-9+.-]*):")


def is_safe(address: str) -> bool:
    """Whether a browser that follows ``address`` stays with harmless schemes.

    Relative addresses are safe, and so are http, https, mailto and tel. ``javascript:``,
    ``data:`` and everything else is not, however it is disguised with white space.
    """
    scheme = _SCHEME.match(_IGNORED.sub("", address).lstrip(_LEADING))
    return scheme is None or scheme[1].lower() in SCHEMES


def safe(address: str) -> str:
    """``address`` itself, or ``#`` when it is not safe."""
    return address if is_safe(address) else NOWHERE
