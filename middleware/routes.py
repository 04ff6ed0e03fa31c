"""Which paths have slots: what site.toml says, and what the last answer showed."""

from functools import lru_cache
from re import DOTALL, Pattern, compile, escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .site import Site

REMEMBERED = 10_000  # paths
LONGEST = 512  # characters of a path


@lru_cache(64)
def _matcher(patterns: tuple[str, ...]) -> Pattern[str]:
    """``/c/*`` matches everything below /c/."""
    expression = "|".join(escape(pattern).replace(r"\*", ".*") for pattern in patterns)
    return compile(expression or "(?!)", DOTALL)  # a line feed is part of a path, too


class Routes:
    """Remembers per path whether its last page had a slot.

    Those with and those without are kept apart, so that somebody who asks for thousands of
    pages that do not exist does not make us forget the start page. Plain dictionaries: a
    cache that keeps the order of use costs as much as all else a page does here.
    """

    def __init__(self) -> None:
        self._with: dict[str, tuple[str, ...]] = {}  # the slots, where that is of use
        self._without: dict[str, tuple[str, ...]] = {}

    def learn(self, path: str, slots: bool) -> None:
        if len(path) > LONGEST:
            return  # no page of a shop, but a way to fill the memory
        kept, other = self._with, self._without
        if not slots:
            kept, other = other, kept
        if path not in kept:
            kept[path] = ()
            other.pop(path, None)
            if len(kept) > REMEMBERED:
                del kept[next(iter(kept))]

    def filled(self, path: str, slots: tuple[str, ...]) -> None:
        """The last page of ``path`` had these ``slots``."""
        if self._with.get(path, slots) != slots:
            self._with[path] = slots

    def slots(self, path: str) -> tuple[str, ...]:
        """Those that the next page of ``path`` is likely to have, as far as anybody knows."""
        return self._with.get(path, ())

    def has_slots(self, path: str, site: "Site") -> bool:
        """Whether the next answer for ``path`` is likely to have a slot."""
        return path in self._with or included(path, site)

    def has_none(self, path: str) -> bool:
        """Whether the last answer for ``path`` is known to have had none."""
        return path in self._without


def included(path: str, site: "Site") -> bool:
    """Whether site.toml names the path under [pages] include."""
    return _matcher(site.settings.include).fullmatch(path) is not None


def excluded(path: str, site: "Site") -> bool:
    """Whether site.toml keeps us away from the path: not included, or excluded."""
    settings = site.settings
    if settings.exclude and _matcher(settings.exclude).fullmatch(path):
        return True
    return bool(settings.include) and not included(path, site)
