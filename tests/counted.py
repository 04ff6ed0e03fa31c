"""Logs of made-up visitors, what has to be counted of them, and how it is compared."""

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import closing
from datetime import UTC
from functools import partial
from pathlib import Path

from shopwindow.middleware.rollups import Rollups, tables_at
from shopwindow.middleware.rollups.rolled import Rolled
from shopwindow.middleware.stores import ERASED, IDENTIFIED, Store
from shopwindow.middleware.stores.opening import Address
from shopwindow.rules.facts import Event
from shopwindow.rules.measurement.accounts import combined
from shopwindow.rules.measurement.cells import Cell, Tally
from shopwindow.rules.measurement.contributions import contribution
from shopwindow.rules.measurement.marks import Count
from shopwindow.rules.measurement.plan import Plan
from shopwindow.rules.measurement.quantities import Quantities
from shopwindow.rules.moments import day_of
from tests.databases import Place
from tests.stores import learn

DAY = 86_400.0
BEGIN = 20_000 * DAY
DAY_OF = partial(day_of, zone=UTC)
PLAN = Plan(day=DAY_OF, fingerprint="one", customer=4_000)
ALWAYS = (0, 100_000)

Sums = dict[Cell, Tally]
Counts = dict[Count, int]


def address(place: Place, folder: Path = Path()) -> Address:
    return Address(place.store, place.events, folder)


def kept(rollups: Rollups) -> tuple[Sums, Counts]:
    """All that is counted."""
    return dict(rollups.cells(*ALWAYS)), dict(rollups.counts(*ALWAYS))


class Shop:
    """Visitors who do this and that, in a store; and what they should count for.

    Whoever has an ``account`` sees experiments that go by it. Days pass with :meth:`pass_time`.
    """

    def __init__(self, store: Store, seed: int, visitors: int = 12) -> None:
        self.store = store
        self.random = random.Random(seed)
        self.now = BEGIN
        self.visitors = [f"visitor-{seed}-{n}" for n in range(visitors)]
        self.owners = {visitor: visitor for visitor in self.visitors}
        self.events: dict[str, list[Event]] = defaultdict(list)  # by owner
        self.gone = _Oracle()
        self._number = 0
        self._shown: dict[str, tuple[str, str]] = {}

    def pass_time(self, days: float) -> None:
        self.now += days * DAY

    def act(self, events: int) -> None:
        """Some of them do something; some of it is told late."""
        batch = []
        for _ in range(events):
            self.now += self.random.expovariate(1 / 900.0)
            visitor = self.random.choice(self.visitors)
            late = self.random.random() < 0.1
            moment = self.now - (self.random.random() * 1.9 * DAY if late else 0.0)
            batch.append(self._event(visitor, moment))
        for event in batch:
            self.events[self.owners[event.visitor]].append(event)
        self.store.commit(batch, learn, {})

    def log_in(self) -> None:
        """One of them turns out to be a customer, and gets another id."""
        old = self.random.choice(self.visitors)
        customer = f"c.{self.random.randrange(4):032x}"
        if self.owners[old].startswith("c."):
            customer = self.owners[old]  # it is them again
        new = self._id("new-")
        self.now += 1.0
        properties = {"customer": customer, "visitor": new}
        self._say(IDENTIFIED, old, properties)
        if self.owners[old] != customer:
            self.events[customer] += self.events.pop(self.owners[old], [])
        del self.owners[old]
        self.owners[new] = customer
        self.visitors[self.visitors.index(old)] = new

    def erase(self, rollups: Rollups | None) -> str:
        """One of them goes; returns who it was."""
        visitor = self.random.choice(self.visitors)
        owner = self.owners[visitor]
        self.now += 1.0
        if rollups is not None:
            rollups.settle(rollups.owner_of(visitor), PLAN, self.now)
            self.gone.add(self.events[owner], self.now)
        self._say(ERASED, visitor, {})
        self.events.pop(owner, None)
        for one in [one for one, whose in self.owners.items() if whose == owner]:
            fresh = self._id("fresh-")
            del self.owners[one]
            self.owners[fresh] = fresh
            self.visitors[self.visitors.index(one)] = fresh
        return owner

    def expected(self) -> tuple[Sums, Counts]:
        """What has to be counted now, in an order of its own."""
        oracle = _Oracle()
        owners = list(self.events.items())
        self.random.shuffle(owners)
        for _, events in owners:
            oracle.add(events, None)
        return oracle.with_gone(self.gone)

    def _id(self, start: str) -> str:
        self._number += 1
        return f"{start}{self.random.random():.12f}-{self._number}"

    def _say(self, name: str, visitor: str, properties: dict[str, str]) -> None:
        event = Event(self._event_id(), name, visitor, self.now, 0, properties)
        self.store.commit([event], learn, {})

    def _event_id(self) -> str:
        self._number += 1
        return f"{int(self.now * 1000):011x}{self.random.getrandbits(64):016x}{self._number:x}"

    def _event(self, visitor: str, moment: float) -> Event:
        id, chance = self._event_id(), self.random.random()
        name = "Product Viewed"
        properties: dict[str, object] = {"product_id": "hay"}
        if chance < 0.4:
            name, properties = "Promotion Viewed", self._showing(visitor, id)
        elif chance < 0.5 and visitor in self._shown:
            decision, fragment = self._shown[visitor]
            name = "Promotion Clicked"
            properties = {"promotion_id": fragment, "decision": decision}
        elif chance < 0.6:
            name = "Order Completed"
            order, revenue = self.random.randrange(200), self.random.randrange(9_000)
            properties = {"order_id": f"o{order}", "revenue": revenue / 100}
        elif chance < 0.65:
            name, properties = "Product Added", {"product_id": "hay"}
        return Event(id, name, visitor, moment, 0, properties)

    def _showing(self, visitor: str, id: str) -> dict[str, object]:
        entries: list[dict[str, object]] = []
        for number in range(self.random.randint(1, 3)):
            entry: dict[str, object] = {
                "slot": f"home.{number}",
                "rule": f"rule-{self.random.randrange(4)}",
                "decision": f"{id}.{number}",
            }
            if self.random.random() < 0.1:
                entry["held"] = "control"
            else:
                entry["promotion_id"] = f"fragment-{number}"
                self._shown[visitor] = (f"{id}.{number}", f"fragment-{number}")
            if number == 1:
                entry |= {"experiment": "tone", "variant": _arm(visitor)}
            owner = self.owners[visitor]
            if number == 2 and owner.startswith("c."):
                account = f"a.{int(owner[-1], 16) % 2:032x}"
                entry |= {"experiment": "terms", "variant": "short"}
                entry |= {"unit": "account", "of": account}
            entries.append(entry)
        return {
            "promotions": entries,
            "stage": self.random.choice(["new", "buyer"]),
            "segments": ["dogs"] if self.random.random() < 0.5 else [],
        }


def _arm(visitor: str) -> str:
    return "cosy" if sum(visitor.encode()) % 2 else "plain"


class _Oracle:
    """Adds contributions up the slow way."""

    def __init__(self) -> None:
        self.sums: Sums = {}
        self.counts: Counts = {}
        self.parts: dict[str, list[dict[Cell, Quantities]]] = defaultdict(list)

    def add(self, events: Sequence[Event], left: float | None) -> None:
        story = sorted(events, key=lambda event: (event.time, event.id))
        whole = contribution(story, PLAN, 1e11, left)
        if not story:
            return
        self._cells(whole.cells)
        self._count(whole.counts.items())
        for account, part in whole.accounts.items():
            self.parts[account].append(part)

    def with_gone(self, gone: "_Oracle") -> tuple[Sums, Counts]:
        for cell, tally in gone.sums.items():
            self.sums.setdefault(cell, Tally()).add(tally)
        self._count(gone.counts.items())
        for account in {*self.parts, *gone.parts}:
            members = self.parts.get(account, []) + gone.parts.get(account, [])
            cells, counts = combined(members)
            self._cells(cells)
            self._count(counts.items())
        return self.sums, {key: number for key, number in self.counts.items() if number}

    def _cells(self, cells: dict[Cell, Quantities]) -> None:
        for cell, quantities in cells.items():
            self.sums.setdefault(cell, Tally()).count(quantities.told())

    def _count(self, counts: Iterable[tuple[Count, int]]) -> None:
        for key, number in counts:
            self.counts[key] = self.counts.get(key, 0) + number


def opened(place: Place, folder: Path = Path()) -> "closing[Rolled]":
    """The roll-ups at ``place``, to be used in a ``with`` block."""
    at = address(place, folder)
    return closing(Rolled(tables_at(at), at, DAY_OF))
