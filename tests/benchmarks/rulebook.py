"""Fifty rules for three slots, as the data that both the site and the reference read."""

import random
from typing import Any

from .shop import CATEGORIES, FINISHES

CLUBS = (
    "baristas bakers tea-circle newcomers gift-givers students offices locals "
    "early-birds night-owls collectors menders"
).split()
COUNTRIES = "DE FR NL SE GB US ES IT".split()
DEVICES = ("desktop", "mobile", "tablet")
STRATEGIES = (
    ["viewed-again", "trending"],
    ["similar", "trending"],
    ["viewed-again", "similar", "trending"],
    ["trending"],
)
LIMIT = 8  # products on a shelf
COUNT = {"home.hero": 20, "home.teaser": 20, "home.shelf": 10}

Condition = dict[str, Any]  # one list item of `when`, as an editor writes it
Rule = dict[str, Any]


def make_condition(kind: str, chance: random.Random) -> Condition:
    category = chance.choice(list(CATEGORIES))
    match kind:
        case "visits":
            return {"visits": {"at-least": chance.randint(3, 20)}}
        case "affinity":
            share = chance.randint(5, 40) / 100
            return {"affinity": {"category": category, "at-least": share}}
        case "clubs":
            return {"clubs": {"has": chance.choice(CLUBS)}}
        case "country":
            return {"country": sorted(chance.sample(COUNTRIES, 3))}
        case "device":
            return {"device": chance.choice(DEVICES)}
        case "order-value":
            return {"order-value": {"at-least": chance.randrange(100, 900)}}
        case "viewed":
            window = {"at-least": chance.randint(1, 3), "within": "30 days"}
            return {"viewed": {"category": category, **window}}
        case "not-bought":
            return {"not-bought": {"category": category}}
        case "none":
            return {"none": [{"clubs": {"has": chance.choice(CLUBS)}}]}
    return {"cart-items": {"at-least": chance.randint(1, 4)}}


NARROW = "visits affinity clubs country device order-value viewed cart-items".split()
BROAD = ("not-bought", "none")  # hold for nearly everybody, so never alone


def make_rules() -> tuple[Rule, ...]:
    """Rules in the order in which they are asked; two to four conditions each."""
    chance = random.Random(7)
    rules = []
    for slot, count in COUNT.items():
        for number in range(count):
            kinds = chance.sample(NARROW, chance.choice((2, 2, 3)))
            when = [make_condition(kind, chance) for kind in kinds]
            if len(when) == 3:
                when = [when[0], {"any": when[1:]}]
            if chance.random() < 0.4:
                when.append(make_condition(chance.choice(BROAD), chance))
            id = f"{slot.removeprefix('home.')}-{number:02}"
            rule = {"id": id, "slot": slot, "priority": 1000 - number, "when": when}
            rules.append(rule | showing(slot, id, chance))
    # The shelf is never left at its default: it is the costliest slot to fill.
    rules[-1]["when"] = [{"visits": {"at-least": 1}}]
    return tuple(rules)


def showing(slot: str, id: str, chance: random.Random) -> Rule:
    """What the rule puts on the page: a fragment and its parameters."""
    category = chance.choice(list(CATEGORIES))
    title = f"{chance.choice(FINISHES)} days & slow mornings"
    words = [f"{chance.choice(FINISHES).lower()} things" for _ in range(24)]
    if slot == "home.hero":
        values = {"name": id, "headline": title, "text": " ".join(words)}
        return {"show": "hero", "with": values | {"category": category}}
    if slot == "home.teaser":
        values = {"name": id, "text": " ".join(words[:12]), "category": category}
        return {"show": "teaser", "with": values | {"headline": f"{title} with"}}
    recommend = {"strategy": list(chance.choice(STRATEGIES)), "limit": LIMIT}
    return {"show": "shelf", "with": {"name": id}, "recommend": recommend}


RULES = make_rules()
BY_SLOT = {slot: [r for r in RULES if r["slot"] == slot] for slot in COUNT}
