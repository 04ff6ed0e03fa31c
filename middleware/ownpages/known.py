"""What we know about you, and why you saw what you saw."""

from collections.abc import Iterable, Iterator
from typing import Any

from starlette.types import Receive, Send

from ...rules.events import PROMOTION_RATED, PROMOTION_VIEWED
from ...rules.facts import Event
from ..visit import Visit
from . import problems, records
from .reasons import why
from .sections import sections
from .sheets import Sheet, day, language, said, show

METHODS = ("GET", "HEAD")
SHOWN = 20  # of what was shown, the latest


async def answer(visit: Visit, receive: Receive, send: Send) -> None:
    """Send the page with all entries, what was shown lately, and why."""
    try:
        profile = await records.known(visit)
        if not visit.remembers:
            sheet = problems.without_consent(visit, "known")
        else:
            events = await records.events(visit) if profile is not None else []
            words, now = said(visit), visit.arrival.now
            parts = (
                []
                if profile is None
                else sections(profile, visit.site, words, language(visit), now)
            )
            values = {
                "nothing": not parts,
                "sections": parts,
                "seen": list(_seen(visit, events)),
            }
            sheet = Sheet("known", values)
    except records.Late:
        sheet = problems.late(visit, "known")
    await show(visit, send, sheet)


def _seen(visit: Visit, events: Iterable[Event]) -> Iterator[dict[str, Any]]:
    """What was shown lately, the latest first, each place and reason once."""
    events = list(events)
    words, slots = said(visit), visit.site.settings.slots
    rated = _ratings(events)
    told: set[tuple[str, str]] = set()
    for event in reversed(events):
        if event.name != PROMOTION_VIEWED:
            continue
        for slot, rule in _promotions(event):
            if (slot, rule) in told:
                continue
            told.add((slot, rule))
            place = slots.get(slot)
            yield {
                "what": (place.description if place is not None else "") or slot,
                "when": day(visit, event.time),
                "why": why(visit.site.rules, rule, words),
                "rated": words["known"].get(rated.get(rule, ""), ""),
            }
            if len(told) == SHOWN:
                return


def _ratings(events: Iterable[Event]) -> dict[str, str]:
    """By rule the last thumb for what it showed: ``liked`` or ``disliked``."""
    found = {}
    for event in events:
        rule = event.properties.get("rule")
        if event.name == PROMOTION_RATED and isinstance(rule, str):
            up = event.properties.get("rating") == "up"
            found[rule] = "liked" if up else "disliked"
    return found


def _promotions(event: Event) -> Iterator[tuple[str, str]]:
    """Slot and rule of everything that an event says was shown; what was held back was not."""
    listed = event.properties.get("promotions")
    for one in listed if isinstance(listed, list) else [event.properties]:
        if isinstance(one, dict) and one.get("promotion_id"):
            slot, rule = one.get("slot"), one.get("rule")
            if isinstance(slot, str) and isinstance(rule, str):
                yield slot, rule
