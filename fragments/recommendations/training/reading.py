"""Events from a file: JSON Lines, CSV or Parquet, also packed by gzip."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from . import csvlines, jsonlines
from .batch import Batch
from .events import Events
from .gathering import BAD_TIME, Gathering
from .lines import Unreadable, begins
from .part import Say

_PARQUET = b"PAR1"
_FORMS = {
    ".jsonl": "json",
    ".ndjson": "json",
    ".json": "json",
    ".csv": "csv",
    ".tsv": "csv",
}


class Read(NamedTuple):
    """The events of a file; ``later`` of them were left out as they are not before a moment.

    ``examples`` are the first lines that are no events, by number, with the reason.
    """

    events: Events
    later: int
    examples: list[tuple[int, str]]


def read(path: Path, until: float | None = None, say: Say | None = None) -> Read:
    """What ``path`` tells in the columns ``visitor, session, event, product, time, order``.

    ``session`` and ``time`` may be missing: the order of the file counts then. Lines that are no
    events are counted by reason. ``until`` is in seconds since 1970. ``say`` hears how far the
    reading is. Raises :class:`Unreadable` for a file without events.
    """
    gathering = Gathering(until, time.time())
    size, batches = batches_of(path, gathering)
    for batch in batches:
        gathering.add(batch)
        if say is not None:
            say("reading", batch.done, size)
    return read_of(gathering, str(path), until)


def read_of(gathering: Gathering, name: str, until: float | None) -> Read:
    """What was gathered from ``name``. Raises :class:`Unreadable` if it is nothing."""
    events = gathering.finish()
    if until is not None and len(events.item) and not events.timed:
        raise Unreadable(f"{name} has no times, so there is no until")
    if not len(events.item):
        raise Unreadable(f"{name} {_nothing(gathering, until)}")
    return Read(events, gathering.later, gathering.examples)


def _nothing(gathering: Gathering, until: float | None) -> str:
    # A store is not even asked for what is later.
    if gathering.later or (until is not None and not gathering.lines):
        return "holds no events before that moment"
    if not gathering.lines:
        return "holds no events: it is empty"
    if not gathering.examples:
        return "holds no events that can be learned from"
    number, why = gathering.examples[0]
    if why.startswith(BAD_TIME):
        return (
            f"holds no events in its {gathering.lines:,} lines: line {number:,}: {why}; "
            "write it like 2026-11-20T08:00 or in seconds since 1970"
        )
    return (
        f"holds no events in its {gathering.lines:,} lines: line {number:,} has {why}; "
        'a line is like {"visitor": "a", "event": "view", "product": "17"}'
    )


def batches_of(path: Path, gathering: Gathering) -> tuple[int, Iterator[Batch]]:
    """How far the batches go, and these. Raises :class:`Unreadable`."""
    begin = begins(path)
    if begin.startswith(_PARQUET):
        from . import parquet

        return parquet.rows_of(path), parquet.batches(path)
    name = path.name.lower().removesuffix(".gz")
    form = _FORMS.get(Path(name).suffix)
    if form is None:
        text = begin.removeprefix(b"\xef\xbb\xbf").lstrip()
        form = "json" if text.startswith(b"{") else "csv"
    size = path.stat().st_size
    lines = jsonlines if form == "json" else csvlines
    return size, lines.batches(path, gathering.wrong)
