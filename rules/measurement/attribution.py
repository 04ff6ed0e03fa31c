"""Which showing a click, a dismissal, a rating and an order belong to."""

from collections.abc import Sequence

from ..events import PROMOTION_CLICKED, PROMOTION_DISMISSED
from .rows import Entry, Response, Showing
from .story import Story


class Shown:
    """One showing that something came of, or that an order may go back to.

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

    @property
    def answered(self) -> bool:
        """Whether the visitor did something with it."""
        return (self.clicked, self.dismissed, self.rated) != (None, None, None)

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


def showings(story: Story) -> list[Shown]:
    """All that was shown, oldest first, with what came of it.

    A response belongs to the decision that it names, if this owner had that; one that names none
    belongs to the last showing of its fragment before it.
    """
    found: list[Shown] = []
    decided: dict[str, Shown] = {}
    for time, page in story.showings:
        for entry in page.promotions:
            if not shows(entry):
                continue
            shown = Shown(time, page, entry)
            found.append(shown)
            if entry.decision:
                decided.setdefault(entry.decision, shown)
    for time, name, response in story.responses:
        if response.decision:
            match = decided.get(response.decision)
        else:
            match = _last(found, response.promotion_id, time)
        if match is not None:
            match.answer(time, name, response)
    return found


def shows(entry: Entry) -> bool:
    """Whether a rule showed something there."""
    return bool(
        entry.rule and entry.promotion_id and not entry.held and not entry.failed
    )


def _last(found: list[Shown], fragment: str | int | None, time: float) -> Shown | None:
    if not fragment:
        return None
    for shown in reversed(found):
        if shown.time <= time and shown.entry.promotion_id == fragment:
            return shown
    return None


def touches(
    found: Sequence[Shown], time: float, window: float
) -> tuple[Shown, Shown] | None:
    """The first and the last showing that led to an order at ``time``; None: nothing did.

    Those that were clicked in the ``window`` before it count before those that were only shown.
    """
    begin = time - window
    clicked: list[tuple[float, Shown]] = []
    seen: list[Shown] = []
    for shown in found:
        if shown.clicked is not None and begin <= shown.clicked <= time:
            clicked.append((shown.clicked, shown))
        if begin <= shown.time <= time:
            seen.append(shown)
    if clicked:
        first = min(
            clicked, key=lambda one: one[0]
        )  # of several at once the first shown
        last = max(clicked, key=lambda one: one[0])
        return first[1], last[1]
    return (seen[0], seen[-1]) if seen else None
