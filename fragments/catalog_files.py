"""The catalogue's files as items, with everything that is wrong about them."""

import re
from collections.abc import Iterable, Mapping
from datetime import date

import msgspec

from ..findings import Finding, suggest
from .addresses import is_safe
from .items import Item, Kind, Price
from .table import Cell, Row, Table, read_table


class _Columns(msgspec.Struct, frozen=True):
    required: tuple[str, ...]
    known: tuple[str, ...]


_LAYOUT: dict[Kind, _Columns] = {
    "category": _Columns(
        ("id", "title"), ("id", "title", "url", "image", "headline", "parent")
    ),
    "product": _Columns(
        ("id", "title", "url"),
        ("id", "title", "url", "image", "headline", "price", "category", "brand")
        + ("tags", "in-stock", "repurchase-days", "added"),
    ),
    "article": _Columns(
        ("id", "title", "url"),
        ("id", "title", "url", "image", "headline", "category", "tags"),
    ),
}
_FILES: dict[str, Kind] = {
    "categories": "category",
    "products": "product",
    "articles": "article",
}
#: Categories above a category, at most.
PARENTS = 20
_TRANSLATED = ("title", "url", "image", "headline")
_LANGUAGE = re.compile("[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_PIECES = re.compile(r"-?\d{1,12}", re.ASCII)
_STOCK = {
    **dict.fromkeys(("", "yes", "true", "ja", "y"), True),
    **dict.fromkeys(("no", "false", "nein", "n"), False),
}


def read_items(files: Mapping[str, str]) -> "CatalogReading":
    """Reads the catalogue's files: name (``catalog/products.csv``) -> text."""
    reading = CatalogReading()
    tables: dict[Kind, Table] = {}
    for file in sorted(files):
        stem, dot, ending = file.rpartition("/")[2].rpartition(".")
        if ending not in ("csv", "jsonl") or stem not in _FILES:
            names = [f"{name}.{kind}" for name in _FILES for kind in ("csv", "jsonl")]
            hint = suggest(f"{stem}{dot}{ending}", names)
            reading.findings.append(
                Finding(file, 1, 1, "the catalogue has no such file", hint)
            )
        elif (kind := _FILES[stem]) in tables:
            other = tables[kind].file
            reading.findings.append(
                Finding(file, 1, 1, f"{other} is there too", "keep one of the two")
            )
        else:
            tables[kind] = read_table(file, files[file], reading.findings.append)
    # Categories come first, because products and articles name them.
    for kind in _LAYOUT:
        if kind in tables:
            reading.read(kind, tables[kind])
    return reading


class CatalogReading:
    """What has been read so far, and what was wrong with it."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.items: dict[Kind, dict[str, Item]] = {kind: {} for kind in _LAYOUT}
        #: language -> (kind, id) -> field -> text
        self.translated: dict[str, dict[tuple[Kind, str], dict[str, str]]] = {}
        self.titles: dict[str, str] = {}
        self._hints: dict[str, str] = {}  # for names of unknown categories

    def read(self, kind: Kind, table: Table) -> None:
        translated, extra = self._columns(kind, table)
        places: dict[str, Row] = {}
        for row in table.rows:
            cells = row.cells
            id = cells.get("id")
            if id is None or not id.text:
                if "id" in table.columns:
                    place = id or next(iter(cells.values()), Cell("", row.line, 1))
                    self._wrong(table, place, f"this {kind} has no id")
                continue
            if id.text in places:
                message = f'the id "{id.text}" is there twice'
                hint = f"first in line {places[id.text].line}"
                self._wrong(table, id, message, hint)
                continue
            places[id.text] = row
            item = self._item(kind, table, row, extra)
            self.items[kind][id.text] = item
            for language, fields in translated.items():
                values = {
                    field: cells[column].text
                    for field, column in fields.items()
                    if column in cells and cells[column].text
                }
                if "url" in values:
                    self._address(table, cells[fields["url"]])
                if "image" in values:
                    self._address(table, cells[fields["image"]])
                self.translated.setdefault(language, {})[kind, item.id] = values
        if kind == "category":
            for item in self.items["category"].values():
                self.titles.setdefault(item.title, item.id)
            self._check_parents(table, places)

    def _columns(
        self, kind: Kind, table: Table
    ) -> tuple[dict[str, dict[str, str]], dict[str, str]]:
        """(language -> field -> column, extra field -> column)."""
        layout = _LAYOUT[kind]
        translated: dict[str, dict[str, str]] = {}
        extra: dict[str, str] = {}
        if not table.columns and not table.rows:
            return translated, extra
        for name in layout.required:
            if name not in table.columns:
                place = next(iter(table.columns.values()), Cell("", 1, 1))
                near = [n for n in table.columns if n not in layout.known]
                hint = suggest(name, near) if near else ""
                if not hint.startswith("did"):
                    hint = "needed are " + ", ".join(layout.required)
                self._wrong(table, place, f'the column "{name}" is missing', hint)
        for name, cell in table.columns.items():
            field, dot, language = name.partition(".")
            if not name:
                self._wrong(table, cell, "this column has no name")
            elif name in layout.known:
                continue
            elif not dot or field not in layout.known:
                extra[re.sub(r"\W", "_", name)] = name
            elif field not in _TRANSLATED:
                hint = "only " + ", ".join(_TRANSLATED) + " can"
                message = f'"{field}" cannot be translated'
                self._wrong(table, cell, message, hint)
            elif not _LANGUAGE.fullmatch(language):
                message = f'"{language}" is not a language'
                self._wrong(table, cell, message, "write for example title.en")
            else:
                translated.setdefault(language, {})[field] = name
        return translated, extra

    def _item(
        self, kind: Kind, table: Table, row: Row, extra: Mapping[str, str]
    ) -> Item:
        cells = row.cells
        nothing = Cell("", row.line, 1)

        def cell(name: str) -> Cell:
            return cells.get(name, nothing) if name in _LAYOUT[kind].known else nothing

        for name in _LAYOUT[kind].required:
            if name in table.columns and not cell(name).text:
                place = cells.get(name) or cells["id"]
                self._wrong(table, place, f"this {kind} has no {name}")
        return Item(
            kind,
            cells["id"].text,
            cell("title").text,
            self._address(table, cell("url")),
            self._address(table, cell("image")),
            cell("headline").text,
            self._price(table, cell("price")),
            self._category(table, cell("category")),
            cell("parent").text,
            cell("brand").text,
            tuple(dict.fromkeys(re.findall(r"[^\s;]+", cell("tags").text))),
            self._stock(table, cell("in-stock")),
            _pieces(cell("in-stock")),
            self._days(table, cell("repurchase-days")),
            self._date(table, cell("added")),
            {
                field: cells[column].text if column in cells else ""
                for field, column in extra.items()
            },
        )

    def _address(self, table: Table, cell: Cell) -> str:
        if is_safe(cell.text):
            return cell.text
        hint = "write https://... or an address that begins with /"
        self._wrong(table, cell, "this address does not lead to a page", hint)
        return ""

    def _price(self, table: Table, cell: Cell) -> Price | None:
        if not cell.text:
            return None
        if re.fullmatch(r"\d{1,12}(?:\.\d{1,6})?", cell.text, re.ASCII):
            return Price(cell.text)
        hint = "write digits and a point, for example 12.90"
        self._wrong(table, cell, f'"{cell.text}" is not a price', hint)
        return None

    def _stock(self, table: Table, cell: Cell) -> bool:
        word = cell.text.lower()
        if word in _STOCK:
            return _STOCK[word]
        if _PIECES.fullmatch(word):
            return int(word) > 0
        hint = "write yes, no or the number in stock"
        self._wrong(table, cell, f'"{cell.text}" does not say if it is in stock', hint)
        return True

    def _days(self, table: Table, cell: Cell) -> int | None:
        if not cell.text:
            return None
        if re.fullmatch(r"\d{1,5}", cell.text, re.ASCII) and int(cell.text):
            return int(cell.text)
        hint = "write a whole number of days, for example 30"
        self._wrong(table, cell, f'"{cell.text}" is not a number of days', hint)
        return None

    def _date(self, table: Table, cell: Cell) -> date | None:
        if not cell.text:
            return None
        try:
            if len(cell.text) == 10:
                return date.fromisoformat(cell.text)
        except ValueError:
            pass
        hint = "write it as 2026-11-21"
        self._wrong(table, cell, f'"{cell.text}" is not a date', hint)
        return None

    def _category(self, table: Table, cell: Cell) -> str:
        """The id of the category that ``cell`` names by id or title."""
        known = self.items["category"]
        # A shop without a category file may use any words.
        if not cell.text or not known or cell.text in known:
            return cell.text
        if cell.text in self.titles:
            return self.titles[cell.text]
        # The same one often is missing in many rows.
        if (hint := self._hints.get(cell.text)) is None:
            hint = suggest(cell.text, {*known, *self.titles})
            self._hints[cell.text] = hint
        self._wrong(table, cell, f'the category "{cell.text}" is unknown', hint)
        return ""

    def _check_parents(self, table: Table, places: Mapping[str, Row]) -> None:
        categories = self.items["category"]
        for id, item in list(categories.items()):
            if not item.parent:
                continue
            cell = places[id].cells["parent"]
            parent = self._category(table, cell)
            categories[id] = msgspec.structs.replace(item, parent=parent)
        parents = {id: item.parent for id, item in categories.items()}
        wrong: list[str] = []
        for circle in _circles(parents):
            cell = places[circle[0]].cells["parent"]
            way = " > ".join((*circle[:6], *("...",) * (len(circle) > 6), circle[0]))
            self._wrong(table, cell, f"these categories are their own parents: {way}")
            parents[circle[0]] = ""
            wrong.append(circle[0])
        for id, depth in _depths(parents).items():
            if depth > PARENTS:
                wrong.append(id)
            if depth == PARENTS + 1:
                cell = places[id].cells["parent"]
                message = f"more than {PARENTS} categories above this one"
                self._wrong(table, cell, message, "name a parent that is higher up")
        # Whoever follows parents must come to an end soon.
        for id in wrong:
            categories[id] = msgspec.structs.replace(categories[id], parent="")

    def translations(self) -> dict[str, dict[tuple[Kind, str], Item]]:
        return {
            language: {
                (kind, id): msgspec.structs.replace(self.items[kind][id], **values)
                for (kind, id), values in things.items()
            }
            for language, things in self.translated.items()
        }

    def _wrong(self, table: Table, cell: Cell, message: str, hint: str = "") -> None:
        self.findings.append(table.finding(cell, message, hint))


def _pieces(cell: Cell) -> int | None:
    """How many there are, where the cell says that."""
    return int(cell.text) if _PIECES.fullmatch(cell.text) else None


def _depths(parents: Mapping[str, str]) -> dict[str, int]:
    """How many parents are above each id; ``parents`` make no circle."""
    depths: dict[str, int] = {"": -1}
    for start in parents:
        way = [start]
        while way[-1] not in depths:
            way.append(parents.get(way[-1], ""))
        for id in reversed(way[:-1]):
            depths[id] = depths[parents.get(id, "")] + 1
    del depths[""]
    return depths


def _circles(parents: Mapping[str, str]) -> Iterable[list[str]]:
    """Every circle once, each beginning with the id that comes first in ``parents``."""
    done: set[str] = set()
    for start in parents:
        way: list[str] = []
        id = start
        while id and id not in done:
            done.add(id)
            way.append(id)
            id = parents.get(id, "")
        if id in way:
            yield way[way.index(id) :]
