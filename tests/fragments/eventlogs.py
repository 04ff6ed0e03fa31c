"""Made-up logs of events, with all that makes counting in several engines differ."""

import json
import random
from collections.abc import Iterator
from pathlib import Path

from shopwindow.fragments.recommendations.training.sessions import LONGEST

# In the order of UTF-16, of most locales and of small and large letters these are not in that of
# UTF-8's bytes.
NAMES = ("ä", "𝄞", "\uff5e", "17", "Ω", "z", "Z", "a b", "ß")
BEGINS = 1_700_000_000
DAYS = 40


def written(folder: Path, timed: bool, named: bool, verbs: str = "vvvvvvab") -> Path:
    """A log as JSON Lines; with times, with names of sessions."""
    path = folder / f"log-{timed}-{named}.jsonl"
    lines = _lines(random.Random(f"{timed}{named}"), timed, named, verbs)
    path.write_text("\n".join(lines), "utf-8")
    return path


def _lines(
    chance: random.Random, timed: bool, named: bool, verbs: str
) -> Iterator[str]:
    words = {"v": "view", "a": "add", "b": "buy"}
    for visitor in range(160):
        moment = BEGINS + chance.randrange(DAYS * 86_400)
        for _ in range(min(60, int(chance.paretovariate(0.7)))):
            # Few items, many of them over and over: their scores tie.
            item = min(40, int(chance.paretovariate(0.8)))
            event = {
                "visitor": f"{visitor}é" if chance.random() < 0.95 else visitor,
                "event": words[chance.choice(verbs)],
                "product": f"{NAMES[item % len(NAMES)]}{item}",
            }
            if named and chance.random() < 0.7:
                event["session"] = f"s{chance.randrange(3)}"
            if chance.random() < 0.3:
                event["order"] = f"o{visitor}"
            if timed and chance.random() < 0.98:
                event["time"] = moment
            yield json.dumps(event)
            # Often none, often just as long as what parts sessions, and a little more.
            moment += chance.choice((0, 0, 10, 300, 1_800, 1_801))
    for guide in ("z", "guide"):
        event = {"visitor": "5", "event": "article viewed", "product": guide}
        yield json.dumps(event | ({"time": BEGINS + 500} if timed else {}))
    for twin in range(12):  # they all go with the first one as well as any other does
        for item in (99, twin):
            event = {"visitor": f"t{twin}", "event": "view", "product": f"t{item}"}
            yield json.dumps(event | ({"time": BEGINS + 86_400} if timed else {}))
    for click in range(LONGEST + 100):  # a robot
        event = {"visitor": "robot", "event": "view", "product": f"r{click % 40}"}
        yield json.dumps(event | ({"time": BEGINS + click} if timed else {}))
    wrong_clock = {"visitor": "x", "event": "view", "product": "17", "time": 5}
    yield from (json.dumps(wrong_clock), "{no json", '{"event": "view"}')
