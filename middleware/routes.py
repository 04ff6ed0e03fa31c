"""Which paths have slots: what site.toml says, and what the last answer showed."""

from functools import lru_cache
from re import DOTALL, Pattern, compile, escape

from cachetools import LRUCache

from .site import Site

REMEMBERED = 10_000  # paths


@lru_cache(64)
def _matcher(patterns: tuple[str, ...]) -> Pattern[str]:
    """``/c/*`` matches everything below /c/."""
    expression = "|".join(escape(pattern).replace(r"\*", ".*") for pattern in patterns)
    return compile(expression or "(?!)", DOTALL)  # a line feed is part of a path, too


class Routes:
    """Remembers per path whether its last page had a slot."""

    def __init__(self) -> None:
        self._seen: LRUCache[str, bool] = LRUCache(REMEMBERED)

    def learn(self, path: str, slots: bool) -> None:
        if self._seen.get(path) is not slots:
            self._seen[path] = slots

    def has_slots(self, path: str, site: Site) -> bool:
        """Whether the next answer for ``path`` is likely to have a slot."""
        return bool(self._seen.get(path)) or included(path, site)

    def has_none(self, path: str) -> bool:
        """Whether the last answer for ``path`` is known to have had none."""
        return self._seen.get(path) is False


def included(path: str, site: Site) -> bool:
    """Whether site.toml names the path under [pages] include."""
    return _matcher(site.settings.include).fullmatch(path) is not None


def excluded(path: str, site: Site) -> bool:
    """Whether site.toml keeps us away from the path: not included, or excluded."""
    settings = site.settings
    if settings.exclude and _matcher(settings.exclude).fullmatch(path):
        return True
    return bool(settings.include) and not included(path, site)
