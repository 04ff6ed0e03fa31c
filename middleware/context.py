"""This request, read once: from an ASGI scope to what rules and the middleware ask."""

import datetime
import ipaddress
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from starlette.types import Scope

from ..rules.facts import DAY, Context
from ..rules.moments import weekday
from .settings import Settings

# For a page they would bring bytes past us, or a part of an old page.
CONDITIONAL = frozenset(
    (
        b"range", b"if-range", b"if-none-match", b"if-modified-since", b"if-match",
        b"if-unmodified-since",
    )
)  # fmt: skip
FORWARDED = frozenset(
    (b"forwarded", b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host")
)
PREFETCHING = frozenset((b"sec-purpose", b"purpose", b"x-purpose", b"x-moz"))
_WANTED = CONDITIONAL | FORWARDED | PREFETCHING | frozenset(
    (
        b"cookie", b"host", b"user-agent", b"accept", b"accept-language", b"referer",
        b"sec-fetch-dest", b"sec-fetch-mode", b"sec-fetch-site",
        b"sec-gpc", b"dnt", b"origin", b"content-type",
    )
)  # fmt: skip
# Whatever a person looks through says Mozilla first. Addresses, and "compatible" with anything
# but an old browser, are what programs tell about themselves. CUBOT makes telephones.
_BROWSER = re.compile(rb"(?:Mozilla|Opera|UCWEB)/")
_BOT = re.compile(
    rb"https?://|\w@\w[\w-]*\.[a-z]{2}|\w\.(?:com|io|org|de|fr)(?![\w.-])|compatible(?:\)|; ?(?! ?MSIE| ?Konqueror))"
    rb"|(?<!cu)bots?(?![a-z])|crawl|spider|slurp|archiver|agent(?![a-z])|-user/|survey"
    rb"|scrap(?:e|y|ing)|headless|phantomjs|selenium|puppeteer|playwright|webdriver|lighthouse|ptst/"
    rb"|gtmetrix|pingdom|synthetics|monitor|preview|favicon|fetch|feed|externalhit|embedly|imageproxy"
    rb"|validator|checker|zgrab|mediapartners|adsbot|google-(?:ads|physical)|-google\Z|inspector"
    rb"|(?:scan|verify|scanner)/?(?:[\d.)]|\Z)|hotjar|nikto|acunetix|openvas|watchtowr|hardenize"
    rb"|silktide|datanyze|dareboost|outbrain|appinsights|linktiger|securityheaders|foregenix"
    rb"|sindup|newsnow|newsai|marketgoo|testlocally|splash version|rigor\)|zotero",
    re.IGNORECASE,
)
_MOBILE = re.compile(rb"Mobi|iPhone|iPod|Opera Mini|Windows Phone")
_TABLET = re.compile(
    rb"iPad|Tablet|PlayBook|Silk|\A(?=.*Android)(?!.*(?:Mobi|Opera Mini))"
)
LANG = re.compile(
    rb"""<html\b[^>]*\slang\s*=\s*["']?([A-Za-z]{2}(?:-[A-Za-z0-9]+)*)""", re.I
)
_UTM = {
    "utm_campaign": "campaign",
    "utm_source": "campaign_source",
    "utm_medium": "campaign_medium",
}
_LOOPBACK = frozenset((b"localhost", b"127.0.0.1", b"[::1]"))


class Arrival:
    """One HTTP request as it came in.

    ``headers`` are those of the request that anybody here asks for, names in lower case.
    ``navigation`` says that a person opens a page: only then are slots filled and views counted.
    """

    __slots__ = (
        "scope",
        "headers",
        "now",
        "secure",
        "path",
        "navigation",
        "bot",
        "device",
    )

    def __init__(self, scope: Scope, now: float, production: bool = False) -> None:
        self.scope = scope
        self.now = now
        headers: dict[bytes, bytes] = {}
        for name, value in scope["headers"]:
            if name in _WANTED:
                # HTTP/2 may send cookies in several headers.
                headers[name] = (
                    headers[name] + b"; " + value if name in headers else value
                )
        self.headers = headers
        # Behind a proxy on the same machine, loopback says nothing about the visitor's side.
        self.secure = (
            scope.get("scheme") != "http"
            or production
            or not FORWARDED.isdisjoint(headers)
            or not is_loopback(headers.get(b"host", b""))
        )
        path: str = scope["path"]
        root: str = scope.get("root_path", "").rstrip("/")
        if root and (path == root or path.startswith(root + "/")):
            path = path[len(root) :] or "/"
        self.path = path
        self.bot, self.device = _agent(headers.get(b"user-agent", b"")[:512])
        self.navigation = scope["method"] in ("GET", "HEAD") and _is_navigation(headers)

    def over(self) -> None:
        """The request is over. The scope's state holds what holds us: let go of it, for a
        circle would be left to the garbage collector."""
        self.scope = {**self.scope, "state": {}}

    @property
    def cookies(self) -> bytes:
        return self.headers.get(b"cookie", b"")

    @property
    def prefetch(self) -> bool:
        """The browser asks ahead: nobody is looking yet."""
        return not PREFETCHING.isdisjoint(self.headers)

    @property
    def objects(self) -> bool:
        """The browser says for its person: do not track (GPC or DNT)."""
        return self.headers.get(b"sec-gpc") == b"1" or self.headers.get(b"dnt") == b"1"

    @property
    def same_origin(self) -> bool:
        """Whether a form on this very site sent the request, as far as the browser says."""
        site = self.headers.get(b"sec-fetch-site")
        if site is not None:
            return site in (b"same-origin", b"none")
        origin = self.headers.get(b"origin")
        if origin is None:
            return True  # neither header: not a browser that could be misled
        host = self.headers.get(b"host", b"").decode("latin-1")
        return urlsplit_host(origin) == host


def is_loopback(host: bytes) -> bool:
    name = host if host.endswith(b"]") else host.rpartition(b":")[0] or host
    return name.lower() in _LOOPBACK


def _is_navigation(headers: Mapping[bytes, bytes]) -> bool:
    if headers.get(b"sec-fetch-dest", b"document") not in (b"document", b"iframe"):
        return False
    if not PREFETCHING.isdisjoint(headers):
        return False  # nobody is looking yet
    accept = headers.get(b"accept", b"*/*")
    return (
        b"text/html" in accept
        or b"*/*" in accept
        or b"text/*" in accept
        or b"xhtml" in accept
    )


@lru_cache(4096)  # of the standard library: any thread may ask
def _agent(agent: bytes) -> tuple[bool, str]:
    """Whether a User-Agent is a program, and the device: desktop, tablet or mobile."""
    bot = _BROWSER.match(agent) is None or _BOT.search(agent) is not None
    device = (
        "tablet"
        if _TABLET.search(agent)
        else "mobile"
        if _MOBILE.search(agent)
        else "desktop"
    )
    return bot, device


class ContextReader:
    """Makes a :class:`Context` of a request, in the site's time zone."""

    def __init__(self, settings: Settings, languages: frozenset[str]) -> None:
        self._zone = settings.zone
        self._language = settings.language
        self._languages = languages
        self.polyglot = len(languages) > 1
        self._offset = (0.0, 0.0, 0)  # from, until, seconds: one value, for threads
        self._given = [
            (name, *attribute.origin.split(":", 1))
            for name, attribute in settings.attributes.items()
            if attribute.origin.startswith(("header:", "query:", "cookie:"))
        ]
        self._queries = [
            (name, source) for name, kind, source in self._given if kind == "query"
        ]
        self._trusted = settings.trusted

    def offset(self, now: float) -> int:
        """Seconds to add to UTC, kept for a quarter of an hour: clocks change on none between."""
        start, end, seconds = self._offset
        if not start <= now < end:
            delta = datetime.datetime.fromtimestamp(now, self._zone).utcoffset()
            seconds = int(delta.total_seconds()) if delta else 0
            start = now - now % 900
            self._offset = (start, start + 900, seconds)
        return seconds

    def day(self, now: float) -> int:
        """The day in the site's time zone, counted from 1970-01-01."""
        return int((now + self.offset(now)) // DAY)

    def split(self, path: str) -> tuple[str | None, str]:
        """A path's language prefix, if it has one the site speaks, and the rest."""
        if self.polyglot:
            first, slash, rest = path[1:].partition("/")
            if first in self._languages:
                return first, "/" + rest
        return None, path

    def spoken(self, page: bytes) -> str | None:
        """The language that a page's ``<html lang>`` names, if the site has texts in it."""
        found = LANG.search(page)
        if found is None:
            return None
        named = found[1].decode()
        return next((n for n in (named, named[:2]) if n in self._languages), None)

    def at(self, now: float, path: str, **known: Any) -> Context:
        """The context of a look at ``path``, language prefix included, at ``now``.

        ``known`` is what else is known of it: further fields of :class:`Context`.
        """
        local = int(now) + self.offset(now)
        day = local // DAY
        language, path = self.split(path)
        return Context(
            now=now,
            day=day,
            hour=local % DAY // 3600,
            weekday=weekday(day),
            path=path,
            language=language or self._language,
            **known,
        )

    def read(self, arrival: Arrival) -> Context:
        """The context of a request."""
        headers = arrival.headers
        referrer = None
        if (came := headers.get(b"referer")) is not None:
            host = urlsplit_host(came)
            if host != headers.get(b"host", b"").decode("latin-1"):
                referrer = host
        return self.at(
            arrival.now,
            arrival.path,
            device=arrival.device,
            referrer=referrer,
            **campaign(arrival.scope.get("query_string", b"")),
        )

    def queried(self, query: bytes) -> dict[str, Any]:
        """The raw values of declared attributes that stand in an address."""
        if not self._queries or not query:
            return {}
        said = dict(parse_qsl(query.decode("latin-1"), keep_blank_values=True))
        return {name: said[source] for name, source in self._queries if source in said}

    def given(self, arrival: Arrival, cookies_allowed: bool) -> dict[str, Any]:
        """The raw values of declared attributes that this request itself carries."""
        values = self.queried(arrival.scope.get("query_string", b""))
        for name, kind, source in self._given:
            if kind == "header":
                if self._from_trusted(arrival.scope):
                    key = source.lower().encode()
                    for header, value in arrival.scope["headers"]:
                        if header == key:
                            values[name] = value.decode("latin-1")
            elif kind == "cookie" and cookies_allowed:
                prefix = source.encode() + b"="
                for part in arrival.cookies.split(b";"):
                    if part.strip().startswith(prefix):
                        values[name] = part.strip()[len(prefix) :].decode("latin-1")
        return values

    def _from_trusted(self, scope: Scope) -> bool:
        client = scope.get("client")
        if not client or not self._trusted:
            return False
        try:
            address = ipaddress.ip_address(client[0])
        except ValueError:
            return False
        if address.version == 6 and address.ipv4_mapped is not None:
            address = (
                address.ipv4_mapped
            )  # a server that listens on :: says it like this
        return any(address in network for network in self._trusted)


def campaign(query: bytes) -> dict[str, str]:
    """What the utm parameters of an address say, as fields of :class:`Context`."""
    if b"utm_" not in query:
        return {}
    said = dict(parse_qsl(query.decode("latin-1")))
    return {field: said[name] for name, field in _UTM.items() if name in said}


def urlsplit_host(url: bytes) -> str | None:
    """The host and port of a URL in a header, or None if there is none or it is nonsense."""
    try:
        return urlsplit(url.decode("latin-1")).netloc or None
    except ValueError:
        return None
