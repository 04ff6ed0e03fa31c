"""All engines of a window: who is asked for which shelf, and who is told what visitors do."""

import asyncio
from collections import Counter as Tally
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...rules.events import ORDER_COMPLETED, PRODUCT_ADDED, PRODUCT_VIEWED
from ...rules.facts import Event, Profile
from ...rules.history import recently_viewed
from ..journal import new_id
from ..keys import Keys
from ..stores.rows import mark_of
from .engine import Engine
from .memory import Memory, Wanted
from .protocol import SESSION, Context, Deed, Kind
from .settings import EngineSettings
from .users import user_of

if TYPE_CHECKING:
    import httpx

    from ..visit import Visit

FLUSH = 2.0  # seconds at the end to tell what is left

_DEEDS: Mapping[str, Kind] = {
    PRODUCT_VIEWED: "viewed",
    PRODUCT_ADDED: "added",
    ORDER_COMPLETED: "bought",
}


class Engines(Mapping[str, Engine]):
    """The engines that a site names, by their names. One that is as ``before`` stays the same,
    with its answers, its breaker and its connections."""

    def __init__(
        self,
        settings: Mapping[str, EngineSettings],
        allowed_hosts: frozenset[str],
        keys: Keys,
        questions: "Tally[str]",
        feedback: "Tally[str]",
        client: "httpx.AsyncClient | None" = None,
        before: "Engines | None" = None,
    ) -> None:
        self._keys = keys
        self._memory: Memory = before._memory if before is not None else Memory()
        self._engines: dict[str, Engine] = {}
        for name, one in settings.items():
            known = before.get(name) if before is not None else None
            if (
                known is None
                or known.settings != one
                or known.allowed_hosts != allowed_hosts
            ):
                known = Engine(one, allowed_hosts, questions, feedback, client)
            self._engines[name] = known
        kept = self._engines.values()
        #: Those that nobody asks any more: requests in flight may still do.
        self.retired: list[Engine] = []
        if before is not None:
            gone = [one for one in before.values() if one not in kept]
            self.retired = [*before.retired, *gone]

    def __repr__(self) -> str:
        return f"<Engines {', '.join(self._engines)}>"

    def __getitem__(self, name: str) -> Engine:
        return self._engines[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._engines)

    def __len__(self) -> int:
        return len(self._engines)

    # -- whom they may know ----------------------------------------------------------------

    def may_know(self, visit: "Visit") -> bool:
        """Whether anything about this visitor may go to another server.

        That needs their consent to personalization, and a browser that does not object: an
        agreement with this shop is none with others.
        """
        return visit.remembers and not visit.arrival.objects and visit.guise is None

    def user(self, engine: str, visit: "Visit", profile: Profile | None) -> str:
        """The name by which ``engine``, and nobody else, knows the visitor."""
        assert visit.visitor is not None
        owner = (profile.customer if profile else "") or mark_of(visit.visitor.id)
        return user_of(self._keys, engine, owner)

    def context(
        self,
        shelf: Wanted,
        visit: "Visit",
        profile: Profile | None,
        candidates: Sequence[str] = (),
    ) -> Context:
        """What is asked for ``shelf`` of a visitor who is known by ``profile``."""
        name, slot, count = shelf
        adapter = self._engines[name].adapter
        language = visit.context.language or visit.site.settings.language
        viewed = recently_viewed(profile, SESSION) if profile else []
        returned = profile is not None and (
            profile.visits > 1 or bool(profile.customer)
        )
        return Context(
            user=self.user(name, visit, profile),
            count=count,
            session=tuple(reversed(viewed)),
            known=returned,
            slot=slot if "slot" in adapter.tells else "",
            language=language if "language" in adapter.tells else "",
            candidates=tuple(candidates) if adapter.reranks else (),
        )

    # -- asking before it is needed --------------------------------------------------------

    def ask_ahead(self, visit: "Visit", known: Profile | None) -> None:
        """Ask for the shelves that the visit's page had last time, while the app works on it.

        ``known`` is what the store says of the visitor.
        """
        shelves = self._memory.shelves(visit.arrival.path)
        if not shelves or visit.aside or not self.may_know(visit):
            return
        for event in visit.view.happening(visit.context, known):
            known = visit.site.learn(known, event)
        for shelf in shelves:
            engine = self._engines.get(shelf[0])
            if engine is not None and not engine.adapter.reranks:
                engine.fetch(self.context(shelf, visit, known))

    # -- telling ---------------------------------------------------------------------------

    def had(self, path: str, shelves: tuple[Wanted, ...]) -> None:
        """The page of ``path`` that has left had these ``shelves``."""
        self._memory.had(path, shelves)

    def showed(
        self, name: str, visit: "Visit", answer: str, items: Sequence[str]
    ) -> None:
        """``items`` that the engine ``name`` proposed are on the page that has left."""
        engine = self._engines.get(name)
        if engine is None or not items or not self.may_know(visit):
            return
        user = self.user(name, visit, visit.lookup.profile)
        self._memory.showed(name, user, answer, items)
        now = visit.arrival.now
        engine.tell(Deed("shown", user, tuple(items), now, new_id(now), answer))

    def heard(self, visit: "Visit", events: Iterable[Event]) -> None:
        """Tell all engines what the visitor has done, as far as it is about products."""
        products = visit.site.catalog.products
        for event in events:
            kind = _DEEDS.get(event.name)
            if kind is None or not self.may_know(visit):
                continue
            rows = [row for row in _rows(event) if row[0] in products]
            if rows:
                self._tell(visit, kind, event, rows)

    def _tell(
        self,
        visit: "Visit",
        kind: Kind,
        event: Event,
        rows: list[tuple[str, int, float]],
    ) -> None:
        bought = kind == "bought"
        for name, engine in self._engines.items():
            user = self.user(name, visit, visit.lookup.profile)
            by_answer: dict[str, list[tuple[str, int, float]]] = {}
            for row in rows:
                answer = self._memory.answer(name, user, row[0])
                by_answer.setdefault(answer, []).append(row)
            for place, (answer, some) in enumerate(by_answer.items()):
                deed = Deed(
                    kind,
                    user,
                    tuple(row[0] for row in some),
                    event.time,
                    f"{event.id}.{place}" if place else event.id,
                    answer,
                    tuple(row[1] for row in some) if bought else (),
                    tuple(row[2] for row in some)
                    if bought and all(row[2] > 0 for row in some)
                    else (),
                )
                engine.tell(deed)

    async def close(self) -> None:
        """Tell what is left, for a while, and close all connections."""
        engines = [*self._engines.values(), *self.retired]
        closing = (engine.close(FLUSH) for engine in engines)
        await asyncio.gather(*closing, return_exceptions=True)


def _rows(event: Event) -> Iterator[tuple[str, int, float]]:
    """The products of an event: id, how many, price of one (0: not known). Shops may track what
    they like."""
    said: Any = event.properties
    products = said.get("products") if event.name == ORDER_COMPLETED else [said]
    for product in products if isinstance(products, list) else []:
        if isinstance(product, dict) and isinstance(
            id := product.get("product_id"), str
        ):
            many, price = product.get("quantity"), product.get("price")
            if not isinstance(many, int) or not 0 < many < 1_000_000:
                many = 1
            if not isinstance(price, (int, float)) or not 0 < price < 1e9:
                price = 0.0
            yield id, int(many), float(price)
