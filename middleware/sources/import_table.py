"""What a file of a till or a loyalty programme says of whom: ``[imports.NAME]`` in site.toml."""

import codecs
from collections.abc import Mapping

import msgspec

from ...findings import suggest
from ...rules.events import (
    ARTICLE_VIEWED,
    LIST_VIEWED,
    ORDER_COMPLETED,
    PRODUCT_VIEWED,
    PRODUCTS_SEARCHED,
    SAYS,
)
from ...rules.typed import Attribute
from ..toml import Section
from .tables import mapped_to

EVENTS = (
    ORDER_COMPLETED,
    PRODUCT_VIEWED,
    LIST_VIEWED,
    ARTICLE_VIEWED,
    PRODUCTS_SEARCHED,
)
OF_ORDERS = ("order_id", "revenue", "currency", "coupon", "products")
OF_LINES = ("product_id", "price", "quantity")
_DELIMITERS = (",", ";", "\t", "|")


class ImportSettings(msgspec.Struct, frozen=True):
    """How the lines of a file are read. ``customer``, ``time``, ``id`` and the values of ``map``
    and ``properties`` are columns of a CSV file, names or JSON paths in one of JSON lines.

    ``map`` is attribute -> column, ``properties`` what else the event of a line says. An empty
    ``event``: the lines only tell attributes. Empty ``delimiter``, ``encoding`` and
    ``time_format`` are found out; the last one means ISO 8601.
    """

    name: str
    customer: str = "customer"
    map: Mapping[str, str] = {}
    attributes: Mapping[str, Attribute] = {}
    event: str = ""
    properties: Mapping[str, str] = {}
    time: str = ""
    time_format: str = ""
    id: str = ""
    decimal: str = "."
    delimiter: str = ""
    encoding: str = ""


def read_import(
    name: str, section: Section, attributes: Mapping[str, Attribute]
) -> ImportSettings:
    """``[imports.NAME]``; what is wrong is reported, and taken for not written."""
    paths = {key: str(value) for key, value in section.table("map").data.items()}
    event = section.text("event")
    if event and event not in EVENTS:
        section.wrong("event", f'unknown event "{event}"', suggest(event, EVENTS))
        event = ""
    time = section.text("time")
    properties = _properties(section, event, time)
    decimal = section.text("decimal", ".")
    if decimal not in (".", ","):
        section.wrong("decimal", f'"{decimal}" is no decimal sign', 'write "." or ","')
        decimal = "."
    delimiter = section.text("delimiter")
    if delimiter and delimiter not in _DELIMITERS:
        section.wrong("delimiter", "unknown delimiter", 'one of , ; | and "\\t"')
        delimiter = ""
    encoding = section.text("encoding")
    if encoding and not _is_encoding(encoding):
        hint = "for example utf-8 or cp1252"
        section.wrong("encoding", f'unknown encoding "{encoding}"', hint)
        encoding = ""
    read = ImportSettings(
        name,
        section.text("customer", "customer"),
        paths,
        mapped_to(section, paths, attributes, f"import:{name}"),
        event,
        properties,
        time,
        section.text("time-format"),
        section.text("id"),
        decimal,
        delimiter,
        encoding,
    )
    section.finish()
    if not paths and not event:
        hint = 'map = { ATTRIBUTE = "COLUMN" }, or event = "Order Completed"'
        section.wrong("map", f'the import "{name}" says nothing', hint)
    return read


def _properties(section: Section, event: str, time: str) -> Mapping[str, str]:
    written = section.table("properties").data
    properties = {key: str(value) for key, value in written.items()}
    if not event:
        if properties:
            words = "without an event there is nothing to say more about"
            section.wrong("properties", words, 'event = "Order Completed"')
        return {}
    if not time:
        words = f'"{event}" happened at some time'
        section.wrong("time", words, 'write time = "COLUMN"')
    says = SAYS[event]
    known = (*OF_ORDERS, *OF_LINES) if event == ORDER_COMPLETED else (says.property,)
    for key in properties:
        if key not in known:
            hint = suggest(key, known)
            section.wrong("properties", f'"{event}" does not say "{key}"', hint)
    needed = ("order_id", says.property) if says.listed else (says.property,)
    if not any(key in properties for key in needed):
        words = f'"{event}" says {" or ".join(needed)}'
        section.wrong("properties", words, f'write {needed[-1]} = "COLUMN"')
    return {key: path for key, path in properties.items() if key in known}


def _is_encoding(name: str) -> bool:
    try:
        # What has two bytes for a letter has none for the end of a line.
        return "a\n".encode(codecs.lookup(name).name) == b"a\n"
    except (LookupError, ValueError, TypeError):
        return False
