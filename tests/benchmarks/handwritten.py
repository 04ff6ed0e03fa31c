"""The same decisions as a developer would write them into the page's own template."""

from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import Environment
from starlette.types import Scope

from shopwindow.rules.facts import DAY, Profile

from .reference import affinity, recommended, seen
from .rulebook import BY_SLOT, Condition, Rule
from .shop import CATEGORY, FRAGMENTS, default_content, money, page_environment
from .work import Opened

PAUSE = 1800  # seconds without a request after which a visit is a new one


def environment() -> Environment:
    """The shop's Jinja2 with the functions that the decisions need."""
    made = page_environment()
    made.globals.update(
        affinity=affinity,
        seen=seen,
        sum=sum,
        recommended=recommended,
        catalog=CATEGORY,
        t=money,
    )
    return made


def holes() -> dict[str, str]:
    """Each slot as one long if/elif/else, the fragments written into it."""
    return {slot: hole(slot, rules) for slot, rules in BY_SLOT.items()}


def hole(slot: str, rules: list[Rule]) -> str:
    parts = []
    for word, rule in zip(["if"] + ["elif"] * len(rules), rules, strict=False):
        condition = " and ".join(expression(one) for one in rule["when"])
        parts.append(f"{{% {word} {condition} %}}{content(rule)}")
    return "".join(parts) + f"{{% else %}}{default_content()[slot]}{{% endif %}}"


def expression(condition: Condition) -> str:
    """One condition over the profile ``p``, as an expression of Jinja2 and of Python."""
    ((kind, wanted),) = condition.items()
    match kind:
        case "any":
            return "(" + " or ".join(map(expression, wanted)) + ")"
        case "none":
            return "(not (" + " or ".join(map(expression, wanted)) + "))"
        case "visits":
            return f"visits >= {wanted['at-least']}"
        case "affinity":
            return f"affinity(p, '{wanted['category']}', now) >= {wanted['at-least']}"
        case "clubs":
            return f"'{wanted['has']}' in p.attributes['clubs']"
        case "country":
            return f"p.attributes['country'] in {tuple(wanted)}"
        case "device":
            return f"device == '{wanted}'"
        case "order-value":
            return f"p.order_value >= {wanted['at-least']}"
        case "cart-items":
            return f"sum(p.cart.values()) >= {wanted['at-least']}"
        case "viewed":
            return (
                f"seen(p, '{wanted['category']}', today - 29) >= {wanted['at-least']}"
            )
        case "not-bought":
            return (
                f"'{wanted['category']}' not in p.counts.get('bought category', {{}})"
            )
    raise ValueError(kind)


def content(rule: Rule) -> str:
    """The rule's fragment with its parameters, as a part of the page's template."""
    values = ", ".join(
        f"{name} = catalog['{value}']" if name == "category" else f"{name} = {value!r}"
        for name, value in rule["with"].items()
    )
    text = FRAGMENTS[rule["show"]].removesuffix("\n")
    if "recommend" in rule:
        card = FRAGMENTS["product-card"].removesuffix("\n")
        values += f", items = recommended(p, {rule['recommend']['strategy']})"
        text = text.replace(
            '{{ cards(items, "product-card") }}',
            f"{{% for item in items %}}{card}{{% endfor %}}",
        )
    return f"{{% with {values} %}}{text}{{% endwith %}}"


def values_for(work: Opened) -> Callable[[Scope, float], Mapping[str, Any]]:
    """What the handler looks up for its template: the visitor's profile and device."""
    cookie, store = work.window.cookie, work.store

    def values(scope: Scope, now: float) -> Mapping[str, Any]:
        headers = dict(scope["headers"])
        visitor = cookie.read(headers[b"cookie"], True, now)
        profile = (store.fetch(visitor.id) if visitor else None) or Profile()
        agent = headers[b"user-agent"]
        mobile = "mobile" if b"Mobile" in agent else "desktop"
        return {
            "p": profile,
            "visits": profile.visits + (now - profile.last_seen > PAUSE),
            "device": "tablet" if b"Android" in agent else mobile,
            "now": now,
            "today": int(now // DAY),
        }

    return values
