"""One view of a page: the events that it stands for, and what they make of the visitor's profile."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from weakref import ref

from ..rules.facts import Context, Event, Profile
from .exposed import SIZE
from .foresight import Foresight, foresee
from .journal import NO_LESSON, Note, size_of
from .views import sightings

if TYPE_CHECKING:
    from .visit import Visit

NOBODY = Profile()


class PageView:
    """What a visit's own page says of its visitor, worked out once and counted at its end."""

    __slots__ = ("_events", "_learned", "_looks_ahead", "_of", "foresight")

    def __init__(self, visit: "Visit") -> None:
        # A circle would keep what the page showed, and the model that this is of, until the
        # garbage collector has time for it.
        self._of = ref(visit)
        self.foresight: Foresight | None = None  # of the first slot
        self._looks_ahead = False  # the store leaves time for it
        self.renew()

    @property
    def _visit(self) -> "Visit":
        visit = self._of()
        assert visit is not None  # nobody else has us
        return visit

    def renew(self) -> None:
        """From here on another visitor looks at the page."""
        self._events: list[Event] | None = None
        self._learned: tuple[Profile | None, list[Profile | None]] | None = None

    # -- what it says ----------------------------------------------------------------------

    @property
    def profile(self) -> Profile | None:
        """What the store knows, and what this view adds."""
        base, lessons = self._lessons()
        return lessons[-1] if lessons else base

    def _lessons(self) -> tuple[Profile | None, list[Profile | None]]:
        """What the store knows, and what each of this view's events makes of it."""
        visit = self._visit
        base = visit.lookup.profile
        if self._learned is None or self._learned[0] is not base:
            profile, learn = base, visit.site.learn
            lessons = [profile := learn(profile, event) for event in self._own()]
            self._learned = base, lessons
        return self._learned

    def _own(self) -> list[Event]:
        """The events that this view itself stands for, if it is one."""
        if self._events is None:
            visit = self._visit
            self._events = self.happening(visit.context, visit.lookup.profile)
        return self._events

    def happening(self, context: Context, known: Profile | None) -> list[Event]:
        """The events that a view of this page stands for, by somebody who is ``known`` so."""
        visit = self._visit
        own: list[Event] = []
        if not visit.arrival.navigation or visit.visitor is None:
            return own
        query: bytes = visit.arrival.scope.get("query_string", b"")
        for sighting in sightings(visit.site, context, query, known or NOBODY):
            own.append(visit.event(sighting.name, sighting.properties))
        return own

    # -- ahead of the first slot -----------------------------------------------------------

    def look_ahead(self) -> None:
        """The store will answer while the app is at work: work out what follows then."""
        self._looks_ahead = True
        self._visit.lookup.foretell(self._foresee)

    def ask_engines(self, known: Profile | None) -> None:
        """Ask the engines that fill this page's shelves, of a visitor who is ``known`` so."""
        visit = self._visit
        if not visit.arrival.navigation or visit.arrival.scope["method"] != "GET":
            return
        try:
            visit.window.engines.ask_ahead(visit, known)
        except Exception as error:
            # Our own fault, whatever it is: the shelf itself asks again.
            visit.window.warn("engines", "asking ahead failed: %r", error)

    def _foresee(self, answered: Profile | None) -> None:
        visit = self._of()
        if visit is None:
            return  # the page has left before the store said anything
        if visit.site.engines and visit.remembers and not visit.left:
            self.ask_engines(visit.lookup.over(answered))
        try:
            self.foresight = foresee(visit, answered)
        except Exception as error:
            # Our own fault, whatever it is: the first slot tries again.
            visit.window.warn("foresight", "looking ahead failed: %r", error)

    def foreseen(self, given: Mapping[str, Any]) -> Foresight | None:
        """What was made of the store's answer, if all is still so; ``given`` is what is so now."""
        foresight, self.foresight = self.foresight, None
        if foresight is None or self._events is not None or self._learned is not None:
            return None
        if not foresight.true(self._visit, given):
            return None
        self._events = foresight.own
        self._learned = foresight.base, foresight.lessons
        return foresight

    # -- at its end ------------------------------------------------------------------------

    def delivered(self) -> None:
        """The page has left with status 200: count the view and what was shown."""
        visit = self._visit
        if not visit.remembers or visit.arrival.scope["method"] != "GET":
            return
        display, journal = visit.display, visit.window.journal
        if self._looks_ahead:
            visit.window.routes.filled(visit.arrival.path, tuple(display.decisions))
        own, exposed = self._own(), display.exposed
        profile, lessons = self._lessons()
        fetched = visit.lookup.fetched
        if own:  # first: whatever is wrong with the rest, the view itself counts
            notes: list[Note] = []
            for event, after in zip(own, lessons, strict=True):
                notes.append((event, after, size_of(event), None))
            journal.note_all(own[0].visitor, profile, fetched, notes)
            profile = lessons[-1]
        if visit.site.engines:
            visit.window.engines.heard(visit, own)
            display.proposals_left()
        if exposed.decisions:
            size = SIZE * len(exposed.decisions)
            lesson = exposed.left(visit, profile)
            if lesson is NO_LESSON:
                journal.keep(exposed, size)
            else:
                note = (exposed, lesson, size, None)
                journal.note_all(exposed.visitor, profile, fetched, (note,))
