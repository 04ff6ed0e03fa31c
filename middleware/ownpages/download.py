"""Everything that is kept about the visitor, as one file."""

from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import msgspec
from starlette.types import Receive, Send

from ...rules.facts import Event, Profile
from ..replies import JSON, reply
from ..visit import Visit
from . import problems, records
from .sheets import attachment, private, show

METHODS = ("GET", "HEAD")


async def answer(visit: Visit, receive: Receive, send: Send) -> None:
    try:
        profile = await records.known(visit)
        events = await records.events(visit)
    except records.Late:
        await show(visit, send, problems.late(visit, "download"))
        return
    body = msgspec.json.format(msgspec.json.encode(everything(visit, profile, events)))
    shop = visit.site.settings.name
    today = datetime.fromtimestamp(visit.arrival.now, UTC).date().isoformat()
    headers = private([attachment(f"{shop}-{today}.json")])
    await reply(visit, send, HTTPStatus.OK, headers, body, JSON)


def everything(
    visit: Visit, profile: Profile | None, events: list[Event]
) -> dict[str, Any]:
    """All there is: what the cookie says, the profile with every field by its name, the log."""
    visitor = visit.visitor
    made = datetime.fromtimestamp(visit.arrival.now, UTC)
    return {
        "shop": visit.site.settings.name,
        "made": made.isoformat(timespec="seconds"),
        "about": "Times are in seconds since 1970-01-01 (UTC), days are counted from there.",
        "consent": {
            "state": visit.consent.state,
            "purposes": sorted(visit.consent.purposes),
            "given": visitor.granted_at if visitor is not None else None,
        },
        "cookie": None
        if visitor is None
        else {"id": visitor.id, "issued": visitor.issued},
        "profile": None if profile is None else plain(profile),
        "events": [plain(event) for event in events],
    }


def plain(value: Any) -> Any:
    """``value`` with every field by its name, so that nobody has to know their order."""
    if isinstance(value, msgspec.Struct):
        return {
            field: plain(getattr(value, field)) for field in value.__struct_fields__
        }
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(inner) for inner in value]
    return value.hex() if isinstance(value, bytes) else value
