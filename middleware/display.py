"""What the slots of one page show: decisions, and the bytes they become."""

from collections.abc import Iterable
from typing import TYPE_CHECKING
from weakref import ref

import msgspec

from ..fragments.expressions import Mentions
from ..fragments.recommendations.shelf import NO_CANDIDATES, Shelf
from ..fragments.rewrite import Hole, Piece, inside
from ..fragments.views import NOBODY, FragmentError, VisitorView
from ..rules.attributes import Facts
from ..rules.attributes import facts as facts_of
from ..rules.decide import decide
from ..rules.experiments import Units
from ..rules.facts import Decision
from ..rules.interests import strengths
from ..rules.placement import Placement
from .answerable import answerable
from .clicks import SCRIPT, UNCOUNTED
from .clickscript import element, has_links
from .decisionids import forms_carrying, links_below, links_carrying
from .engines.proposals import Proposals, asks, completed
from .exposed import PageExposed
from .foresight import Foresight
from .guise import everybody_sees
from .remote import LONGEST
from .remote.deadline import Deadline
from .remote.questions import Questions
from .shelves import Shelves

if TYPE_CHECKING:
    from .visit import Visit

_UNCOUNTED = UNCOUNTED.encode()
_WHY = {
    "unsupported": "its element (p, li, td, ...) may end without an end tag; use the pair of comments",
    "unclosed": "it has no end",
    "misnested": "its end does not fit the elements around it",
    "too-large": "it is larger than what is held back of a page",
    "too-late": "the page is too long before its first slot",
    "encoding": "the page is in an encoding whose letters may look like markup",
    "charset": "its selector has letters beyond ASCII, which are found in pages in UTF-8 only",
    "thread": "the page came from several threads, which selectors cannot follow",
    "ambiguous": "the page's HTML can be read in more than one way",
}


class Display:
    """Decides every slot of a page once, and fills it.

    ``decisions`` holds those that were made, by slot; ``exposed`` the ones that count; ``passing``
    those that were made before something else was known. ``facts`` are what they are made by.
    """

    __slots__ = (
        *("decisions", "exposed", "passing", "facts", "_of", "_placement"),
        *("_ahead", "_foresight", "_questions", "_preliminary", "_shelves"),
        *("_deadline", "_proposals", "scripted"),
        *("_led", "_unfinished", "_unled"),
    )

    def __init__(self, visit: "Visit") -> None:
        # A circle would be left to the garbage collector, page by page, with all that hangs on
        # it: the next page would find none of its memory warm.
        self._of = ref(visit)
        self.facts: Facts | None = None
        self._foresight: Foresight | None = None  # which the facts are of
        self._preliminary = False
        self._shelves = Shelves()
        self.decisions: dict[str, Decision] = {}
        self._placement = self._page()
        self.exposed = PageExposed()
        self._ahead: set[str] | None = None  # decided before their turn, all at once
        self._questions: Questions | None = None
        self._proposals: Proposals | None = None  # of engines, on sites that have any
        self._deadline: Deadline | None = None  # of all other servers together
        self.passing: dict[str, Decision] = {}
        # Slots whose fragments lack what only the page knows, and those whose links do.
        self._unfinished: dict[str, Mentions] = {}
        self._unled: set[str] = set()
        self._led = b""  # what all links of a counted page begin with
        self.scripted = False  # the page has the script that tells of clicks

    @property
    def _visit(self) -> "Visit":
        visit = self._of()
        assert visit is not None  # nobody else has us
        return visit

    def _page(self) -> Placement:
        visit = self._visit
        shown_to_all = visit.guise is not None
        return Placement(
            everybody_sees(visit.site) if shown_to_all else visit.site.settings.limits
        )

    def renew(self) -> None:
        """Something about the visitor has changed: decide anew."""
        if self.exposed.decisions:
            self.exposed.known = self.exposed.known or self.facts
        self.facts = None
        self._led = b""
        self.passing.update(self.decisions)
        self.decisions.clear()
        self._placement = self._page()
        exposed = self.exposed.decisions
        for decision in exposed:  # these have left
            self._placement.take(decision)
        self._shelves.only({decision.slot for decision in exposed})

    def decision(self, slot: str) -> Decision:
        """What ``slot`` shows; decided once per request."""
        known = self.decisions.get(slot)
        if known is None:
            settled = self._visit.collect()
            known = self._decide(slot)
            if settled:
                self.decisions[slot] = known
                self._placement.take(known)
            else:
                self.passing[slot] = known
            self._preliminary = not settled  # an answer may come before the page's end
        return known

    def outcome(self) -> dict[str, Decision]:
        """What became of every slot that was asked for, by slot."""
        made = self.decisions
        return {**self.passing, **made} if self.passing else made

    def _decide(self, slot: str) -> Decision:
        visit = self._visit
        if visit.arrival.bot:
            return Decision(slot, "bot")
        if visit.lookup.failed:
            return Decision(slot, visit.lookup.failed)
        if visit.lookup.waiting:
            return Decision(slot, "late")
        try:
            if self.facts is None or self._preliminary:
                self.facts = self._gather()
            ahead = self._foresight
            found = ahead.decisions.get(slot) if ahead is not None else None
            if found is None:
                found = decide(visit.site.rules, self.facts, slot)
            return self._placement.placed(found, self.facts)
        except Exception as error:
            # Our own fault, whatever it is: this slot keeps its default content.
            visit.window.warn(f"slot {slot}", "deciding %s failed: %r", slot, error)
            return Decision(slot, "error")

    def _gather(self) -> Facts:
        visit = self._visit
        context, lookup = visit.context, visit.lookup
        self._foresight = None
        if visit.guise is not None:
            query = visit.arrival.scope.get("query_string", b"")
            window = visit.window
            return visit.guise.facts(
                *(visit.site, context, query, window.traffic, window.supplies),
                window.allocations,
            )
        customer = lookup.customer
        if customer is not None:
            context = msgspec.structs.replace(
                context, logged_in=True, first_name=customer.first_name or None
            )
        given = visit.site.context.given(visit.arrival, visit.remembers)
        if lookup.given:
            given.update(lookup.given)
        if visit.view.foresight is not None:
            self._foresight = visit.view.foreseen(given)
            if self._foresight is not None:
                self._shelves.join(self._foresight.shelves)
                return self._foresight.facts
        units = Units()
        if visit.remembers and visit.visitor is not None:
            units = Units(visit.visitor.id)
            if customer is not None:
                account = customer.account or None
                units = Units(visit.visitor.id, customer.id, account)
        return facts_of(
            visit.site.rules,
            visit.profile,
            context,
            visit.purposes,
            given,
            visit.window.traffic,
            units,
            supplies=visit.window.supplies,
            allocations=visit.window.allocations,
        )

    def fill(self, hole: Hole, charset: str) -> bytes | None:
        """The bytes for one slot of the page, or None where its default content stays."""
        if self._ahead:
            self._ahead.discard(hole.slot)
        decision = self.decision(hole.slot)
        if decision.fragment is None:
            self._shelves.leave(hole.slot)
            if decision.held or decision.failed:
                self.exposed.decisions.append(decision)
            return None
        visit = self._visit
        remote = decision.fragment in visit.site.remotes
        try:
            if remote:
                content = self._asked(decision).take(decision.slot, charset)
            elif self._foresight is not None:
                content = self._foresight.content(decision, charset)
                if content is None:
                    content = self._render(decision, hole.default, charset)
            else:
                content = self._render(decision, hole.default, charset)
        except FragmentError as error:
            self._cannot(decision, error)
            lost = self.decisions[hole.slot]
            if lost.failed:
                self.exposed.decisions.append(lost)
            return None
        if content is None:
            self._keep_default(decision, "no-rule")
            return None
        if remote:
            self.exposed.decisions.append(decision)
            return content
        if hole.slot in self._unfinished:
            content = self._answered(content, hole.slot)
        self.exposed.decisions.append(self._discovered(decision))
        return content

    def _lead(self, visit: "Visit") -> bytes:
        """What the links of the next fragment begin with; empty: as they are."""
        led = self._led
        if led:
            return self.exposed.mark(led)
        below = links_below(visit.root)
        if visit.counts:
            led = self._led = below + self.exposed.beginning(visit.arrival.now)
            return self.exposed.mark(led)
        if visit.guise is not None:
            return visit.root.encode() + _UNCOUNTED
        return below if visit.root else b""

    def _answered(self, content: bytes, slot: str) -> bytes:
        """A fragment that its reader can answer, with all that tells us so."""
        visit = self._visit
        if slot in self._unled and (lead := self._lead(visit)):
            content = links_carrying(content, lead)
        if visit.guise is not None:
            return content
        mentions = self._unfinished[slot]
        if (mentions.dismiss or mentions.thumbs) and visit.counts:
            exposed = self.exposed
            mark = exposed.mark(exposed.beginning(visit.arrival.now))
            content = forms_carrying(content, mark)
        if visit.site.settings.clicks == SCRIPT and not self.scripted:
            if visit.remembers and has_links(content):
                self.scripted = True
                content += element(visit.root).encode()
        return content

    def expose(self, slot: str) -> str:
        """Whoever renders ``slot`` themselves shows what was decided for it.

        The id of the decision, empty where nobody is counted.
        """
        decision, exposed, visit = self.decision(slot), self.exposed, self._visit
        if not (decision.shown or decision.held):
            return ""
        id = exposed.next(visit.arrival.now) if visit.counts else ""
        exposed.decisions.append(decision)
        return id

    def _discovered(self, decision: Decision) -> Decision:
        """``decision`` with what luck has brought onto its shelf, for whoever reports it."""
        found = self._shelves.discovered(decision.slot)
        if not found:
            return decision
        decision = msgspec.structs.replace(decision, discovered=found)
        self.decisions[decision.slot] = decision
        return decision

    def _render(self, decision: Decision, default: bytes, charset: str) -> bytes | None:
        assert decision.fragment is not None and self.facts is not None
        site, known = self._visit.site, self.facts
        dimension = site.reorders.get(decision.fragment)
        if dimension is not None:
            scores = {}
            if not decision.level:  # a segment's order is that of the page
                scores = strengths(known.profile, dimension, known.context.now)
            return site.renderer.reorder(decision.fragment, default, scores, charset)
        return self.rendered(decision, known, charset, self._shelves)

    def rendered(
        self,
        decision: Decision,
        known: Facts,
        charset: str,
        shelves: Shelves,
        *,
        ahead: bool = False,
    ) -> bytes | None:
        """A fragment of the site, except where it reorders what the page has; None: it is empty.

        What fills a shelf becomes one of ``shelves``, those of the page. ``ahead`` of its slot's
        turn nobody knows yet what its links carry. Raises :class:`FragmentError`.
        """
        assert decision.fragment is not None
        visit = self._visit
        site = visit.site
        language = known.context.language or site.settings.language
        plate = site.renderer.plate(
            decision.fragment,
            decision.parameters,
            language,
            charset,
            things=decision.bound,
        )
        shelf = Shelf()
        recommend = decision.recommend
        if recommend is not None:
            slot, candidates = decision.slot, NO_CANDIDATES
            if site.engines and asks(decision):
                proposals = self._proposed(decision)
                candidates = proposals.candidates(slot) if proposals else candidates
                recommend = completed(recommend)
            shelf = shelves.fill(visit.window, slot, recommend, known, candidates)
            if not shelf.ids:
                return None  # better no shelf than an empty one
            if candidates and self._proposals is not None:
                self._proposals.filled(slot, shelf.ids)
        mentions = plate.version.mentions
        lead = b""
        if mentions.links:
            if ahead:
                self._unled.add(decision.slot)
            else:
                self._unled.discard(decision.slot)
                lead = self._lead(visit)
            if ahead or site.settings.clicks == SCRIPT:
                self._unfinished[decision.slot] = mentions
        content = None
        if recommend is None and plate.pieces is not None:
            content = lead.join(plate.pieces) if lead else plate.content
        if content is None:
            view = NOBODY
            if plate.personal:
                name = "" if decision.level else known.context.first_name or ""
                view = VisitorView(first_name=name, language=language)
            content = site.renderer.serve(plate, shelf.ids, shelf.reasons, view, lead)
        if mentions.dismiss or mentions.thumbs:
            self._unfinished[decision.slot] = mentions
            content = answerable(content, decision, mentions, visit)
        return content

    # -- what engines propose, on sites that have any --------------------------------------

    def _proposed(self, decision: Decision) -> Proposals | None:
        """Those of the page, asked for what ``decision`` shows; None: nobody proposes anything."""
        visit, known = self._visit, self.facts
        if not visit.site.engines or known is None or not decision.shown:
            return None
        if not asks(decision):
            return None
        proposals = self._proposals
        if proposals is None:
            proposals = self._proposals = Proposals(self._until())
        if not proposals.asked(decision):
            proposals.ask(visit, decision, known)
        return proposals

    def proposals_left(self) -> None:
        """The page has left, with what stands on its shelves."""
        proposals = self._proposals or Proposals(Deadline(0.0))
        proposals.delivered(self._visit)

    # -- fragments of other servers, on sites that have any --------------------------------

    def prepare(self, pieces: Iterable[Piece]) -> None:
        """Decide the slots among ``pieces``, and ask other servers for theirs: all at once."""
        self._ahead = self._ahead or set()
        for piece in pieces:
            if isinstance(piece, Hole):
                self._ahead.add(piece.slot)
                self.waits(piece.slot)
                if not self.decision(piece.slot).shown:
                    self.prepare(inside(piece))

    def waits(self, slot: str) -> bool:
        """Whether what ``slot`` shows is on its way, and the page may wait for it."""
        decision = self.decision(slot)
        try:
            if self._is_remote(decision):
                return self._asked(decision).waiting(slot)
            proposals = self._proposed(decision)
            return proposals is not None and proposals.waiting(slot)
        except FragmentError:
            return False  # fill says so

    async def arrive(self, slot: str) -> None:
        """Wait for what ``slot`` shows, until the deadline; then its decision says what came."""
        decision = self.decision(slot)
        if not self._is_remote(decision):
            proposals = self._proposed(decision)
            if proposals is not None:
                await proposals.wait(slot)
            return
        try:
            questions = self._asked(decision)
            await questions.wait(slot)
            empty = questions.take(slot) is None
        except FragmentError as error:
            self._cannot(decision, error)
            return
        if empty:
            self._keep_default(decision, "no-rule")

    def as_it_is(self, decision: Decision) -> Decision:
        """``decision`` with what has come by now, for those who cannot wait."""
        if not self._is_remote(decision):
            return decision
        page = self._questions
        if page is None or not page.asked(decision):
            page = Questions(Deadline(0.0))  # the page itself asks when it waits
        try:
            if self._asked(decision, page).take(decision.slot) is not None:
                return decision
            reason = "no-rule"
        except FragmentError as error:
            reason = error.reason
        return msgspec.structs.replace(decision, reason=reason, fragment=None)

    def _is_remote(self, decision: Decision) -> bool:
        return decision.fragment in self._visit.site.remotes

    def _asked(self, decision: Decision, page: Questions | None = None) -> Questions:
        """Those of the page, or ``page``. Raises :class:`FragmentError`: there is no address."""
        visit, known = self._visit, self.facts
        assert known is not None
        if page is None:
            page = self._questions = self._questions or Questions(self._until())
        if not page.asked(decision):
            language = known.context.language or visit.site.settings.language
            page.ask(visit.window.remotes, visit.site, decision, language)
        return page

    def _until(self) -> Deadline:
        """Until when the page waits for all other servers together."""
        if self._deadline is None:
            visit = self._visit
            seconds = visit.site.settings.fragments_ms / 1000
            # Whoever previews a page has time, and is the first to ask.
            self._deadline = Deadline(LONGEST if visit.guise is not None else seconds)
        return self._deadline

    # -- slots that keep their default content ---------------------------------------------

    def _cannot(self, decision: Decision, error: FragmentError) -> None:
        """A fragment cannot be shown."""
        about = f"fragment {decision.fragment}"
        self._visit.window.warn(about, "%s (rule %s)", error, decision.rule)
        self._keep_default(decision, error.reason)

    def _keep_default(self, decision: Decision, reason: str) -> None:
        self.decisions[decision.slot] = msgspec.structs.replace(
            decision, reason=reason, fragment=None
        )
        self._leave(decision.slot)

    def _leave(self, slot: str) -> None:
        """The place of ``slot`` is free for one that comes after it."""
        self._placement.leave(slot)
        self._shelves.leave(slot)
        if self._ahead:
            self._ahead.discard(slot)
            for other in self._ahead:
                known = self.decisions.get(other)
                if known is not None and known.reason in ("budget", "group"):
                    del self.decisions[other]

    def kept(self, slot: str, reason: str) -> None:
        """A slot of the page could not be offered; the page is fine, its template is not."""
        path = self._visit.arrival.path
        self._visit.window.warn(
            f"slot {path} {slot}",
            "the slot %s of %s keeps its default content: %s",
            slot,
            path,
            _WHY.get(reason, reason),
        )
        if slot:
            outcome = "too-large" if reason == "too-large" else "unsupported"
            # Who is not counted need not be decided for.
            wanted = self.decision(slot) if self._visit.remembers else None
            self._lose(slot, wanted, outcome)

    def failed(self, slot: str, error: Exception) -> None:
        """Filling a slot failed in a way that nobody foresaw."""
        self._visit.window.warn(f"slot {slot}", "the slot %s failed: %r", slot, error)
        self._lose(slot, self.decisions.get(slot), "error")

    def _lose(self, slot: str, wanted: Decision | None, reason: str) -> None:
        """``slot`` keeps its default content for this ``reason``, whatever it was to show."""
        lost = Decision(slot, reason)
        if wanted is not None and wanted.shown:
            lost = msgspec.structs.replace(wanted, reason=reason, fragment=None)
            self.exposed.decisions.append(lost)
        self.decisions[slot] = lost
        self._leave(slot)
