"""What every recommendation engine is asked, answers and is told, whatever its own words for it."""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, Protocol

import msgspec

from ...fragments.recommendations.candidates import Candidate

SESSION = 20  # products of the visit, at most

Kind = Literal["shown", "viewed", "added", "bought"]


class Context(msgspec.Struct, frozen=True):
    """For whom and for which shelf something is asked. Two equal ones have the same answer.

    ``user`` is a pseudonym that only this engine knows the visitor by, ``known`` says that they
    were here before this visit. ``session`` holds the products looked at, oldest first;
    ``candidates`` what the shop's own tables propose, for engines that only bring things in order.
    """

    user: str
    count: int
    session: tuple[str, ...] = ()
    known: bool = False
    slot: str = ""
    language: str = ""
    candidates: tuple[str, ...] = ()


class Answer(msgspec.Struct, frozen=True):
    """What an engine proposes, best first, and the ``id`` by which it knows this answer again."""

    items: tuple[Candidate, ...] = ()
    id: str = ""


class Deed(msgspec.Struct, frozen=True):
    """What a visitor did, or was shown, as an engine is told.

    ``items`` are the products: several where a shelf was shown or an order completed, with
    ``amounts`` and ``prices`` in the same order where these are known. ``answer`` is the id of
    the recommendation that it goes back to, ``id`` that of the deed itself.
    """

    kind: Kind
    user: str
    items: tuple[str, ...]
    at: float
    id: str
    answer: str = ""
    amounts: tuple[int, ...] = ()
    prices: tuple[float, ...] = ()


class Question(NamedTuple):
    """One HTTP request."""

    method: str
    url: str
    header: Mapping[str, str]
    body: bytes = b""


class Adapter(Protocol):
    """The words of one kind of engine. Pure: nothing here waits."""

    #: Whether it brings ``candidates`` in order instead of proposing products itself.
    reranks: bool
    #: What of a context it tells besides the visitor and their session: "slot", "language".
    tells: frozenset[str]

    def question(self, context: Context, now: float, id: str) -> Question | None:
        """The request for ``context``, which is the only one of this ``id``; None where this
        engine has nothing to say."""

    def answer(self, body: bytes, id: str) -> Answer:
        """What ``body`` proposes in answer to ``id``. Raises :class:`ValueError` for what is no
        answer."""

    def feedback(self, deeds: Sequence[Deed], now: float) -> Question | None:
        """The request that tells all ``deeds`` at once; None: it need not know them."""

    def refused(self, body: bytes) -> int:
        """How many deeds the engine has not taken, says the ``body`` of its answer."""


class Recommending(Protocol):
    """Any recommendation engine."""

    async def recommend(self, context: Context) -> Answer:
        """What it proposes, empty where it does not answer in time. Never raises."""
