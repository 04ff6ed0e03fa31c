"""Rules for the five slots of one page, in great number: what editors wrote, as data."""

import json
import random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from shopwindow.rules.attributes import Attribute
from shopwindow.rules.facts import DAY
from shopwindow.rules.reading import Parameters, RuleSet, Vocabulary, read_rules
from tests.rules.oracle import Kind

SLOTS = ("home.hero", "home.teaser", "home.banner", "home.sidebar", "home.prompt")
NOW = datetime(2026, 11, 21, 10, tzinfo=UTC).timestamp()
TODAY = int(NOW // DAY)
COUNTRIES = "DE AT CH FR NL PL IT ES GB US".split()
LANGUAGES = "de fr nl en pl it".split()
DEVICES = "mobile desktop tablet".split()
SOURCES = "google bing newsletter facebook instagram tiktok direct".split()

RULES_PER_FILE = 1_000


class Spread(NamedTuple):
    """How many names the rules are spread over."""

    categories: int
    segments: int
    campaigns: int


SPREADS: Mapping[str, Spread] = {
    # Winners stand high up in the list, so that who asks one by one can stop early ...
    "mixed": Spread(200, 100, 50),
    # ... or far down.
    "narrow": Spread(2_000, 1_500, 500),
}

OWN = "personalization"
HEADERS = ("country", "region", "city")
TEXTS = (
    "customer-type account-type loyalty pet browser system page-type churn-group "
    "search-term newsletter-topic store payment"
).split()
NUMBERS = "cart-value screen-width birthday-in-days average-order session-pages".split()
FLAGS = "has-account marketing newsletter app-installed".split()
# What the request brings along, and what the profile counts: built in.
REQUEST = (
    "hour device language referrer campaign campaign-source campaign-medium path weekday"
).split()
COUNTED = "visits orders order-value days-since-order".split()
KINDS: Mapping[str, Kind] = {
    **dict.fromkeys((*HEADERS, *REQUEST), Kind("text")),
    **dict.fromkeys(TEXTS, Kind("text", OWN)),
    **dict.fromkeys((*NUMBERS, *COUNTED), Kind("number", OWN)),
    **dict.fromkeys(FLAGS, Kind("yes-no", OWN)),
    "hour": Kind("number"),
    "groups": Kind("list", OWN),
}
ATTRIBUTES = (
    *(Attribute(name, "text", "header:X-Place") for name in HEADERS),
    *(Attribute(name, "text", "app") for name in TEXTS),
    *(Attribute(name, "number", "app") for name in NUMBERS),
    *(Attribute(name, "yes-no", "app") for name in FLAGS),
    Attribute("groups", "list", "source:crm"),
)
VOCABULARY = Vocabulary(
    frozenset(SLOTS),
    {attribute.name: attribute for attribute in ATTRIBUTES},
    {"block": Parameters(open=True)},
)


class Written(NamedTuple):
    """What an editor wrote, as data."""

    segments: Mapping[str, list[dict[str, Any]]]
    rules: Sequence[dict[str, Any]]

    def read(self) -> RuleSet:
        files = {"rules/segments.yaml": json.dumps({"segments": self.segments})}
        for first in range(0, len(self.rules), RULES_PER_FILE):
            some = self.rules[first : first + RULES_PER_FILE]
            files[f"rules/{first}.yaml"] = json.dumps({"rules": some})  # JSON is YAML
        rules, findings = read_rules(files, VOCABULARY)
        wrong = [str(one) for one in findings if one.severity == "error"]
        if wrong:
            raise ValueError(wrong[0])
        return rules


def write_rules(count: int, spread: Spread) -> Written:
    """``count`` rules of about four conditions, the first one first in its slot."""
    chance = random.Random(1)
    rules = []
    for number in range(count):
        when = [_discriminating(chance, spread)]
        if chance.random() < 0.8:
            when.insert(0, {"consent": "personalization"})
        when += _others(chance, spread)
        rule: dict[str, Any] = {
            "id": f"r{number}",
            "slot": SLOTS[number % len(SLOTS)],
            "priority": count - number,
            "when": when,
            "show": "block",
        }
        if chance.random() < 0.3:
            first = TODAY - chance.randrange(90) + chance.randrange(-20, 60)
            until = first + chance.choice((7, 14, 30, 90))
            rule["schedule"] = {"from": _date(first), "until": _date(until)}
        rules.append(rule)
    segments = {f"s{n}": [{"groups": {"has": f"s{n}"}}] for n in range(spread.segments)}
    return Written(segments, rules)


def _date(day: int) -> str:
    return datetime.fromtimestamp(day * DAY, UTC).date().isoformat()


def _discriminating(chance: random.Random, spread: Spread) -> dict[str, Any]:
    kind = chance.random()
    category = f"c{chance.randrange(spread.categories)}"
    if kind < 0.25:
        window = {"at-least": chance.choice((2, 3, 3, 3, 5)), "within": "30 days"}
        return {"viewed": {"category": category, **window}}
    if kind < 0.45:
        limit = chance.choice((0.3, 0.4, 0.5, 0.6, 0.7))
        return {"affinity": {"category": category, "more-than": limit}}
    if kind < 0.75 or (kind >= 0.9 and spread is SPREADS["narrow"]):
        return {"segment": f"s{chance.randrange(spread.segments)}"}
    if kind < 0.9:
        return {"campaign": f"k{chance.randrange(spread.campaigns)}"}
    return {"customer-type": chance.choice(("b2b", "b2c"))}


def _others(chance: random.Random, spread: Spread) -> list[dict[str, Any]]:
    category = f"c{chance.randrange(spread.categories)}"
    countries = chance.sample(COUNTRIES, chance.choice((1, 1, 2, 3)))
    options: list[tuple[float, dict[str, Any]]] = [
        (0.3, {"visits": {"at-least": chance.choice((2, 3, 5, 10, 20))}}),
        (0.2, {"not-bought": {"category": category}}),
        (0.25, {"country": countries}),
        (0.15, {"language": chance.choice(LANGUAGES)}),
        (0.2, {"device": chance.choice(DEVICES)}),
        (0.1, {"campaign-source": chance.choice(SOURCES)}),
        (0.15, {"cart-value": {"more-than": chance.choice((0, 20, 50, 100))}}),
        (0.15, {"days-since-order": {"at-least": chance.choice((7, 14, 28, 60))}}),
        (0.1, {"has-account": chance.choice((True, False))}),
        (0.1, {"hour": {"at-least": chance.choice((6, 9, 17))}}),
    ]
    return [condition for share, condition in options if chance.random() < share]
