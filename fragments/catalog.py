"""What the shop offers: products, categories and advice articles, ready for look-ups."""

from collections.abc import Mapping
from datetime import date

from ..findings import Finding
from .catalog_files import read_items
from .items import Item, Kind, Price

__all__ = ["Catalog", "Item", "Price", "Relatives", "read_catalog"]

Relatives = tuple[tuple[str, str], ...]


class Catalog:
    """All items by id, and what rules and shelves ask of them, computed once."""

    def __init__(
        self,
        categories: Mapping[str, Item] | None = None,
        products: Mapping[str, Item] | None = None,
        articles: Mapping[str, Item] | None = None,
        translations: Mapping[str, Mapping[tuple[Kind, str], Item]] | None = None,
    ) -> None:
        """Takes items whose categories and parents exist and make no circle.

        ``translations`` maps a language to (kind, id) -> item, for those items that
        differ from the site's own language.
        """
        self.categories = categories or {}
        self.products = products or {}
        self.articles = articles or {}
        self._translations = translations or {}
        self.languages = frozenset(self._translations)
        self._kinds: dict[str, Mapping[str, Item]] = {
            "category": self.categories,
            "product": self.products,
            "article": self.articles,
        }
        #: What else templates can read of an item: the extra columns of all files.
        self.extra = frozenset(
            name
            for items in self._kinds.values()
            for i in items.values()
            for name in i.extra
        )
        #: Ids of products -> days that they last, of those that are bought again.
        self.lasting: Mapping[str, int] = {
            item.id: item.repurchase_days
            for item in self.products.values()
            if item.repurchase_days
        }
        self._titles = self._unique_titles()
        self._ancestors = {id: self._line(id) for id in self.categories}
        self._relatives = {
            kind: {id: self._count_for(item) for id, item in items.items()}
            for kind, items in self._kinds.items()
        }
        for title, id in self._titles.items():
            self._relatives["category"][title] = self._relatives["category"][id]
        #: Ids of products in stock, newest first, then in the file's order.
        self.newest: tuple[str, ...] = tuple(
            item.id
            for item in sorted(
                (item for item in self.products.values() if item.in_stock),
                key=lambda item: item.added or date.min,
                reverse=True,
            )
        )
        grouped: dict[str, list[str]] = {id: [] for id in self.categories}
        for id in self.newest:
            for category in self.line(self.products[id].category):
                grouped.setdefault(category, []).append(id)
        #: The same per category id; a category holds its children's products too.
        self.newest_in: Mapping[str, tuple[str, ...]] = {
            category: tuple(ids) for category, ids in grouped.items()
        }

    def item(self, kind: str, name: str, language: str | None = None) -> Item | None:
        """The item with the id ``name``, in ``language`` where it has a translation.

        A category is found by its exact title too, when only one has it. None: unknown.
        """
        items = self._kinds.get(kind, {})
        found = items.get(name)
        if found is None:
            if kind != "category" or name not in self._titles:
                return None
            found = items[self._titles[name]]
        if language is None or (translated := self._translations.get(language)) is None:
            return found
        return translated.get((found.kind, found.id), found)

    def relatives(self, kind: str, id: str) -> Relatives:
        """All (dimension, key) pairs that an event on this thing counts for.

        The thing itself comes first, then its category, that one's ancestors, its brand
        and tags. Empty: the catalogue does not know it. A catalogue without any item of
        that kind cannot tell, and answers with the thing alone.
        """
        known = self._relatives.get(kind)
        if not known:
            return ((kind, id),)
        return known.get(id, ())

    def line(self, category: str) -> tuple[str, ...]:
        """The category's id and its ancestors' ids, nearest first."""
        if not category:
            return ()
        return self._ancestors.get(category, (category,))

    def _line(self, category: str) -> tuple[str, ...]:
        found: list[str] = []
        while category and category not in found:
            found.append(category)
            item = self.categories.get(category)
            category = item.parent if item else ""
        return tuple(found)

    def _count_for(self, item: Item) -> Relatives:
        category = item.parent if item.kind == "category" else item.category
        pairs = [(str(item.kind), item.id)]
        pairs += (("category", id) for id in self.line(category))
        if item.brand:
            pairs.append(("brand", item.brand))
        pairs += (("tag", tag) for tag in item.tags)
        return tuple(pairs)

    def _unique_titles(self) -> dict[str, str]:
        found: dict[str, set[str]] = {}
        for category in self.categories.values():
            found.setdefault(category.title, set()).add(category.id)
        for items in self._translations.values():
            for item in items.values():
                if item.kind == "category":
                    found.setdefault(item.title, set()).add(item.id)
        return {
            title: next(iter(ids))
            for title, ids in found.items()
            if len(ids) == 1 and title not in self.categories
        }


def read_catalog(files: Mapping[str, str]) -> tuple[Catalog, list[Finding]]:
    """Reads the catalogue's files: name (``catalog/products.csv``) -> text.

    Never raises. When there are errors among the findings, the catalogue holds what
    could be read; nobody should go live with it.
    """
    reading = read_items(files)
    catalog = Catalog(
        reading.items["category"],
        reading.items["product"],
        reading.items["article"],
        reading.translations(),
    )
    return catalog, reading.findings
