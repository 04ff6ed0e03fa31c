"""What a rule says, wherever it is written: two rules of one essence decide alike."""

from collections.abc import Mapping
from typing import Any

import msgspec

from .conditions import Condition, InSegment, Segments
from .rule import Rule

_PLACE = ("line", "file")


def essence(rule: Rule, segments: Segments) -> tuple[object, ...]:
    """A value that is equal for rules that hold, and decide, for the same visitors.

    Lines, files and remarks are left out; segments stand written out.
    """
    return (
        rule.id,
        rule.slot,
        tuple(_said(each, segments) for each in rule.conditions),
        _bare(rule.purposes),
        _bare(rule.decision),
        _bare(rule.cap),
        _bare(rule.schedule),
        rule.explore,
        _bare(rule.split),
        _bare(rule.variants),
        _bare(rule.bindings),
    )


def _said(condition: Condition, segments: Segments) -> object:
    if isinstance(condition, InSegment):
        return tuple(_said(segments[n].condition, segments) for n in condition.segments)
    parts: tuple[Condition, ...] = getattr(condition, "conditions", ())
    if parts:
        return type(condition).__name__, *(_said(part, segments) for part in parts)
    return _bare(condition)


def _bare(value: Any) -> object:
    """``value`` without the places where it was written."""
    match value:
        case msgspec.Struct():
            fields = (name for name in value.__struct_fields__ if name not in _PLACE)
            told = ((name, _bare(getattr(value, name))) for name in fields)
            return type(value).__name__, *told
        case Mapping():
            return {key: _bare(each) for key, each in value.items()}
        case list() | tuple():
            return tuple(_bare(each) for each in value)
    return value
