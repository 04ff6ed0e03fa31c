"""What is known about the visitor, on its way while the app works."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from time import monotonic
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.types import Scope

from ..rules.facts import Profile
from .accounts import account_visitor
from .context import Arrival
from .journal import Unwritten
from .stores import Retired

if TYPE_CHECKING:
    from .window import Shopwindow

SLOW = 0.005  # seconds; a store that answers at once and takes longer is not well


class Customer(msgspec.Struct, frozen=True):
    """Who is logged in now, as the shop says, and for which ``account`` they buy, if for one.

    Neither ``id`` nor ``account`` is stored as it is.
    """

    id: str
    first_name: str = ""
    account: str = ""


CustomerOf = Callable[[Scope], Customer | None | Awaitable[Customer | None]]


class Lookup:
    """Asks the store, the shop (who is logged in) and the sources, under one deadline.

    ``profile`` is what the store says, and what this process knows beyond it; it counts once
    ``fetched`` is true. ``failed`` says why there will be none: "late" or "error". ``given``
    holds attribute values that sources, the account and the shop told. ``retired`` says that the
    visitor id turns out to have been given up.
    """

    __slots__ = (
        "customer",
        "failed",
        "fetched",
        "given",
        "met",
        "profile",
        "retired",
        "_answers",
        "_arrival",
        "_asked",
        "_before",
        "_customer_of",
        "_deadline",
        "_left",
        "_task",
        "_visitor",
        "_window",
    )

    def __init__(
        self,
        window: "Shopwindow",
        arrival: Arrival,
        customer: CustomerOf | None,
    ) -> None:
        self._window = window
        self._customer_of = customer
        self._arrival = arrival
        self._deadline = monotonic() + window.site.settings.profile_ms / 1000
        self._visitor = ""
        self._task: asyncio.Future[Profile | None] | None = None
        self._left: list[asyncio.Future[Profile | None]] = []  # asked for another id
        self._before: Unwritten | None = None  # not in the store when it was asked
        self._answers: list[asyncio.Task[None]] = []  # named after who is asked
        self._asked = False  # whether the shop was asked who is logged in
        self.profile: Profile | None = None
        self.fetched = False
        self.retired = False
        self.failed = ""
        self.customer: Customer | None = None
        self.met = False  # whether the shop has said who is logged in
        self.given: dict[str, Any] = {}

    @property
    def started(self) -> bool:
        return bool(self._visitor)

    def start(self, visitor: str) -> None:
        """Ask the store; nothing waits for the answer before the first slot."""
        window = self._window
        self._visitor = visitor
        if not window.breaker.allows():
            self.failed = "late"
            window.stats.lookups["refused"] += 1
            return
        if window.journal.leaves(visitor):
            self.retired = True  # whatever the store still knows
            return
        self._before = window.journal.unwritten(visitor)
        started = monotonic()
        try:
            answer = window.store.fetch(visitor)
            if answer is None or isinstance(answer, Profile):
                self._arrived(answer, slow=monotonic() - started > SLOW)
            else:
                self._task = asyncio.ensure_future(answer)
        except Retired:
            self.retired = True
        except Exception as error:
            # A store of any kind may fail in any way; the page must not.
            self._broken(error)

    def allow(self, seconds: float) -> None:
        """Whoever asks for nothing but what is known waits so long for it, from now on."""
        self._deadline = max(self._deadline, monotonic() + seconds)

    def foretell(self, told: Callable[[Profile | None], None]) -> None:
        """Say ``told`` what the store answers, if it does so before anybody gives it up.

        It counts no sooner than it is collected: a handler may be at work in another thread.
        """
        task = self._task
        if task is None:
            return

        def heard(answered: "asyncio.Future[Profile | None]") -> None:
            if answered is not self._task:
                return  # nobody waits for it any more
            if not answered.cancelled() and answered.exception() is None:
                told(answered.result())

        task.add_done_callback(heard)

    def skip_customer(self) -> None:
        """Nobody can be logged in: the shop need not be asked."""
        self._customer_of = None

    def forget(self) -> None:
        """What was found, or is still on its way, belongs to an id that is none any more."""
        self.profile = None
        self.fetched = False
        if self._task is not None:
            # Not cancelled here: this may be a thread of the shop's, and tasks are the loop's.
            self._left.append(self._task)
            self._task = None

    def _arrived(self, profile: Profile | None, slow: bool = False) -> None:
        if slow:  # it kept everybody waiting who is served by this process
            self._window.breaker.failed()
        else:
            self._window.breaker.succeeded()
        self._window.stats.lookups["answered"] += 1
        self.profile = self.over(profile)
        self.fetched = True

    def over(self, answered: Profile | None) -> Profile | None:
        """What the store ``answered``, and what this process knows beyond it."""
        return self._window.journal.over(self._visitor, answered, self._before)

    def _broken(self, error: BaseException) -> None:
        if isinstance(error, msgspec.DecodeError):
            # The store has answered; what it has of one visitor is no reason to ask it
            # about nobody.
            self._window.breaker.succeeded()
        else:
            self._window.breaker.failed()
        self._window.stats.lookups["error"] += 1
        self._window.warn("store", "the profile store failed: %r", error)
        self.failed = "error"

    # -- waiting, only where a slot needs it -----------------------------------------------

    @property
    def waiting(self) -> bool:
        """Whether the store's answer is still on its way, or was not taken yet."""
        return self._task is not None

    def collect(self) -> bool:
        """Take what has arrived; whether nothing is on its way any more."""
        if self._task is not None:
            if not self._task.done():
                return False
            self._take(self._task)
        if not self._asked:
            self._ask_customer()
        return not self._answers or all(answer.done() for answer in self._answers)

    async def settle(self) -> None:
        """Wait for what is still on its way, at most until the deadline."""
        if self._task is not None:
            await self._wait(self._task)
            if self._task.done():
                self._take(self._task)
            else:
                self._task.cancel()
                self._task = None
                self.failed = "late"
                self._window.breaker.failed()
                self._window.counters["late"] += 1
                self._window.stats.lookups["late"] += 1
                self._window.stats.late["store"] += 1
        if not self._asked:
            self._ask_customer()
        # The first answer (who is logged in) may bring further questions (to the sources).
        for answer in self._answers:
            await self._wait(answer)
            if not answer.done():
                answer.cancel()
                self._window.stats.late[answer.get_name()] += 1

    async def _wait(self, future: "asyncio.Future[Any]") -> None:
        if not future.done():
            left = max(0.0, self._deadline - monotonic())
            await asyncio.wait((future,), timeout=left)

    def _take(self, task: "asyncio.Future[Profile | None]") -> None:
        self._task = None
        try:
            self._arrived(task.result())
        except Retired:
            self.retired = True
        except (Exception, asyncio.CancelledError) as error:
            # As in start: whatever went wrong in there, the page has its default content.
            self._broken(error)

    # -- who is logged in, and what others know about them ---------------------------------

    def _ask_customer(self) -> None:
        self._asked = True
        if self._customer_of is None or self._arrival.bot:
            return
        try:
            answer = self._customer_of(self._arrival.scope)
            if inspect.isawaitable(answer):
                asking = self._await_customer(answer)
                self._answers.append(asyncio.create_task(asking, name="customer"))
            else:
                self._met(answer)
        except Exception as error:
            # The shop's own function: its fault must not take its page down through us.
            self._unmet(error)

    async def _await_customer(self, answer: Awaitable[Customer | None]) -> None:
        try:
            self._met(await answer)
        except Exception as error:
            # As above.
            self._unmet(error)

    def _unmet(self, error: Exception) -> None:
        words = "the customer function failed: %r; nobody counts as logged in"
        if isinstance(error, KeyError) and error.args == ("user",):
            words += (
                ': the app\'s own authentication puts "user" into the scope, '
                "with Starlette its AuthenticationMiddleware"
            )
        self._window.warn("customer", words, error)

    def _met(self, customer: Customer | None) -> None:
        if not isinstance(customer, Customer | None):
            raise TypeError(f"{customer!r} is no Customer")
        self.customer = customer
        self.met = True
        if customer is None or not self.fetched:
            return  # sources tell about persons: only for those who agreed to it
        if customer.account and (shared := self._window.site.settings.shared):
            self._ask_account(customer.account, shared)
        for source in self._window.sources:
            values = source.fetch(customer.id)
            if inspect.isawaitable(values):
                asking = self._await_source(values)
                name = f"source {source.name}"
                self._answers.append(asyncio.create_task(asking, name=name))
            else:
                self.given.update(values)

    def _ask_account(self, account: str, shared: Sequence[str]) -> None:
        window = self._window
        visitor = account_visitor(window.keys, account)
        before = window.journal.unwritten(visitor)

        def arrived(profile: Profile | None) -> None:
            known = window.journal.over(visitor, profile, before)
            if known is not None:
                for name in shared:
                    if name in known.attributes:  # what this request told goes before
                        self.given.setdefault(name, known.attributes[name])

        try:
            answer = window.store.fetch(visitor)
            if answer is None or isinstance(answer, Profile):
                arrived(answer)
            else:
                asking = self._await_account(answer, arrived)
                self._answers.append(asyncio.create_task(asking, name="account"))
        except Exception as error:
            # A store of any kind may fail in any way; its attributes stay unknown.
            self._account_failed(error)

    async def _await_account(
        self,
        answer: Awaitable[Profile | None],
        arrived: Callable[[Profile | None], None],
    ) -> None:
        try:
            arrived(await answer)
        except Exception as error:
            # As above.
            self._account_failed(error)

    def _account_failed(self, error: Exception) -> None:
        self._window.breaker.failed()
        self._window.warn("account", "an account's attributes are unknown: %r", error)

    async def _await_source(self, values: Awaitable[Mapping[str, Any]]) -> None:
        try:
            self.given.update(await values)
        except Exception as error:
            # A source of any kind may fail in any way; its attributes stay unknown.
            self._window.warn("source", "a source failed: %r", error)

    def abandon(self) -> None:
        """The request is over: nobody waits for an answer that is still on its way."""
        for task in self._left:
            if not task.cancel() and not task.cancelled():
                task.exception()  # nobody wants to know, nor shall asyncio complain
        if self._task is not None:
            if self._task.done():
                self._take(self._task)  # no slot asked for it, but how it went counts
            else:
                self._task.cancel()
        for answer in self._answers:
            if not answer.done():
                answer.cancel()
