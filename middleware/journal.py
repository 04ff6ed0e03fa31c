"""The bounded queue of events, and the one thread that writes them to the store."""

import asyncio
import atexit
import logging
import threading
import time
from collections import Counter as Tally
from collections import deque
from collections.abc import Callable, Sequence
from itertools import chain, islice
from operator import itemgetter
from typing import Protocol

import msgspec

from ..rules.events import PREFERENCE_SET
from ..rules.facts import Event, Profile
from .eventids import new_id as new_id
from .stores import ERASED, REARRANGING, Draft, Learn, Store, StoreError, Weights

log = logging.getLogger("shopwindow")

INTERVAL = 0.035  # seconds that events gather before they are written together
BATCH = 500  # events at most in one commit
LEAVING = 20  # who are erased at most in one commit
SETTLING = (
    10.0  # seconds: then who is erased is erased, whether it can be counted or not
)
PATIENCE = 5.0  # seconds that closing waits for the last commit
# While a store takes nothing: so many characters may wait in what events say, ...
CHARACTERS = 16_000_000
# ... of so many visitors it is remembered what the store said, of others it is asked again, ...
HELD = 1_000
# ... and behind so many events nothing is worked out ahead for the writer.
AHEAD = 2_000
UNASKED = (
    100  # events of one visitor, before what they make of what is known is worked out
)

# What is dropped first when the queue is full: showings, then views; last purchases, and what
# the visitor said.
_RANKS = {
    "Promotion Viewed": 0,
    "Product Added": 2,
    "Product Removed": 2,
    "Promotion Clicked": 2,
    "Promotion Rated": 2,
    "Order Completed": 3,
    PREFERENCE_SET: 3,
    **dict.fromkeys(REARRANGING, 3),
}
_ORDINARY = 1
_encode = msgspec.json.Encoder().encode

Weigh = Callable[[Sequence[Event]], Weights]
Settle = Callable[[Sequence[str]], int]


class Receipt:
    """Tells when an event is safe: ``await receipt.stored`` returns then.

    It raises :class:`StoreError` if the event was dropped.
    """

    __slots__ = ("event", "_journal", "_kept", "_waiters")

    def __init__(self, event: Event | None, journal: "Journal | None") -> None:
        self.event = event
        self._journal = journal
        self._kept: bool | None = True if journal is None else None
        self._waiters: list[asyncio.Future[None]] | None = None  # most have none

    @property
    def stored(self) -> asyncio.Future[None]:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self._journal is None or self._journal._wait(self, future):
            _settle(future, bool(self._kept))
        return future


NOTHING_TO_KEEP = Receipt(None, None)  # no consent, a bot: there is nothing to wait for


_ASTRAY = Profile()  # the base of what stands on a dropped event: no store has it


class Unwritten(msgspec.Struct, eq=False):
    """What one visitor did that is not in the store yet, on top of what is there (``base``).

    ``latest`` is what it makes of them, but for ``events``: those of which nobody has asked yet.
    """

    base: Profile | None
    known: bool
    latest: Profile | None
    pending: int = 0
    events: list[Event] = []

    def over(self, fetched: Profile | None, learn: Learn) -> Profile | None:
        if not self.known:
            self.base = self.latest = fetched
            self.known = True
        latest = self.latest
        for event in self.events:
            latest = learn(latest, event)
        self.events.clear()
        self.latest = latest
        return latest

    def once(self, fetched: Profile | None, learn: Learn) -> Profile | None:
        """As :meth:`over`, without remembering what was fetched."""
        for event in self.events:
            fetched = learn(fetched, event)
        return fetched


class Pending(Protocol):
    """An event that no page has to wait for: it is made when it is written."""

    @property
    def name(self) -> str: ...

    @property
    def visitor(self) -> str: ...

    def complete(self) -> Event:
        """The event itself; raises nothing."""


NO_LESSON = Profile()
"""What an event makes of a visitor that leaves them as they are, whoever they are."""

Note = tuple[Event | Pending, Profile | None, int, Receipt | None]
"""An event, what it makes of its visitor where somebody has worked that out, about how many
characters there are in its properties, and for whom to look out."""

# Its number, what was noted, and the visitor's profile if the draft of that is good.
_Entry = tuple[int, Event | Pending, Receipt | None, Profile | None, int]


def size_of(event: Event) -> int:
    """About how many characters there are in its properties."""
    size = 0
    for value in event.properties.values():
        if type(value) is str:
            size += len(value)
        elif isinstance(value, list | tuple | dict):
            try:
                size += len(_encode(value))
            except (TypeError, ValueError, RecursionError):
                pass  # it cannot be stored either: the writer finds out
    return size


class Journal:
    """Takes events on any thread, keeps their order, and commits them in batches.

    ``accepted`` = ``stored`` + the sum of ``dropped`` + ``waiting``, always. ``learn`` makes
    the next profile out of an event, ``weigh`` what events add to the shop's traffic.
    ``settle`` is told of visitor ids just before all that is known of them is erased, and says
    how many of them it came to: the others are told to it again. ``ready`` is called by the writer before all else, for what would hold it up later.
    """

    def __init__(
        self,
        store: Store,
        learn: Learn,
        weigh: Weigh,
        *,
        limit: int = 10_000,
        settle: Settle | None = None,
        ready: Callable[[], None] | None = None,
    ) -> None:
        self._store = store
        self._learn = learn
        self._weigh = weigh
        self._settle = settle
        self._ready = ready
        self._limit = limit
        self._queues: tuple[deque[_Entry], ...] = (deque(), deque(), deque(), deque())
        self._batch: list[_Entry] = []
        self._unwritten: dict[str, Unwritten] = {}
        self._leaving: Tally[str] = Tally()  # whose erasure waits to be written
        self._lock = threading.Lock()
        self._work = threading.Event()
        self._awake = False  # True: the writer is going to look for what was noted
        self._hurry = threading.Event()
        self._closing = False
        self._ended = False  # the writer touches the store no more
        self._later: list[Callable[[], None]] = []
        self._held_up: threading.Thread | None = None  # closing left it behind
        self._thread: threading.Thread | None = None
        self._silent_until = 0.0  # about profiles that cannot be read
        self._settling_since = 0.0  # when settling failed first; 0: it has not
        self._trouble = ""  # what was said last about a store that keeps nothing
        self.accepted = 0
        self.waiting = 0
        self._characters = 0  # in what waits
        self.stored = 0
        self.dropped: Tally[str] = Tally()

    def __repr__(self) -> str:
        return f"<Journal accepted={self.accepted} stored={self.stored} dropped={dict(self.dropped)}>"

    def start(self, store: Store | None = None) -> None:
        """Begin to write, to ``store`` if one is given. What was noted before comes first."""
        if store is not None:
            self.write_to(store)
        if self._thread is None:
            self._closing = self._ended = False
            self._thread = threading.Thread(
                target=self._write,
                args=(self._held_up,),
                name="shopwindow-journal",
                daemon=True,
            )
            self._thread.start()
            atexit.register(self.close)

    def write_to(self, store: Store) -> None:
        """From here on write to ``store``, also what the one before could not keep."""
        self._store = store
        self._hurry.set()

    def close(self, later: Callable[[], None] | None = None) -> bool:
        """Write what is left, within :data:`PATIENCE` seconds.

        What the store refuses is counted as dropped; what it still holds then, as waiting.
        False: the store holds the writer up. Nobody waits for it any longer, nor may take the
        store out of its hands: it goes on as long as the process does, and calls ``later`` then.
        """
        thread = self._thread
        if thread is None:
            return True
        self._closing = True
        self._work.set()
        self._hurry.set()
        thread.join(PATIENCE)
        self._thread = None
        atexit.unregister(self.close)
        with self._lock:
            held_up = not self._ended
            if held_up:
                self._held_up = thread
                if later is not None:
                    self._later.append(later)
        if held_up:
            with self._lock:
                left = Tally(entry[1].name for entry in self._all())
            log.error(
                "the store has not kept everything while closing waited for %g seconds; if the "
                "process ends now, %d events are lost: %s",
                PATIENCE,
                left.total(),
                _words(left),
            )
        return not held_up

    def note(
        self,
        event: Event,
        base: Profile | None = None,
        known: bool = False,
        after: Profile | None = None,
    ) -> Receipt:
        """Keep ``event``. ``base`` is what is known about the visitor, if ``known``.

        ``after`` is what the event makes of it: a request that has worked it out for its own
        page saves the writer doing so again.
        """
        receipt = Receipt(event, self)
        note = (event, after, size_of(event), receipt)
        self.note_all(event.visitor, base, known, (note,))
        return receipt

    def keep(self, pending: Pending, size: int) -> None:
        """Keep what leaves its visitor as they are, of about ``size`` characters.

        It is among the first to go where there is no room.
        """
        noted: Event | Pending = pending
        if self.waiting >= AHEAD:
            noted = pending.complete()  # nothing that it needs has to wait
        with self._lock:
            self.accepted = number = self.accepted + 1
            self.waiting += 1
            self._characters += size
            self._queues[0].append((number, noted, None, NO_LESSON, size))
            if self.waiting > self._limit or self._characters > CHARACTERS:
                self._make_room()
        if not self._awake:
            self._awake = True
            self._work.set()

    def note_all(
        self,
        visitor: str,
        base: Profile | None,
        known: bool,
        notes: Sequence[Note],
    ) -> None:
        """As :meth:`note`, of what one visitor did in one moment, the earliest first: each makes
        something of what the one before did. The writer makes what is pending an event.
        """
        crowd = self.waiting >= AHEAD
        if crowd:  # nothing that they need has to wait
            notes = [
                (_event(event), after, size, receipt)
                for event, after, size, receipt in notes
            ]
        with self._lock:
            unwritten: Unwritten | None = None
            for event, after, size, receipt in notes:
                self.accepted = number = self.accepted + 1
                self.waiting += 1
                self._characters += size
                if after is NO_LESSON:  # nobody need know of it before it is written
                    rank = _RANKS.get(event.name, _ORDINARY)
                    self._queues[rank].append((number, event, receipt, after, size))
                    continue
                draft = after
                if event.name not in REARRANGING:
                    unwritten = unwritten or self._unwritten.get(visitor)
                    if unwritten is None:
                        if len(self._unwritten) >= HELD:
                            base, known = None, False
                        unwritten = Unwritten(base, known, base)
                        self._unwritten[visitor] = unwritten
                    unwritten.pending += 1
                    if (
                        after is not None
                        and base is unwritten.latest
                        and unwritten.known
                        and not unwritten.events
                    ):
                        unwritten.latest = after
                        if crowd:
                            draft = None
                    else:
                        draft = None
                        event = _event(event)
                        unwritten.events.append(event)
                        if unwritten.known and len(unwritten.events) > UNASKED:
                            unwritten.over(None, self._learn)
                elif event.name == ERASED:
                    self._leaving[event.visitor] += 1
                base = after
                rank = _RANKS.get(event.name, _ORDINARY)
                self._queues[rank].append((number, event, receipt, draft, size))
            if self.waiting > self._limit or self._characters > CHARACTERS:
                self._make_room()
        if not self._awake:
            self._awake = True
            self._work.set()

    def unwritten(self, visitor: str) -> Unwritten | None:
        """What is not in the store yet of ``visitor``: ask before fetching, for :meth:`over`."""
        return self._unwritten.get(visitor)

    def writes(self, visitor: str) -> bool:
        """Whether anything of ``visitor`` is not in the store yet: for pages that nobody hurries."""
        with self._lock:
            waiting = self._all()
        return any(entry[1].visitor == visitor for entry in waiting)

    def _all(self) -> Sequence[_Entry]:
        """What waits, the batch that is being written first; the lock is held."""
        return (*self._batch, *chain.from_iterable(self._queues))

    def leaves(self, visitor: str) -> bool:
        """Whether ``visitor`` is about to be erased: they are nobody from here on."""
        return visitor in self._leaving

    def over(
        self,
        visitor: str,
        fetched: Profile | None,
        before: Unwritten | None = None,
    ) -> Profile | None:
        """What the store said about ``visitor``, and what this process knows beyond it.

        ``before`` was unwritten when the store was asked: it may have been written since,
        but too late for the answer.
        """
        unwritten = self._unwritten.get(visitor) or before
        if unwritten is None:
            return fetched
        with self._lock:
            if not unwritten.known and len(self._unwritten) > HELD:
                return unwritten.once(fetched, self._learn)
            return unwritten.over(fetched, self._learn)

    def _make_room(self) -> None:
        for queue in self._queues:
            while queue:
                self._finish([queue.popleft()], kept=False)
                if self.waiting <= self._limit and self._characters <= CHARACTERS:
                    return

    def _wait(self, receipt: Receipt, future: "asyncio.Future[None]") -> bool:
        """Whether the receipt is decided already; if not, ``future`` hears of it."""
        with self._lock:
            if receipt._kept is not None:
                return True
            if receipt._waiters is None:
                receipt._waiters = []
            receipt._waiters.append(future)
        self._hurry.set()
        self._work.set()
        return False

    # The writer's thread -----------------------------------------------------------------

    def _write(self, before: threading.Thread | None) -> None:
        if before is not None:
            before.join()  # it has a batch in its hands
            self._work.set()
        try:
            self._run()
        finally:
            with self._lock:
                self._ended = not self._succeeded
                later, self._later = self._later, []
            for each in later:
                each()

    @property
    def _succeeded(self) -> bool:
        """Whether another writer waits for this one, which was held up, to end."""
        return self._thread not in (None, threading.current_thread())

    def _prepare(self) -> None:
        if self._ready is None:
            return
        try:
            self._ready()
        except Exception as error:
            # Whatever it is: who needs it says so then, and events are written without it.
            log.debug("nothing could be prepared for the writer: %s", error)

    def _run(self) -> None:
        self._prepare()
        pause = 0.0
        while True:
            self._work.wait()
            if not self._closing:
                self._hurry.wait(INTERVAL)
            self._hurry.clear()
            self._work.clear()
            self._awake = False  # after that: else nobody might wake the writer again
            while not self._succeeded and self._take():
                full = len(self._batch) == BATCH
                if self._commit():
                    pause = 0.0
                    if full or self._closing:
                        continue
                    break  # what has come meanwhile set `_work`, and gathers first
                if self._closing:
                    break
                pause = min(1.0, pause * 2 or 0.05)
                self._hurry.wait(pause)
                self._hurry.clear()
            if self._succeeded:
                return
            if self._closing:
                self._give_up()
                return

    def _take(self) -> bool:
        """Fill the batch in the order things happened; an unfinished batch stays as it is.

        But who is erased is so behind what others did meanwhile, which takes less time. While
        closing, that goes for all that waits.
        """
        everything = self._closing and bool(self._leaving)
        if everything or not self._batch:
            self._take_more(None if everything else BATCH)
        return bool(self._batch)

    def _take_more(self, most: int | None) -> None:
        with self._lock:
            heads = [entry for queue in self._queues for entry in islice(queue, most)]
            heads.sort(key=itemgetter(0))
            taken = heads[:most]
            for queue in self._queues:
                while queue and taken and queue[0][0] <= taken[-1][0]:
                    queue.popleft()
            batch = [*self._batch, *taken]
            self._batch = _erased_last(batch) if self._leaving else batch
        self._batch = [
            (number, _event(event), receipt, after, size)
            for number, event, receipt, after, size in self._batch
        ]

    def _commit(self) -> bool:
        while self._batch:
            erases = self._batch[0][1].name == ERASED
            size = self._together()
            if not size or not self._commit_some(size):
                return False
            if erases and self._batch and self._work.is_set():
                # What has come meanwhile need not wait for those who leave after these.
                self._take_more(max(0, BATCH - len(self._batch)))
        return True

    def _together(self) -> int:
        """How many events of the batch are committed at once. Who is erased is settled first,
        when all that they did before is in the store; 0: that cannot be done now."""
        if self._settle is None:
            return min(BATCH, len(self._batch))
        leaving: list[str] = []
        for number, entry in enumerate(self._batch[:BATCH]):
            if entry[1].name != ERASED:
                if leaving:
                    break
            elif number > len(leaving):
                return number
            else:
                leaving.append(entry[1].visitor)
                if len(leaving) == LEAVING:
                    break
        if not leaving:
            return min(BATCH, len(self._batch))
        return self._leave(leaving)

    def _leave(self, visitors: Sequence[str]) -> int:
        assert self._settle is not None
        try:
            settled = min(len(visitors), max(1, self._settle(visitors)))
        except StoreError as error:
            # Most probably it is away: once they were erased nobody could count them. Where only
            # this cannot be done, the first one waits for it, and nobody else.
            now = time.monotonic()
            self._settling_since = self._settling_since or now
            if now - self._settling_since < SETTLING and not self._closing:
                self._refused(error)
                return 0
            self._unsettled(error)
            return 1
        except Exception as error:
            # Whatever is wrong with statistics: who wants to be erased is erased.
            self._unsettled(error)
            return 1
        self._settling_since = 0.0
        return settled

    def _unsettled(self, error: Exception) -> None:
        """Whatever is wrong with statistics: who wants to be erased is erased."""
        log.warning("who is erased now is not counted as one who left: %s", error)

    def _commit_some(self, size: int) -> bool:
        entries = self._batch[:size]
        events = [_event(entry[1]) for entry in entries]
        try:
            weights = self._weigh(events)
            self._store.commit(events, self._learn, weights, self._drafts(entries))
        except StoreError as error:
            self._settling_since = (
                0.0  # it is away as a whole: when it is back, both can be done
            )
            return self._refused(error)
        except msgspec.DecodeError:
            return self._one_by_one(size)
        except Exception:
            # A fault in one event (or in us) must not stop all that come after it.
            log.exception(
                "a batch of %d events failed; storing them one by one", len(events)
            )
            return self._one_by_one(size)
        self._batch = self._batch[size:]
        self._trouble = ""
        with self._lock:
            self._finish(entries, kept=True)
        return True

    def _drafts(self, entries: Sequence[_Entry]) -> dict[str, Draft]:
        """What the batch makes of whom, as far as the requests have worked it out."""
        drafts: dict[str, Draft] = {}
        unknown = set()
        for _, event, _, after, _ in entries:
            visitor = event.visitor
            if after is NO_LESSON:
                continue
            if after is None:
                unknown.add(visitor)
            elif (draft := drafts.get(visitor)) is not None:
                drafts[visitor] = Draft(draft.base, after)
            else:
                drafts[visitor] = Draft(self._unwritten[visitor].base, after)
        for visitor in unknown:
            drafts.pop(visitor, None)
        return drafts

    def _refused(self, error: StoreError) -> bool:
        """Say so, but not with every try: a store may be away for hours."""
        if str(error) != self._trouble:
            self._trouble = str(error)
            log.error("events cannot be stored now, trying again: %s", error)
        return False

    def _unreadable(self, error: msgspec.DecodeError) -> None:
        """Say so, but not for each event of the visitor whose profile that is."""
        now = time.monotonic()
        if now >= self._silent_until:
            self._silent_until = now + 60.0
            words = (
                "a stored profile cannot be read, its visitor's events are dropped: %s"
            )
            log.error(words, error)

    def _one_by_one(self, size: int) -> bool:
        for _ in range(size):
            entry = self._batch[0]
            kept = True
            try:
                events = [_event(entry[1])]
                self._store.commit(events, self._learn, self._weigh(events))
            except StoreError as error:
                return self._refused(error)
            except msgspec.DecodeError as error:
                self._unreadable(error)
                kept = False
            except Exception:
                # Nobody knows what an app put into it: it is counted, the others go on.
                log.exception(
                    "dropped an event that cannot be stored: %s", entry[1].name
                )
                kept = False
            del self._batch[0]
            with self._lock:
                self._finish([entry], kept=kept)
        return True

    def _finish(self, entries: list[_Entry], kept: bool) -> None:
        """Settle what became of ``entries``; the lock is held."""
        for _, event, receipt, after, size in entries:
            self._characters -= size
            if kept:
                self.stored += 1
            else:
                self.dropped[event.name] += 1
            # It is in the store or lost: no longer something only this process knows.
            if after is NO_LESSON:
                pass
            elif event.name not in REARRANGING:
                unwritten = self._unwritten[event.visitor]
                unwritten.pending -= 1
                if not unwritten.known:
                    # What is fetched from now on holds it already.
                    unwritten.events.remove(_event(event))
                if not unwritten.pending:
                    del self._unwritten[event.visitor]
                else:  # what later drafts stand on
                    unwritten.base = after if kept else _ASTRAY
            elif event.name == ERASED:
                self._leaving[event.visitor] -= 1
                if not self._leaving[event.visitor]:
                    del self._leaving[event.visitor]
            if receipt is None:
                continue
            receipt._kept = kept
            for future in receipt._waiters or ():
                try:
                    future.get_loop().call_soon_threadsafe(_settle, future, kept)
                except RuntimeError:
                    pass  # the loop was closed meanwhile: nobody waits any more
        # Last: who sees that nothing waits may count what became of it, without the lock.
        self.waiting -= len(entries)

    def _give_up(self) -> None:
        """The last chance to write; what cannot be written now is counted as dropped."""
        lost: Tally[str] = Tally()
        while not self._succeeded and self._take():
            if not self._commit():
                with self._lock:
                    batch, self._batch = self._batch[:BATCH], self._batch[BATCH:]
                    self._finish(batch, kept=False)
                lost.update(entry[1].name for entry in batch)
        if lost:
            log.error(
                "%d events are lost: %s (%s)",
                lost.total(),
                self._trouble,
                _words(lost),
            )

    def wait_until_written(self, seconds: float = PATIENCE) -> bool:
        """Block until everything noted so far is in the store: for commands and tests."""
        end = time.monotonic() + seconds
        while self.waiting and time.monotonic() < end:
            self._work.set()
            self._hurry.set()
            time.sleep(0.002)
        return self.waiting == 0


def _erased_last(entries: list[_Entry]) -> list[_Entry]:
    """``entries`` with erasures, and what the same visitors did afterwards, behind the others.

    They pass no login and no logout, by which a visitor may become somebody who is erased, or no
    more be. What passes them comes to the same: either it is of somebody else, or of another id
    of whom is erased, and is erased, too.
    """
    first: list[_Entry] = []
    behind: list[_Entry] = []
    leaving: set[str] = set()
    for entry in entries:
        event = entry[1]
        if event.name == ERASED:
            leaving.add(event.visitor)
        elif event.name in REARRANGING:
            first += behind
            behind = []
            leaving.clear()
        (behind if event.visitor in leaving else first).append(entry)
    return first + behind


def _words(names: Tally[str]) -> str:
    """What waited or was lost; of erasures it has to be known what that means."""
    told = ", ".join(f"{count} {name}" for name, count in names.most_common())
    if names[ERASED]:
        told += (
            f"; {names[ERASED]} visitors who wanted to be erased are still in the store"
        )
    return told


def _event(noted: Event | Pending) -> Event:
    return noted if isinstance(noted, Event) else noted.complete()


def _settle(future: "asyncio.Future[None]", kept: bool) -> None:
    if future.done():
        return
    if kept:
        future.set_result(None)
    else:
        future.set_exception(StoreError("the event was dropped"))
