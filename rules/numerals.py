"""Numbers as texts spell them: in files, headers and forms alike."""

import math
import re

_INTEGER = re.compile(r"[-+]?(0|[1-9]\d{0,17})", re.ASCII)
_DECIMAL = re.compile(r"[-+]?(0|[1-9]\d{0,17})\.\d{1,30}([eE][-+]?\d{1,3})?", re.ASCII)


def number(text: str) -> int | float | None:
    """The number that ``text`` spells in YAML 1.2, but ``012`` and ``1_000`` are none."""
    if _INTEGER.fullmatch(text):
        return int(text)
    if _DECIMAL.fullmatch(text) and math.isfinite(value := float(text)):
        return value
    return None
