"""What engines propose for the shelves of one page, awaited within one deadline."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from ...fragments.recommendations.candidates import ENGINE
from ...fragments.recommendations.shelf import Candidates, fill
from ...rules.attributes import Facts
from ...rules.facts import Decision, Recommend
from ..remote.deadline import Deadline
from ..shoppers import KnownShopper
from .memory import Wanted
from .protocol import Answer

if TYPE_CHECKING:
    from ..visit import Visit

_Found = Answer | asyncio.Task[Answer | None] | None

OWN = "for-you"  # what fills the shelf that a rule leaves to engines, where they leave it open
PROPOSED = 50  # of the shop's own products, to be brought in order


class _Asked(NamedTuple):
    decision: Decision
    shelves: tuple[Wanted, ...]
    answers: dict[str, _Found]  # by strategy


def asks(decision: Decision) -> bool:
    """Whether an engine proposes something for what ``decision`` shows."""
    recommend = decision.recommend
    return recommend is not None and any(
        strategy.startswith(ENGINE) for strategy in recommend.strategies
    )


def completed(recommend: Recommend) -> Recommend:
    """``recommend``, with the shop's own tables behind engines that stand there alone."""
    if all(one.startswith(ENGINE) for one in recommend.strategies):
        chain = (*recommend.strategies, OWN)
        return msgspec.structs.replace(recommend, strategies=chain)
    return recommend


def wanted(limit: int) -> int:
    """How many products to ask for: some are out of stock, bought already, or never wanted."""
    return min(100, 2 * limit + 8)


class Proposals:
    """What engines were asked for a page: it comes while the page works, which waits for it until
    its ``deadline``."""

    __slots__ = ("_asked", "_deadline", "_on_page")

    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline
        self._asked: dict[str, _Asked] = {}
        self._on_page: dict[str, list[tuple[str, str, tuple[str, ...]]]] = {}

    def asked(self, decision: Decision) -> bool:
        """Whether it was asked for what this very decision shows."""
        known = self._asked.get(decision.slot)
        return known is not None and known.decision is decision

    def ask(self, visit: "Visit", decision: Decision, known: Facts) -> None:
        """Ask for what ``decision`` shows."""
        engines = visit.window.engines
        recommend = decision.recommend
        assert recommend is not None
        may = engines.may_know(visit)
        answers: dict[str, _Found] = {}
        shelves = []
        for strategy in recommend.strategies:
            name = strategy.removeprefix(ENGINE)
            if name == strategy or name not in engines:
                continue
            shelf = name, decision.slot, wanted(recommend.limit)
            shelves.append(shelf)
            found: _Found = None
            if may:
                own: Sequence[str] = ()
                if engines[name].adapter.reranks:
                    own = _own(visit, recommend, known)
                context = engines.context(shelf, visit, known.profile, own)
                found = engines[name].fetch(context)
            answers[strategy] = found
        self._asked[decision.slot] = _Asked(decision, tuple(shelves), answers)

    def _coming(self, slot: str) -> "list[asyncio.Task[Answer | None]]":
        known = self._asked.get(slot)
        return [
            found
            for found in (known.answers.values() if known else ())
            if isinstance(found, asyncio.Task)
        ]

    def waiting(self, slot: str) -> bool:
        """Whether the page would have to wait for ``slot``, and may."""
        return self._deadline.waits_for(self._coming(slot))

    async def wait(self, slot: str) -> None:
        """Wait for ``slot``, as long as the page may."""
        await self._deadline.wait(self._coming(slot))

    def candidates(self, slot: str) -> Candidates:
        """What has come for ``slot``, by strategy; who has not answered is not in it."""
        found = {}
        known = self._asked.get(slot)
        for strategy, asked in known.answers.items() if known else ():
            answer = _come(asked)
            if answer is not None and answer.items:
                found[strategy] = answer.items
        return found

    def filled(self, slot: str, ids: Sequence[str]) -> None:
        """The shelf in ``slot`` holds the products ``ids``."""
        known = self._asked.get(slot)
        if known is None:
            return
        on_page = []
        for strategy, asked in known.answers.items():
            answer = _come(asked)
            if answer is not None:
                theirs = {item.id for item in answer.items}
                shown = tuple(id for id in ids if id in theirs)
                on_page.append((strategy.removeprefix(ENGINE), answer.id, shown))
        self._on_page[slot] = on_page

    def delivered(self, visit: "Visit") -> None:
        """The page has left: remember which shelves it had, and tell what was shown."""
        engines = visit.window.engines
        shelves = [one for asked in self._asked.values() for one in asked.shelves]
        engines.had(visit.arrival.path, tuple(shelves))
        for decision in visit.display.exposed.decisions:
            if not decision.shown:
                continue
            for name, answer, items in self._on_page.get(decision.slot, ()):
                engines.showed(name, visit, answer, items)


def _come(found: _Found) -> Answer | None:
    """What has come by now."""
    if isinstance(found, asyncio.Task):
        return found.result() if found.done() and not found.cancelled() else None
    return found


def _own(visit: "Visit", recommend: Recommend, known: Facts) -> Sequence[str]:
    """What the shop's own tables propose, to be brought in order."""
    chain = [one for one in recommend.strategies if not one.startswith(ENGINE)]
    wish = msgspec.structs.replace(
        recommend,
        strategies=tuple(chain) or (OWN,),
        limit=PROPOSED,
        pinned=(),
        discovery=0.0,
        minimum_score=0.0,
    )
    assortment = visit.window.assortment
    shopper = KnownShopper(known)
    return fill(assortment.selection(wish), wish, shopper).ids
