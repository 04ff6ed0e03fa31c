"""What more history would bring, and whom a model prefers: what a report looks closer at."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..scoring import Parameters
from .again import again
from .evaluation import LIMIT, Questions, Rows, recall, reciprocal
from .events import Events
from .part import Say
from .tuning import held_back, learned

#: The newest shares of the history that a model is learned from.
SHARES = (0.1, 0.25, 0.5, 0.75, 1.0)
PARTS = 10


class Point(NamedTuple):
    """What a model finds that knows only the newest ``share`` of the history, so many ``views``."""

    share: float
    views: int
    recall: float
    reciprocal: float


class Tenth(NamedTuple):
    """A tenth of the items, by popularity: its share of the views, and of what is recommended."""

    views: float
    named: float


class Closer(NamedTuple):
    """The learning curve, least history first; and the tenths, the most popular first."""

    points: list[Point]
    tenths: list[Tenth]


def closer(
    events: Events, parameters: Parameters, say: Say | None = None
) -> Closer | None:
    """Learn several times from what is before the sessions held back. None: there are too few."""
    held = held_back(events)
    if held is None:
        return None
    views, questions = held
    questions = questions.part(
        slice(1, None, 2)
    )  # as in tuning: those that chose nothing
    points = []
    for done, share in enumerate(SHARES):
        if say is not None:
            say("learning curve", done, len(SHARES))
        late = np.arange(len(views.item)) >= int(len(views.item) * (1 - share))
        part = views.where(late)
        rows = _rows(part, questions, parameters)
        ranks = rows.ranks(parameters)
        points.append(Point(share, len(part.item), recall(ranks), reciprocal(ranks)))
    if say is not None:
        say("learning curve", len(SHARES), len(SHARES))
    counts = np.bincount(views.item, minlength=len(views.keys))
    _, named = rows.best(parameters, LIMIT)
    return Closer(points, tenths(counts, named))


def tenths(counts: NDArray[np.integer], named: NDArray[np.integer]) -> list[Tenth]:
    """Of the items with views, ten groups of equally many; ``named`` are the recommended ones."""
    known = int((counts > 0).sum())
    order = np.argsort(-counts, kind="stable")[:known]
    shown = np.bincount(named, minlength=len(counts))[order]
    viewed = counts[order]
    edges = [known * part // PARTS for part in range(PARTS + 1)]
    return [
        Tenth(
            float(viewed[begin:end].sum() / max(1, viewed.sum())),
            float(shown[begin:end].sum() / max(1, shown.sum())),
        )
        for begin, end in zip(edges, edges[1:], strict=False)
    ]


def _rows(views: Events, questions: Questions, parameters: Parameters) -> Rows:
    own = again(views, parameters)
    return Rows(questions, learned(views, parameters), own, parameters.clicks)
