"""The strip at the foot of every page of the demo: try other visitors on, and see why.

The personas are the editors' own, from rules/tests/personas.yaml. Their histories are
played through the same calls that any shop makes, only with times in the past.
"""

import re
import time
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from shopwindow import Decision, Visit
from shopwindow.rules.facts import RULE_REASONS, SLOT_REASONS
from shopwindow.rules.ruleset import Rule

from .frame import back, form, visit_of

PERSONAS = "rules/tests/personas.yaml"
PAUSE = 30 * 60  # seconds without a sign after which the next one is a new visit
SECONDS = {"minute": 60, "hour": 3600, "day": 86_400, "week": 7 * 86_400}
AGO = re.compile(r"(\d+) (minute|hour|day|week)s? ago")

# verb and dimension of a persona's event -> the event's name and the property that says what
EVENTS = {
    ("viewed", "product"): ("Product Viewed", "product_id"),
    ("viewed", "category"): ("Product List Viewed", "category"),
    ("viewed", "article"): ("Article Viewed", "article_id"),
    ("read", "article"): ("Article Viewed", "article_id"),
    ("searched", "query"): ("Products Searched", "query"),
    ("added-to-cart", "product"): ("Product Added", "product_id"),
    ("bought", "product"): ("Order Completed", "product_id"),
}


class Moment(NamedTuple):
    """Something a persona did, ``ago`` seconds before now."""

    ago: float
    name: str
    properties: dict[str, Any]


class Answer(NamedTuple):
    """What one slot of the start page shows, in words for the strip."""

    slot: str
    rule: str | None
    fragment: str | None
    why: str
    because: tuple[str, ...]
    place: str
    passed_over: tuple[str, ...]


def answer(decision: Decision, rule: Rule | None) -> Answer:
    why = SLOT_REASONS.get(decision.reason, decision.reason)
    return Answer(
        decision.slot,
        decision.rule,
        decision.fragment,
        rule.note if rule and rule.note else why,
        tuple(each.words() for each in rule.conditions) if rule else (),
        f"{decision.file}:{decision.line}" if decision.file else "",
        tuple(passed_over(decision)),
    )


def passed_over(decision: Decision) -> Iterator[str]:
    """The rules that were passed over, those with the same reason in one sentence."""
    by_reason: dict[str, list[str]] = {}
    for rule, reason in decision.skipped:
        by_reason.setdefault(reason, []).append(rule)
    for reason, rules in by_reason.items():
        yield f"{', '.join(rules)} ({RULE_REASONS.get(reason, reason)})"


class Strip:
    """The personas and slots of one site folder, as the demo shows them."""

    def __init__(self, site: Path) -> None:
        text = (site / PERSONAS).read_text(encoding="utf-8")
        self.personas: Mapping[str, Mapping[str, Any]] = yaml.safe_load(text)[
            "personas"
        ]
        self.slots = list(
            tomllib.loads((site / "site.toml").read_text("utf-8"))["slots"]
        )

    async def answers(self, visit: Visit) -> list[Answer]:
        """Ask for the decision of every slot, as a handler that renders itself would."""
        rules = {rule.id: rule for rule in visit.site.rules.rules}
        found = []
        for slot in self.slots:
            decision = await visit.decide(slot)
            rule = rules.get(decision.rule or "") if decision.shown else None
            found.append(answer(decision, rule))
        return found

    def enter(self, name: str, visit: Visit, session: dict[str, Any]) -> None:
        """Make this browser a new visitor with the persona's consent, login and cart."""
        persona = self.personas[name]
        session["persona"] = name
        visit.forget()
        if purposes := persona.get("consent"):
            visit.grant(*purposes)
        else:
            visit.deny()
        if persona.get("logged-in"):
            first_name = persona["first-name"]
            id = f"customer-{first_name.casefold()}"
            session["customer"] = {"id": id, "first_name": first_name}
        in_cart: dict[str, int] = {}
        for moment in self.moments(name):
            if moment.name == "Product Added":
                in_cart[moment.properties["product_id"]] = moment.properties["quantity"]
            elif moment.name == "Order Completed":
                in_cart.clear()
        session["cart"] = in_cart

    def play(self, name: str, visit: Visit) -> None:
        """Tell shopwindow all that the persona did, oldest first."""
        now = time.time()
        moments = self.moments(name)
        for moment in with_visits(moments, self.personas[name].get("visits", 1)):
            visit.track(moment.name, moment.properties, at=now - moment.ago)

    def moments(self, name: str) -> list[Moment]:
        """The persona's events, oldest first; repeated ones a minute apart."""
        found: list[Moment] = []
        for event in self.personas[name].get("events", ()):
            ago = seconds(event["at"])
            times = event.get("times", 1)
            verb = next(key for key in event if key not in ("at", "times"))
            for step in range(times):
                found.append(moment(verb, event[verb], ago - 60 * step, len(found)))
        return sorted(found, key=lambda each: -each.ago)


def moment(verb: str, about: Mapping[str, Any], ago: float, number: int) -> Moment:
    """One event in Segment's words. Raises KeyError for one the demo cannot play."""
    dimension = next(key for key in about if (verb, key) in EVENTS)
    name, key = EVENTS[verb, dimension]
    properties = {key: about[dimension]}
    if verb in ("added-to-cart", "bought"):
        properties |= {"quantity": 1, "price": about.get("price", 0)}
    if verb == "bought":
        order = f"DEMO-{number}-{ago:.0f}"
        revenue = about.get("price", 0)
        properties = {"order_id": order, "products": [properties], "revenue": revenue}
    return Moment(ago, name, properties)


def with_visits(moments: list[Moment], visits: int) -> Iterator[Moment]:
    """``moments`` with the arrivals between them.

    The page that follows is the persona's last visit; what the events do not account for
    are quiet visits on the days before the first event.
    """
    arrivals = []
    last = float("inf")
    for each in moments:
        if last - each.ago > PAUSE:
            arrivals.append(Moment(each.ago + 1, "Visited", {"path": "/"}))
        last = each.ago
    earliest = arrivals[0].ago if arrivals else 0
    for day in range(visits - 1 - len(arrivals), 0, -1):
        yield Moment(earliest + day * 86_400, "Visited", {"path": "/"})
    yield from sorted([*arrivals, *moments], key=lambda each: -each.ago)


def seconds(ago: str) -> float:
    """``"2 days ago"`` in seconds. Raises ValueError for anything else."""
    found = AGO.fullmatch(ago)
    if found is None:
        raise ValueError(f'"{ago}" is not a time: write for example "2 days ago"')
    return float(int(found[1]) * SECONDS[found[2]])


# -- the demo's own two addresses ------------------------------------------------------


async def become(request: Request) -> Response:
    """Try a persona on: first a new visitor, then, with their cookie, their history.

    The 307 repeats this form at /demo/history, because nothing is kept about a browser
    before it has shown that it sends cookies back.
    """
    name, visit = await asked(request)
    strip: Strip = request.app.state.strip
    request.session.clear()
    strip.enter(name, visit, request.session)
    return RedirectResponse("/demo/history", status_code=307)


async def history(request: Request) -> Response:
    name, visit = await asked(request)
    request.app.state.strip.play(name, visit)
    return back("/")


async def asked(request: Request) -> tuple[str, Visit]:
    """The persona that was chosen. Raises HTTPException 404 for one that is unknown."""
    name, visit = (await form(request)).get("name", ""), visit_of(request)
    if visit is None or name not in request.app.state.strip.personas:
        raise HTTPException(404)
    return name, visit


ROUTES = [
    Route("/demo/persona", become, methods=["POST"]),
    Route("/demo/history", history, methods=["POST"]),
]
