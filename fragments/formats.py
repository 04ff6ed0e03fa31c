"""Numbers, money and dates in the words of a language: ``t(...)`` in templates."""

import re
from datetime import date, datetime
from decimal import Decimal

from .items import Price

_SIGNS = {"EUR": "€", "USD": "$", "GBP": "£", "CHF": "CHF", "JPY": "¥", "PLN": "zł"}
_MONTHS = {
    "de": (
        "Januar Februar März April Mai Juni Juli August September Oktober November "
        "Dezember"
    ).split(),
    "en": (
        "January February March April May June July August September October November "
        "December"
    ).split(),
}
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
KINDS = ("number", "money", "date")
# Money must not be torn apart at a line end.
_NO_BREAK = "\N{NO-BREAK SPACE}"


def text(value: object, kind: str | None, language: str, currency: str) -> str:
    """``value`` as readers of ``language`` write it.

    ``kind`` is one of :data:`KINDS`; None means: catalogue prices are money, other
    numbers numbers, dates and texts like ``2026-11-21`` dates. German and English are
    known; other languages get English numbers and dates as 2026-11-21. Nothing (None)
    is an empty text. Raises ValueError for what cannot be written so.
    """
    if value is None:
        return ""
    if isinstance(value, str):
        if kind in (None, "date") and _DAY.fullmatch(value):
            value = date.fromisoformat(value)
        elif kind in ("number", "money"):
            value = float(value)
        else:
            return value
    if isinstance(value, datetime):
        value = value.date()
    if isinstance(value, date):
        if kind in (None, "date"):
            return _date(value, language)
    elif isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        if kind == "money" or (kind is None and isinstance(value, Price)):
            return _money(value, language, currency)
        if kind in (None, "number"):
            return _number(value, language)
    raise ValueError(f"t() cannot write {value!r} as {kind or 'a text'}")


def _date(value: date, language: str) -> str:
    months = _MONTHS.get(language.partition("-")[0])
    if months is None:
        return value.isoformat()
    dot = "." if language.startswith("de") else ""
    return f"{value.day}{dot} {months[value.month - 1]} {value.year}"


def _local(digits: str, language: str) -> str:
    if language.partition("-")[0] == "de":
        return digits.translate({ord(","): ".", ord("."): ","})
    return digits


def _number(value: int | float | Decimal, language: str) -> str:
    digits = f"{value:,}" if isinstance(value, int) else f"{value:,.6f}"
    if "." in digits:
        digits = digits.rstrip("0").rstrip(".")
    return _local(digits, language)


def _money(value: int | float | Decimal, language: str, currency: str) -> str:
    digits = _local(f"{abs(value):,.2f}", language)
    minus = "-" if value < 0 else ""
    sign = _SIGNS.get(currency, currency)
    if language.partition("-")[0] == "de":
        return f"{minus}{digits}{_NO_BREAK}{sign}"
    gap = _NO_BREAK if sign.isalpha() else ""
    return f"{minus}{sign}{gap}{digits}"
