"""What every visitor must see, worked out a second time without the project's own reader, rules, ranking or renderer.

A plain interpreter reads the rules as data, and Jinja2 renders the fragments' templates
directly. It is slow and simple on purpose.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import zip_longest

from jinja2 import Environment
from markupsafe import Markup

from shopwindow.rules.facts import DAY, Profile

from .rulebook import BY_SLOT, LIMIT, Condition, Rule
from .shop import (
    CATEGORIES,
    CATEGORY,
    FRAGMENTS,
    PRODUCTS,
    SLOTS,
    Product,
    default_content,
    money,
    page_environment,
    page_source,
    page_values,
    popularity,
)
from .visitors import Known

HALF_LIFE = 30 * DAY
PRIOR = 2.0

TRAFFIC = popularity()
POPULAR = sorted(TRAFFIC, key=TRAFFIC.__getitem__, reverse=True)
POPULAR_IN = {
    category: [id for id in POPULAR if PRODUCTS[id].category == category]
    for category in CATEGORIES
}
USUAL = {
    category: sum(TRAFFIC[id] for id in ids) / sum(TRAFFIC.values())
    for category, ids in POPULAR_IN.items()
}


def winner(slot: str, visitor: Known, now: float) -> Rule | None:
    """The first rule of ``slot`` whose conditions all hold for ``visitor``."""
    for rule in BY_SLOT[slot]:
        if all(holds(condition, visitor, now) for condition in rule["when"]):
            return rule
    return None


def holds(condition: Condition, visitor: Known, now: float) -> bool:
    ((kind, wanted),) = condition.items()
    profile = visitor.profile
    match kind:
        case "any":
            return any(holds(part, visitor, now) for part in wanted)
        case "none":
            return not any(holds(part, visitor, now) for part in wanted)
        case "visits":
            return profile.visits + 1 >= int(
                wanted["at-least"]
            )  # this page starts a visit
        case "affinity":
            return affinity(profile, wanted["category"], now) >= float(
                wanted["at-least"]
            )
        case "clubs":
            return wanted["has"] in profile.attributes["clubs"]
        case "country":
            return profile.attributes["country"] in wanted
        case "device":
            return visitor.device == str(wanted)
        case "order-value":
            return profile.order_value >= float(wanted["at-least"])
        case "cart-items":
            return sum(profile.cart.values()) >= int(wanted["at-least"])
        case "viewed":
            return seen(profile, wanted["category"], int(now // DAY) - 29) >= int(
                wanted["at-least"]
            )
        case "not-bought":
            return wanted["category"] not in profile.counts.get("bought category", {})
    raise ValueError(kind)


def seen(profile: Profile, category: str, first_day: int) -> int:
    """How many products of ``category`` were viewed on ``first_day`` or later."""
    counter = profile.counts.get("viewed category", {}).get(category)
    if counter is None:
        return 0
    pairs = zip(counter.days[::2], counter.days[1::2], strict=True)
    return sum(count for day, count in pairs if day >= first_day)


def affinity(profile: Profile, category: str, now: float) -> float:
    """How much more than this shop's average visitor likes ``category``: 0 to 1.

    The share of the visitor's interest, pulled towards the shop's share, against that share.
    """
    scores: dict[str, float] = {
        key: interest.score * 0.5 ** ((now - interest.time) / HALF_LIFE)
        for key, interest in profile.interests.get("category", {}).items()
    }
    usual = USUAL[category]
    share = (scores.get(category, 0.0) + PRIOR * usual) / (sum(scores.values()) + PRIOR)
    return max(0.0, 1.0 - usual / share)


def recommended(profile: Profile, strategies: Sequence[str]) -> list[Product]:
    """Eight products that the visitor has not bought, chosen by ``strategies`` in turn."""
    times = {
        id: counter.last
        for id, counter in profile.counts.get("viewed product", {}).items()
    }
    viewed = sorted(times, key=times.__getitem__, reverse=True)[:12]
    bought = profile.counts.get("bought product", {})
    chosen: list[str] = []

    def fill(ids: Iterable[str]) -> None:
        for id in ids:
            if len(chosen) == LIMIT:
                break
            if id not in bought and id not in chosen:
                chosen.append(id)

    for strategy in strategies:
        if strategy == "viewed-again":
            fill(viewed)
        elif strategy == "trending":
            fill(POPULAR)
        else:
            fill(similar(viewed, {*viewed, *bought, *chosen}))
    return [PRODUCTS[id] for id in chosen]


def similar(viewed: Sequence[str], without: Collection[str]) -> Iterator[str]:
    """Popular products of the categories viewed last, one of each category in turn."""
    categories = dict.fromkeys(PRODUCTS[id].category for id in viewed[:5])
    lists = [
        [id for id in POPULAR_IN[category] if id not in without]
        for category in categories
    ]
    for place in zip_longest(*lists):
        yield from (id for id in place if id is not None)


class Reference:
    """Renders whole pages for visitors."""

    def __init__(self) -> None:
        # The same whitespace rules as shopwindow's own, and nothing else of it.
        environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
        environment.globals["t"] = money
        environment.globals["cards"] = self._cards
        self._templates = {
            name: environment.from_string(text) for name, text in FRAGMENTS.items()
        }
        text = page_environment().from_string(
            page_source({slot: f"@@{slot}@@" for slot in SLOTS})
        )
        self._parts = re.split("@@(.+?)@@", text.render(page_values()))

    def _cards(self, items: Sequence[Product], name: str) -> Markup:
        return Markup("").join(
            Markup(self._templates[name].render(item=i)) for i in items
        )

    def page(self, visitor: Known, now: float) -> bytes:
        """The body that ``visitor`` must get at ``now``, in seconds since 1970."""
        defaults = default_content()
        parts = list(self._parts)
        for place in range(1, len(parts), 2):
            rule = winner(parts[place], visitor, now)
            parts[place] = (
                self._fragment(rule, visitor) if rule else defaults[parts[place]]
            )
        return "".join(parts).encode()

    def _fragment(self, rule: Rule, visitor: Known) -> str:
        values = dict(rule["with"])
        if "category" in values:
            values["category"] = CATEGORY[values["category"]]
        if "recommend" in rule:
            values["items"] = recommended(
                visitor.profile, rule["recommend"]["strategy"]
            )
        return self._templates[rule["show"]].render(values)
