"""Which slots show something in which lifecycle stage, and which never do."""

from collections.abc import Iterable

from ..stages import STAGES
from .gathering import Gathered
from .notices import Coverage


def covered(found: Gathered, slots: Iterable[str]) -> Coverage:
    """The matrix of ``slots`` and stages. A gap is a slot that showed nothing in a stage in which
    visitors were seen elsewhere: a stage without visitors is none."""
    rows = {
        slot: tuple(
            found.total("slot", f"{slot}@{stage}", "impressions") for stage in STAGES
        )
        for slot in slots
    }
    lively = [
        bool(found.arms("stage", stage)) or any(row[at] for row in rows.values())
        for at, stage in enumerate(STAGES)
    ]
    gaps = tuple(
        (slot, stage)
        for slot, row in rows.items()
        for at, stage in enumerate(STAGES)
        if lively[at] and not row[at]
    )
    return Coverage(STAGES, rows, gaps)
