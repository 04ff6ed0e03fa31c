"""What suits this shop: how strongly visitors return, and how fast their interest moves on.

The last sessions are held back; a model of those before them is asked what came next in half of
them, with a few dozen settings, and the best one is measured by the other half. What is tuned only
says how finished rows are added up, so the pairs are counted once for all the trials.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec
import numpy as np

from ..scoring import Parameters
from .again import again
from .covisitation import table
from .evaluation import Questions, Rows, measures, recall, reciprocal
from .events import Events, views_of
from .part import Say
from .table import Table
from .widening import widened

#: The share of all sessions that is held back, and how many of them at most.
TAIL, MOST_SESSIONS = 0.05, 20_000
#: Questions for choosing, and as many for measuring; fewer than these tell too little to choose.
QUESTIONS, FEWEST = 2_500, 100
#: The newest of these are enough to choose by: so it takes as long for a long history.
EVENTS = 250_000
#: What is tried, in this order, again and again until nothing gets better.
TRIED: Mapping[str, tuple[float, ...]] = {
    "reminder": (0.0, 0.1, 0.2, 0.35, 0.5, 0.75, 1.2, 2.0, 3.5),
    "again": (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0),
    "last": (0.0, 0.5, 1.0, 1.5),
    "reminder_decay": (0.7, 1.0, 2.0, 4.0, 8.0, 16.0),
    "click_decay": (0.5, 0.8, 1.2, 2.0, 3.5),
    "joint": (0.0, 0.15, 0.25, 0.4, 0.6),
}
ROUNDS = 3
#: By how much a setting must be better (of about 2) to be more than chance.
BETTER = 0.001
#: How much of R@20 a new model may lose against the one in use.
LOSS = 0.1


class Tuned(NamedTuple):
    """The chosen parameters, and what was measured with them."""

    parameters: Parameters
    metrics: dict[str, Any]


def tune(events: Events, say: Say | None = None) -> Tuned:
    """What suits best in the last sessions, learned from those before them.

    Too few of them: the defaults, and metrics that say so under "left out". ``say`` hears of
    each trial.
    """
    parameters = Parameters()
    held = held_back(events)
    if held is None:
        least = f"{2 * FEWEST} clicks that follow others"
        few = f"too few sessions to measure by: it takes {least} in the last fifth of them"
        return Tuned(parameters, {"left out": few})
    head, questions = held
    own = again(head, parameters)
    # Rows that nobody asks for need not be widened: that is most of the work.
    asked = np.unique(questions.clicks[questions.clicks >= 0])
    narrow = table(head, parameters)
    rows = widened(narrow, parameters.wider, parameters.keep, asked)
    # Every other question chooses; the others measure, so that what was chosen by chance
    # does not count as good.
    choosing = Rows(questions.part(slice(0, None, 2)), rows, own, parameters.clicks)
    found = best(choosing, parameters, say)
    measuring = Rows(questions.part(slice(1, None, 2)), rows, own, found.clicks)
    counts = np.bincount(head.item, minlength=len(head.keys))
    return Tuned(found, measures(measuring, found, counts))


def learned(views: Events, parameters: Parameters) -> Table:
    """The table that ``for-you`` reads."""
    return widened(table(views, parameters), parameters.wider, parameters.keep)


def best(rows: Rows, parameters: Parameters, say: Say | None = None) -> Parameters:
    """The settings of :data:`TRIED` that find most of the answers, near the first place.

    One setting after the other is moved to its best value; R@20 and MRR@20 count alike, each
    as a share of what the parameters given reach. Where these find nothing they are kept.
    """
    before = rows.ranks(parameters)
    recalled, reciprocals = recall(before), reciprocal(before)
    if not recalled:
        return parameters
    reached, done, tried = 2.0, 0, {parameters}
    trials = ROUNDS * sum(map(len, TRIED.values()))
    for _ in range(ROUNDS):
        moved = False
        for name, values in TRIED.items():
            for value in values:
                done += 1
                if say is not None:
                    say("tuning", done, trials)
                trial = msgspec.structs.replace(parameters, **{name: value})
                if trial in tried:
                    continue
                tried.add(trial)
                ranks = rows.ranks(trial)
                worth = recall(ranks) / recalled + reciprocal(ranks) / reciprocals
                if worth > reached + BETTER:
                    parameters, reached, moved = trial, worth, True
        if not moved:
            break
    if say is not None:
        say("tuning", trials, trials)
    return parameters


def refusal(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> str:
    """Why a new model must not take the place of the one in use; "" if it may.

    Both are the ``metrics`` of a model's meta; what was not measured refuses nothing.
    """
    old, new = (before or {}).get("R@20"), after.get("R@20")
    if not isinstance(old, int | float) or not isinstance(new, int | float):
        return ""
    if old <= 0 or new >= old * (1 - LOSS):
        return ""
    return (
        f"R@20 fell from {old:.4f} to {new:.4f}, by {1 - new / old:.0%} (up to {LOSS:.0%} is "
        "taken): the model in use stays. Look whether events are missing or have other ids; "
        "--force takes the new one all the same"
    )


def held_back(events: Events) -> tuple[Events, Questions] | None:
    """The views to learn from, and the questions of the sessions after them."""
    views = views_of(events)
    # They never fall from row to row.
    sessions = views.session[np.flatnonzero(np.diff(views.session, prepend=-1))]
    tail = min(max(int(len(sessions) * TAIL), 1), MOST_SESSIONS)
    for count in (tail, len(sessions) // 5):
        if not 0 < count < len(sessions):
            return None
        late = views.session >= sessions[-count]
        questions = Questions.of(views.where(late), 2 * QUESTIONS)
        if len(questions.answers) >= 2 * FEWEST:
            head = np.flatnonzero(~late)[-EVENTS:]
            early = np.zeros(len(late), bool)
            early[head] = True
            return views.where(early), questions
    return None
