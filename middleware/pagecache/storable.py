"""Whether an answer may be kept for others, and how long: RFC 9111, RFC 9213 and RFC 5861.

Where these leave a choice, the stricter one is taken: ``private``, ``no-store`` and ``no-cache``
count in whichever field they stand, though a targeted field could overrule Cache-Control.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from email.utils import parsedate_to_datetime
from typing import NamedTuple

Headers = Iterable[tuple[bytes, bytes]]

LONGEST = 31_536_000  # seconds; more than a year is a year
TARGETED = (b"surrogate-control", b"cdn-cache-control")  # the first one counts
_FORBIDDING = ("no-store", "no-cache", "private")
_UNSTALE = ("must-revalidate", "proxy-revalidate", "s-maxage")
# A part of a list: a name, and its value in quotation marks or without.
_DIRECTIVE = re.compile(
    r"""\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?:\s*=\s*("(?:[^"\\]|\\.)*"|[^,;"]*))?[^,]*(?:,|\Z)"""
)
_SECONDS = re.compile(r"\d+\Z", re.ASCII)

# Fields that belong to one connection: RFC 9111, 3.1, and RFC 9110, 7.6.1.
_OF_THE_CONNECTION = frozenset(
    (
        b"connection", b"keep-alive", b"proxy-connection", b"te", b"transfer-encoding",
        b"upgrade", b"trailer", b"proxy-authenticate", b"proxy-authentication-info",
        b"proxy-authorization",
    )
)  # fmt: skip

# Hidden fields and meta elements whose value is one visitor's.
_TOKEN = re.compile(
    rb"""\bname\s*=\s*["']?(?:csrfmiddlewaretoken|csrf[_-]?token|_csrf(?:[_-]?token)?|csrf"""
    rb"""|authenticity_token|__requestverificationtoken|_token|xsrf[_-]?token|_xsrf"""
    rb"""|form_build_id|_wpnonce|nonce)["'\s/>]""",
    re.IGNORECASE,
)


class Lifetime(NamedTuple):
    """Seconds, from the moment the answer came: fresh, and how much longer it may be used.

    ``stale``: while another one is being fetched; ``error``: because fetching fails.
    """

    fresh: float
    stale: float = 0.0
    error: float = 0.0


class Unstorable(Exception):
    """The answer must not be kept; says why, to go on with "it"."""


class NotAsked(Unstorable):
    """Nobody asked for the answer to be kept."""


def directives(headers: Headers, field: bytes) -> dict[str, str]:
    """The directives of a field in lower case, their values without quotation marks.

    Of those that are there twice, numbers count the smaller one.
    """
    text = ",".join(
        value.decode("latin-1") for name, value in headers if name.lower() == field
    )
    found: dict[str, str] = {}
    for name, value in _DIRECTIVE.findall(text):
        name, value = name.lower(), value.strip()
        if len(value) > 1 and value[0] == value[-1] == '"':
            value = value[1:-1]
        if name in found and seconds(found[name]) <= seconds(value):
            continue
        found[name] = value
    return found


def wanted(headers: Sequence[tuple[bytes, bytes]]) -> bool:
    """Whether an answer asks caches like us to keep it."""
    if not any(name.lower() in TARGETED for name, _ in headers):
        return False
    for field in TARGETED:
        said = directives(headers, field)
        if said:
            return seconds(said.get("max-age", "").partition("+")[0]) > 0
    return False


def seconds(value: str) -> int:
    """What a delta-seconds says; what is none says 0: better too short than too long."""
    if not _SECONDS.match(value):
        return 0
    return min(int(value[:12]), LONGEST)


def lifetime(headers: Headers, given: Lifetime | None, now: float) -> Lifetime:
    """How long an answer with status 200 may be kept.

    ``given`` is what the shop's own code says of its path, None if nothing; the answer's
    own directives come first, except that Cache-Control and Expires alone ask for nothing:
    they can only shorten it. Raises :class:`Unstorable`.
    """
    headers = list(headers)
    targeted: dict[str, str] = {}
    for field in (*TARGETED, b"cache-control"):
        said = directives(headers, field)
        for word in _FORBIDDING:
            if word in said:
                raise Unstorable(f"says {word} ({field.decode()})")
        if "max-age" in said and not targeted and field in TARGETED:
            targeted = said
    general = directives(headers, b"cache-control")
    if not general and "no-cache" in directives(headers, b"pragma"):
        raise Unstorable("says no-cache (pragma)")
    if targeted:
        # Of Surrogate-Control, 60+10 are 60 seconds and 10 more as a stale one.
        main, _, more = targeted["max-age"].partition("+")
        fresh, stale = float(seconds(main)), float(seconds(more))
        said = targeted
    elif given is not None:
        fresh, stale = given.fresh, 0.0
        limit = _limit(headers, general, now)
        if limit is not None:
            fresh = min(fresh, limit)
        said = general
    else:
        raise NotAsked("is not meant to be kept")
    fresh -= age(headers, now)
    if fresh <= 0:
        raise Unstorable("is stale already")
    if any(word in said or word in general for word in _UNSTALE):
        return Lifetime(fresh)
    usual = given or Lifetime(0)
    return Lifetime(
        fresh,
        _named(said, "stale-while-revalidate", stale or usual.stale),
        _named(said, "stale-if-error", usual.error),
    )


def _named(said: Mapping[str, str], name: str, usual: float) -> float:
    return float(seconds(said[name])) if name in said else usual


def _limit(headers: Headers, general: Mapping[str, str], now: float) -> float | None:
    for name in ("s-maxage", "max-age"):
        if name in general:
            return float(seconds(general[name]))
    expires = [value for name, value in headers if name.lower() == b"expires"]
    if not expires:
        return None
    # A date that cannot be read means that it is over (RFC 9111, 5.3).
    moments = [_date(value) for value in expires]
    dated = [_date(value) for name, value in headers if name.lower() == b"date"]
    since = next((moment for moment in dated if moment is not None), now)
    return max(
        0.0, min(0.0 if moment is None else moment - since for moment in moments)
    )


def age(headers: Headers, now: float) -> float:
    """How old an answer is that comes now: RFC 9111, 4.2.3, without a delay of its own."""
    oldest = 0.0
    for name, value in headers:
        lower = name.lower()
        if lower == b"age":
            oldest = max(oldest, float(seconds(value.decode("latin-1").strip())))
        elif lower == b"date" and (moment := _date(value)) is not None:
            oldest = max(oldest, now - moment)
    return oldest


def _date(value: bytes) -> float | None:
    try:
        return parsedate_to_datetime(value.decode("latin-1")).timestamp()
    except (ValueError, OverflowError):
        return None


def varying(headers: Headers) -> tuple[bytes, ...]:
    """The request headers that the answer depends on, in lower case.

    Not Cookie: no cookie reaches the app with a request whose answer is kept. Raises
    :class:`Unstorable` for ``*``.
    """
    names = {
        part.strip().lower()
        for name, value in headers
        if name.lower() == b"vary"
        for part in value.split(b",")
    }
    if b"*" in names:
        raise Unstorable("depends on everything (vary)")
    return tuple(sorted(names - {b"", b"cookie"}))


def look(status: int, headers: Headers) -> None:
    """What the start of an answer says against keeping it, whoever asks for it.

    Raises :class:`Unstorable`.
    """
    if status != 200:
        raise Unstorable(f"has the status {status}")
    for name, value in headers:
        lower = name.lower()
        if lower == b"set-cookie":
            raise Unstorable("sets a cookie")
        if lower == b"content-encoding":
            if value.strip().lower() not in (b"", b"identity"):
                raise Unstorable(
                    "is compressed: mount shopwindow inside the compressor"
                )
        elif lower == b"content-range":
            raise Unstorable("is a part of a page")
        elif lower.startswith(b"content-security-policy") and b"'nonce-" in value:
            raise Unstorable("has a nonce, which is for one answer")


def look_at_page(page: bytes) -> None:
    """What the page itself says against keeping it. Raises :class:`Unstorable`."""
    if _TOKEN.search(page) is not None:
        raise Unstorable("has a form with a token that belongs to one visitor")


def kept_headers(headers: Headers) -> list[tuple[bytes, bytes]]:
    """Without those that are of one connection or that we write ourselves."""
    headers = list(headers)
    named = {
        part.strip().lower()
        for name, value in headers
        if name.lower() == b"connection"
        for part in value.split(b",")
    }
    gone = _OF_THE_CONNECTION | named | {b"age"}
    return [(name, value) for name, value in headers if name.lower() not in gone]
