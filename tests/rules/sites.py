"""Sites drawn by chance: rules as a rule file holds them."""

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from tests.rules.people import CATEGORIES, KEYS, KINDS, Data
from tests.rules.shop import VOCABULARY

SLOTS = sorted(VOCABULARY.slots)
BOUNDS = ("at-least", "more-than", "at-most", "less-than")
DAYS = ("2026-11-20", "2025-11-21", "2026-11-25")
DURATIONS = ("7 days", "1 month", "12 months", "1 year")
TEXTS: Mapping[str, Sequence[str]] = {
    "country": ("DE", "AT", "CH"),
    "customer-type": ("b2b", "b2c"),
    "survey": ("yes", "no"),
    "device": ("mobile", "desktop"),
    "language": ("de", "fr", "en"),
}


class Sites:
    """Writes rules; the same chance, the same rules."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self.segments: dict[str, list[Data]] = {}

    def site(self, rules: int) -> Data:
        """What a rule file holds."""
        self.segments = {}
        for number in range(3):  # each may stand on those before it
            self.segments[f"s{number}"] = self._conditions(1, 2)
        written = [self._rule(number) for number in range(rules)]
        return {"segments": self.segments, "rules": written}

    def _rule(self, number: int) -> Data:
        chance = self.chance
        rule: Data = {
            "id": f"r{number}",
            "slot": chance.choice(SLOTS),
            "priority": chance.randrange(4),
            "when": self._conditions(0 if chance.random() < 0.02 else 1, 4),
            "show": "hero",
        }
        if chance.random() < 0.2:
            rule["unless"] = self._conditions(1, 2)
        if chance.random() < 0.15:
            rule["schedule"] = chance.choice(
                (
                    {"from": "2026-11-20", "until": "2026-12-01"},
                    {"until": "2026-11-21 11:00"},
                    {"from": "2026-11-21 11:00"},
                    {"days": ["sat", "tue"], "hours": "10:00-11:00"},
                    {"hours": "11:00-12:00"},
                )
            )
        if chance.random() < 0.05:
            rule["off"] = True
        return rule

    def _conditions(self, least: int, most: int) -> list[Data]:
        return [self._condition(2) for _ in range(self.chance.randint(least, most))]

    def _condition(self, depth: int) -> Data:
        chance = self.chance
        kinds = ["attribute"] * 6 + ["deed"] * 3 + ["affinity", "segment", "consent"]
        match chance.choice(kinds + ["group"] * 2 * bool(depth)):
            case "attribute":
                name = chance.choice(sorted(KINDS))
                return {name: self._asked(name)}
            case "deed":
                return self._deed()
            case "affinity":
                limit = chance.randint(1, 18) / 20
                category = chance.choice(CATEGORIES)
                bound = chance.choice(BOUNDS)
                return {"affinity": {"category": category, bound: limit}}
            case "segment" if self.segments:
                known = sorted(self.segments)
                count = chance.randint(1, min(2, len(known)))
                return {"segment": chance.sample(known, count)}
            case "group":
                parts = [
                    self._condition(depth - 1) for _ in range(chance.randint(1, 3))
                ]
                return {chance.choice(("any", "all", "none")): parts}
        return {"consent": chance.choice(("personalization", "statistics"))}

    def _deed(self) -> Data:
        chance = self.chance
        verb = chance.choice(("viewed", "bought", "not-viewed", "not-bought"))
        dimension = chance.choice(sorted(KEYS))
        asked: Data = {dimension: chance.choice(KEYS[dimension])}
        if chance.random() < 0.15:
            return {verb: {**asked, "within": chance.choice(("2 hours", "90 minutes"))}}
        asked |= chance.choice(({}, {"at-least": 2}, {"at-least": 3}))
        if not verb.startswith("not-"):
            asked |= chance.choice(({}, {}, {"at-most": 3}))
        asked |= chance.choice(({}, {"within": "1 day"}, {"within": "30 days"}))
        return {verb: asked}

    def _asked(self, name: str) -> Any:
        pick, chance = self.chance.choice, self.chance
        if chance.random() < 0.1:
            return {"known": pick((True, False))}
        match KINDS[name].type:
            case "number":
                limit = pick((0, 1, 2, 2.5, 3, 11))
                return pick((limit, {pick(BOUNDS): limit}))
            case "yes-no":
                return pick((True, False))
            case "date":
                if chance.random() < 0.4:
                    return {pick(("before", "after")): pick(DAYS)}
                return {
                    pick(("within-last", "within-next", "older-than")): pick(DURATIONS)
                }
            case "time":
                if chance.random() < 0.4:
                    return {pick(("before", "after")): "2026-11-21 11:30"}
                age = pick(("within-last", "within-next", "older-than"))
                return {age: pick(("1 hour", "90 minutes", "30 days"))}
            case "version":
                return {pick(("is", *BOUNDS)): pick(("1.9", "1.10", "2"))}
            case "list":
                some = chance.sample("abc", chance.randint(1, 3))
                return {pick(("has-any", "has-all", "has-none")): some}
        own = TEXTS[name]
        some = chance.sample(own, chance.randint(1, len(own)))
        return pick(
            (
                own[0],
                some,
                {"is-not": own[0]},
                {"is-none-of": some},
                {"starts-with": own[-1][0]},
                {"contains": own[0][-1], "is-not": own[-1]},
            )
        )
