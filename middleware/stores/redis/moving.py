"""Logins, logouts and erasures: what takes several slots, in steps.

No step harms if it is done twice, and each leaves what the next one needs: whoever is given
the same event again after a crash goes on where it ended.
"""

from collections.abc import Callable, Collection
from typing import Protocol

from ....rules.facts import Event
from .. import ERASED, FORGOTTEN, IDENTIFIED, StoreError, united
from ..rows import decode_profile, encode_profile, mark_of
from .records import (
    TOMBSTONE,
    Record,
    State,
    change,
    erased_key,
    events_key,
    get,
    logins_key,
    on,
    record_key,
    record_of,
    unlink,
    wipe,
    written,
)
from .slots import Command
from .writing import Writer

TRIES = 100
LISTED = b"0"
MERGED = b"1"


class Adopting(Protocol):
    """What is needed here of an :class:`~shopwindow.middleware.stores.EventLog`."""

    def adopt(self, customer: str, mark: str) -> None: ...

    def erase(self, owner: str, marks: Collection[str]) -> None: ...


class Moves:
    """``erased`` says whether anything was, since it was last set to False."""

    def __init__(self, writer: Writer, log: Adopting, profile_seconds: int) -> None:
        self._writer = writer
        self._log = log
        self._seconds = profile_seconds
        self.erased = False

    def rearrange(self, event: Event) -> None:
        """Do what ``event`` says, from wherever it was left."""
        mark = mark_of(event.visitor)
        if event.name == IDENTIFIED:
            new = mark_of(str(event.properties.get("visitor", "")))
            customer = str(event.properties["customer"])
            self._until_done(lambda: self._login(mark, new, customer))
        elif event.name == FORGOTTEN:
            self._until_done(lambda: self._retire(mark))
        elif event.name == ERASED:
            self._until_done(lambda: self._erase(mark))

    def erase_owner(self, owner: str, mark: bool) -> None:
        """Erase ``owner``; a ``mark``, be it nobody's, is refused from then on."""
        if mark:
            self._until_done(lambda: self._erase(owner, refused=True))
        else:
            self._finish(owner)

    def _until_done(self, step: Callable[[], bool]) -> None:
        for _ in range(TRIES):  # each time somebody else was faster
            if step():
                return
        raise StoreError("too many others change the same visitor")

    # -- login -----------------------------------------------------------------------------

    def _login(self, old: str, new: str, customer: str) -> bool:
        """Whether it is done; else something has changed under its hands.

        1. the customer's list names both marks, so that an erasure finds them;
        2. the old id is refused from now on; what is known of it waits in its record;
        3. the new id stands for the customer; what is known of it waits in its record;
        4. what waits is merged, and the list says so in the same step: once;
        5. the log is told whose both marks are;
        6. the records are cleared of what waited.
        """
        was, now = self._records(old, new)
        waits = was.state is State.RETIRED and was.owner == customer
        if was.state is State.ERASED:
            # The login was noted before: who it made of the visitor is erased as well.
            if was.owner:  # by what is left of this login, when it ended half-way
                self._finish(was.owner, old)
            return self._erase(new)
        if now.refused:  # before this was written, or since then: nothing comes back
            if was.stranger:
                return self._erase(old)
            if was.state is State.ALIAS:
                return self._retire(old)
            return not waits or self._drop(old, customer, was, now)
        theirs = was.stranger or waits
        marks = (old, new) if theirs else (new,)
        self._list(customer, *marks)
        if not was.refused:
            data = was.data if was.stranger else b""
            to = customer if was.stranger else ""
            if (after := self._change(old, was, State.RETIRED, to, data)) is None:
                return False
            was = after
        stands = now.state is State.ALIAS and now.owner == customer
        if not stands:
            data = now.data if now.stranger else b""
            if (after := self._change(new, now, State.ALIAS, customer, data)) is None:
                return False
            now = after
        data = was.data if theirs else b""
        if not self._merge(customer, old if theirs else "", data, new, now.data):
            return False
        for mark in marks:
            self._log.adopt(customer, mark)
        if theirs:
            self._change(old, was, State.RETIRED, forget=True)
        if now.data:
            self._change(new, now, State.ALIAS, customer, forget=True)
        return True

    def _list(self, customer: str, *marks: str) -> None:
        key = logins_key(customer)
        commands = [on(key, b"HSETNX", mark.encode(), LISTED) for mark in marks]
        if self._seconds:
            commands.append(on(key, b"EXPIRE", b"%d" % self._seconds))
        self._writer.ask(commands)

    def _merge(
        self, customer: str, old: str, data: bytes, new: str, early: bytes
    ) -> bool:
        """Whether all is in the customer's profile; else they were erased meanwhile."""
        marks = (old or new, new)
        raw, of_new, listed = self._writer.ask(
            [
                get(record_key(customer)),
                get(events_key(new)),
                on(logins_key(customer), b"HMGET", *(mark.encode() for mark in marks)),
            ]
        )
        if None in listed:
            return False
        record = record_of(raw)
        known = decode_profile(record.data) if record.state is State.KNOWN else None
        one, merged, ids = known, [], b""
        if data and listed[0] != MERGED:
            one = united(decode_profile(data), one, customer)
            merged.append(old)
        if early and listed[1] != MERGED:
            one = united(decode_profile(early), one, customer)
            merged.append(new)
            ids = of_new or b""
        if not merged:
            if known is not None and known.customer == customer:
                return True
            one = united(None, known, customer)
        assert one is not None
        value = written(State.KNOWN, data=encode_profile(one))
        command = change(
            customer, record, value, self._seconds, ids, merged=tuple(merged)
        )
        return bool(self._writer.ask([command])[0])

    def _drop(self, old: str, customer: str, was: Record, now: Record) -> bool:
        """A login that ended half-way, and then its new id was given up."""
        (state,) = self._writer.ask([on(logins_key(customer), b"HGET", old.encode())])
        if state != MERGED:
            return self._erase(old, refused=True)
        if now.state is State.ERASED:
            self._finish(customer)
        return self._change(old, was, State.RETIRED, forget=True) is not None

    # -- logout ----------------------------------------------------------------------------

    def _retire(self, mark: str) -> bool:
        (record,) = self._records(mark)
        if record.refused:
            return True
        return self._change(mark, record, State.RETIRED, forget=True) is not None

    # -- erasure ---------------------------------------------------------------------------

    def _erase(self, mark: str, refused: bool = False) -> bool:
        """``refused``: also who was given up already, at a login or logout.

        First the id is refused, but its record says whose erasure is not done yet; last it
        forgets that. Whoever is told again in between goes on from there. (Should the customer
        have come back meanwhile, that is erased as well.)
        """
        (record,) = self._records(mark)
        if record.state is State.RETIRED and not refused:
            return True
        owner = record.owner if record.state is State.ALIAS else mark
        if record.state is State.ERASED:
            if not record.owner and not refused:
                return True
            owner = record.owner or mark
        elif self._change(mark, record, State.ERASED, owner, forget=True) is None:
            return False
        self._finish(owner, mark)
        return True

    def _finish(self, owner: str, mark: str = "") -> None:
        """What is left to do once ``mark`` is refused, which still says whose erasure it is."""
        self.erased = True
        marks = {mark} - {""}
        if owner != mark:
            marks |= self._wipe(owner, mark)
        self._log.erase(owner, marks)
        if owner != mark:
            self._writer.ask([unlink(erased_key(owner))])
        if mark:
            self._writer.ask([_erased(mark)])

    def _wipe(self, owner: str, mark: str) -> set[str]:
        """Refuse every mark of ``owner`` and delete the profile; returns the marks.

        The list goes in the same step as the profile, so that a login which is under way finds
        out; until the log has done its part, it is kept aside.
        """
        refused = {mark}
        for _ in range(TRIES):  # somebody may log in meanwhile
            listed, before = self._writer.ask(
                [on(key(owner), b"HKEYS") for key in (logins_key, erased_key)]
            )
            marks = {one.decode() for one in (*listed, *before)}
            commands: list[Command] = []
            for one in sorted(marks - refused):
                commands += [_erased(one), unlink(events_key(one))]
            if commands:
                self._writer.ask(commands)
            refused |= marks
            if self._writer.ask([wipe(owner, len(listed))])[0]:
                return marks
        raise StoreError("too many log in while a customer is erased")

    # -- records ---------------------------------------------------------------------------

    def _records(self, *marks: str) -> list[Record]:
        answers = self._writer.ask([get(record_key(mark)) for mark in marks])
        return [record_of(answer) for answer in answers]

    def _change(
        self,
        mark: str,
        before: Record,
        state: State,
        owner: str = "",
        data: bytes = b"",
        *,
        forget: bool = False,
    ) -> Record | None:
        """What there is now; None: it was no more ``before``."""
        value = written(state, owner, data)
        seconds = self._seconds if state is State.ALIAS else TOMBSTONE
        command = change(mark, before, value, seconds, forget=forget)
        return record_of(value) if self._writer.ask([command])[0] else None


def _erased(mark: str) -> Command:
    """Whatever it was."""
    value = written(State.ERASED)
    return on(record_key(mark), b"SET", value, b"EX", b"%d" % TOMBSTONE)
