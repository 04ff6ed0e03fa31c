"""Which showing a click, a dismissal, a rating and an order belong to."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter

from ..events import PROMOTION_CLICKED, PROMOTION_DISMISSED
from .rows import Entry, Response, Showing
from .story import Story


class Answered:
    """One showing that the visitor did something with.

    ``clicked`` and ``dismissed`` are when that was first, ``rated`` when it was last: with a thumb
    ``up`` or down. None: never.
    """

    __slots__ = ("clicked", "dismissed", "entry", "page", "rated", "time", "up")

    def __init__(self, time: float, page: Showing, entry: Entry) -> None:
        self.time = time
        self.page = page
        self.entry = entry
        self.clicked: float | None = None
        self.dismissed: float | None = None
        self.rated: float | None = None
        self.up = False

    def answer(self, time: float, name: str, response: Response) -> None:
        """The visitor did something with it; a second click on it is none."""
        if name == PROMOTION_CLICKED:
            if self.clicked is None:
                self.clicked = time
        elif name == PROMOTION_DISMISSED:
            if self.dismissed is None:
                self.dismissed = time
        elif response.rating in ("up", "down"):
            self.rated = time
            self.up = response.rating == "up"


Shown = tuple[float, Showing, Entry]


def answered(story: Story) -> list[Answered]:
    """All showings that the visitor did something with, in the order of the first response.

    A response belongs to the decision that it names, if this owner had that; one that names none
    belongs to the last showing of its fragment before it.
    """
    if not story.responses:
        return []
    decided: dict[str, Shown] = {}
    for time, page in story.showings:
        for entry in page.promotions:
            if entry.decision and shows(entry):
                decided.setdefault(entry.decision, (time, page, entry))
    found: dict[int, Answered] = {}
    by_fragment: dict[str | int | None, list[Shown]] | None = None
    for time, name, response in story.responses:
        if response.decision:
            match = decided.get(response.decision)
        else:
            if by_fragment is None:
                by_fragment = _by_fragment(story)
            match = _last(by_fragment.get(response.promotion_id, ()), time)
        if match is None:
            continue
        known = found.get(id(match[2]))
        if known is None:
            known = found[id(match[2])] = Answered(*match)
        known.answer(time, name, response)
    return list(found.values())


def shows(entry: Entry) -> bool:
    """Whether a rule showed something there."""
    return bool(
        entry.rule and entry.promotion_id and not entry.held and not entry.failed
    )


def _by_fragment(story: Story) -> dict[str | int | None, list[Shown]]:
    """The showings of each fragment, oldest first: anybody may click on anything as often as
    they like, and no click is worth a look at the whole story."""
    found: dict[str | int | None, list[Shown]] = {}
    for time, page in story.showings:
        for entry in page.promotions:
            if shows(entry):
                found.setdefault(entry.promotion_id, []).append((time, page, entry))
    return found


def _last(shown: Sequence[Shown], time: float) -> Shown | None:
    """The last one up to ``time``."""
    number = bisect_right(shown, time, key=itemgetter(0))
    return shown[number - 1] if number else None


def touches(
    story: Story, responses: Iterable[Answered], time: float, window: float
) -> tuple[Shown, Shown] | None:
    """The first and the last showing that led to an order at ``time``; None: nothing did.

    Those that were clicked in the ``window`` before it count before those that were only shown.
    """
    begin = time - window
    clicked = [
        (one.clicked, one.time, one.page, one.entry)
        for one in responses
        if one.clicked is not None and begin <= one.clicked <= time
    ]
    if clicked:
        clicked.sort(key=lambda one: one[:2])
        return clicked[0][1:], clicked[-1][1:]
    seen = [page for page in story.showings if begin <= page[0] <= time]
    first = next(_shown(seen, False), None)
    last = next(_shown(reversed(seen), True), None)
    return None if first is None or last is None else (first, last)


def _shown(pages: Iterable[tuple[float, Showing]], backwards: bool) -> Iterator[Shown]:
    for time, page in pages:
        entries = reversed(page.promotions) if backwards else page.promotions
        for entry in entries:
            if shows(entry):
                yield time, page, entry
