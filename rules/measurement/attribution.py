"""Which showing a click, a dismissal, a rating and an order belong to."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter

from ..events import PROMOTION_CLICKED, PROMOTION_DISMISSED
from .pages import ID, Page
from .rows import Entry, Response
from .story import Story


class Answered:
    """One showing that the visitor did something with.

    ``clicked`` and ``dismissed`` are when that was first, ``rated`` when it was last: with a thumb
    ``up`` or down. None: never. ``place`` is which of all showings it was, in their order.
    """

    __slots__ = (
        *("clicked", "dismissed", "entry", "page", "place", "rated", "time"),
        "up",
    )

    def __init__(self, time: float, page: Page, entry: Entry, place: int) -> None:
        self.place = place
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


Shown = tuple[float, Page, Entry]
_Numbered = tuple[float, Page, Entry, int]  # and its place among all of the story


def answered(story: Story) -> list[Answered]:
    """All showings that the visitor did something with, in the order of the first response.

    A response belongs to the decision that it names, if this owner had that; one that names none
    belongs to the last showing of its fragment before it.
    """
    if not story.responses:
        return []
    decided = _decided(story)
    found: dict[int, Answered] = {}
    by_fragment: dict[str | int | None, list[_Numbered]] | None = None
    for time, name, response in story.responses:
        if response.decision:
            match = decided.get(response.decision)
        else:
            if by_fragment is None:
                by_fragment = _by_fragment(story)
            match = _last(by_fragment.get(response.promotion_id, ()), time)
        if match is None:
            continue
        place = match[3]
        known = found.get(place)
        if known is None:
            known = found[place] = Answered(*match)
        known.answer(time, name, response)
    return list(found.values())


def shows(entry: Entry) -> bool:
    """Whether a rule showed something there."""
    return bool(
        entry.rule and entry.promotion_id and not entry.held and not entry.failed
    )


def _decided(story: Story) -> dict[str, _Numbered]:
    """The showings by their decisions; where several have the same one, the first."""
    found: dict[str, _Numbered] = {}
    place = 0
    for time, page, showing in story.showings:
        for entry in page.promotions:
            place += 1
            decision = entry.decision
            if decision and shows(entry):
                if showing:
                    decision = decision.replace(ID, showing)
                found.setdefault(decision, (time, page, entry, place))
    return found


def _by_fragment(story: Story) -> dict[str | int | None, list[_Numbered]]:
    """The showings of each fragment, oldest first: anybody may click on anything as often as
    they like, and no click is worth a look at the whole story."""
    found: dict[str | int | None, list[_Numbered]] = {}
    place = 0
    for time, page, _ in story.showings:
        for entry in page.promotions:
            place += 1
            if shows(entry):
                one = (time, page, entry, place)
                found.setdefault(entry.promotion_id, []).append(one)
    return found


def _last(shown: Sequence[_Numbered], time: float) -> _Numbered | None:
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
        (one.clicked, one.time, one.place, one)
        for one in responses
        if one.clicked is not None and begin <= one.clicked <= time
    ]
    if clicked:
        first, last = min(clicked)[3], max(clicked)[3]
        return (first.time, first.page, first.entry), (last.time, last.page, last.entry)
    seen = [page for page in story.showings if begin <= page[0] <= time]
    begun = next(_shown(seen, False), None)
    ended = next(_shown(reversed(seen), True), None)
    return None if begun is None or ended is None else (begun, ended)


def _shown(
    pages: Iterable[tuple[float, Page, str]], backwards: bool
) -> Iterator[Shown]:
    for time, page, _ in pages:
        entries = reversed(page.promotions) if backwards else page.promotions
        for entry in entries:
            if shows(entry):
                yield time, page, entry
