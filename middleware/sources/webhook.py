"""What a CRM tells of a customer as soon as it knows it: ``POST /-/shopwindow/webhook/NAME``.

The body is JSON, signed as :mod:`.signature` says; ``[webhooks.NAME]`` of site.toml says where in
it the customer and the attributes stand. The answer is 204 once it is stored, and not before: a
sender who gets another one sends it again.
"""

import asyncio
import logging
from collections import Counter as Tally
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import msgspec
from starlette.types import Receive, Send

from ...rules.typed import Attribute
from ..replies import Headers, reply
from ..stores import StoreError
from ..visit import Visit
from .customers import Customers
from .paths import at, read_path
from .signature import WINDOW, Seen, genuine, key_of, read_message
from .tables import WebhookSettings
from .values import fitting

if TYPE_CHECKING:
    from ..window import Shopwindow

log = logging.getLogger("shopwindow")

PREFIX = "/-/shopwindow/webhook/"
LARGEST = 65_536  # bytes of a message
PATIENCE = 5.0  # seconds for a body to come, and for the store
AT_ONCE = 50  # messages that are being taken in
CUSTOMER_LONGEST = 200  # characters of a customer's id

_HEADERS = (b"webhook-id", b"webhook-timestamp", b"webhook-signature")


class _Desk:
    """What is remembered about one window's messages; ``refused`` counts them by reason."""

    def __init__(self) -> None:
        self.seen = Seen()
        self.busy = 0
        self.refused: Tally[str] = Tally()
        self.ill_typed: Tally[str] = Tally()


class _Refusal(Exception):
    """``why`` is for the sender: it says what to change, and nothing of ours."""

    def __init__(self, status: HTTPStatus, why: str, headers: Headers | None = None):
        super().__init__(why)
        self.status, self.why, self.headers = status, why, headers


_desks: "WeakKeyDictionary[Shopwindow, _Desk]" = WeakKeyDictionary()


async def answer(visit: Visit, receive: Receive, send: Send) -> None:
    """Answer a request below :data:`PREFIX`."""
    window = visit.window
    desk = _desks.setdefault(window, _Desk())
    status, headers, body = HTTPStatus.NO_CONTENT, None, b""
    if desk.busy >= AT_ONCE:
        desk.refused["busy"] += 1
        later: Headers = [(b"retry-after", b"1")]
        await reply(visit, send, HTTPStatus.SERVICE_UNAVAILABLE, later)
        return
    desk.busy += 1
    try:
        await _take(visit, receive, desk)
    except _Refusal as refusal:
        desk.refused[refusal.why] += 1
        status, headers = refusal.status, refusal.headers
        body = f"{status.value} {refusal.why}\n".encode()
        words = "a message to a webhook was refused: %s"
        window.warn(f"webhook {refusal.why}", words, refusal.why)
    finally:
        desk.busy -= 1
    await reply(visit, send, status, headers, body)


async def _take(visit: Visit, receive: Receive, desk: _Desk) -> None:
    name = visit.arrival.path.removeprefix(PREFIX)
    settings = visit.site.settings.webhooks.get(name)
    keys = [] if settings is None else _keys(settings, visit.window)
    if settings is None or not keys:
        raise _Refusal(HTTPStatus.NOT_FOUND, "there is no such webhook")
    if visit.arrival.scope["method"] != "POST":
        allowed: Headers = [(b"allow", b"POST")]
        raise _Refusal(HTTPStatus.METHOD_NOT_ALLOWED, "send it with POST", allowed)
    headers = dict(visit.arrival.scope["headers"])
    message = read_message(*(headers.get(header, b"") for header in _HEADERS))
    if message is None:
        why = "webhook-id, webhook-timestamp and webhook-signature are needed"
        raise _Refusal(HTTPStatus.BAD_REQUEST, why)
    body = await _body(receive, headers.get(b"content-length", b""))
    if not genuine(message, body, keys):
        raise _Refusal(HTTPStatus.UNAUTHORIZED, "the signature is not right")
    now = visit.arrival.now
    if abs(now - message.time) > WINDOW:
        why = "webhook-timestamp is too far from now"
        raise _Refusal(HTTPStatus.BAD_REQUEST, why)
    id = f"{name} {message.id}"
    if id in desk.seen:
        return  # it is stored: whoever sends it once more did not hear so
    customer, values = _read(settings, body, desk)
    if values:
        # What it says was so when it was sent, but nobody can know what is to come.
        time = min(float(message.time), now)
        await _store(visit, f"webhook:{name}", customer, values, time)
    desk.seen.add(id, now)


async def _body(receive: Receive, length: bytes) -> bytes:
    too_large = _Refusal(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a message has at most {LARGEST} bytes"
    )
    if length.isdigit() and (len(length) > 9 or int(length) > LARGEST):
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(PATIENCE):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise _Refusal(HTTPStatus.BAD_REQUEST, "the body ended early")
                body += message.get("body", b"")
                if len(body) > LARGEST:
                    raise too_large
                if not message.get("more_body", False):
                    return bytes(body)
    except TimeoutError:
        why = "the body took too long"
        raise _Refusal(HTTPStatus.REQUEST_TIMEOUT, why) from None


def _read(
    settings: WebhookSettings, body: bytes, desk: _Desk
) -> tuple[str, dict[str, Any]]:
    """The customer, and what is told of them."""
    try:
        said = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise _Refusal(HTTPStatus.BAD_REQUEST, "the body is no JSON") from None
    customer = at(said, read_path(settings.customer) or ())
    if isinstance(customer, int) and not isinstance(customer, bool):
        customer = str(customer) if abs(customer) < 10**18 else ""
    if not isinstance(customer, str) or not 0 < len(customer) <= CUSTOMER_LONGEST:
        why = f"{settings.customer} names no customer"
        raise _Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, why)
    missing = object()
    taken_back: dict[str, Any] = {}
    raw: dict[str, Any] = {}
    for name, written in settings.map.items():
        path = read_path(written) or ()
        value = at(said, path)
        if value is not None:
            raw[name] = value
        elif _is_null(said, path, missing):
            taken_back[name] = None

    def wrong(attribute: Attribute) -> None:
        desk.ill_typed[attribute.name] += 1
        if desk.ill_typed[attribute.name] == 1:
            log.warning(
                'webhook %s: "%s" came as no %s; it is left as it was',
                settings.name,
                attribute.name,
                attribute.type,
            )

    return customer, fitting(raw, settings.attributes, wrong) | taken_back


def _is_null(said: Any, path: Any, missing: object) -> bool:
    """Whether ``null`` stands there, and not nothing: that takes an attribute back."""
    within = at(said, path[:-1]) if len(path) > 1 else said
    return isinstance(within, dict) and within.get(path[-1], missing) is None


async def _store(
    visit: Visit, source: str, customer: str, values: dict[str, Any], time: float
) -> None:
    window = visit.window
    customers = Customers(visit.site, window.keys, source)
    owner = customers.owner(customer)
    events = (
        customers.introduction(owner, time),
        customers.attributes(owner, values, time),
    )
    receipts = [window.journal.note(event) for event in events]
    try:
        async with asyncio.timeout(PATIENCE):
            for receipt in receipts:
                await receipt.stored
    except (StoreError, TimeoutError):
        later: Headers = [(b"retry-after", b"10")]
        why = "it cannot be stored now, send it again"
        raise _Refusal(HTTPStatus.SERVICE_UNAVAILABLE, why, later) from None


def _keys(settings: WebhookSettings, window: "Shopwindow") -> list[bytes]:
    """The keys of its secrets; one that is none is said, and counts for nothing."""
    keys = []
    for secret in settings.secrets:
        try:
            keys.append(key_of(secret))
        except ValueError as error:
            words = "webhook %s: %s; that secret counts for nothing"
            window.warn(f"webhook {settings.name}", words, settings.name, error)
    return keys
