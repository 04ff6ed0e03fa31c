"""One request of one visitor: what is known, what may be done with it, what was decided."""

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Mapping
from contextvars import ContextVar
from time import monotonic
from typing import TYPE_CHECKING, Any

import msgspec

from ..fragments.recommendations.rank import Recommendation, rank
from ..fragments.render import FragmentError, VisitorView
from ..rules.attributes import Facts, facts
from ..rules.decide import decide
from ..rules.facts import Decision, Event, Profile
from ..rules.history import bought, recently_viewed
from ..rules.learning import VISIT_PAUSE
from .consent import DENIED, UNKNOWN, Consent, consent
from .context import Arrival
from .journal import NOTHING_TO_KEEP, Receipt, new_id
from .stores import (
    ATTRIBUTES,
    ERASED,
    FORGOTTEN,
    IDENTIFIED,
    VISITED,
    Retired,
    StoreError,
)
from .visitor import Visitor, new_visitor, pseudonym

if TYPE_CHECKING:
    from ..fragments.rewrite import Hole
    from .window import Shopwindow

log = logging.getLogger("shopwindow")

SEEN_AGAIN = (
    60.0  # seconds after which a further page of the same visit is worth a note
)
NOBODY = Profile()

_current: ContextVar["Visit | None"] = ContextVar("shopwindow", default=None)


def current() -> "Visit | None":
    """The visit of the request that is being answered here, or None outside of one."""
    return _current.get()


class Customer(msgspec.Struct, frozen=True):
    """Who is logged in now, as the shop says. ``id`` is never stored as it is."""

    id: str
    first_name: str = ""


class Visit:
    """The handle that handlers find as ``request.state.shopwindow``.

    Everything but ``settle`` and ``decide`` is synchronous and may be called from any thread.
    """

    def __init__(self, window: "Shopwindow", arrival: Arrival) -> None:
        site = window.site
        self.window = window
        self.site = site
        self.arrival = arrival
        self.context = site.context.read(arrival)
        self.visitor: Visitor | None = None
        self._returned = False  # the cookie came back: the browser keeps what we sent
        self.consent: Consent = UNKNOWN
        self.marked = False  # a template slot was rendered: this page has slots
        self.aside = False  # site.toml keeps us away from this page: only its view counts
        self.decided = False  # a handler asked for a decision
        self.failed = ""  # why no profile can be had: "late" or "error"
        self.receipts: list[Receipt] = []
        self.cookies: list[bytes] = []
        self.customer: Customer | None = None
        self._given: dict[str, Any] = {}
        self._lookup: asyncio.Future[Profile | None] | None = None
        self._profile: Profile | None = None
        self._fetched = False  # whether _profile is what the store says
        self._own: list[Event] | None = None
        self._facts: Facts | None = None
        self._decisions: dict[str, Decision] = {}
        self._shown: list[Decision] = []
        self._asked = False  # whether the shop was asked who is logged in
        self._answers: list[asyncio.Future[Any]] = []
        self._deadline = monotonic() + site.settings.profile_ms / 1000
        if not arrival.bot:
            self._recognise()

    def __repr__(self) -> str:
        who = self.visitor.id[:6] + "..." if self.visitor else "nobody"
        return f"<Visit {self.arrival.path} by {who}, consent {self.consent.state}>"

    # -- who it is -------------------------------------------------------------------------

    def _recognise(self) -> None:
        arrival, window = self.arrival, self.window
        cookies = arrival.cookies
        refused = False
        if cookies:
            self.visitor = window.cookie.read(cookies, arrival.secure, arrival.now)
            self._returned = self.visitor is not None
            refused = window.refusal.read(cookies, arrival.secure)
        days = self.site.settings.consent_days
        self.consent = consent(
            self.visitor, refused, arrival.objects, arrival.now, days
        )
        if self.remembers:
            self._look_up()

    @property
    def remembers(self) -> bool:
        """Whether anything about this visitor may be read or kept.

        That needs their consent, and a cookie that came back: a browser that refuses
        cookies would leave a new row with every request.
        """
        return self._returned and "personalization" in self.consent.purposes

    def _look_up(self) -> None:
        """Start asking the store; nothing waits for the answer before the first slot."""
        assert self.visitor is not None
        breaker = self.window.breaker
        if not breaker.allows():
            self.failed = "late"
            return
        try:
            answer = self.window.store.fetch(self.visitor.id)
        except Retired:
            self._retire()
            return
        except Exception as error:
            # A store of any kind may fail in any way; the page must not.
            breaker.failed()
            self.failed = "error"
            self.window.warn("store", "the profile store failed: %r", error)
            return
        if answer is None or isinstance(answer, Profile):
            breaker.succeeded()
            self._arrived(answer)
        else:
            self._lookup = asyncio.ensure_future(answer)

    def _retire(self) -> None:
        """The id was given up: its cookie says nothing any more."""
        self.visitor = None
        self._returned = False
        self.consent = UNKNOWN

    def _arrived(self, profile: Profile | None) -> None:
        assert self.visitor is not None
        self._profile = self.window.journal.over(self.visitor.id, profile)
        self._fetched = True

    # -- waiting, only where a slot needs it -----------------------------------------------

    @property
    def ready(self) -> bool:
        """Whether decisions can be taken without waiting."""
        if self._lookup is not None:
            if not self._lookup.done():
                return False
            self._take_lookup()
        if not self._asked:
            self._ask_customer()
        return not self._answers or all(answer.done() for answer in self._answers)

    async def settle(self) -> None:
        """Wait for what is still on its way, at most until the deadline."""
        if self._lookup is not None:
            await self._wait(self._lookup)
            if self._lookup.done():
                self._take_lookup()
            else:
                self._lookup.cancel()
                self._lookup = None
                self.failed = "late"
                self.window.breaker.failed()
                self.window.counters["late"] += 1
        if not self._asked:
            self._ask_customer()
        for answer in list(self._answers):
            await self._wait(answer)
            if not answer.done():
                answer.cancel()
        for answer in list(
            self._answers
        ):  # the first answer may have brought further questions
            if not answer.done():
                await self._wait(answer)

    async def _wait(self, future: "asyncio.Future[Any]") -> None:
        if not future.done():
            await asyncio.wait(
                (future,), timeout=max(0.0, self._deadline - monotonic())
            )

    def _take_lookup(self) -> None:
        lookup, self._lookup = self._lookup, None
        assert lookup is not None
        try:
            profile = lookup.result()
        except Retired:
            self._retire()
        except (Exception, asyncio.CancelledError) as error:
            # As in _look_up: whatever went wrong in there, the page has its default content.
            self.window.breaker.failed()
            self.failed = "error"
            self.window.warn("store", "the profile store failed: %r", error)
        else:
            self.window.breaker.succeeded()
            self._arrived(profile)

    def _ask_customer(self) -> None:
        self._asked = True
        if self.window.customer is None or self.arrival.bot:
            return
        try:
            answer = self.window.customer(self.arrival.scope)
        except Exception as error:
            # The shop's own function: its fault must not take its page down through us.
            self.window.warn("customer", "the customer function failed: %r", error)
            return
        if inspect.isawaitable(answer):
            self._answers.append(asyncio.ensure_future(self._await_customer(answer)))
        else:
            self._met(answer)

    async def _await_customer(self, answer: Awaitable[Customer | None]) -> None:
        try:
            self._met(await answer)
        except Exception as error:
            # As above.
            self.window.warn("customer", "the customer function failed: %r", error)

    def _met(self, customer: Customer | None) -> None:
        self.customer = customer
        if customer is None or not self.remembers:
            return
        for source in self.window.sources:
            values = source.fetch(customer.id)
            if inspect.isawaitable(values):
                self._answers.append(asyncio.ensure_future(self._await_source(values)))
            else:
                self._given.update(values)

    async def _await_source(self, values: Awaitable[Mapping[str, Any]]) -> None:
        self._given.update(await values)

    # -- deciding --------------------------------------------------------------------------

    async def decide(self, slot: str) -> Decision:
        """What ``slot`` shows to this visitor, for handlers that render themselves.

        The answer is the same one that a slot on the page would get.
        """
        if not self.ready:
            await self.settle()
        return self.decide_sync(slot)

    def decide_sync(self, slot: str) -> Decision:
        """As :meth:`decide`, without waiting: what has not arrived counts as late."""
        self.decided = True
        if slot not in self.site.settings.slots:
            raise ValueError(f'unknown slot "{slot}": site.toml does not name it')
        return self.decision(slot)

    def decision(self, slot: str) -> Decision:
        """What ``slot`` shows; decided once per request."""
        known = self._decisions.get(slot)
        if known is None:
            known = self._decisions[slot] = self._decide(slot)
        return known

    def _decide(self, slot: str) -> Decision:
        if self.arrival.bot:
            return Decision(slot, "bot")
        if self._lookup is not None or self.failed:
            return Decision(slot, self.failed or "late")
        if self._facts is None:
            self._facts = self._gather()
        return decide(self.site.rules, self._facts, slot)

    def _gather(self) -> Facts:
        context = self.context
        customer = self.customer
        if customer is not None:
            context = msgspec.structs.replace(
                context, logged_in=True, first_name=customer.first_name or None
            )
        given = self.site.context.given(self.arrival, self.remembers)
        if self._given:
            given.update(self._given)
        return facts(
            self.site.rules,
            self.profile if self.remembers else None,
            context,
            self.consent.purposes,
            given,
            self.window.traffic,
        )

    @property
    def profile(self) -> Profile | None:
        """What is known about the visitor, this very request included; None for nobody."""
        if not self.remembers or not self._fetched:
            return None
        profile = self._profile
        for event in self._own_events():
            profile = self.site.learn(profile, event)
        return profile

    def _own_events(self) -> list[Event]:
        """The events that this page view itself stands for, if it is one."""
        if self._own is not None:
            return self._own
        own = self._own = []
        if not self.arrival.navigation or self.visitor is None:
            return own
        now, profile = self.arrival.now, self._profile or NOBODY
        if now - profile.last_seen > SEEN_AGAIN:
            properties: dict[str, Any] = {"path": self.context.path}
            if now - profile.last_seen > VISIT_PAUSE:  # the facts of a new visit
                for name in ("campaign", "referrer"):
                    if value := getattr(self.context, name):
                        properties[name] = value
            own.append(self._event(VISITED, properties))
        sighting = self.site.tracks.sighting(
            self.context.path, self.arrival.scope.get("query_string", b"")
        )
        if sighting is not None:
            own.append(self._event(sighting.name, sighting.properties))
        return own

    def fill(self, hole: "Hole", charset: str) -> bytes | None:
        """The bytes for one slot of the page, or None where its default content stays."""
        decision = self.decision(hole.slot)
        if decision.fragment is None:
            return None
        try:
            content = self._render(decision, hole.default, charset)
        except FragmentError as error:
            self.window.warn(
                f"fragment {decision.fragment}", "%s (rule %s)", error, decision.rule
            )
            self._decisions[hole.slot] = msgspec.structs.replace(
                decision, reason="error", fragment=None
            )
            return None
        if content is None:
            self._decisions[hole.slot] = msgspec.structs.replace(
                decision, reason="no-rule", fragment=None
            )
            return None
        self._shown.append(decision)
        return content

    def kept(self, slot: str, reason: str) -> None:
        """A slot of the page could not be offered; the page is fine, its template is not."""
        path = self.arrival.path
        self.window.warn(
            f"slot {path} {slot}",
            "the slot %s of %s keeps its default content: %s",
            slot,
            path,
            reason,
        )
        if slot:
            outcome = "too-large" if reason == "too-large" else "unsupported"
            self._decisions[slot] = Decision(slot, outcome)

    def failed_slot(self, slot: str, error: Exception) -> None:
        """Filling a slot failed in a way that nobody foresaw."""
        self.window.warn(f"slot {slot}", "the slot %s failed: %r", slot, error)
        self._decisions[slot] = Decision(slot, "error")

    def _render(self, decision: Decision, default: bytes, charset: str) -> bytes | None:
        assert decision.fragment is not None and self._facts is not None
        site, language = self.site, self.context.language or self.site.settings.language
        dimension = site.reorders.get(decision.fragment)
        if dimension is not None:
            interests = self._facts.profile.interests.get(dimension, {})
            scores = {key: interest.score for key, interest in interests.items()}
            return site.renderer.reorder(decision.fragment, default, scores, charset)
        items: list[Recommendation] = []
        if decision.recommend is not None:
            items = rank(
                decision.recommend.strategies,
                decision.recommend.limit,
                catalog=site.catalog,
                popularity=self.window.popularity,
                viewed=recently_viewed(self._facts.profile),
                bought=bought(self._facts.profile),
            )
            if not items:
                return None  # better no shelf than an empty one
        view = VisitorView(
            first_name=self._facts.context.first_name or "", language=language
        )
        return site.renderer.render(
            decision.fragment,
            decision.parameters,
            items=items,
            visitor=view,
            language=language,
            charset=charset,
        )

    # -- keeping ---------------------------------------------------------------------------

    def track(
        self,
        event: str,
        properties: Mapping[str, Any] | None = None,
        *,
        at: float | None = None,
    ) -> Receipt:
        """Keep that something happened, in the words of the Segment specification.

        ``at`` is in seconds since 1970 and may lie in the past, not in the future. Nothing is
        kept without consent; ``await receipt.stored`` returns when it is safe.
        """
        if not self.remembers:
            return NOTHING_TO_KEEP
        now = self.arrival.now
        if at is not None and at > now + 300:
            raise ValueError(f"an event cannot happen {at - now:.0f} seconds from now")
        properties = dict(properties or {})
        # Fails here, where the handler that wrote it can see it, and not in the writer.
        msgspec.json.encode(properties)
        return self._note(self._event(event, properties, now if at is None else at))

    def set(self, *, keep: bool = False, **attributes: Any) -> None:
        """Tell attributes of this visitor: ``set(cart_value=39.9)`` is ``cart-value`` in rules.

        They count for this request; with ``keep`` they are stored, where consent allows it.
        Raises :class:`ValueError` for an attribute that site.toml does not declare.
        """
        values = {name.replace("_", "-"): value for name, value in attributes.items()}
        for name in values:
            declared = self.site.settings.attributes.get(name)
            if declared is None or declared.origin != "app":
                raise ValueError(
                    f'site.toml declares no attribute "{name}" with from = "app"'
                )
        self._given.update(values)
        self._changed()
        if keep and self.remembers:
            msgspec.json.encode(values)
            self._note(self._event(ATTRIBUTES, values))

    def identify(self, customer: str) -> None:
        """The visitor has logged in as ``customer``: both histories become one, under a new id."""
        if not self.remembers:
            return
        assert self.visitor is not None
        owner = pseudonym(self.window.keys, customer)
        if self._profile is not None and self._profile.customer == owner:
            return  # the same customer as before
        old, self.visitor = self.visitor, self._renamed(self.visitor)
        event = self._event(
            IDENTIFIED, {"customer": owner, "visitor": self.visitor.id}, visitor=old
        )
        self._note(event)
        self._fetched = False

    def forget(self) -> None:
        """The visitor has logged out: this browser becomes a stranger who gave consent."""
        if not self.remembers:
            return
        assert self.visitor is not None
        self._note(self._event(FORGOTTEN, {}))
        self.visitor = self._renamed(self.visitor)
        self._returned = False
        self._profile = None
        self._own = []
        self._changed()

    def grant(self, *purposes: str) -> None:
        """The visitor agrees to ``purposes`` ("personalization", "statistics"), all if none is named."""
        granted = frozenset(purposes or ("personalization", "statistics"))
        now, secure = self.arrival.now, self.arrival.secure
        if self.arrival.bot:
            return
        if self.visitor is None:
            self.visitor = new_visitor(granted, now)
        else:
            self.visitor = Visitor(self.visitor.id, int(now), granted, int(now))
        self.consent = Consent("granted", granted)
        self.cookies = [self.window.cookie.issue(self.visitor, secure)]
        if self.window.refusal.read(self.arrival.cookies, secure):
            self.cookies.append(self.window.refusal.drop(secure))
        self._changed()

    def deny(self) -> None:
        """The visitor refuses, or takes consent back: what is stored about them is erased."""
        if self.arrival.bot:
            return
        secure = self.arrival.secure
        self.cookies = [self.window.refusal.issue(secure)]
        if self.visitor is not None:
            self._note(self._event(ERASED, {}))
            self.cookies.append(self.window.cookie.drop(secure))
        self.visitor = None
        self._returned = False
        self._profile = None
        self.consent = DENIED
        self._own = []
        self._changed()

    def _renamed(self, visitor: Visitor) -> Visitor:
        now, secure = self.arrival.now, self.arrival.secure
        fresh = new_visitor(visitor.granted, now, visitor.granted_at)
        self.cookies = [self.window.cookie.issue(fresh, secure)]
        return fresh

    def _changed(self) -> None:
        self._facts = None
        self._decisions.clear()

    def _event(
        self,
        name: str,
        properties: dict[str, Any],
        time: float | None = None,
        visitor: Visitor | None = None,
    ) -> Event:
        who = visitor or self.visitor
        assert who is not None
        time = self.arrival.now if time is None else time
        return Event(
            new_id(time), name, who.id, time, self.site.context.day(time), properties
        )

    def _note(self, event: Event) -> Receipt:
        receipt = self.window.journal.note(event, self._profile, self._fetched)
        self.receipts.append(receipt)
        if (
            event.visitor == (self.visitor.id if self.visitor else None)
            and self._fetched
        ):
            self._profile = self.window.journal.over(event.visitor, self._profile)
            self._changed()
        return receipt

    # -- after the answer ------------------------------------------------------------------

    def refresh_cookie(self) -> None:
        """Send the cookie anew if a page leaves privately anyway and the cookie has aged."""
        visitor, arrival = self.visitor, self.arrival
        if visitor is None or self.cookies or not self.consent:
            return
        if self.window.cookie.stale(visitor, arrival.now):
            renewed = Visitor(
                visitor.id, int(arrival.now), visitor.granted, visitor.granted_at
            )
            self.cookies = [self.window.cookie.issue(renewed, arrival.secure)]

    def delivered(self) -> None:
        """The page has left with status 200: count the view and what was shown."""
        if not self.remembers or self.arrival.scope["method"] != "GET":
            return
        journal, profile, fetched = self.window.journal, self._profile, self._fetched
        for event in self._own_events():
            journal.note(event, profile, fetched)
        if self._shown:
            # One event for all that the page showed: it is counted together or not at all.
            promotions = [
                {"promotion_id": d.fragment, "slot": d.slot, "rule": d.rule}
                for d in self._shown
            ]
            properties = {"promotions": promotions, "revision": self.site.rules.revision}
            journal.note(self._event("Promotion Viewed", properties), profile, fetched)

    def leave(self) -> None:
        """The request is over: nobody waits for an answer that is still on its way."""
        if self._lookup is not None:
            self._lookup.cancel()
        for answer in self._answers:
            if not answer.done():
                answer.cancel()

    def promise(self) -> "list[asyncio.Future[None]]":
        """What an answer to a POST waits for: the events of this request in the store."""
        return [receipt.stored for receipt in self.receipts]


__all__ = ["Customer", "StoreError", "Visit", "current"]
