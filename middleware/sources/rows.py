"""What one line of an import says: of whom, when, and which values."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from ...findings import suggest
from ...rules.events import ORDER_COMPLETED
from ...rules.moments import as_time, in_calendar, read_time
from ...rules.typed import Attribute, typed
from .import_table import OF_LINES, ImportSettings
from .lines import Unreadable
from .paths import at, read_path

AHEAD = 300.0  # seconds that a till's clock may be ahead of ours
CUSTOMER_LONGEST = 200  # characters of a customer's id

_YES_NO = {
    "1": True, "0": False, "ja": True, "nein": False, "j": True, "n": False,
    "y": True, "yes": True, "no": False, "true": True, "false": False,
}  # fmt: skip
_MONEY = re.compile(r"-?\d{1,15}(?:\.\d{1,6})?\Z", re.ASCII)
_AROUND = " \t\xa0\u202f€$£"

Get = Callable[[Mapping[str, Any]], Any]


class Wrong(ValueError):
    """A line says something that cannot be; tells the column, not what stands there."""


class Said(NamedTuple):
    """One line: ``product`` is a line of an order, ``properties`` what the event says besides."""

    customer: str
    time: float
    attributes: Mapping[str, Any]
    properties: dict[str, Any]
    products: list[dict[str, Any]]
    id: str


class Rows:
    """Reads lines as :class:`ImportSettings` say it.

    ``columns`` are those of a CSV file, none for JSON lines. Raises :class:`Unreadable` for a
    column that is not there. ``moment`` is when the file said what it says, where its lines
    have no time of their own.
    """

    def __init__(
        self,
        settings: ImportSettings,
        columns: tuple[str, ...],
        zone: ZoneInfo,
        moment: float,
        now: float,
    ) -> None:
        self._settings = settings
        self._zone = zone
        self._moment = moment
        self._latest = now + AHEAD
        self._columns = columns

        def get(name: str) -> Get:
            if columns:
                if name not in columns:
                    hint = suggest(name, columns)
                    raise Unreadable(f'there is no column "{name}": {hint}')
                return lambda values: values[name]
            path = read_path(name) if name.startswith("$") else (name,)
            if path is None:
                raise Unreadable(f'"{name}" is no JSON path')
            return lambda values: at(values, path)

        # A file has the same moments again and again, and reading one takes a while.
        self._clock = lru_cache(maxsize=4_096)(self._read_clock)
        self._customer = get(settings.customer)
        self._time = get(settings.time) if settings.time else None
        self._id = get(settings.id) if settings.id else None
        self._map = {name: get(column) for name, column in settings.map.items()}
        self._properties = {
            name: get(column) for name, column in settings.properties.items()
        }

    def read(self, values: Mapping[str, Any]) -> Said:
        """What a line with these ``values`` says. Raises :class:`Wrong`."""
        settings = self._settings
        customer = _text(self._customer(values))
        if not customer or len(customer) > CUSTOMER_LONGEST:
            raise Wrong(f'"{settings.customer}" names no customer')
        told = {
            name: value
            for name, get in self._map.items()
            if (value := self._attribute(name, get(values))) is not None
        }
        products: list[dict[str, Any]] = []
        properties: dict[str, Any] = {}
        if settings.event:
            properties, products = self._happened(values)
        id = _text(self._id(values)) if self._id is not None else ""
        return Said(customer, self._moment_of(values), told, properties, products, id)

    def _moment_of(self, values: Mapping[str, Any]) -> float:
        if self._time is None:
            return self._moment
        raw = self._time(values)
        time: float | None = None
        if isinstance(raw, (int, float)) and not isinstance(raw, bool):
            time = float(raw)
        elif isinstance(raw, str) and self._settings.time_format:
            time = self._clock(raw.strip())
        elif isinstance(raw, str):
            time = read_time(raw.strip(), self._zone)
        if time is None or not in_calendar(time):
            wanted = self._settings.time_format or "2026-11-20 08:00"
            raise Wrong(f'"{self._settings.time}" is no time like {wanted}')
        if time > self._latest:
            raise Wrong(f'"{self._settings.time}" lies in the future')
        return time

    def _read_clock(self, text: str) -> float | None:
        try:
            read = datetime.strptime(text[:100], self._settings.time_format)
        except ValueError:
            return None
        return as_time(read, self._zone)

    def _attribute(self, name: str, raw: Any) -> Any:
        """A value of the attribute's type, as JSON has it; None: the line says nothing of it."""
        attribute = self._settings.attributes[name]
        if raw is None or (isinstance(raw, str) and not raw.strip()):
            return None
        if isinstance(raw, str):
            raw = self._as_type(attribute, raw.strip())
        value = None if raw is None else typed(attribute, raw, self._zone)
        if value is None:
            raise Wrong(f'"{self._settings.map[name]}" is no {attribute.type}')
        return sorted(value) if isinstance(value, frozenset) else raw

    def _as_type(self, attribute: Attribute, text: str) -> Any:
        if attribute.type == "number":
            return self._number(text)
        if attribute.type == "yes-no":
            return _YES_NO.get(text.lower())
        if attribute.type == "date" and self._settings.time_format:
            time = self._clock(text)
            if time is not None:
                return datetime.fromtimestamp(time, self._zone).date().isoformat()
        return text

    def _number(self, raw: Any) -> int | float | None:
        if isinstance(raw, bool) or raw is None:
            return None
        if isinstance(raw, (int, float)):
            return raw if abs(raw) < 1e15 else None
        text = str(raw).strip(_AROUND)[:40]
        if self._settings.decimal == ",":
            text = text.replace(".", "").replace(",", ".")
        else:
            text = text.replace(",", "")
        if not _MONEY.match(text):
            return None
        return float(text) if "." in text else int(text)

    def _happened(
        self, values: Mapping[str, Any]
    ) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        settings = self._settings
        order = settings.event == ORDER_COMPLETED
        listed = self._properties.get("products")
        properties: dict[str, Any] = {}
        line: dict[str, Any] = {}
        for name, get in self._properties.items():
            if name == "products" or (listed is not None and name in OF_LINES):
                continue
            value = self._property(name, get(values))
            if value is not None:
                (line if order and name in OF_LINES else properties)[name] = value
        if listed is not None:
            return properties, self._listed(listed(values))
        if not order and not properties:
            raise Wrong(f'"{next(iter(settings.properties.values()))}" is empty')
        return properties, [line] if line.get("product_id") else []

    def _listed(self, raw: Any) -> list[dict[str, Any]]:
        if not isinstance(raw, list):
            raise Wrong(f'"{self._settings.properties["products"]}" is no list')
        products = []
        for entry in raw:
            if not isinstance(entry, dict):
                raise Wrong(
                    f'"{self._settings.properties["products"]}" lists no objects'
                )
            line = {
                name: value
                for name in OF_LINES
                if name in self._properties
                and (value := self._property(name, self._properties[name](entry)))
                is not None
            }
            if line.get("product_id"):
                products.append(line)
        return products

    def _property(self, name: str, raw: Any) -> Any:
        if raw is None or (isinstance(raw, str) and not raw.strip()):
            return None
        if name not in ("price", "revenue", "quantity"):
            return _text(raw) or None
        number = self._number(raw)
        if number is None:
            raise Wrong(f'"{self._settings.properties[name]}" is no number')
        if name == "quantity":
            return max(1, int(number))
        return number


def _text(raw: Any) -> str:
    """An id as texts have it; empty for what is none."""
    if isinstance(raw, str):
        return raw.strip()
    if isinstance(raw, int) and not isinstance(raw, bool) and abs(raw) < 10**18:
        return str(raw)
    return ""
