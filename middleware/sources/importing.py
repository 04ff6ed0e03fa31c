"""From the lines of a file to a store, so that it may be stopped at any moment and run again."""

import os
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import msgspec

from ...rules.events import ORDER_COMPLETED
from ...rules.facts import Event
from ..site import Site
from ..stores import Store
from .customers import Customers
from .import_table import ImportSettings
from .lines import Line
from .rows import Rows, Said, Wrong

BATCH = 500  # events in one commit
PRODUCTS = 200  # lines of one order
INTRODUCED = 50_000  # customers who need not be introduced again
_FINGERPRINT = 1 << 16


class Counts(msgspec.Struct):
    """What became of the lines: ``kept`` + ``wrong`` + ``old`` = ``lines``."""

    lines: int = 0
    kept: int = 0
    wrong: int = 0
    old: int = 0  # longer ago than the shop keeps events
    events: int = 0


class Progress(msgspec.Struct):
    """How far an import of one file got: what to go on from."""

    fingerprint: str
    offset: int = 0
    number: int = 0
    counts: Counts = msgspec.field(default_factory=Counts)


class Lines(Protocol):
    """A file with lines: :class:`.lines.CsvFile` or :class:`.lines.JsonLines`."""

    def lines(self, offset: int = 0, number: int = 0) -> Iterator[Line]: ...


class Fact(NamedTuple):
    """What is to be kept of a customer: attributes, an event, or both."""

    customer: str
    time: float
    attributes: Mapping[str, Any]
    name: str
    properties: dict[str, Any]
    key: str


class Writer:
    """Writes facts about customers to a store, a batch at a time. ``None`` writes nothing.

    ``late`` is told the time of the oldest event of each batch, once it is stored."""

    def __init__(
        self,
        site: Site,
        customers: Customers,
        store: Store | None,
        late: Callable[[float], None] = lambda time: None,
    ) -> None:
        self._late = late
        self._site = site
        self._customers = customers
        self._store = store
        self._batch: list[Event] = []
        self._introductions: dict[str, Event] = {}
        self._introduced: OrderedDict[str, None] = OrderedDict()
        self.written = 0

    @property
    def full(self) -> bool:
        return len(self._batch) >= BATCH

    def add(self, fact: Fact) -> None:
        owner = self._customers.owner(fact.customer)
        if owner not in self._introduced and owner not in self._introductions:
            introduction = self._customers.introduction(owner, fact.time)
            self._introductions[owner] = introduction
        if fact.attributes:
            self._batch.append(
                self._customers.attributes(owner, fact.attributes, fact.time)
            )
        if fact.name:
            self._batch.append(
                self._customers.happened(
                    owner, fact.name, fact.properties, fact.time, fact.key
                )
            )

    def flush(self) -> None:
        """Commit what has gathered. Raises :class:`StoreError`: it is to be done again."""
        events = [*self._introductions.values(), *self._batch]
        if events and self._store is not None:
            # What was bought elsewhere or long ago is no traffic of this site: no weights.
            self._store.commit(events, self._site.learn, {})
            self._late(min(event.time for event in events))
        for owner in self._introductions:
            self._introduced[owner] = None
            if len(self._introduced) > INTRODUCED:
                self._introduced.popitem(last=False)
        self.written += len(self._batch)
        self._batch, self._introductions = [], {}


class Reading:
    """Reads the facts of a file; lines that stand together and name one order are one event.

    ``wrong`` is called with each line that cannot be, and why.
    """

    def __init__(
        self,
        settings: ImportSettings,
        rows: Rows,
        oldest: float,
        counts: Counts,
        wrong: Callable[[Line, str], None],
    ) -> None:
        self._settings = settings
        self._rows = rows
        self._oldest = oldest
        self.counts = counts
        self._wrong = wrong

    def facts(self, lines: Iterable[Line]) -> Iterator[tuple[Fact | None, Line]]:
        """Facts, each with the last line before it is whole: from there another run may go on."""
        order: tuple[Said, list[Line]] | None = None
        before: Line | None = None
        for line in lines:
            said, reason = self._said(line)
            if order is not None and (said is None or not _same(order[0], said)):
                assert before is not None
                yield self._fact(*order), before
                order = None
            # Not before what came before it is done with: from there another run goes on.
            self._count(line, said, reason)
            before = line
            if said is None:
                yield None, line
            elif order is not None:
                order[0].products.extend(said.products)
                del order[0].products[PRODUCTS:]
                order[1].append(line)
            elif said.properties.get("order_id"):
                order = said, [line]
            else:
                yield self._fact(said, [line]), line
        if order is not None and before is not None:
            yield self._fact(*order), before

    def _said(self, line: Line) -> tuple[Said | None, str]:
        """What a line says, and what is wrong with it; neither: it is too old."""
        if line.fault:
            return None, line.fault
        try:
            said = self._rows.read(line.values)
        except Wrong as error:
            return None, str(error)
        return (None if said.time < self._oldest else said), ""

    def _count(self, line: Line, said: Said | None, reason: str) -> None:
        counts = self.counts
        counts.lines += 1
        if said is not None:
            counts.kept += 1
        elif reason:
            counts.wrong += 1
            self._wrong(line, reason)
        else:
            counts.old += 1

    def _fact(self, said: Said, lines: list[Line]) -> Fact:
        event, properties = self._settings.event, dict(said.properties)
        if event == ORDER_COMPLETED and said.products:
            properties["products"] = said.products
        if event:
            self.counts.events += 1
        order = properties.get("order_id")
        key = said.id or (
            f"order {order}" if order else "\n".join(one.text for one in lines)
        )
        return Fact(said.customer, said.time, said.attributes, event, properties, key)


def _same(one: Said, other: Said) -> bool:
    order = one.properties.get("order_id")
    return (
        order is not None
        and order == other.properties.get("order_id")
        and one.customer == other.customer
    )


# -- going on after a stop -----------------------------------------------------------------


def fingerprint(path: Path, settings: ImportSettings) -> str:
    """What tells another file, or another way to read it, from this one."""
    digest = blake2b(digest_size=16)
    with path.open("rb") as file:
        digest.update(file.read(_FINGERPRINT))
        file.seek(0, os.SEEK_END)
        digest.update(f"{file.tell()} {settings!r}".encode())
    return digest.hexdigest()


def beside(path: Path) -> Path:
    """Where it is written how far the import of ``path`` got."""
    return path.with_name(path.name + ".progress.json")


def begun(path: Path, mark: str) -> Progress:
    """How far the import of ``path`` got; from the beginning if nobody knows."""
    try:
        found = msgspec.json.decode(beside(path).read_bytes(), type=Progress)
    except (OSError, msgspec.DecodeError):
        return Progress(mark)
    return found if found.fingerprint == mark else Progress(mark)


def save(path: Path, progress: Progress) -> None:
    """Raises :class:`OSError`."""
    target = beside(path)
    fresh = target.with_name(target.name + ".new")
    fresh.write_bytes(msgspec.json.encode(progress))
    os.replace(fresh, target)
