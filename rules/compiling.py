"""From rules that were checked to a rule set, in small steps.

What is checked is plain values: reading ten thousand rules takes seconds in which no other
thread gets far, so it may be done in another process, and only this half here.
"""

from collections.abc import Iterable
from datetime import tzinfo
from typing import TYPE_CHECKING

import msgspec

from .conditions import All, Segment, Segments, compiled_segment
from .facts import Decision
from .filling import filling
from .ruleset import Rule, RuleSet, compiled, laying_out
from .steps import Steps
from .subjects import subjects

if TYPE_CHECKING:
    from .drafts import Draft


class SegmentDraft(msgspec.Struct, frozen=True):
    """A segment as it was read; ``depth`` is that of :class:`Segment`."""

    name: str
    file: str
    condition: All
    depth: int


class Checked(msgspec.Struct, frozen=True):
    """All rules that are sound, and all segments, each after those that it names."""

    drafts: "Iterable[Draft]"
    segments: tuple[SegmentDraft, ...]
    revision: str
    zone: tzinfo


def compiling(checked: Checked) -> Steps[RuleSet]:
    """The rule set of what was checked; ``drafts`` are asked for one by one."""
    segments: dict[str, Segment] = {}
    for found in checked.segments:
        segments[found.name] = compiled_segment(
            found.name, found.file, found.condition, segments, found.depth
        )
        yield
    rules = []
    for draft in checked.drafts:
        rules.append(_rule(draft, segments))
        yield
    return (yield from laying_out(rules, segments, checked.revision, checked.zone))


def _rule(draft: "Draft", segments: Segments) -> Rule:
    purposes, holds, possible = compiled(draft.conditions, segments)
    if draft.cap or draft.split or draft.explore:
        purposes |= {"personalization"}
    contexts: tuple[Segment, ...] = ()
    if draft.split is not None and (adapt := draft.split.adapt) is not None:
        contexts = tuple(segments[name] for name in adapt.by)
    filled = None
    if draft.bindings:
        decisions: dict[str | None, Decision] = {None: draft.decision}
        decisions.update(draft.variants)
        filled = filling(decisions, draft.bindings)
    return Rule(
        draft.id,
        draft.slot,
        draft.priority,
        draft.file,
        draft.line,
        draft.conditions,
        purposes,
        holds,
        possible,
        draft.decision,
        draft.cap,
        draft.schedule,
        draft.explore,
        draft.split,
        draft.variants,
        draft.bindings,
        filled,
        draft.note,
        draft.about,
        draft.off,
        subjects(draft.conditions, segments, draft.names),
        draft.goal,
        draft.guardrails,
        contexts,
    )
