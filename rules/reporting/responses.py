"""What is counted day by day of one subject of a report: responses, and orders by touch."""

from collections.abc import Callable, Sequence

from .drafts import Draft
from .gathering import Gathered
from .report import Response, Touch


def response(draft: Draft, found: Gathered) -> Response:
    """What happened on the days of the report; nothing for a part by segment, where nobody counts."""
    if draft.context:
        return Response()
    total = _totals(found, draft.kind, _names(draft))
    return Response(
        **{
            field: total(field.replace("_", "-"))
            for field in Response.__struct_fields__
            if field != "revenue"
        },
        revenue=total("revenue") / 100,
    )


def touch(draft: Draft, found: Gathered) -> Touch | None:
    """None where orders are not put down to what was seen."""
    if draft.context or draft.kind in ("segment", "stage"):
        return None
    return touched(found, draft.kind, _names(draft))


def touched(found: Gathered, kind: str, names: Sequence[str]) -> Touch:
    """The orders that those of ``kind`` with these ``names`` were the first and the last before."""
    total = _totals(found, kind, names)
    return Touch(
        total("first-orders"),
        total("first-revenue") / 100,
        total("last-orders"),
        total("last-revenue") / 100,
    )


def _totals(found: Gathered, kind: str, names: Sequence[str]) -> Callable[[str], int]:
    return lambda counter: sum(found.total(kind, name, counter) for name in names)


def _names(draft: Draft) -> list[str]:
    """What it is counted under: an experiment by its arms."""
    if draft.kind != "experiment":
        return [draft.name]
    return [f"{draft.name}/{arm}" for arm in draft.arms]
