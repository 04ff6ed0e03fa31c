"""The register of processing activities (GDPR, Article 30), as far as a configuration tells it."""

from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

import msgspec

from ...rules.events import (
    ARTICLE_VIEWED,
    LIST_VIEWED,
    PRODUCT_VIEWED,
    PRODUCTS_SEARCHED,
)
from ...rules.facts import PURPOSES
from ...rules.typed import Attribute
from ..engines.settings import EngineSettings
from ..settings import Settings, address
from ..stores.opening import POSTGRES, REDIS, scheme_of


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
    """A host that learns something. ``role`` is ``source``, ``fragment``, ``engine`` or
    ``database``. ``learns`` are words of :data:`LEARNS`, or parameters of a fragment."""

    role: str
    name: str
    host: str
    learns: tuple[str, ...]


#: What a recipient may learn, besides the values of a fragment's parameters.
LEARNS = frozenset({"customer", "pseudonym", "looked-at", "deeds"})


class CookieUse(msgspec.Struct, frozen=True):
    """``days`` is None for a cookie that somebody else sets, and we only read."""

    name: str
    days: int | None
    use: str


class Processing(msgspec.Struct, frozen=True):
    """All that is known; what only the shop can say is in ``settings.register``."""

    data: tuple[Data, ...]
    attributes: tuple[Origin, ...]
    recipients: tuple[Recipient, ...]
    cookies: tuple[CookieUse, ...]
    measures: tuple[str, ...]
    profiles: str
    asked_by: str


_OF_PAGES = {
    PRODUCT_VIEWED: "products",
    LIST_VIEWED: "categories",
    ARTICLE_VIEWED: "articles",
    PRODUCTS_SEARCHED: "searches",
}
_ALWAYS = ("id", "visits", "campaign")
_FROM_APP = ("cart", "orders", "login")
_SAID = ("preferences",)
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
            Data(personal, (*_ALWAYS, *pages, *_FROM_APP, *_SAID), str(kept.events)),
            Data(statistics, _SHOWN, str(kept.statistics)),
        ),
        attributes=tuple(_origin(one) for one in settings.attributes.values()),
        recipients=tuple(_recipients(settings)),
        cookies=tuple(_cookies(settings)),
        measures=_MEASURES,
        profiles=str(kept.profiles),
        asked_by=settings.consent_provider,
    )


def _cookies(settings: Settings) -> Iterator[CookieUse]:
    yield CookieUse(f"__Host-{settings.cookie_name}", settings.cookie_days, "visitor")
    yield CookieUse("__Host-shopwindow-consent", settings.consent_days, "refusal")
    if settings.consent_tool is not None:
        yield CookieUse(settings.consent_tool.cookie, None, "answer")


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
    for engine in settings.engines.values():
        yield from _engine(engine)
    at = address(settings)
    for name, url in (("profiles", at.store), ("events", at.log)):
        if scheme_of(url) in (*POSTGRES, *REDIS):
            yield Recipient("database", name, _host(url), ())


def _engine(engine: EngineSettings) -> Iterator[Recipient]:
    learns = ["pseudonym", "looked-at"]
    if engine.kind == "json":
        written = engine.url + engine.options["body"]
        looked_at = "{item" in written  # or {items}
        holes = {"pseudonym": "{user}" in written, "looked-at": looked_at}
        learns = [word for word in learns if holes[word]]
    asked, told = _host(engine.url), _host(engine.options.get("events", engine.url))
    if engine.feedback and told == asked:
        learns = list(dict.fromkeys(["pseudonym", *learns, "deeds"]))
    yield Recipient("engine", engine.name, asked, tuple(learns))
    if engine.feedback and told != asked:
        yield Recipient("engine", engine.name, told, ("pseudonym", "deeds"))


def _host(url: str) -> str:
    """The host alone, addresses may have passwords in them; empty where none can be told."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return ""
    return "" if host.endswith(".invalid") else host
