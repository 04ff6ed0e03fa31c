"""Tables of what is known about a visitor, each read when somebody asks for it."""

from collections.abc import Iterator, Mapping
from typing import Any, Generic, Self, TypeVar

import msgspec

Cell = TypeVar("Cell")
Default = TypeVar("Default")


class Counter(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """How often something happened on which day.

    ``last`` is the time of the latest one in seconds since 1970; ``days`` alternates day
    and count, oldest first: ``(20778, 2, 20780, 1)``.
    """

    last: float
    days: tuple[int, ...]

    def since(self, day: int) -> int:
        """How often on ``day`` and after it."""
        days = self.days
        total = 0
        for position in range(len(days) - 2, -1, -2):
            if days[position] < day:
                break
            total += days[position + 1]
        return total

    @property
    def total(self) -> int:
        return sum(self.days[1::2])


class Interest(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A score that halves with time: it was ``score`` at ``time`` (seconds since 1970)."""

    score: float
    time: float


class Tables(Mapping[str, Mapping[str, Cell]], Generic[Cell]):
    """Tables by name, each with its cells by key, as they were written: most of what reading a
    profile takes is reading these, and the rules of a page ask for a few of them.

    A table that is damaged counts as empty: the others are as good as before.
    """

    __slots__ = ("_tables",)

    decode: msgspec.msgpack.Decoder[dict[str, Any]]  # of one table

    def __init__(self, tables: Mapping[str, Mapping[str, Cell] | msgspec.Raw]) -> None:
        """``tables`` are ours from now on."""
        self._tables: dict[str, Any] = tables  # type: ignore[assignment]  # who reads sees no Raw

    @classmethod
    def changed(
        cls,
        tables: Mapping[str, Mapping[str, Cell]],
        changed: Mapping[str, Mapping[str, Cell]],
    ) -> Self:
        """``tables`` with ``changed`` ones; what nobody has read stays as it was written."""
        known = tables._tables if isinstance(tables, Tables) else tables
        return cls({**known, **changed})

    def __getitem__(self, name: str) -> Mapping[str, Cell]:
        table = self._tables[name]
        return self._read(name, table) if type(table) is msgspec.Raw else table

    def get(self, name: str, default: Default = None) -> Mapping[str, Cell] | Default:  # type: ignore[assignment]  # without a default it is None
        table = self._tables.get(name, default)
        return self._read(name, table) if type(table) is msgspec.Raw else table

    def _read(self, name: str, written: msgspec.Raw) -> Mapping[str, Cell]:
        try:
            table = self.decode.decode(written)
        except msgspec.DecodeError:
            table = {}
        # Two threads that read it at the same time read the same.
        self._tables[name] = table
        return table

    def __iter__(self) -> Iterator[str]:
        return iter(self._tables)

    def __len__(self) -> int:
        return len(self._tables)

    def __repr__(self) -> str:
        return repr(dict(self))

    @property
    def written(self) -> Mapping[str, object]:
        """What an encoder of msgpack writes as it is."""
        return self._tables


class Counts(Tables[Counter]):
    """Verb and dimension (``"viewed category"``) -> key -> :class:`Counter`."""

    __slots__ = ()
    decode = msgspec.msgpack.Decoder(dict[str, Counter])


class Interests(Tables[Interest]):
    """Dimension (``"category"``) -> key -> :class:`Interest`."""

    __slots__ = ()
    decode = msgspec.msgpack.Decoder(dict[str, Interest])
