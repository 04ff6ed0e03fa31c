"""The names that rules may use: those of the shop's slots, fragments and catalogue."""

import re
from collections.abc import Mapping
from functools import cached_property
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from .attributes import BUILT_IN, Attribute
from .favourites import Thing

ID = re.compile(r"\w[\w.-]{0,63}")
VERBS: dict[str, tuple[str, ...]] = {
    "viewed": ("product", "category", "brand", "tag", "article"),
    "bought": ("product", "category", "brand", "tag"),
    "added-to-cart": ("product", "category", "brand", "tag"),
    "searched": ("query",),
    "shown": ("fragment",),
    "clicked": ("fragment",),
    "dismissed": ("fragment",),
    "read": ("article", "category", "tag"),
}
DIMENSIONS = ("product", "category", "brand", "tag", "article", "fragment", "query")
GROUPS = ("any", "all", "none")
CONDITIONS = frozenset(
    {
        *VERBS,
        *(f"not-{verb}" for verb in VERBS),
        *GROUPS,
        "affinity",
        "segment",
        "consent",
        "running-out",
    }
)


class Parameters(msgspec.Struct, frozen=True):
    """What a fragment wants to be given; ``open``: it declares nothing, anything goes.

    ``remote``: it stands in the address of another server, so only texts and numbers will do,
    and nothing about the visitor.
    """

    required: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()
    open: bool = False
    remote: bool = False

    @property
    def names(self) -> frozenset[str]:
        """All that it may be given."""
        return self.required | self.optional


class Vocabulary(msgspec.Struct, frozen=True, dict=True):
    """``attributes`` are the declared ones, ``categories`` maps id to title, ``parents`` the
    id of a category to that of the one above it, ``products`` and ``articles`` are ids.

    Slots and fragments must be there; the catalogue's names and strategies are not checked
    where none are given.
    """

    slots: frozenset[str]
    attributes: Mapping[str, Attribute] = {}
    fragments: Mapping[str, Parameters] = {}
    categories: Mapping[str, str] = {}
    parents: Mapping[str, str] = {}
    products: frozenset[str] = frozenset()
    articles: frozenset[str] = frozenset()
    brands: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    strategies: frozenset[str] = frozenset()
    timezone: str = "UTC"

    @cached_property
    def category_ids(self) -> Mapping[str, tuple[str, ...]]:
        """Title -> the ids that carry it."""
        ids: dict[str, tuple[str, ...]] = {}
        for id, title in self.categories.items():
            ids[title] = (*ids.get(title, ()), id)
        return ids

    @cached_property
    def _category_names(self) -> frozenset[str]:
        return frozenset(self.categories) | frozenset(self.categories.values())

    @cached_property
    def _fragment_names(self) -> frozenset[str]:
        return frozenset(self.fragments)

    def attribute(self, name: str) -> Attribute | None:
        return BUILT_IN.get(name) or self.attributes.get(name)

    @cached_property
    def condition_names(self) -> frozenset[str]:
        return CONDITIONS | BUILT_IN.keys() | self.attributes.keys()

    def things(self, dimension: str) -> Mapping[str, Thing]:
        """All things of a dimension by their ids; empty: not known. Made once."""
        if dimension not in self._things:
            if dimension == "category":
                found = {
                    id: Thing(title, self._depth(id))
                    for id, title in self.categories.items()
                }
            else:
                found = {id: Thing(id) for id in self.keys(dimension)}
            self._things[dimension] = found
        return self._things[dimension]

    @cached_property
    def _things(self) -> dict[str, Mapping[str, Thing]]:
        return {}

    def _depth(self, category: str) -> int:
        above: set[str] = set()
        while (category := self.parents.get(category, "")) and category not in above:
            above.add(category)
        return len(above)

    def keys(self, dimension: str) -> frozenset[str]:
        """All names of a dimension that are known; empty: not checked."""
        match dimension:
            case "product":
                return self.products
            case "article":
                return self.articles
            case "brand":
                return self.brands
            case "tag":
                return self.tags
            case "fragment":
                return self._fragment_names
            case "category":
                return self._category_names
        return frozenset()


def time_zone(name: str) -> ZoneInfo | None:
    """The zone, None where the name is not one."""
    try:
        return ZoneInfo(name)
    except (
        ZoneInfoNotFoundError,
        ValueError,
        OSError,
    ):  # OSError: a folder of the database
        return None
