"""Which showing a click, a dismissal, a rating and an order belong to."""

from collections.abc import Iterable, Iterator

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
    for time, name, response in story.responses:
        if response.decision:
            match = decided.get(response.decision)
        else:
            match = _last(story, response.promotion_id, time)
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


def _last(story: Story, fragment: str | int | None, time: float) -> Shown | None:
    for shown_at, page in reversed(story.showings):
        if shown_at > time:
            continue
        for entry in reversed(page.promotions):
            if entry.promotion_id == fragment and shows(entry):
                return shown_at, page, entry
    return None


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
