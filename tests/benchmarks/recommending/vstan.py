"""VSTAN, a nearest-neighbour method over sessions (Ludewig, Mauro, Latifi and Jannach, 2020): our
own reading of it, to measure against, with its settings tuned as honestly as ours.

The latest sessions that share a click with the visitor's are weighed by what they share, how long
they are and how old; their items count more near the shared click. Two things were added so that
it competes where visitors return: how much an item counts that was seen already, and a reminder.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from heapq import nlargest
from typing import NamedTuple

LIMIT = 20
Question = tuple[Sequence[int], int]


class Settings(NamedTuple):
    """``sample`` latest sessions are looked at, and the ``neighbours`` nearest count.

    The others are how fast weight is lost: ``position`` clicks back in the visitor's session,
    ``age`` of the history, ``distance`` clicks from the shared one. ``rare`` prefers rare items;
    ``seen`` multiplies what was seen already, ``reminder`` adds so many times the best score.
    """

    sample: int = 2500
    neighbours: int = 500
    position: float = 1.0
    age: float = 0.4
    distance: float = 4.0
    rare: float = 1.0
    seen: float = 0.3
    reminder: float = 0.0
    returning: float = 1.0


TRIED: Mapping[str, tuple[float, ...]] = {
    "seen": (0.1, 0.3, 0.6, 1.0),
    "reminder": (0.0, 0.2, 0.5, 1.0),
    "distance": (1.0, 2.0, 4.0, 8.0),
    "position": (0.5, 1.0, 2.0),
    "rare": (0.0, 0.3, 1.0, 3.0),
    "neighbours": (200, 500, 1000),
    "sample": (1000, 2500),
    "age": (0.1, 0.4, 1.5),
    "returning": (0.5, 1.0, 2.0),
}


class Vstan:
    """Neighbours among ``sessions``, which come oldest first."""

    def __init__(self, sessions: Sequence[Sequence[int]]) -> None:
        self.sessions = sessions
        self.places: dict[int, list[int]] = {}
        for number, session in enumerate(sessions):
            for item in dict.fromkeys(session):
                self.places.setdefault(item, []).append(number)
        total = len(sessions)
        self.rarity = {
            item: math.log(total / len(places)) for item, places in self.places.items()
        }

    def scores(self, clicks: Sequence[int], settings: Settings) -> dict[int, float]:
        """What goes with the clicks, oldest first."""
        latest = list(dict.fromkeys(reversed(clicks)))
        back = {item: clicks[::-1].index(item) for item in latest}
        shared: dict[int, float] = {}
        get = shared.get
        for item in latest:
            weight = math.exp(-back[item] / settings.position)
            for number in self.places.get(item, ())[-settings.sample :]:
                shared[number] = get(number, 0.0) + weight
        numbers = nlargest(settings.sample, shared)
        total, length = len(self.sessions), settings.age * len(self.sessions)
        near = [
            (
                shared[number]
                / math.sqrt(len(self.sessions[number]))
                * math.exp((number - total) / length),
                number,
            )
            for number in numbers
        ]
        found: dict[int, float] = {}
        give = found.get
        for weight, number in nlargest(settings.neighbours, near):
            session = self.sessions[number]
            items = set(session)
            common = next(item for item in latest if item in items)
            place = len(session) - 1 - session[::-1].index(common)
            for step, item in enumerate(session):
                value = weight * math.exp(-abs(step - place) / settings.distance)
                found[item] = give(item, 0.0) + value
        for item in found:
            found[item] *= 1 + settings.rare * self.rarity[item]
            if item in back:
                found[item] *= settings.seen
        if settings.reminder:
            best = settings.reminder * max(found.values(), default=1.0)
            for item, steps in back.items():
                value = best * math.exp(-steps / settings.returning)
                found[item] = give(item, 0.0) + value
        return found

    def rank(self, question: Question, settings: Settings) -> int:
        """The answer's place from 1, or 0 if it is not among the first :data:`LIMIT`."""
        clicks, answer = question
        found = self.scores(clicks, settings)
        score = found.get(answer)
        if not score:
            return 0
        before = sum(
            value > score or (value == score and item < answer)
            for item, value in found.items()
        )
        return before + 1 if before < LIMIT else 0


def measured(ranks: Sequence[int]) -> tuple[float, float]:
    """R@20 and MRR@20."""
    count = max(1, len(ranks))
    found = [rank for rank in ranks if rank]
    return len(found) / count, sum(1 / rank for rank in found) / count


def tune(
    vstan: Vstan,
    questions: Sequence[Question],
    rounds: int = 2,
    step: Callable[[], object] = lambda: None,
) -> Settings:
    """The settings that answer the questions best, R@20 and MRR@20 counting alike."""
    settings = Settings()
    first = measured([vstan.rank(question, settings) for question in questions])
    reached = 2.0
    for _ in range(rounds):
        last = settings
        for name, values in TRIED.items():
            for value in values:
                if value == getattr(settings, name):
                    continue
                trial = Settings(**{**settings._asdict(), name: value})
                ranks = [vstan.rank(question, trial) for question in questions]
                worth = sum(
                    now / before
                    for now, before in zip(measured(ranks), first, strict=True)
                )
                step()
                if worth > reached:
                    settings, reached = trial, worth
        if settings == last:
            break
    return settings


def questions_of(sessions: Sequence[Sequence[int]]) -> list[Question]:
    """Each beginning of each session, and the click after it."""
    return [
        (session[:place], session[place])
        for session in sessions
        for place in range(1, len(session))
    ]
