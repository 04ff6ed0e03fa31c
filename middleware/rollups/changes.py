"""What is to be changed in one step: units, accounts and sums together, or nothing of it."""

from collections.abc import Callable, Collection, Mapping

from ...rules.measurement.accounts import combined
from .names import Names
from .sums import Key, Sums, added
from .tables import Member, Tables
from .unit import Part, Unit, decode_part, encode_part, kept_part, merged

GONE = 0  # the generation of those who are no more
NOBODY = ""  # in an account: those who are gone

_Rows = dict[int, list[tuple[Key, bytes | None]]]


class Ledger:
    """The tables with the names that they know; ``campaigns`` are those of the site's rules."""

    def __init__(self, tables: Tables, campaigns: Collection[str] = ()) -> None:
        self.tables = tables
        self.names = Names(tables.numbers, tables.names)
        self.names.own = campaigns
        self.names.learn()

    @property
    def generation(self) -> int:
        """The one that counts; 0: there is none yet."""
        return int(self.tables.value("generation") or 0)

    @property
    def building(self) -> int:
        """The one that is made now, or was being made by one who was stopped; 0: none."""
        return int(self.tables.value("building") or 0)

    @property
    def edition(self) -> int:
        """Another one whenever somebody changed units who need not wait for a turn."""
        return int(self.tables.value("edition") or 0)


class Changes:
    """What is to be changed. Nothing is, before :meth:`write`."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._sums: dict[int, Sums] = {}
        self.keep: list[Unit] = []
        self.drop: list[str] = []
        self.members: list[Member] = []

    def __len__(self) -> int:
        """About how many rows there are to write."""
        return len(self.keep) + sum(map(len, self._sums.values()))

    def __bool__(self) -> bool:
        return bool(self.keep or self.drop or self.members)

    def of(self, generation: int) -> Sums:
        """What is added to the sums of a generation, or taken off."""
        if generation not in self._sums:
            self._sums[generation] = Sums(self._ledger.names)
        return self._sums[generation]

    def accounts(
        self,
        parts: Mapping[str, Mapping[str, Part]],
        pasts: Mapping[str, bytes | None],
        generation: int,
        leave: bool = False,
    ) -> None:
        """``parts`` are what owners add to which account now, in the place of what they added.

        ``pasts`` is what of them counts among the gone. The sums of ``generation`` follow; of 0
        they are left alone. Those who ``leave`` stay as those who are gone.
        """
        tables, names = self._ledger.tables, self._ledger.names
        concerned = {account for each in parts.values() for account in each}
        concerned |= tables.accounts(parts)
        if not concerned:
            return
        before: dict[str, dict[str, Part]] = {account: {} for account in concerned}
        for account, owner, body in tables.members(concerned):
            before[account][owner] = decode_part(body, names)
        for account, members in before.items():
            now = dict(members)
            for owner, new in parts.items():
                old = now.pop(owner, {})
                part = kept_part(new.get(account, {}), old, pasts.get(owner))
                if leave and part:
                    now[NOBODY] = merged([now.get(NOBODY, {}), part])
                elif part:
                    now[owner] = part
            if now == members:
                continue
            for owner in {*members, *now}:
                body = encode_part(now[owner], names) if owner in now else b""
                if now.get(owner) != members.get(owner):
                    self.members.append(Member(account, owner, body))
            if generation != GONE:
                sums = self.of(generation)
                sums.put(*combined(members.values()), -1)
                sums.put(*combined(now.values()))

    def write(
        self,
        hold: Callable[[], None],
        edition: int,
        owners: Collection[str] = (),
        *,
        bump: bool = False,
    ) -> bool:
        """Do it. False, and nothing was done: units have changed since ``edition``, or one of
        ``owners`` was erased. ``bump`` makes another edition of it."""
        tables = self._ledger.tables
        rows = self._rows()
        with tables.changing():
            hold()
            if self._ledger.edition != edition or tables.refused(owners):
                return False
            self._put(rows)
            if bump:
                tables.put("edition", str(edition + 1))
        return True

    def put(self) -> None:
        """Do it within a change in which all that it goes by was read, and make another edition
        of it: for who takes no turn, and would write over what an update has added since."""
        self._put(self._rows())
        self._ledger.tables.put("edition", str(self._ledger.edition + 1))

    def _rows(self) -> _Rows:
        """The sums as they will be."""
        tables = self._ledger.tables
        rows: _Rows = {}
        for generation, sums in self._sums.items():
            values = dict(sums.rows())
            kept = tables.sums(generation, list(values))
            rows[generation] = [
                (key, added(kept.get(key), value)) for key, value in values.items()
            ]
        return rows

    def _put(self, rows: _Rows) -> None:
        tables = self._ledger.tables
        tables.drop(self.drop)
        tables.keep(self.keep)
        tables.join(self.members)
        for generation, values in rows.items():
            tables.put_sums(generation, values)
