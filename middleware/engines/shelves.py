"""The shelves of one page that engines were asked for, awaited within one deadline."""

import asyncio
from collections.abc import Mapping, Sequence
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple

from ...fragments.recommendations.candidates import ENGINE, Candidate
from ...rules.facts import Decision, Profile
from .engines import Engines, Shelf
from .protocol import Answer

if TYPE_CHECKING:
    from ..visit import Visit

_Found = Answer | asyncio.Task[Answer | None] | None


PROPOSED = 50  # of the shop's own products, to be brought in order


class _Asked(NamedTuple):
    decision: Decision
    shelves: tuple[Shelf, ...]
    answers: dict[str, _Found]  # by strategy


def asks(decision: Decision) -> bool:
    """Whether an engine proposes something for what ``decision`` shows."""
    recommend = decision.recommend
    return recommend is not None and any(
        strategy.startswith(ENGINE) for strategy in recommend.strategies
    )


def wanted(limit: int) -> int:
    """How many products to ask for: some are out of stock, bought already, or never wanted."""
    return min(100, 2 * limit + 8)


class Shelves:
    """What engines were asked for a page.

    ``seconds`` is how long the page waits for all of them together; they come while it works.
    """

    __slots__ = ("_asked", "_left", "_on_page")

    def __init__(self, seconds: float) -> None:
        self._left = seconds
        self._asked: dict[str, _Asked] = {}
        self._on_page: dict[str, list[tuple[str, str, tuple[str, ...]]]] = {}

    def asked(self, decision: Decision) -> bool:
        """Whether it was asked for what this very decision shows."""
        known = self._asked.get(decision.slot)
        return known is not None and known.decision is decision

    def ask(
        self,
        engines: Engines,
        visit: "Visit",
        decision: Decision,
        profile: Profile,
        proposed: Sequence[str] = (),
    ) -> None:
        """Ask for what ``decision`` shows; ``proposed`` is what the shop's own tables propose."""
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
                context = engines.context(shelf, visit, profile, proposed)
                found = engines[name].fetch(context)
            answers[strategy] = found
        self._asked[decision.slot] = _Asked(decision, tuple(shelves), answers)

    def _pending(self, slot: str) -> "list[asyncio.Task[Answer | None]]":
        known = self._asked.get(slot)
        return [
            found
            for found in (known.answers.values() if known else ())
            if isinstance(found, asyncio.Task) and not found.done()
        ]

    def waiting(self, slot: str) -> bool:
        """Whether the page would have to wait for ``slot``, and may."""
        return self._left > 0 and bool(self._pending(slot))

    async def wait(self, slot: str) -> None:
        """Wait for ``slot``, as long as the page may."""
        pending = self._pending(slot)
        if pending and self._left > 0:
            began = monotonic()
            await asyncio.wait(pending, timeout=self._left)
            self._left -= monotonic() - began

    def candidates(self, slot: str) -> Mapping[str, Sequence[Candidate]]:
        """What has come for ``slot``, by strategy; who has not answered is not in it."""
        found = {}
        known = self._asked.get(slot)
        for strategy, answer in known.answers.items() if known else ():
            if isinstance(answer, asyncio.Task):
                if not answer.done() or answer.cancelled():
                    continue
                answer = answer.result()
            if answer is not None and answer.items:
                found[strategy] = answer.items
        return found

    def filled(self, slot: str, ids: Sequence[str]) -> None:
        """The shelf in ``slot`` holds the products ``ids``."""
        known = self._asked.get(slot)
        if known is None:
            return
        on_page = []
        for strategy, answer in known.answers.items():
            if isinstance(answer, asyncio.Task):
                if not answer.done() or answer.cancelled():
                    continue
                answer = answer.result()
            if answer is not None:
                theirs = {item.id for item in answer.items}
                shown = tuple(id for id in ids if id in theirs)
                on_page.append((strategy.removeprefix(ENGINE), answer.id, shown))
        self._on_page[slot] = on_page

    def delivered(self, engines: Engines, visit: "Visit") -> None:
        """The page has left: remember which shelves it had, and tell what was shown."""
        shelves = [one for asked in self._asked.values() for one in asked.shelves]
        engines.had(visit.arrival.path, tuple(shelves))
        for decision in visit.display.exposed:
            for name, answer, items in self._on_page.get(decision.slot, ()):
                engines.showed(name, visit, answer, items)
