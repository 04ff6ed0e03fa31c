"""What one process has done since it started, as plain numbers; whoever wants them reads them.

Counting takes no lock: it happens on the event loop's thread, with one addition to a dictionary
each. Reading may happen on any thread, and never holds up a page.
"""

from collections import Counter as Tally
from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal, NamedTuple

from ...rules.events import (
    ATTRIBUTES_SET,
    PREFERENCE_SET,
    PRODUCT_REMOVED,
    SAYS,
    VISITED,
)
from ..stores import REARRANGING

if TYPE_CHECKING:
    from ..response.responder import Response
    from ..visit import Visit
    from ..window import Shopwindow

OTHER = "other"
# Others come from the shop's own code: nobody knows how many there are.
_EVENTS = frozenset(
    (*SAYS, PRODUCT_REMOVED, VISITED, ATTRIBUTES_SET, PREFERENCE_SET, *REARRANGING)
)


class Metric(NamedTuple):
    """One figure, or one per value of its ``labels``.

    ``name`` is as Prometheus writes it, without ``_total``; ``samples`` maps the labels' values to
    the number.
    """

    name: str
    help: str
    kind: Literal["counter", "gauge"]
    labels: tuple[str, ...]
    samples: dict[tuple[str, ...], float]


class Stats:
    """Counts the pages of one :class:`Shopwindow`.

    ``decisions`` counts by slot and reason, ``lookups`` how asking the store went, ``late`` who did
    not answer before a page's deadline. ``streaming`` holds the answers that leave in several
    messages, by their visits.
    """

    def __init__(self) -> None:
        self.pages = 0
        self.decisions: Tally[tuple[str, str]] = Tally()
        self.lookups: Tally[str] = Tally()
        self.late: Tally[str] = Tally()
        self.streaming: dict[Visit, Response] = {}
        self._tables: dict[str, tuple[str, Tally[str]]] = {}

    def __repr__(self) -> str:
        return f"<Stats pages={self.pages} lookups={dict(self.lookups)}>"

    def table(self, name: str, help: str) -> "Tally[str]":
        """Numbers of another part, by outcome: ``table("page_cache", "...")["hit"] += 1``.

        Always the same one for a ``name``. Outcomes are words of the code, never of visitors.
        """
        return self._tables.setdefault(name, (help, Tally()))[1]

    def tables(self) -> Iterator[tuple[str, str, "Tally[str]"]]:
        """Name, help and numbers of each :meth:`table`."""
        for name, (help, numbers) in dict(self._tables).items():
            yield name, help, numbers

    def over(self, visit: "Visit") -> None:
        """The request of ``visit`` is over, and so is its answer: count what was decided."""
        try:
            self.streaming.pop(visit, None)  # most were never in there
            outcome = visit.display.outcome()
            if outcome and visit.guise is None:
                self.pages += 1
                decisions, slots = self.decisions, visit.site.settings.slots
                for slot, decision in outcome.items():
                    decisions[slot if slot in slots else OTHER, decision.reason] += 1
        except Exception as error:
            # Our own fault, whatever it is: the page has left; what is lost is a number.
            visit.window.warn("stats", "counting a page failed: %r", error)


def read(window: "Shopwindow") -> list[Metric]:
    """All figures of ``window`` at this moment, all of them plain values."""
    stats, journal, counters = window.stats, window.journal, dict(window.counters)
    breakers = {"store": window.breaker}
    breakers |= {f"source {source.name}": source.breaker for source in window.sources}
    engines = window.engines.items()
    breakers |= {f"engine {name}": engine.breaker for name, engine in engines}
    warnings, reloads = {}, {"done": 0}
    for name, number in counters.items():
        kind, _, rest = name.partition(" ")
        if kind == "warning":
            warnings[rest] = number
        elif kind == "reload":
            reloads[rest or "done"] = number
    dropped: Tally[str] = Tally()
    for name, number in dict(journal.dropped).items():
        dropped[name if name in _EVENTS else OTHER] += number
    held = sum(response.held for response in list(stats.streaming.values()))
    rows: list[Metric] = [
        _count("pages", "Pages on which something was decided.", stats.pages),
        Metric(
            "shopwindow_decisions",
            "What slots showed, by the reason of the decision.",
            "counter",
            ("slot", "reason"),
            {key: number for key, number in dict(stats.decisions).items()},
        ),
        _by("lookups", "How asking the store went.", "outcome", stats.lookups),
        _by("late", "Who did not answer before a page's deadline.", "who", stats.late),
        Metric(
            "shopwindow_breaker_open",
            "1 while a dependency that failed is left alone.",
            "gauge",
            ("dependency",),
            {(name,): float(one.open) for name, one in breakers.items()},
        ),
        Metric(
            "shopwindow_source_failures",
            "Questions to sources that brought no answer.",
            "counter",
            ("source",),
            {(source.name,): source.failures for source in window.sources},
        ),
        Metric(
            "shopwindow_source_ill_typed",
            "Values of sources that were not of their attribute's type.",
            "counter",
            ("source", "attribute"),
            {
                (source.name, name): number
                for source in window.sources
                for name, number in dict(source.ill_typed).items()
            },
        ),
        _now("held_bytes", "Bytes of streamed pages that wait for their slots.", held),
        _count("events_accepted", "Events taken to be stored.", journal.accepted),
        _count("events_stored", "Events in the store.", journal.stored),
        _by("events_dropped", "Events that are lost.", "event", dropped),
        _now("events_waiting", "Events on their way to the store.", journal.waiting),
        _by("reloads", "Changes of the site's folder.", "outcome", reloads),
        _by("warnings", "Warnings, those that were not logged included.", "about", warnings),
    ]  # fmt: skip
    rows += [_by(name, help, "outcome", n) for name, help, n in stats.tables()]
    return rows


def _count(name: str, help: str, number: float) -> Metric:
    return Metric(f"shopwindow_{name}", help, "counter", (), {(): number})


def _now(name: str, help: str, number: float) -> Metric:
    return Metric(f"shopwindow_{name}", help, "gauge", (), {(): number})


def _by(name: str, help: str, label: str, numbers: dict[str, int]) -> Metric:
    samples: dict[tuple[str, ...], float] = {
        (key,): number for key, number in dict(numbers).items()
    }
    return Metric(f"shopwindow_{name}", help, "counter", (label,), samples)
