"""What stands in the columns of events, as numbers."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from ..model import article_key
from .batch import Value
from .cells import Cells
from .decimals import numbers
from .events import ADDED, BOUGHT, VIEWED
from .instants import written_times
from .numbering import SHORT, Numbering

#: Characters of an id.
LONGEST = 500
MISSING, UNUSABLE = -1, -2

_ARTICLE = article_key("")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAMES = {
    VIEWED: "view viewed views pageview productviewed productview viewitem viewproduct "
    "detail click clicked read articleviewed articleread readarticle impressiondetail",
    ADDED: "add added cart addtocart addedtocart productadded basket addtobasket "
    "carted",
    BOUGHT: "buy bought purchase purchased order ordered ordercompleted transaction "
    "sale sold checkout productpurchased",
}
#: These are of articles, whatever the column is called.
_OF_ARTICLES = frozenset(("articleviewed", "articleread", "readarticle", "read"))
_VERBS = {name: verb for verb, names in _NAMES.items() for name in names.split()}
#: What a number of this size counts: none of them is a time in seconds before the year 5000.
FINER = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3))
#: Times outside of these, the years 1900 and 10000, are mistakes: what counts days has an end.
EARLIEST, LATEST = -2_208_988_800.0, 253_402_300_800.0


class Numbers(dict[Value, int]):
    """Ids, numbered as they come: 17 and "17" are the same; missing ones are :data:`MISSING`, and
    :data:`UNUSABLE` are those that are too long, or hold a zero byte."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self[None] = self[""] = MISSING
        self._numbering = Numbering(self.texts)
        self._known = 0  # of the texts

    def __missing__(self, value: Value) -> int:
        if self._known < len(self.texts):  # the numbering has added to them
            for number in range(self._known, len(self.texts)):
                self[self.texts[number]] = number
            self._known = len(self.texts)
            return self[value]
        text = _text(value)
        if text != value:  # another way to write it
            number = self[text]
        elif len(text) > LONGEST or "\0" in text.removeprefix(_ARTICLE):
            number = UNUSABLE
        else:
            number = len(self.texts)
            self.texts.append(text)
            self._known = len(self.texts)
        if number != UNUSABLE:  # of which there may be any number
            self[value] = number
        return number

    def of(self, values: Sequence[Value]) -> NDArray[np.int32]:
        """The number of each value."""
        if isinstance(values, Cells):
            return self._of_cells(values)
        if not any(values):  # a column that is not there
            if set(values) <= {None, ""}:
                return np.full(len(values), MISSING, np.int32)
        return np.fromiter(map(self.__getitem__, values), np.int32, len(values))

    def _of_cells(self, cells: Cells) -> NDArray[np.int32]:
        found = np.full(len(cells), MISSING, np.int32)
        if not cells.length.any():
            return found
        odd = cells.odd(SHORT)
        usual = (cells.length > 0) & ~odd
        if usual.all():
            return self._numbering.of(cells)
        found[usual] = self._numbering.of(cells.where(usual))
        for place in np.flatnonzero(odd).tolist():
            found[place] = self[cells[place]]
        return found


def article_of(value: Value) -> Value:
    """The key of the article with this id."""
    text = _text(value)
    return text and article_key(text.removeprefix(_ARTICLE))


def _text(value: Value) -> str:
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if value is None or isinstance(value, float) and math.isnan(value):
        return ""
    return str(value)


class Verbs(dict[Value, int]):
    """Names of events as verbs: :data:`MISSING` for none, :data:`UNUSABLE` for an unknown one.

    ``of_articles`` are those met that are about articles.
    """

    def __init__(self) -> None:
        self.of_articles: set[Value] = set()
        self._names = Numbers()
        self._by_name = np.zeros(0, np.int8)
        self[None] = self[""] = MISSING

    def __missing__(self, value: Value) -> int:
        name = "".join(letter for letter in str(value).lower() if letter.isalpha())
        verb = _VERBS.get(name, UNUSABLE)
        if verb != UNUSABLE:
            self[value] = verb
        if name in _OF_ARTICLES:
            self.of_articles.add(value)
        return verb

    def of(self, values: Sequence[Value]) -> NDArray[np.int8]:
        if isinstance(values, Cells):
            return self._of_cells(values)
        return np.fromiter(map(self.__getitem__, values), np.int8, len(values))

    def _of_cells(self, cells: Cells) -> NDArray[np.int8]:
        number = self._names.of(cells)
        names = self._names.texts
        if len(self._by_name) < len(names):
            self._by_name = np.array([self[name] for name in names], np.int8)
        if not len(names):
            return np.full(len(cells), MISSING, np.int8)
        return np.where(number >= 0, self._by_name[number], number).astype(np.int8)

    def are_of_articles(self, values: Sequence[Value]) -> NDArray[np.int64]:
        """The places of those that are about articles."""
        if not self.of_articles:
            return np.zeros(0, np.int64)
        if isinstance(values, Cells):
            number = self._names.of(values)
            names = [*self._names.texts, ""]  # the last one stands for none
            return np.flatnonzero(
                np.array([name in self.of_articles for name in names])[number]
            )
        if self.of_articles.isdisjoint(values):
            return np.zeros(0, np.int64)
        return np.flatnonzero([value in self.of_articles for value in values])


def moments(values: Sequence[Value]) -> NDArray[np.float64]:
    """Times in seconds since 1970: NaN for none, infinite for those that cannot be
    read, or that are of no year in which there were shops.

    A time is a number of seconds (or of milli-, micro-, nanoseconds, which its size tells), or
    written as RFC 3339 has it; without a time zone UTC is meant.
    """
    if isinstance(values, Cells):
        return _moments_of(values)
    try:
        found = np.array(values, np.float64)
    except (ValueError, TypeError, OverflowError):
        found = np.fromiter(map(_moment, values), np.float64, len(values))
    return _in_seconds(found)


def _in_seconds(found: NDArray[np.float64]) -> NDArray[np.float64]:
    if (found >= FINER[-1][0]).any():
        for above, unit in FINER:
            found[(found >= above) & np.isfinite(found)] /= unit
    found[(found < EARLIEST) | (found >= LATEST)] = math.inf
    return found


def _moments_of(cells: Cells) -> NDArray[np.float64]:
    if not cells.length.any():
        return np.full(len(cells), math.nan)
    found, sound = numbers(cells)
    if not sound.all():
        written, also = written_times(cells)
        found = np.where(sound, found, written)
        sound |= also
    found = _in_seconds(found)
    odd = np.flatnonzero(~sound).tolist()
    if odd:
        found[odd] = moments([cells[place] for place in odd])
    return found


def _moment(value: Value) -> float:
    if isinstance(value, str):
        text = value.strip()
        if not text:
            return math.nan
        try:
            number = float(text)
        except ValueError:
            return _written(text)
    elif value is None:
        return math.nan
    else:
        try:
            number = float(value)
        except OverflowError:
            return math.inf
    return number if math.isfinite(number) else math.inf


def _written(text: str) -> float:
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return (moment - _EPOCH).total_seconds()
    except (ValueError, OverflowError):
        return math.inf


def moment_of(text: str) -> float | None:
    """One time as :func:`moments` reads it; None if it cannot."""
    moment = float(moments([text])[0])
    return moment if math.isfinite(moment) else None
