"""What sales staff may see of a customer who calls: a read-only summary as JSON.

``GET /-/shopwindow/summary?customer=10017`` with ``Authorization: Bearer TOKEN`` answers, for the
shop's own id of a customer:

    {"visits": 4, "last-seen": "2026-11-20T08:00:00Z", "orders": {"count": 2, ...}, "cart": [...],
     "interests": {"category": [{"id": "rabbit", "title": "Rabbits"}]}, "viewed": [...], ...}

The token is SHOPWINDOW_SUMMARY_TOKEN; without one, the page does not exist. There is a summary only
of customers who agreed to personalization at a visit, and whose agreement can still be valid. Sensitive attributes are never in it, nor those that site.toml does not declare. Every
answer that was asked for with the token is logged, without saying about whom.
"""

import asyncio
import hmac
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from http import HTTPStatus
from time import monotonic
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs
from weakref import WeakKeyDictionary

from starlette.types import Send

from ..rules.facts import DAY, Counter, Profile
from ..rules.interests import Leanings, Traffic
from ..rules.portable import readable
from .keys import pseudonym
from .replies import Headers, reply, say
from .stores import StoreError
from .visit import Visit

if TYPE_CHECKING:
    from .site import Site
    from .window import Shopwindow

log = logging.getLogger("shopwindow")

PATH = "/-/shopwindow/summary"
VARIABLE = "SHOPWINDOW_SUMMARY_TOKEN"
SHORTEST = 24  # characters of a token: it is all that stands before the customers
AT_MOST = 60  # answers in a minute
WRONG_AT_MOST = 10  # the same to wrong tokens
MINUTE = 60.0
PATIENCE = 5.0  # seconds for the store
MOST = 5  # things of each kind


class Limit:
    """How much is still answered in this minute, by this process."""

    def __init__(self, most: int) -> None:
        self._most = self._left = most
        self._since = monotonic()

    def allows(self) -> bool:
        """Whether one more may be answered now. It counts."""
        now = monotonic()
        if now - self._since >= MINUTE:
            self._since, self._left = now, self._most
        self._left -= 1
        return self._left >= 0


class _Limits:
    """Whoever guesses tokens takes nothing away from those who have the right one."""

    def __init__(self) -> None:
        self.right, self.wrong = Limit(AT_MOST), Limit(WRONG_AT_MOST)


_limits: "WeakKeyDictionary[Shopwindow, _Limits]" = WeakKeyDictionary()


async def answer(visit: Visit, send: Send) -> None:
    """Answer a request for :data:`PATH`."""
    window = visit.window
    token = _token(window)
    if not token:
        await reply(visit, send, HTTPStatus.NOT_FOUND)
        return
    limits = _limits.setdefault(window, _Limits())
    right = _same(_told(visit), token.encode())
    if not (limits.right if right else limits.wrong).allows():
        later: Headers = [(b"retry-after", b"60")]
        await _refuse(visit, send, HTTPStatus.TOO_MANY_REQUESTS, "ask later", later)
    elif not right:
        how: Headers = [(b"www-authenticate", b"Bearer")]
        why = "send Authorization: Bearer and the token"
        await _refuse(visit, send, HTTPStatus.UNAUTHORIZED, why, how)
    elif visit.arrival.scope["method"] not in ("GET", "HEAD"):
        allowed: Headers = [(b"allow", b"GET, HEAD")]
        await _refuse(
            visit, send, HTTPStatus.METHOD_NOT_ALLOWED, "ask with GET", allowed
        )
    elif not (customer := _asked(visit)):
        why = "say of whom: ?customer=ID"
        await _refuse(visit, send, HTTPStatus.BAD_REQUEST, why)
    else:
        await _answer(visit, send, customer)


async def _answer(visit: Visit, send: Send, customer: str) -> None:
    window, now = visit.window, visit.arrival.now
    looking = asyncio.to_thread(profile_of, window, customer)
    try:
        profile = await asyncio.wait_for(looking, PATIENCE)
    except (StoreError, TimeoutError) as error:
        window.warn("summary", "a customer's summary cannot be read: %r", error)
        why = "the store does not answer now"
        await _refuse(visit, send, HTTPStatus.SERVICE_UNAVAILABLE, why)
        return
    if profile is None or not _agreed(visit.site, profile, now):
        log.info("a customer's summary was asked for: there is none")
        why = "nothing is known of this customer, or it may not be used"
        await _refuse(visit, send, HTTPStatus.NOT_FOUND, why)
        return
    log.info("a customer's summary was given")
    told = summary(visit.site, profile, now, window.traffic)
    await say(visit, send, HTTPStatus.OK, told)


async def _refuse(
    visit: Visit,
    send: Send,
    status: HTTPStatus,
    why: str,
    headers: Headers | None = None,
) -> None:
    await say(visit, send, status, {"error": why}, headers)


def _token(window: "Shopwindow") -> str:
    token = os.environ.get(VARIABLE, "").strip()
    if token and len(token) < SHORTEST:
        # Not with each request: anybody may send them.
        message = "%s needs at least %d characters: it is not used"
        window.warn("summary token", message, VARIABLE, SHORTEST)
        return ""
    return token


def _same(one: bytes, other: bytes) -> bool:
    """In a time that says nothing about either, not even how long they are."""
    return hmac.compare_digest(sha256(one).digest(), sha256(other).digest())


def _told(visit: Visit) -> bytes:
    """The token of the request, empty without exactly one."""
    found: list[bytes] = [
        value
        for name, value in visit.arrival.scope["headers"]
        if name.lower() == b"authorization"
    ]
    if len(found) != 1:
        return b""
    scheme, _, token = found[0].partition(b" ")
    return token.strip() if scheme.lower() == b"bearer" else b""


def _asked(visit: Visit) -> str:
    query: bytes = visit.arrival.scope.get("query_string", b"")
    try:
        asked = parse_qs(query.decode("latin-1"), max_num_fields=10)
    except ValueError:
        return ""
    customers = asked.get("customer", [])
    return customers[0] if len(customers) == 1 else ""


def profile_of(window: "Shopwindow", customer: str) -> Profile | None:
    """Asks the store; on a thread of its own, as it may take its time."""
    keeper = window.store.keeper(window.site.context.day)
    try:
        for key in reversed(window.keys):  # the oldest one names customers
            profile, _ = keeper.everything(pseudonym((key,), customer))
            if profile is not None:
                return profile
    finally:
        keeper.close()
    return None


def _agreed(site: "Site", profile: Profile, now: float) -> bool:
    """Whether an agreement can still be valid: it was given at the last visit at the latest.

    Who is only known from an import has never been asked.
    """
    last = max(profile.visit_starts, default=0)
    return last + site.settings.consent_days * DAY > now


# -- what it says --------------------------------------------------------------------------


def summary(
    site: "Site", profile: Profile, now: float, traffic: Traffic
) -> dict[str, Any]:
    """What ``profile`` says to somebody who serves the customer, in the shop's words."""

    def things(kind: str, ids: Sequence[str]) -> list[dict[str, str]]:
        return [{"id": id, "title": _title(site, kind, id)} for id in ids]

    counts = profile.counts
    viewed = counts.get("viewed product", {})
    searched = counts.get("searched query", {})
    return {
        "visits": profile.visits,
        "first-seen": readable(profile.first_seen),
        "last-seen": readable(profile.last_seen),
        "orders": {
            "count": profile.orders,
            "value": profile.order_value,
            "currency": site.settings.currency,
            "last": readable(profile.last_order),
        },
        "cart": [
            thing | {"quantity": profile.cart[thing["id"]]}
            for thing in things("product", list(profile.cart))
        ],
        "interests": {
            kind: things(kind, liked)
            for kind in sorted({*profile.interests, *profile.answers})
            if (liked := _liked(Leanings(profile, kind, now, traffic)))
        },
        "viewed": things("product", _latest(viewed)),
        "searched": _latest(searched),
        "attributes": dict(_attributes(site, profile)),
    }


def _title(site: "Site", kind: str, id: str) -> str:
    item = site.catalog.item(kind, id)
    return id if item is None else item.title


def _liked(leanings: Leanings) -> list[str]:
    """What the visitor turns to more than others do; what they said goes before what they did."""
    found = {key: leanings.affinity(key) for key in leanings.keys}
    liked = [key for key, affinity in found.items() if affinity > 0.0]
    return sorted(liked, key=lambda key: -found[key])[:MOST]


def _latest(table: Mapping[str, Counter]) -> list[str]:
    return sorted(table, key=lambda key: -table[key].last)[:MOST]


def _attributes(site: "Site", profile: Profile) -> Iterator[tuple[str, Any]]:
    for name, declared in site.settings.attributes.items():
        if name in profile.attributes and not declared.sensitive:
            yield name, profile.attributes[name]
