"""An attribute has a type, and this is the one place where raw values become values of it."""

import math
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from typing import Literal

import msgspec

from .facts import SOURCES
from .moments import as_day, as_time, read_day, read_time
from .numerals import number

Type = Literal["number", "text", "yes-no", "date", "time", "version", "list"]
Owner = Literal["visitor", "account"]
TEXT_LIMIT = 4_096  # characters of a value; a header may be longer than anything meant
LIST_LIMIT = 1_000

_VERSION = re.compile(r"v?\d{1,9}(\.\d{1,9}){0,7}", re.ASCII)
_YES_NO = {"true": True, "yes": True, "false": False, "no": False}


class Attribute(msgspec.Struct, frozen=True, gc=False):
    """One name a rule may use.

    ``origin`` is ``app``, ``header:NAME``, ``query:NAME``, ``cookie:NAME``, ``preference``,
    ``source:NAME``, ``import:NAME``, ``webhook:NAME`` or ``built-in``. ``one_of`` are the values that make sense in a rule. A
    ``sensitive`` attribute decides, but is never printed. ``of`` says whose it is: one of an
    account is the same for all its members, and no member's own. ``meaning`` says of a built-in
    one, in one line for editors, what it is. ``label`` is what visitors are asked who
    say it themselves.
    """

    name: str
    type: Type
    origin: str
    one_of: tuple[str, ...] = ()
    purpose: str | None = None
    sensitive: bool = False
    meaning: str = ""
    label: str = ""
    of: Owner = "visitor"

    @property
    def purposes(self) -> frozenset[str]:
        """The consents a rule needs that asks for this attribute."""
        if self.purpose is not None:
            return frozenset({self.purpose})
        if self.origin == "built-in":
            return frozenset()
        kind = self.origin.partition(":")[0]
        stored = kind in (*SOURCES, "cookie")
        return frozenset({"personalization"}) if stored else frozenset()


def version(text: str) -> tuple[int, ...] | None:
    """``v1.10.0`` as a tuple that sorts: ``(1, 10)``."""
    if not _VERSION.fullmatch(text):
        return None
    parts = [int(part) for part in text.removeprefix("v").split(".")]
    while parts and parts[-1] == 0:
        parts.pop()
    return tuple(parts)


def typed(attribute: Attribute, raw: object, zone: tzinfo = UTC) -> object | None:
    """``raw`` as a value of the attribute's type, or None where it is not one. Never raises.

    number -> int or float (finite); text -> str; yes-no -> bool; date -> days since
    1970-01-01; time -> seconds since 1970 (without an offset meant in ``zone``); version ->
    tuple of int; list -> frozenset of str. Headers, cookies, forms and sources can only say
    texts, so theirs are read as their type; what the shop's own code sets must have it.
    An empty text says nothing and is None.
    """
    if isinstance(raw, str):
        if not raw or len(raw) > TEXT_LIMIT:
            return None
        if attribute.type == "text":
            return raw
        return _from_text(attribute, raw.strip(), zone)
    return _FROM_OBJECT[attribute.type](raw, zone)


def _from_text(attribute: Attribute, text: str, zone: tzinfo) -> object | None:
    match attribute.type:
        case "date":
            return read_day(text)
        case "time":
            return read_time(text, zone)
        case "version":
            return version(text)
    if attribute.origin == "app":
        return None
    match attribute.type:
        case "number":
            return number(text)
        case "yes-no":
            return _YES_NO.get(text.lower())
        case _:
            return frozenset(
                part for piece in text.split(",") if (part := piece.strip())
            )


def _number(raw: object, zone: tzinfo) -> int | float | None:
    if type(raw) is int:  # the usual one; arbitrarily long ones cannot be printed
        return raw if -_INTEGERS < raw < _INTEGERS else None
    if isinstance(raw, bool):
        return None
    if isinstance(raw, Decimal):
        raw = float(raw) if raw.is_finite() else None  # 1E+999 becomes infinite here
    if isinstance(raw, float):
        return raw if math.isfinite(raw) else None
    return _number(int(raw), zone) if isinstance(raw, int) else None


def _time(raw: object, zone: tzinfo) -> float | None:
    if isinstance(raw, datetime):
        return as_time(raw, zone)
    return _number(raw, zone)


def _date(raw: object, zone: tzinfo) -> int | None:
    return as_day(raw) if isinstance(raw, date) else None


def _list(raw: object, zone: tzinfo) -> frozenset[str] | None:
    if not isinstance(raw, (list, tuple, set, frozenset)) or len(raw) > LIST_LIMIT:
        return None
    if not _TEXTS.issuperset(map(type, raw)):  # the usual ones at once
        if not all(isinstance(item, str) for item in raw):
            return None
    return frozenset(raw)


_TEXTS = {str}
_INTEGERS = 1 << 63

_FROM_OBJECT: dict[Type, Callable[[object, tzinfo], object | None]] = {
    "number": _number,
    "text": lambda raw, zone: None,
    "yes-no": lambda raw, zone: raw if isinstance(raw, bool) else None,
    "date": _date,
    "time": _time,
    "version": lambda raw, zone: (
        version(str(raw)) if type(raw) is int and 0 <= raw < 10**9 else None
    ),
    "list": _list,
}
