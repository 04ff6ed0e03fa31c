"""Alerts, sent to a webhook: each once, until it is over.

The message is a POST with JSON: ``{"site", "time", "alerts": [{"code", "kind", "name", "words",
"since", "state"}]}``, ``state`` being ``raised`` or ``cleared``. It has the headers of Standard
Webhooks; ``webhook-signature`` is there if SHOPWINDOW_ALERTS_SECRET is set, one or more secrets
with commas between. The same message sent again has the same ``webhook-id``.

What was sent is kept in a file beside site.toml. An alert that goes on is not sent again; one
that is over is sent once more, as cleared, and is new if it comes back. Nothing is kept of a
message that did not arrive: the next run sends it. Where the file cannot be written, alerts are
sent by each run, rather than by none.
"""

import asyncio
import logging
import os
import time
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from pathlib import Path

import msgspec

from ...rules.reporting.notices import Alert
from ..remote.outgoing import Outgoing, told
from ..settings import Settings
from ..sources.signature import key_of, sign

log = logging.getLogger("shopwindow")

FILE = "alerts.json"
SECRET = "SHOPWINDOW_ALERTS_SECRET"
SECONDS = 10.0  # that one try may take
PAUSES = (1.0, 4.0)  # before the second and the third try
LARGEST = 65_536  # bytes of an answer, of which nothing is read
_LATER = frozenset({408, 425, 429})


class Known(msgspec.Struct, frozen=True):
    """An alert that was sent: what it said, and since when it stands."""

    alert: Alert
    since: float


class Told(msgspec.Struct, frozen=True, omit_defaults=False):
    """An alert as the message tells it; ``since`` in seconds since 1970."""

    code: str
    kind: str
    name: str
    words: str
    since: float
    state: str


class Message(msgspec.Struct, frozen=True):
    """The body of a message."""

    site: str
    time: float
    alerts: list[Told]


class Unsent(Exception):
    """A message did not arrive; says why."""


def notify(
    settings: Settings,
    alerts: Iterable[Alert],
    now: float,
    environment: Mapping[str, str] = os.environ,
) -> str:
    """Send what is new among ``alerts``, and what is over; why it could not be, else "".

    Never raises. Without a webhook nothing is sent, and nothing kept. Call it with the alerts of
    the whole site: one that is not among them is over.
    """
    url = settings.experiments.webhook
    if not url:
        return ""
    place = settings.folder / FILE
    known = _read(place)
    standing = {
        alert.key: Known(alert, known[alert.key].since if alert.key in known else now)
        for alert in alerts
    }
    news = [
        *(_told(one, "raised") for key, one in standing.items() if key not in known),
        *(_told(one, "cleared") for key, one in known.items() if key not in standing),
    ]
    if not news:
        return ""
    try:
        keys = _keys(environment)
        _send(url, settings, keys, Message(settings.name, now, news), now)
        _write(place, standing)
    except Unsent as error:
        return f"the alerts' webhook was not told: {error}"
    except OSError as error:
        return f"{place} cannot be written ({error.strerror}): alerts are sent again by each run"
    return ""


def _told(known: Known, state: str) -> Told:
    alert = known.alert
    return Told(alert.code, alert.kind, alert.name, alert.words, known.since, state)


def _keys(environment: Mapping[str, str]) -> list[bytes]:
    secrets = environment.get(SECRET, "").replace(",", " ").split()
    try:
        return [key_of(secret) for secret in secrets]
    except ValueError as error:
        raise Unsent(f"{SECRET}: {error}") from None


def _send(
    url: str, settings: Settings, keys: list[bytes], message: Message, now: float
) -> None:
    """Raises :class:`Unsent` after three tries; at once for what will not change by waiting."""
    server = Outgoing(url, settings.allowed_hosts)
    if not server.allowed:
        raise Unsent(server.refusal)
    body = msgspec.json.encode(message)
    # Of what it says, so that a receiver knows a message that it has had already.
    named = msgspec.json.encode([settings.name, message.alerts])
    id = f"alerts_{blake2b(named, digest_size=16).hexdigest()}"
    asyncio.run(_tried(server, url, keys, id, body))


async def _tried(
    server: Outgoing, url: str, keys: list[bytes], id: str, body: bytes
) -> None:
    try:
        for pause in (*PAUSES, None):
            why, again = await _once(server, url, keys, id, body)
            if not why:
                return
            if pause is None or not again:
                raise Unsent(why)
            await asyncio.sleep(pause)
    finally:
        await server.close()


async def _once(
    server: Outgoing, url: str, keys: list[bytes], id: str, body: bytes
) -> tuple[str, bool]:
    """Why it did not arrive, empty if it did, and whether another try may help."""
    moment = int(time.time())  # of this try: receivers refuse what is old
    header = {
        "content-type": "application/json",
        "webhook-id": id,
        "webhook-timestamp": str(moment),
    }
    if keys:
        signatures = (sign(key, id, moment, body) for key in keys)
        header["webhook-signature"] = " ".join(signatures)
    try:
        answer = await server.ask(
            "POST", url, header, body, most=LARGEST, seconds=SECONDS
        )
    except Exception as error:
        # The server may answer anything; and why the client did not get there is its own to
        # know. A message to somebody else must not end what it is about.
        kind = type(error).__name__
        lasting = kind in ("Forbidden", "TooLarge", "Packed")
        arrived = kind in ("TooLarge", "Packed")  # only with status 200
        return ("", False) if arrived else (told(error), not lasting)
    if 200 <= answer.status < 300:
        return "", False
    again = answer.status >= 500 or answer.status in _LATER
    return f"it answered with status {answer.status}", again


def _read(place: Path) -> dict[str, Known]:
    try:
        return msgspec.json.decode(place.read_bytes(), type=dict[str, Known])
    except FileNotFoundError:
        return {}
    # A text in it that is no UTF-8 is another kind of error.
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        log.warning(
            "%s cannot be read, so that alerts are sent again: %s", place, error
        )
        return {}


def _write(place: Path, standing: Mapping[str, Known]) -> None:
    beside = place.with_name(f"{place.name}.new")
    beside.write_bytes(msgspec.json.encode(standing))
    beside.replace(place)
