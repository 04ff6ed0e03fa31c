"""What pages decided and showed, sorted out once for all pages that decided the same."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from ..events import PROMOTION_VIEWED
from ..holdout import HOLDOUT
from .rows import Entry, Showing, drawn

SHOWN = "shown"
HELD = "held"
FAILED = "failed"

Words = tuple[str, str, str, str]
"""A cell without its day: kind, name, context and arm."""
Tail = tuple[str, str, str, str | None, str, str, str]
"""A mark without its day."""


class Decided(NamedTuple):
    """One slot of a page, as owners are exposed to it: to a rule, a slot, the slot within a
    stage, and where an arm was drawn to an experiment (``drawn``: its name and the account)."""

    rule: str
    slot: str
    stage: str
    is_shown: bool
    held: bool
    drawn: tuple[str, str] | None
    arm: str
    of_rule: tuple[Words, ...]
    of_slot: tuple[Words, ...]
    of_stage: tuple[Words, ...]
    of_arm: tuple[Words, ...]


class Page:
    """A showing, and what follows from it for whoever sees it.

    ``marks`` are those of its entries. ``segments`` are each there once. Many visitors share one,
    whose entries' decisions then begin with :data:`ID`.
    """

    __slots__ = (
        *("arm", "campaign", "decided", "held_out", "marks", "of_campaign", "of_site"),
        *("of_stage", "promotions", "segments", "shown", "stage", "uncounted"),
        "was_decided",
    )

    def __init__(self, told: Showing) -> None:
        self.promotions = told.promotions
        self.stage = told.stage or ""
        self.campaign = told.campaign or ""
        self.uncounted = told.uncounted
        self.marks: list[Tail] = []
        self.decided: list[Decided] = []
        segments = tuple(dict.fromkeys(told.segments))
        for entry in told.promotions:
            self._sort_out(entry, segments)
        self.shown = sum(one.is_shown for one in self.decided)
        self.held_out = any(
            entry.held == HOLDOUT and entry.rule and not entry.failed
            for entry in told.promotions
        )
        self.was_decided = bool(self.decided)
        arm = self.arm = HOLDOUT if self.held_out else SHOWN
        self.of_site: tuple[Words, ...] = (("site", "", "", arm),)
        self.of_stage: tuple[Words, ...] = (("stage", self.stage, "", arm),)
        self.of_campaign: tuple[Words, ...] = (("campaign", self.campaign, "", arm),)
        self.segments: list[tuple[str, tuple[Words, ...]]] = [
            (segment, (("segment", segment, "", arm),)) for segment in segments
        ]

    def _sort_out(self, entry: Entry, segments: tuple[str, ...]) -> None:
        rule = entry.rule
        if not rule:
            return  # the shop's own, and nothing that was decided here
        if entry.failed:
            what = FAILED
        elif entry.held:
            what = HELD
        elif entry.promotion_id:
            what = "impressions"
        else:
            return
        slot, stage = entry.slot or "", self.stage
        arm = drawn(entry) if entry.experiment else ""
        name = entry.experiment if arm else None
        self.marks.append((what, slot, rule, name, arm, stage, self.campaign))
        if what == FAILED:
            return
        account = (entry.of or "") if entry.unit == "account" else ""
        # Rules hold back different shares, and pages ask different rules: beyond one rule, only
        # the holdout is drawn alike for all.
        side = HOLDOUT if entry.held == HOLDOUT else SHOWN
        is_shown = what != HELD
        self.decided.append(
            Decided(
                *(rule, slot, stage, is_shown, bool(entry.held)),
                (name, account) if name else None,
                arm,
                (("rule", rule, "", SHOWN if is_shown else HELD),),
                (("slot", slot, "", side),),
                (("slot", slot, f"stage:{stage}", side),),
                tuple(within(name, arm, segments)) if name else (),
            )
        )


def within(name: str, arm: str, segments: tuple[str, ...]) -> Iterator[Words]:
    """An experiment's arm, as a whole and within each of the segments."""
    yield "experiment", name, "", arm
    for segment in segments:
        yield "experiment", name, f"segment:{segment}", arm


Seen = tuple[Page, str]
"""A page, and what stands in its decisions for :data:`ID`."""

ID = "\x01"
"""In a decision of a page that many share: the id of the showing. No JSON has it as it is."""
_ESCAPED = "\\u0001"
_KEY = '"decision":'
_KEPT = 1_000  # pages that differ in more than their decisions
_SHORTEST = 8  # an id that is taken out; others are not worth it

_known: dict[str, Page] = {}
_decode = msgspec.json.Decoder(Showing).decode


def page_of_json(text: Any) -> Seen:
    """Reads properties. Those of one kind of page differ in the ids of their decisions alone: all
    of them are one and the same."""
    id, key = _divided(text) if isinstance(text, str) else ("", "")
    if not id:
        return Page(_decode(text)), ""
    page = _known.get(key)
    if page is None:
        page = Page(_decode(key.replace(ID, _ESCAPED)))
        if len(_known) >= _KEPT:
            _known.clear()
        _known[key] = page
    return page, id


def _divided(text: str) -> tuple[str, str]:
    """The id in the first decision, and ``text`` without it; empty: it stays as it is."""
    begin = text.find(_KEY)
    if begin < 0 or ID in text or _ESCAPED in text:
        return "", ""
    quote = begin + len(_KEY)
    if text[quote : quote + 1] == " ":
        quote += 1
    end = text.find(".", quote)
    id = text[quote + 1 : end] if end > quote else ""
    if text[quote : quote + 1] != '"' or len(id) < _SHORTEST or not id.isalnum():
        return "", ""
    opening = text[begin : quote + 1]
    return id, text.replace(opening + id, opening + ID)


def page_of(properties: Any) -> Seen:
    """Reads properties that are no JSON."""
    return Page(msgspec.convert(properties, Showing)), ""


PAGE_FROM_JSON = {PROMOTION_VIEWED: page_of_json}
PAGE_FROM_PROPERTIES = {PROMOTION_VIEWED: page_of}
