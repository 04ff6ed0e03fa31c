"""The report about a site, out of its roll-ups."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from ...fragments.formats import text
from ...rules.allocating.rollout import Standing
from ...rules.reporting.asked import Asked
from ...rules.reporting.making import BACK, reported
from ...rules.reporting.report import Report
from ...rules.reporting.writing import Writing
from ..rollups import Rollups
from ..settings import Settings
from ..site import Site

DAYS = 90  # that a report is about where nobody says otherwise


def report_of(
    site: Site,
    rollups: Rollups,
    now: float,
    *,
    since: int | None = None,
    until: int | None = None,
    metric: str = "",
    experiment: str = "",
    events: int | None = None,
) -> Report:
    """What is to be said at ``now`` (seconds since 1970) about the days from ``since`` to
    ``until``, both included, in days since 1970; None: up to today, and :data:`DAYS` of them.

    ``metric`` takes the place of every goal, ``experiment`` leaves all others out; ``events`` is
    how many the log holds, if somebody looked. Raises StoreError.
    """
    settings = site.settings
    today = site.context.day(now)
    last = today if until is None else until
    first = last - DAYS + 1 if since is None else since
    known = rollups.allocations()
    updated = rollups.updated()
    ask = Asked(
        site=settings.name,
        since=first,
        until=last,
        today=today,
        now=now,
        write=writing_of(settings),
        metric=metric,
        experiment=experiment,
        slots=tuple(settings.slots),
        holdout=settings.limits.holdout,
        events=events,
        updated=updated,
        counted=None if updated is None else site.context.day(updated),
        currency=settings.currency,
        language=settings.language,
        timezone=settings.timezone,
        standings={
            name: standing
            for name, state in known.states.items()
            if (standing := Standing.of(state)) is not None
        },
        moved=frozenset((*known.weights, *known.states)),
    )
    counts = rollups.counts(min(first, today - BACK), max(last, today) + 1)
    with _keeping():
        return reported(rollups.cells(first, last + 1), counts, site.rules, ask)


@contextmanager
def _keeping() -> Iterator[None]:
    """Nothing in here holds itself, so that looking for it among hundreds of thousands of lists
    finds nothing, and takes as long again as the report."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def writing_of(settings: Settings) -> Writing:
    """How the site's own people write numbers and money."""

    def money(amount: float) -> str:
        return text(float(amount), "money", settings.language, settings.currency)

    return Writing(money, settings.language.partition("-")[0] == "de")
