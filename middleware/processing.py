"""The register of processing activities (GDPR, Article 30), as far as a configuration tells it."""

from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

import msgspec

from ..rules.events import (
    ARTICLE_VIEWED,
    LIST_VIEWED,
    PRODUCT_VIEWED,
    PRODUCTS_SEARCHED,
)
from ..rules.facts import PURPOSES
from ..rules.typed import Attribute
from .settings import Settings

#: Who else may know something, and what: keys of the words that say so.
STORES = {"postgresql": "database", "redis": "database", "rediss": "database"}


class Data(msgspec.Struct, frozen=True):
    """Categories of data that are kept for one purpose, as keys of their words."""

    purpose: str
    kinds: tuple[str, ...]
    keep: str


class Origin(msgspec.Struct, frozen=True):
    """One attribute that site.toml declares. ``stored``: it stays after the request."""

    name: str
    type: str
    origin: str
    purposes: tuple[str, ...]
    sensitive: bool
    stored: bool


class Recipient(msgspec.Struct, frozen=True):
    """A host that learns something. ``role`` is ``source``, ``fragment`` or ``database``."""

    role: str
    name: str
    host: str
    learns: tuple[str, ...]


class CookieUse(msgspec.Struct, frozen=True):
    name: str
    days: int
    use: str


class Processing(msgspec.Struct, frozen=True):
    """All that is known; what only the shop can say is in ``settings.register``."""

    data: tuple[Data, ...]
    attributes: tuple[Origin, ...]
    recipients: tuple[Recipient, ...]
    cookies: tuple[CookieUse, ...]
    measures: tuple[str, ...]
    profiles: str


_OF_PAGES = {
    PRODUCT_VIEWED: "products",
    LIST_VIEWED: "categories",
    ARTICLE_VIEWED: "articles",
    PRODUCTS_SEARCHED: "searches",
}
_ALWAYS = ("id", "visits", "campaign")
_FROM_APP = ("cart", "orders", "login")
_SHOWN = ("shown", "clicked", "experiments")
_MEASURES = (
    "consent",
    "pseudonyms",
    "marks",
    "cookie",
    "private",
    "erasure",
    "minimal",
    "hosts",
    "templates",
)


def processing(settings: Settings) -> Processing:
    """What ``settings`` say about the processing of personal data."""
    tracked = {track.event for track in settings.tracks}
    pages = tuple(kind for event, kind in _OF_PAGES.items() if event in tracked)
    kept = settings.retention
    personal, statistics = PURPOSES
    return Processing(
        data=(
            Data(personal, (*_ALWAYS, *pages, *_FROM_APP), str(kept.events)),
            Data(statistics, _SHOWN, str(kept.statistics)),
        ),
        attributes=tuple(_origin(one) for one in settings.attributes.values()),
        recipients=tuple(_recipients(settings)),
        cookies=(
            CookieUse(
                f"__Host-{settings.cookie_name}", settings.cookie_days, "visitor"
            ),
            CookieUse("__Host-shopwindow-consent", settings.consent_days, "refusal"),
        ),
        measures=_MEASURES,
        profiles=str(kept.profiles),
    )


def _origin(attribute: Attribute) -> Origin:
    kind = attribute.origin.partition(":")[0]
    return Origin(
        attribute.name,
        attribute.type,
        attribute.origin,
        tuple(sorted(attribute.purposes)),
        attribute.sensitive,
        kind in ("app", "preference", "import", "webhook"),
    )


def _recipients(settings: Settings) -> Iterator[Recipient]:
    for source in settings.sources:
        learns: Sequence[str] = ["customer"] if "{customer}" in source.url else []
        yield Recipient("source", source.name, _host(source.url), tuple(learns))
    for remote in settings.remotes.values():
        names = (*remote.required, *remote.optional)
        yield Recipient("fragment", remote.name, _host(remote.url), names)
    for name, url in (("profiles", settings.store),):
        role = STORES.get(url.partition("://")[0].partition("+")[0])
        if role is not None:
            yield Recipient(role, name, _host(url), ())


def _host(url: str) -> str:
    """The host alone: addresses may have passwords in them."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
