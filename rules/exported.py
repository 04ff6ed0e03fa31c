"""The log as it is exported: a line for each thing that happened."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from .events import PROMOTION_VIEWED
from .facts import Event

_CUSTOMER = "c."  # what a customer's pseudonym begins with; a stranger's mark does not
_LISTED = "promotions"
OF_RULES = ("rule", "variant", "revision")
"""What a line says of the rule that decided."""


class Line(msgspec.Struct, frozen=True):
    """One thing that happened, as it is exported.

    What a page showed in several slots is one event of the log and several lines. ``visitor``
    is a stranger's mark or a customer's pseudonym. ``decision`` is the id of what was decided
    for a page; with ``rule``, ``variant`` and ``revision`` it is empty where nothing was.
    """

    id: str
    time: float
    visitor: str
    name: str
    decision: str
    rule: str
    variant: str
    revision: str
    properties: Mapping[str, Any]

    @property
    def customer(self) -> bool:
        """Whether the visitor has logged in, so that the same name means the same person."""
        return self.visitor.startswith(_CUSTOMER)

    @property
    def timestamp(self) -> str:
        """The time in UTC, to the millisecond, as RFC 3339 writes it."""
        moment = datetime.fromtimestamp(self.time, UTC)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def lines(event: Event) -> Iterator[Line]:
    """The lines of ``event``: one, or one for each slot of a page that it tells of."""
    own = dict(event.properties)
    listed = own.get(_LISTED)
    if event.name != PROMOTION_VIEWED or not isinstance(listed, list):
        yield _line(event, event.id, own)
        return
    own.pop(_LISTED)
    for number, one in enumerate(listed):
        if isinstance(one, Mapping):
            yield _line(event, f"{event.id}.{number}", {**own, **one})


def _line(event: Event, id: str, properties: Mapping[str, Any]) -> Line:
    decision = _text(properties.get("decision"))
    if not decision and event.name == PROMOTION_VIEWED:
        decision = event.id
    rule, variant, revision = (_text(properties.get(name)) for name in OF_RULES)
    # What is unknown is left out: nobody has to tell it from what is empty.
    known = {key: value for key, value in properties.items() if value is not None}
    return Line(
        id,
        event.time,
        event.visitor,
        event.name,
        decision,
        rule,
        variant,
        revision,
        known,
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
