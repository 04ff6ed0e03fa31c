"""One request of one visitor: the handle that handlers get."""

import asyncio
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import msgspec

from ..fragments.rewrite import Hole
from ..rules.events import (
    PREFERENCE_SET,
    PROMOTION_DISMISSED,
    PROMOTION_RATED,
    PROMOTION_VIEWED,
    told,
)
from ..rules.facts import DAY, PURPOSES, Context, Decision, Event, Profile
from ..rules.precedence import PREFERENCE
from .accounts import of_account
from .consent import DENIED, UNKNOWN, Consent, consent
from .consent.agreement import Agreement, agree
from .consent.told import ToolCookie
from .context import Arrival
from .display import Display
from .guise import Guise
from .journal import NOTHING_TO_KEEP, Receipt, new_id
from .keys import pseudonym
from .lookup import CustomerOf, Lookup
from .pageview import PageView
from .showings import Showing
from .stores import ATTRIBUTES, ERASED, FORGOTTEN, IDENTIFIED
from .telemetry.timing import TimedDisplay, TimedLookup, Timing
from .visitor import Visitor, new_visitor

if TYPE_CHECKING:
    from .window import Shopwindow

BOTH = frozenset(PURPOSES)
serving: ContextVar["Visit | None"] = ContextVar("shopwindow", default=None)


def current() -> "Visit | None":
    """The visit of the request that is being answered here, or None outside of one."""
    return serving.get()


class Visit:
    """The handle that handlers find as ``request.state.shopwindow``.

    Everything but ``decide`` is synchronous and may be called from any thread.
    """

    # What the cookie will say with the next answer to a navigation that is one person's.
    due: Visitor | None = None

    def __init__(
        self,
        window: "Shopwindow",
        arrival: Arrival,
        customer: CustomerOf | None = None,
        guise: Guise | None = None,
        timing: Timing | None = None,
    ) -> None:
        site = window.site
        self.window = window
        self.site = site
        self.arrival = arrival
        # Read now: apps mounted inside the shop's change it on their way.
        self.root: str = arrival.scope.get("root_path", "").rstrip("/")
        self.visitor: Visitor | None = None
        self._returned = False  # the cookie came back: the browser keeps what we sent
        self._consent: Consent = UNKNOWN
        self.marked = False  # a template slot was rendered: this page has slots
        self.aside = (
            False  # site.toml keeps us away from this page: only its view counts
        )
        self.decided = (
            False  # a handler asked for something that differs between visitors
        )
        self.left = False  # the answer's headers are on their way
        self.receipts: list[Receipt] = []
        self.untold: dict[str, Any] = {}  # set for an account that is not known yet
        self.cookies: list[bytes] = []
        self.view = PageView(self)
        self.guise = guise  # a preview: nobody is here, and nothing counts
        asked = customer if guise is None else None
        self.timing = timing  # None: nobody may know how long things take
        self.lookup: Lookup
        self.display: Display
        if timing is None:
            self.lookup = Lookup(window, arrival, asked)
            self.display = Display(self)
        else:
            self.lookup = TimedLookup(timing, window, arrival, asked)
            self.display = TimedDisplay(timing, self)
        try:
            if guise is not None:
                self._pose(guise)
                return
            self.context = site.context.read(arrival)
            if not arrival.bot:
                self._recognise()
        except Exception as error:
            # Our own fault, whatever it is: handlers still get a visit, of nobody.
            self.context = Context(
                arrival.now, int(arrival.now // DAY), path=arrival.path
            )
            self._retire()
            self.lookup.failed = "error"
            window.warn("visit", "reading a request failed: %r", error)

    def __repr__(self) -> str:
        who = self.visitor.id[:6] + "..." if self.visitor else "nobody"
        return f"<Visit {self.arrival.path} by {who}, consent {self._consent.state}>"

    # -- who it is -------------------------------------------------------------------------

    def _recognise(self) -> None:
        arrival, window = self.arrival, self.window
        cookies = arrival.cookies
        refused = False
        if cookies:
            self.visitor = window.cookie.read(cookies, arrival.secure, arrival.now)
            self._returned = self.visitor is not None
            refused = window.refusal.read(cookies, arrival.secure)
        if window.tool is None:
            days = self.site.settings.consent_days
            self._consent = consent(
                self.visitor, refused, arrival.objects, arrival.now, days
            )
        else:
            self._follow(self._told(window.tool, refused))
        # A picture or a script asks for nothing that depends on the visitor; if a handler
        # wants to know all the same, it is asked then.
        if arrival.navigation or arrival.scope["method"] != "GET":
            self._look_up()

    def _told(self, tool: ToolCookie, refused: bool) -> Agreement:
        """What follows from what the visitor told the consent tool."""
        arrival = self.arrival
        return agree(
            tool.read(arrival.cookies),
            self.visitor,
            refused=refused,
            objects=arrival.objects,
            now=arrival.now,
            days=self.site.settings.consent_days,
        )

    def _follow(self, agreement: Agreement) -> None:
        self.visitor, self._consent = agreement.visitor, agreement.consent
        if self.arrival.navigation:
            self.due = agreement.due
        if agreement.withdrawn:
            cookies, secure = self.arrival.cookies, self.arrival.secure
            if self.window.cookie.sent(cookies, secure):
                self._erase(agreement.consent)

    def _pose(self, guise: Guise) -> None:
        """This page is seen through the eyes of somebody who is not here."""
        self.decided = True
        self.context = self._seen(guise)
        if guise.consent:
            self._consent = Consent("granted", guise.consent)

    def _seen(self, guise: Guise) -> Context:
        page = self.arrival
        query: bytes = page.scope.get("query_string", b"")
        return guise.looks(self.site, page.path, query, page.device)

    @property
    def consent(self) -> Consent:
        """What this visitor agreed to. An answer that depends on it belongs to one visitor."""
        self._answers_one("reading consent")
        return self._consent

    @property
    def purposes(self) -> frozenset[str]:
        """What was agreed to; unlike :attr:`consent`, it does not make the answer one visitor's."""
        return self._consent.purposes

    def _answers_one(self, why: str) -> None:
        """This answer is for one visitor: no cache may keep it, and its cookies have to go with it."""
        self.decided = True
        if self.left:
            path = self.arrival.path
            message = (
                "%s came after the headers of %s had left: caches may keep its answer"
            )
            self.window.warn(f"too late {path}", message, why, path)

    @property
    def remembers(self) -> bool:
        """Whether anything about this visitor may be read or kept.

        That needs their consent, and a cookie that came back: a browser that refuses
        cookies would leave a new row with every request.
        """
        return self._returned and "personalization" in self.purposes

    @property
    def counts(self) -> bool:
        """Whether what is shown to this visitor is counted: that needs both consents."""
        return self._returned and self._consent.purposes >= BOTH

    def _look_up(self) -> None:
        """Ask the store, once."""
        if self.remembers and not self.lookup.started:
            assert self.visitor is not None
            self.lookup.start(self.visitor.id)
            if self.lookup.waiting and self.arrival.navigation:
                self.view.look_ahead()
            self._heed()
            if self.site.engines and self.lookup.fetched:
                self.view.ask_engines(self.lookup.profile)

    def _heed(self) -> None:
        """What was looked up may say that this visitor is nobody."""
        if self.lookup.retired:
            self.lookup.retired = False
            self._retire()
        if self.untold and self.lookup.met:
            self._tell_account()

    def collect(self) -> bool:
        """Take what has arrived about the visitor; whether nothing is on its way any more."""
        done = self.lookup.collect()
        self._heed()
        return done

    async def settle(self) -> None:
        """Wait for what is still on its way, at most until the deadline."""
        await self.lookup.settle()
        self._heed()

    def _become(
        self, visitor: Visitor | None, consent: Consent, *, returned: bool = False
    ) -> None:
        """From here on this is the request of ``visitor``: what was found belongs to another."""
        self.visitor = visitor
        self._consent = consent
        self._returned = returned
        self.due = None
        self.view.renew()
        self.lookup.forget()
        self.display.renew()

    def _retire(self) -> None:
        """The id was given up: its cookie says nothing any more."""
        old = self.visitor
        if self.window.tool is None or old is None or not self.remembers:
            self._become(None, UNKNOWN)
            return
        # Nobody will be asked again, for the consent tool has their answer: a new id.
        fresh = new_visitor(old.granted, self.arrival.now, old.granted_at)
        self._become(fresh, self._consent)
        self.due = fresh if self.arrival.navigation else None

    # -- deciding --------------------------------------------------------------------------

    async def decide(self, slot: str) -> Decision:
        """What ``slot`` shows to this visitor, for handlers that render themselves.

        The answer is the same one that a slot on the page would get.
        """
        try:
            self._look_up()
            if not self.collect():
                await self.settle()
            if self.site.asks and slot in self.site.settings.slots:
                await self.display.arrive(slot)
        except Exception as error:
            # Our own fault, whatever it is: the decision says so, the handler goes on.
            self.window.warn("visit", "looking up a visitor failed: %r", error)
        return self.decide_sync(slot)

    async def decide_all(self, slots: Iterable[str]) -> None:
        """Ask other servers for what all of ``slots`` show, before they are decided in turn."""
        try:
            self._look_up()
            if not self.collect():
                await self.settle()
            self.display.prepare(Hole(slot, b"") for slot in slots)
        except Exception as error:
            # As in decide.
            self.window.warn("remote", "asking other servers failed: %r", error)

    def decide_sync(self, slot: str) -> Decision:
        """As :meth:`decide`, without waiting: what has not arrived counts as late.

        So does a fragment of another server that is not kept here; a slot on the page still
        waits for it.
        """
        self._answers_one(f"deciding {slot}")
        if slot not in self.site.settings.slots:
            raise ValueError(f'unknown slot "{slot}": site.toml does not name it')
        try:
            self._look_up()
        except Exception as error:
            # As in decide.
            self.window.warn("visit", "looking up a visitor failed: %r", error)
        decision = self.display.decision(slot)
        if not self.site.remotes:
            return decision
        try:
            return self.display.as_it_is(decision)
        except Exception as error:
            # As in decide.
            self.window.warn("remote", "asking another server failed: %r", error)
            return Decision(slot, "error")

    def shows(self, slot: str) -> str:
        """A handler that renders itself shows what was decided for ``slot``, or keeps its default
        content where the decision says so: it counts once the answer to a GET has left with 200.

        The decision's id; empty where nobody is counted. Raises as :meth:`decide_sync`.
        """
        self.decide_sync(slot)
        return self.display.expose(slot)

    def turn_to(self, page: Arrival) -> None:
        """From here on it is decided for ``page``, which another channel is about to show."""
        self.arrival = page
        guise = self.guise
        self.context = self._seen(guise) if guise else self.site.context.read(page)
        self.display.renew()

    @property
    def profile(self) -> Profile | None:
        """What is known about the visitor, this very request included; None for nobody."""
        if self.guise is not None:
            return self.guise.profile if "personalization" in self.purposes else None
        if not self.remembers or not self.lookup.fetched:
            return None
        return self.view.profile

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
        return self._note(event, properties, now if at is None else at)

    def set(self, *, keep: bool = False, **attributes: Any) -> None:
        """Tell attributes of this visitor: ``set(cart_value=39.9)`` is ``cart-value`` in rules.

        They count for this request; with ``keep`` they are stored, where consent allows it:
        those of an account (``of = "account"``) for all its members, if the customer function
        says which account it is. Raises :class:`ValueError` for an attribute that site.toml
        does not declare.
        """
        values = {name.replace("_", "-"): value for name, value in attributes.items()}
        for name in values:
            declared = self.site.settings.attributes.get(name)
            if declared is None or declared.origin != "app":
                raise ValueError(
                    f'site.toml declares no attribute "{name}" with from = "app"'
                )
        self.lookup.given.update(values)
        self.display.renew()
        if keep and self.remembers:
            msgspec.json.encode(values)
            shared = self.site.settings.shared
            own = {name: one for name, one in values.items() if name not in shared}
            if own:
                self._note(ATTRIBUTES, own)
            if len(own) < len(values):
                self.untold |= {name: values[name] for name in values if name in shared}
                self.collect()

    def _tell_account(self) -> None:
        """What was set of the account, now that it is known which one it is."""
        values, self.untold = self.untold, {}
        if not self.remembers:
            return  # consent was taken back meanwhile
        window, customer = self.window, self.lookup.customer
        if customer is None or not customer.account:
            words = "%s is kept for nobody: the customer function names no account"
            window.warn("account", words, ", ".join(sorted(values)))
            return
        try:
            event = of_account(window, customer.account, values, self.arrival.now)
            self.receipts.append(window.journal.note(event))
        except Exception as error:
            # Our own fault, as in _note.
            window.warn("journal", "keeping an event failed: %r", error)

    def identify(self, customer: str) -> None:
        """The visitor has logged in as ``customer``: both histories become one, under a new id.

        The store need not answer for it: whoever was logged in here before, this is not them.
        """
        if not self.remembers:
            return
        assert self.visitor is not None
        owner = pseudonym(self.window.keys, customer)
        known = self.lookup.profile
        if known is not None and known.customer == owner:
            return  # the same customer as before
        fresh = self._renamed(self.visitor)
        self._note(IDENTIFIED, {"customer": owner, "visitor": fresh.id})
        self._become(fresh, self._consent, returned=True)

    def forget(self) -> None:
        """The visitor has logged out: this browser becomes a stranger who gave consent."""
        if not self.remembers:
            return
        assert self.visitor is not None
        self._note(FORGOTTEN, {})
        self._become(self._renamed(self.visitor), self._consent)

    def grant(self, *purposes: str) -> None:
        """The visitor agrees to ``purposes`` ("personalization", "statistics"), all if none is named.

        Where site.toml names another consent provider, that one decides, and this changes nothing.
        """
        if self.arrival.bot or self.guise is not None:
            return
        if self.window.tool is not None:
            words = "visit.grant() changes nothing: site.toml leaves consent to %s"
            self.window.warn("grant", words, self.site.settings.consent_provider)
            return
        self._answers_one("agreeing")
        granted = frozenset(purposes or PURPOSES)
        now, secure = self.arrival.now, self.arrival.secure
        consent = Consent("granted", granted)
        if self.visitor is not None and "personalization" in granted:
            self.visitor = Visitor(self.visitor.id, int(now), granted, int(now))
            self._consent = consent
            self.display.renew()
        else:
            if (
                self.remembers
            ):  # taken back in part: what was kept goes, and its id with it
                self._note(ERASED, {})
            self._become(new_visitor(granted, now), consent)
        assert self.visitor is not None
        self.cookies = [self.window.cookie.issue(self.visitor, secure)]
        if self.window.refusal.read(self.arrival.cookies, secure):
            self.cookies.append(self.window.refusal.drop(secure))

    def deny(self) -> None:
        """The visitor refuses, or takes consent back: what is stored about them is erased."""
        if self.guise is not None:
            return
        self._answers_one("refusing")
        # A program gets no cookie, but one that brings a person's id is taken at its word.
        secure = self.arrival.secure
        self.cookies = [] if self.arrival.bot else [self.window.refusal.issue(secure)]
        self._erase(DENIED)

    def readmit(self) -> bool:
        """Who refused here takes that back: the consent tool's answer counts again. Whether it is a yes."""
        tool = self.window.tool
        if tool is None or self.arrival.bot or self.guise is not None:
            return False
        self._answers_one("agreeing")
        arrival, window = self.arrival, self.window
        self.visitor = window.cookie.read(arrival.cookies, arrival.secure, arrival.now)
        agreement = self._told(tool, refused=False)
        if not agreement.consent:
            return False
        if window.refusal.read(arrival.cookies, arrival.secure):
            self.cookies = [window.refusal.drop(arrival.secure)]
        self._follow(agreement)
        return True

    def _erase(self, consent: Consent) -> None:
        """Everything about whoever has a cookie of ours goes, and the cookie with it."""
        arrival, cookie = self.arrival, self.window.cookie
        # Also a cookie that cannot be read now goes (tomorrow, or another worker, may read
        # it), and everybody whom one of several cookies names is erased.
        if cookie.sent(arrival.cookies, arrival.secure):
            self.cookies.append(cookie.drop(arrival.secure))
        known = cookie.every(arrival.cookies, arrival.secure, arrival.now)
        for one in {self.visitor, *known} - {None}:
            self.visitor = one
            self._note(ERASED, {})
        self._become(None, consent)

    def erase(self) -> None:
        """What is stored about the visitor goes, and its cookie: from here on this is a stranger."""
        if self.guise is not None:
            return
        self._answers_one("erasing")
        self.cookies = []
        self._erase(UNKNOWN)

    # -- what the visitor says on pages of our own -----------------------------------------

    async def recall(self, seconds: float) -> bool:
        """Wait up to ``seconds`` for what is kept of the visitor, on a page that is about nothing
        else; whether it is here. Where nothing may be kept, there is nothing to wait for."""
        self._answers_one("reading what is known")
        self.lookup.skip_customer()
        self.lookup.allow(seconds)
        self._look_up()
        if not self.collect():
            await self.settle()
        return not self.remembers or self.lookup.fetched

    def prefer(self, dimension: str, key: str, answer: str) -> Receipt:
        """The visitor wants ``more`` or ``less`` of a thing, ``never`` any; empty: no opinion.

        As ``prefer("category", "garden", "more")``; needs consent, as :meth:`track` does.
        """
        if not self.remembers:
            return NOTHING_TO_KEEP
        said = {"dimension": dimension, "key": key, "answer": answer}
        return self._note(PREFERENCE_SET, said)

    def state(self, attributes: Mapping[str, Any]) -> Receipt:
        """The visitor says ``attributes`` about themselves; None takes one back."""
        if not self.remembers:
            return NOTHING_TO_KEEP
        msgspec.json.encode(attributes)
        return self._note(ATTRIBUTES, told(attributes, PREFERENCE))

    def dismiss(
        self, fragment: str, rule: str = "", product: str = "", *, decision: str = ""
    ) -> Receipt:
        """The visitor is not interested in ``fragment``; its ``rule``, if named, pauses for a while.

        Of one item of a shelf ``product`` is its id: it stands on no shelf any more, and the shelf
        stays; then leave ``rule`` away. ``decision`` is the id of the one that showed it, where that
        is known.
        """
        if not self.remembers:
            return NOTHING_TO_KEEP
        said = {"promotion_id": fragment}
        if rule:
            said["rule"] = rule
        if product:
            said["product_id"] = product
        if decision:
            said["decision"] = decision
        return self._note(PROMOTION_DISMISSED, said)

    def rate(
        self, fragment: str, *, up: bool, rule: str = "", decision: str = ""
    ) -> Receipt:
        """The visitor likes ``fragment``, or does not; the last word on it counts.

        ``rule`` and ``decision`` say what showed it, where that is known.
        """
        if not self.remembers:
            return NOTHING_TO_KEEP
        said = {"promotion_id": fragment, "rating": "up" if up else "down"}
        if rule:
            said["rule"] = rule
        if decision:
            said["decision"] = decision
        return self._note(PROMOTION_RATED, said)

    def _renamed(self, visitor: Visitor) -> Visitor:
        self._answers_one("a new id")
        now, secure = self.arrival.now, self.arrival.secure
        fresh = new_visitor(visitor.granted, now, visitor.granted_at)
        self.cookies = [self.window.cookie.issue(fresh, secure)]
        return fresh

    def event(
        self,
        name: str,
        properties: dict[str, Any],
        time: float | None = None,
        id: str | None = None,
    ) -> Event:
        """That ``name`` happened to this visitor, now if no ``time`` says when; it is not kept yet."""
        assert self.visitor is not None
        time = self.arrival.now if time is None else time
        return Event(
            id or new_id(time),
            name,
            self.visitor.id,
            time,
            self.site.context.day(time),
            properties,
        )

    def _note(
        self,
        name: str,
        properties: dict[str, Any],
        time: float | None = None,
        id: str | None = None,
    ) -> Receipt:
        try:
            event = self.event(name, properties, time, id)
            lookup, journal = self.lookup, self.window.journal
            receipt = journal.note(event, lookup.profile, lookup.fetched)
            self.receipts.append(receipt)
            if self.site.engines:
                self.window.engines.heard(self, (event,))
            if lookup.fetched:
                lookup.profile = journal.over(event.visitor, lookup.profile)
                self.display.renew()
        except Exception as error:
            # Our own fault, whatever it is: the handler that reports an order goes on.
            self.window.warn("journal", "keeping an event failed: %r", error)
            return NOTHING_TO_KEEP
        return receipt

    # -- after the answer ------------------------------------------------------------------

    def refresh_cookie(self) -> None:
        """Send the cookie anew if a page leaves privately anyway and the cookie has aged."""
        if self.window.tool is not None:
            self.collect()  # what has arrived may say that the id was given up
            if self.due is not None and not self.cookies:
                self.cookies = [self.window.cookie.issue(self.due, self.arrival.secure)]
        visitor, arrival = self.visitor, self.arrival
        if visitor is None or self.cookies or not self._consent:
            return
        if self.window.cookie.stale(visitor, arrival.now):
            renewed = Visitor(
                visitor.id, int(arrival.now), visitor.granted, visitor.granted_at
            )
            self.cookies = [self.window.cookie.issue(renewed, arrival.secure)]

    @property
    def polyglot(self) -> bool:
        """Whether only the page itself can say its language."""
        if self.guise is not None and "language" in self.guise.context:
            return False
        return self.site.context.polyglot and self.context.path == self.arrival.path

    def listen(self, page: bytes) -> None:
        """The beginning of the page has come."""
        language = self.site.context.spoken(page)
        if language is not None and language != self.context.language:
            self.context = msgspec.structs.replace(self.context, language=language)
            self.display.renew()

    def delivered(self) -> None:
        """The page has left with status 200: count the view and what was shown."""
        self.view.delivered()

    def saw(self, showing: Showing, slot: str) -> None:
        """Whoever asked for decisions has shown the one for ``slot``."""
        properties = showing.properties(slot)
        self._note(PROMOTION_VIEWED, properties, id=showing.event_id(slot))

    def promise(self) -> "list[asyncio.Future[None]]":
        """What an answer to a POST waits for: the events of this request in the store."""
        return [receipt.stored for receipt in self.receipts]
