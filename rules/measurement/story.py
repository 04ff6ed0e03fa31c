"""One owner's story, sorted out: pages, visits, orders, showings and what came of them."""

from collections.abc import Iterable, Mapping
from operator import itemgetter
from typing import Any

from ..events import (
    OF_PAGES,
    ORDER_COMPLETED,
    PRODUCT_ADDED,
    PRODUCT_REMOVED,
    PRODUCT_VIEWED,
    PROMOTION_CLICKED,
    PROMOTION_DISMISSED,
    PROMOTION_RATED,
    PROMOTION_VIEWED,
    VISITED,
)
from ..learning import VISIT_PAUSE
from .pages import Page
from .plan import Plan
from .rows import UNREADABLE, Read, Response

LATEST = 253_370_764_800.0  # seconds: the year 9999, the last one that has days

_PAGE, _PRODUCT, _SHOWING, _RESPONSE, _ORDER, _ADDED, _OTHER = range(7)
# All events that say that somebody was there; those of a lead come to them.
_KINDS: Mapping[str, int] = {
    **dict.fromkeys((VISITED, *OF_PAGES), _PAGE),
    PRODUCT_VIEWED: _PRODUCT,
    PROMOTION_VIEWED: _SHOWING,
    **dict.fromkeys(
        (PROMOTION_CLICKED, PROMOTION_DISMISSED, PROMOTION_RATED), _RESPONSE
    ),
    ORDER_COMPLETED: _ORDER,
    PRODUCT_ADDED: _ADDED,
    PRODUCT_REMOVED: _OTHER,
}

Row = tuple[float, str, Any]
"""When, which event, and its properties: as they are, or as JSON."""


class Visit:
    """Time spent without half an hour of silence. ``product`` is when the first one was seen."""

    __slots__ = ("begin", "first", "last", "pages", "product")

    def __init__(self, begin: float) -> None:
        self.begin = begin
        self.pages = 0
        self.first = self.last = -1.0  # page
        self.product = -1.0


class Story:
    """What happened to one owner up to ``until``, oldest first.

    ``pages`` are the moments at which one was seen; ``orders`` when, and for how many hundredths;
    ``added`` and ``leads`` when. ``showings`` are when, which page, and the id in its decisions;
    ``responses`` as the log has them. From a
    showing to somebody who has not agreed to statistics up to the next one to somebody who has,
    nothing is looked at.
    """

    __slots__ = (
        *("added", "leads", "orders", "pages", "responses", "showings", "skipped"),
        "visits",
    )

    def __init__(
        self, rows: Iterable[Row], plan: Plan, until: float, read: Mapping[str, Read]
    ) -> None:
        self.pages: list[float] = []
        self.visits: list[Visit] = []
        self.orders: list[tuple[float, int]] = []
        self.added: list[float] = []
        self.leads: list[float] = []
        self.showings: list[tuple[float, Page, str]] = []
        self.responses: list[tuple[float, str, Response]] = []
        self.skipped = 0
        self._sort_out(sorted(rows, key=itemgetter(0)), plan, until, read)

    def _sort_out(
        self, rows: list[Row], plan: Plan, until: float, read: Mapping[str, Read]
    ) -> None:
        pages, visits, leads = self.pages, self.visits, plan.leads
        kinds = _KINDS.get
        latest = min(until, LATEST)
        known_orders: set[str] = set()
        silent_since = page = -VISIT_PAUSE - 1.0
        visit = Visit(0.0)
        muted = False
        for time, name, properties in rows:
            if time > latest:
                break
            kind = kinds(name)
            if kind is None and name not in leads:
                continue
            if time < 0.0:
                self.skipped += 1
                continue
            if muted and kind != _SHOWING:
                continue
            if name in leads:
                self.leads.append(time)
            if kind is not None and _SHOWING <= kind <= _ORDER:
                try:
                    told = read[name](properties)
                except UNREADABLE:
                    self.skipped += 1
                    continue
                if kind == _SHOWING:
                    shown, id = told
                    muted = shown.uncounted
                    if muted:
                        continue
                    self.showings.append((time, shown, id))
                elif kind == _RESPONSE:
                    self.responses.append((time, name, told))
                elif not (key := told.key) or key not in known_orders:
                    known_orders.add(key)
                    self.orders.append((time, told.cents))
            if time - silent_since > VISIT_PAUSE:
                visit = Visit(time)
                visits.append(visit)
            silent_since = time
            if kind is None or kind > _SHOWING:
                if kind == _ADDED:
                    self.added.append(time)
                continue
            if time != page:
                page = time
                pages.append(time)
                if not visit.pages:
                    visit.first = time
                visit.pages += 1
                visit.last = time
            if kind == _PRODUCT and visit.product < 0.0:
                visit.product = time
