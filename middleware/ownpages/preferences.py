"""The preference centre: more, less or never of a thing, and what visitors say of themselves."""

from collections.abc import Iterable, Iterator, Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from starlette.types import Receive, Send

from ...rules.answers import wish
from ...rules.facts import ANSWERS, Profile
from ..forms import Form
from ..replies import redirect
from ..visit import NOBODY, Visit
from . import fields, forms, problems, records
from .notices import notice_of, noticed
from .sheets import Sheet, language, said, show

METHODS = ("GET", "HEAD", "POST")
DIMENSIONS = ("category", "brand", "tag")
ASKED = 60  # things of a dimension that are asked about at most


async def answer(visit: Visit, receive: Receive, send: Send) -> None:
    posted = visit.arrival.scope["method"] == "POST"
    try:
        profile = await records.known(visit)
    except records.Late:
        await show(visit, send, problems.late(visit, "preferences"))
        return
    if not visit.remembers:
        await show(visit, send, problems.without_consent(visit, "preferences"))
    elif posted:
        await _save(visit, profile or NOBODY, receive, send)
    else:
        notice = notice_of(visit, "preferences")
        sheet = _sheet(visit, profile or NOBODY)
        await show(visit, send, msgspec.structs.replace(sheet, notice=notice))


async def _save(visit: Visit, profile: Profile, receive: Receive, send: Send) -> None:
    received = await forms.received(visit, receive, "preferences")
    if isinstance(received, Sheet):
        await show(visit, send, received)
        return
    form, good = received
    declared = fields.asked(visit.site)
    told, wrong = fields.read(declared, form, visit.site.settings.zone)
    if not good or wrong:
        # What was filled in stays filled in.
        sheet = _sheet(visit, profile, form, wrong)
        notice = said(visit)["notices"]["wrong" if good else "expired"]
        status = HTTPStatus.UNPROCESSABLE_ENTITY if good else HTTPStatus.FORBIDDEN
        sheet = msgspec.structs.replace(sheet, notice=notice, bad=True, status=status)
        await show(visit, send, sheet)
        return
    receipts = []
    for dimension, key in _things(visit, profile):
        given = form.get(f"{dimension}:{key}")
        if given is not None and given[-1] in (*ANSWERS, ""):
            if given[-1] != wish(profile, dimension, key):
                receipts.append(visit.prefer(dimension, key, given[-1]))
    changed = {
        name: value
        for name, value in told.items()
        if value != profile.attributes.get(name)
    }
    if changed:
        receipts.append(visit.state(changed))
    done = await forms.kept(receipts)
    what = "saved" if done else "noted"
    await redirect(visit, send, noticed(visit, "preferences", what))


def _sheet(
    visit: Visit,
    profile: Profile,
    form: Form | None = None,
    wrong: Mapping[str, str] | None = None,
) -> Sheet:
    """The page, with what is known; with what was filled in, where a ``form`` came in."""
    words = said(visit)
    groups: dict[str, list[dict[str, str]]] = {}
    for dimension, key in _things(visit, profile):
        name = f"{dimension}:{key}"
        given = (form or {}).get(name)
        groups.setdefault(dimension, []).append(
            {
                "title": _title(visit, dimension, key),
                "name": name,
                "wish": given[-1] if given else wish(profile, dimension, key),
            }
        )
    asked = fields.shown(visit.site, words, profile, form, wrong or {})
    values: dict[str, Any] = {
        "nothing": not groups and not asked,
        "groups": [
            {
                "id": f"group-{dimension}",
                "title": words["preferences"][dimension],
                "rows": groups[dimension],
            }
            for dimension in DIMENSIONS
            if dimension in groups
        ],
        "fields": asked,
        "action": forms.action(visit, "preferences"),
        "ticket": forms.ticket(visit, "preferences"),
    }
    return Sheet("preferences", values)


def _things(visit: Visit, profile: Profile) -> Iterator[tuple[str, str]]:
    """What is asked about: the catalogue's main categories, and all that the profile knows."""
    categories = visit.site.catalog.categories
    main = [id for id, item in categories.items() if not item.parent]
    for dimension in DIMENSIONS:
        known = sorted(
            {*profile.answers.get(dimension, ()), *profile.interests.get(dimension, ())}
        )
        offered: Iterable[str] = known
        if dimension == "category":
            offered = dict.fromkeys((*main, *known))
        for key in list(offered)[:ASKED]:
            yield dimension, key


def _title(visit: Visit, dimension: str, key: str) -> str:
    if dimension == "category":
        item = visit.site.catalog.item("category", key, language(visit))
        return str(item) if item is not None else key
    return key
