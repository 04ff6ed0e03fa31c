"""Services that many shops have: how they are asked, so that site.toml need not say it."""

import base64
from collections.abc import Callable, Mapping
from typing import NamedTuple
from urllib.parse import urlencode

import msgspec

from ..outside import from_environment
from ..toml import Section

UNOMI, SEGMENT = "unomi", "segment"
LIMIT = 200  # traits of one answer; the Profile API gives ten of them unasked


class Asking(NamedTuple):
    """How a customer is asked about; ``{customer}`` in ``url`` and ``body`` stands for the id.

    ``prefix`` begins the paths of ``map`` that are written as a bare name.
    """

    url: str
    header: Mapping[str, str]
    method: str = "GET"
    body: str = ""
    prefix: str = "$."


Preset = Callable[[str, Section, Mapping[str, str], Mapping[str, str]], Asking]


def _unomi(
    url: str,
    section: Section,
    header: Mapping[str, str],
    environment: Mapping[str, str],
) -> Asking:
    """Apache Unomi: ``POST /cxs/context.json`` with the profile's id, which is the customer's.

    The session is one of our own for each customer. Unomi sets a cookie with every answer,
    which is not kept.
    """
    key = from_environment(section, "key", section.text("key"), environment)
    scope = section.text("scope", "shopwindow")
    names = [_named(str(path), "profileProperties") for path in _map(section).values()]
    wanted = sorted({name for name in names if name})
    segments = any("profileSegments" in str(path) for path in _map(section).values())
    body = {
        "source": {"itemId": scope, "itemType": "site", "scope": scope},
        "profileId": "{customer}",
        "sessionId": "shopwindow-{customer}",
        "requiredProfileProperties": wanted,
        "requireSegments": segments,
    }
    session = urlencode({"sessionId": "shopwindow-"}) + "{customer}"
    return Asking(
        f"{url.rstrip('/')}/cxs/context.json?{session}" if url else "",
        {**header, "Content-Type": "application/json"}
        | ({"X-Unomi-Api-Key": key} if key else {}),
        "POST",
        msgspec.json.encode(body).decode(),
        "$.profileProperties.",
    )


def _segment(
    url: str,
    section: Section,
    header: Mapping[str, str],
    environment: Mapping[str, str],
) -> Asking:
    """Segment's Profile API: the traits that ``map`` wants, with the token as Basic user."""
    token = from_environment(section, "key", section.text("key"), environment)
    space = section.text("space")
    identifier = section.text("identifier", "user_id")
    if not space:
        section.wrong("space", 'the preset "segment" needs the id of a space')
    base = (url or "https://profiles.segment.com").rstrip("/")
    names = sorted(
        {n for path in _map(section).values() if (n := _named(str(path), "traits"))}
    )
    query = urlencode(
        {"limit": str(LIMIT)} | ({"include": ",".join(names)} if names else {})
    )
    basic = base64.b64encode(f"{token}:".encode()).decode()
    return Asking(
        f"{base}/v1/spaces/{space}/collections/users/profiles/{identifier}:{{customer}}"
        f"/traits?{query}",
        {**header, "Authorization": f"Basic {basic}"},
        prefix="$.traits.",
    )


def _map(section: Section) -> Mapping[str, object]:
    return section.table("map").data


def _named(path: str, inside: str) -> str:
    """The property that a path wants: its own name, or what follows ``$.inside.``."""
    if not path.startswith("$"):
        return path
    rest = path.removeprefix(f"$.{inside}.")
    return "" if rest == path else rest.partition(".")[0].partition("[")[0]


PRESETS: Mapping[str, Preset] = {UNOMI: _unomi, SEGMENT: _segment}
