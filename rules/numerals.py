"""Numbers as texts spell them: in files, headers and forms alike."""

import math
import re

_INTEGER = re.compile(r"[-+]?(0|[1-9]\d{0,17})", re.ASCII)
_DECIMAL = re.compile(r"[-+]?(0|[1-9]\d{0,17})\.\d{1,30}([eE][-+]?\d{1,3})?", re.ASCII)
_PERCENTAGE = re.compile(r"((?:0|[1-9]\d{0,2})(?:\.\d{1,4})?) ?%", re.ASCII)


def number(text: str) -> int | float | None:
    """The number that ``text`` spells in YAML 1.2, but ``012`` and ``1_000`` are none."""
    if _INTEGER.fullmatch(text):
        return int(text)
    if _DECIMAL.fullmatch(text) and math.isfinite(value := float(text)):
        return value
    return None


def share(text: str) -> float | None:
    """``10%`` as 0.1; None for what is not a percentage from 0 to 100, or lacks its sign."""
    found = _PERCENTAGE.fullmatch(text)
    return float(f"{found[1]}e-2") if found and float(found[1]) <= 100 else None


def percent(share: float) -> str:
    """0.1 as ``10%``."""
    return f"{share * 100:.4g}%"
