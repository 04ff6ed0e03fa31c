"""What the answer to a request depends on, as far as a cache is concerned: RFC 9111, 2 and 4."""

import re
from collections.abc import Iterable
from typing import Any, NamedTuple
from urllib.parse import unquote, urljoin, urlsplit

from starlette.types import Scope

from ..context import Arrival
from ..previews import PARAMETER
from ..routes import excluded
from ..visit import Visit
from . import PageCache

Values = tuple[bytes | None, ...]

LONGEST = 4_096  # bytes of an address: more is no page of a shop, but a way to fill the memory

# Whoever sends one of these wants an answer of their own. By the last ones scripts ask for a part
# of a page, often without a Vary; browsers that open a page send none of them.
_OWN = frozenset(
    (
        b"authorization", b"proxy-authorization", b"transfer-encoding",
        b"x-http-method-override", b"x-method-override", b"x-http-method",
        b"x-requested-with", b"hx-request", b"hx-boosted", b"hx-target", b"turbo-frame", b"x-pjax",
        b"x-inertia", b"x-up-version", b"x-up-target", b"x-up-mode", b"x-alpine-request", b"rsc",
    )
)  # fmt: skip
# Proxies that have somebody log in say in these who it is, and apps ask for no cookie then.
_WHO = frozenset(
    (
        b"remote-user", b"x-remote-user", b"x-forwarded-user", b"x-forwarded-email",
        b"x-forwarded-preferred-username", b"x-forwarded-access-token", b"x-auth-request-user",
        b"x-auth-request-email", b"x-auth-request-access-token", b"x-authenticated-user",
        b"x-webauth-user", b"x-user", b"x-user-id", b"x-api-key", b"x-auth-token",
        b"x-access-token", b"x-amzn-oidc-data", b"x-amzn-oidc-identity",
        b"x-amzn-oidc-accesstoken", b"cf-access-jwt-assertion",
        b"cf-access-authenticated-user-email", b"x-goog-iap-jwt-assertion",
        b"x-goog-authenticated-user-email", b"x-goog-authenticated-user-id",
        b"x-ms-client-principal", b"x-ms-client-principal-id", b"x-ms-client-principal-name",
        b"x-ms-token-aad-id-token", b"x-client-cert", b"x-forwarded-client-cert", b"x-ssl-cert",
        b"x-ssl-client-cert", b"x-ssl-client-s-dn", b"ssl-client-cert", b"client-cert",
    )
)  # fmt: skip
# What apps make addresses of, though no Vary says so: else somebody could put theirs on a page
# that others get. Not for whom a proxy asks: that would make a page for each of them.
_ADDRESSING = frozenset(
    (
        b"x-forwarded-host", b"x-forwarded-proto", b"x-forwarded-port", b"x-forwarded-prefix",
        b"x-forwarded-scheme", b"x-forwarded-server", b"x-forwarded-ssl", b"x-forwarded-path",
        b"x-forwarded-uri", b"x-original-host", b"x-original-url", b"x-rewrite-url", b"x-host",
        b"x-http-host-override", b"x-script-name", b"front-end-https", b"x-url-scheme",
        b"x-forwarded-protocol", b"x-forwarded-host-original", b"x-original-proto",
        b"x-original-uri", b"x-real-host", b"cf-visitor", b"cloudfront-forwarded-proto",
        b"x-envoy-original-path", b"x-forwarded-base-path", b"forwarded",
    )
)  # fmt: skip
# Parts of Forwarded: RFC 7239, 5. None has a semicolon, in whatever quotes: apps may split there.
_WHOM = re.compile(rb"\b(?:for|by)\s*=[^;,]*;?\s*", re.IGNORECASE)
_PERSONAL = _OWN | _WHO
_SAID = _PERSONAL | _ADDRESSING | {b"content-length", b"cache-control"}


class Address(NamedTuple):
    """What the answer to a GET depends on, whatever Vary says."""

    scheme: str
    host: Any  # bytes, or where the server listens if the request names no host
    root: str
    path: str
    raw: bytes
    query: bytes
    said: tuple[tuple[bytes, bytes], ...]

    @property
    def size(self) -> int:
        """The bytes that it takes, about."""
        size = len(self.root) + len(self.path) + len(self.raw) + len(self.query)
        return len(self.host or b"") + size + sum(len(n) + len(v) for n, v in self.said)


def cacheable(visit: Visit, cache: PageCache) -> Address | None:
    """What the answer depends on; None: on more than many visitors have in common."""
    arrival = visit.arrival
    scope = arrival.scope
    if not arrival.navigation or visit.guise is not None:
        return None
    query: bytes = scope.get("query_string", b"")
    if PARAMETER in query or excluded(arrival.path, visit.site):
        return None
    # Somebody outside of us knows who it is.
    if scope.get("session") or getattr(scope.get("user"), "is_authenticated", False):
        return None
    said: list[tuple[bytes, bytes]] = []
    for name, value in scope["headers"]:
        if name in _SAID:
            if name in _PERSONAL:
                return None
            if name == b"content-length":
                if value.strip() != b"0":
                    return None  # with a body that no address tells
            elif name == b"cache-control":
                if b"no-store" in value.lower():
                    return None
            else:
                said.append(_addressing(name, value))
        elif b"_" in name:
            return None  # apps may take it for the header with hyphens
    if arrival.cookies and not _ours(visit, cache):
        return None
    address = _address(scope, arrival, query, tuple(said))
    return address if address.size <= LONGEST else None


def _ours(visit: Visit, cache: PageCache) -> bool:
    """Whether no cookie of the request can concern the app."""
    arrival, window = visit.arrival, visit.window
    own = (window.cookie.name(arrival.secure), window.refusal.name(arrival.secure))
    for part in arrival.cookies.split(b";"):
        part = part.removeprefix(b" ")
        if part and not part.startswith(own):
            name, equals, _ = part.partition(b"=")
            if not equals or not cache.ignores(name):
                return False
    return True


def _addressing(name: bytes, value: bytes) -> tuple[bytes, bytes]:
    """What a header says of the address, and not of who asks and through whom."""
    return name, _WHOM.sub(b"", value) if name == b"forwarded" else value


def _address(
    scope: Scope,
    arrival: Arrival,
    query: bytes,
    said: tuple[tuple[bytes, bytes], ...],
) -> Address:
    return Address(
        scope.get("scheme", "http"),
        arrival.headers.get(b"host") or scope.get("server"),
        scope.get("root_path", ""),
        scope["path"],
        scope.get("raw_path") or b"",
        query,
        said,
    )


def values_of(scope: Scope, names: tuple[bytes, ...]) -> Values:
    """What a request says in the headers ``names``; None: nothing."""
    if not names:
        return ()
    said: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        if name in names:
            value = value.strip()
            said[name] = said[name] + b", " + value if name in said else value
    return tuple(said.get(name) for name in names)


def changed(
    scope: Scope, arrival: Arrival, headers: Iterable[tuple[bytes, bytes]]
) -> list[Address]:
    """The addresses of this host whose pages an answer says may be others now."""
    said = tuple(
        _addressing(name, value)
        for name, value in scope["headers"]
        if name in _ADDRESSING
    )
    own = _address(scope, arrival, scope.get("query_string", b""), said)
    found = [own]
    host = arrival.headers.get(b"host", b"").decode("latin-1")
    for name, value in headers:
        if name.lower() in (b"location", b"content-location"):
            base = f"{own.scheme}://{host}{scope['path']}"
            url = urlsplit(urljoin(base, value.decode("latin-1")))
            if (url.scheme, url.netloc) == (own.scheme, host):
                path, query = url.path or "/", url.query.encode("latin-1")
                raw = path.encode("latin-1") if own.raw else b""
                found.append(own._replace(path=unquote(path), raw=raw, query=query))
    return found
