"""The strip at the foot of every page of the demo: try other visitors on, and see why.

The personas are the editors' own, from rules/tests/personas.yaml. Their histories are
played through the same calls that any shop makes, only with times in the past.
"""

import time
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from shopwindow import Decision, Visit
from shopwindow.middleware.site import Site
from shopwindow.rules.facts import RULE_REASONS, SLOT_REASONS
from shopwindow.rules.personas import Personas, read_personas
from shopwindow.rules.ruleset import Rule

from .frame import back, form, visit_of

PERSONAS = "rules/tests/personas.yaml"


class Answer(NamedTuple):
    """What one slot of the start page shows, in words for the strip."""

    slot: str
    rule: str | None
    fragment: str | None
    why: str
    because: tuple[str, ...]
    place: str
    passed_over: tuple[str, ...]
    held: str  # why it keeps the shop's own content although the rule holds; empty: it does not
    experiment: str
    variant: str

    @property
    def counts(self) -> bool:
        """Whether the page counts for the rule: it is shown, or held back to compare with."""
        return bool(self.fragment or self.held)


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
        decision.reason if decision.held else "",
        decision.experiment or "",
        decision.variant or "",
    )


def passed_over(decision: Decision) -> Iterator[str]:
    """The rules that were passed over, those with the same reason in one sentence."""
    by_reason: dict[str, list[str]] = {}
    for rule, reason in decision.skipped:
        by_reason.setdefault(reason, []).append(rule)
    for reason, rules in by_reason.items():
        yield f"{', '.join(rules)} ({RULE_REASONS.get(reason, reason)})"


@lru_cache(maxsize=1)  # a reloaded site is another one
def personas_of(site: Site) -> Personas:
    text = (site.settings.folder / PERSONAS).read_text(encoding="utf-8")
    relatives = site.catalog.relatives
    return read_personas(PERSONAS, text, site.vocabulary, relatives, time.time())[0]


class Strip:
    """The personas and slots of the site, as the demo shows them."""

    def names(self, visit: Visit) -> list[str]:
        return list(personas_of(visit.site).personas)

    async def answers(self, visit: Visit) -> list[Answer]:
        """Ask for the decision of every slot, as a handler that renders itself would."""
        rules = {rule.id: rule for rule in visit.site.rules.rules}
        found = []
        for slot in visit.site.settings.slots:
            decision = await visit.decide(slot)
            rule = rules.get(decision.rule or "") if decision.shown else None
            found.append(answer(decision, rule))
        return found

    def enter(self, name: str, visit: Visit, session: dict[str, Any]) -> None:
        """Make this browser a new visitor with the persona's consent, login and cart."""
        persona = personas_of(visit.site).personas[name]
        session["persona"] = name
        visit.forget()
        if persona.consent:
            visit.grant(*persona.consent)
        else:
            visit.deny()
        if persona.context.get("logged_in"):
            first_name = persona.context.get("first_name", name)
            id = f"customer-{first_name.casefold()}"
            session["customer"] = {"id": id, "first_name": first_name}
        session["cart"] = dict(persona.profile.cart)

    def play(self, name: str, visit: Visit) -> None:
        """Tell shopwindow all that the persona did, oldest first, as if its now were ours."""
        personas = personas_of(visit.site)
        later = visit.arrival.now - personas.now
        for event in personas.personas[name].events:
            visit.track(event.name, event.properties, at=event.time + later)


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
    strip: Strip = request.app.state.strip
    strip.play(name, visit)
    return back("/")


async def asked(request: Request) -> tuple[str, Visit]:
    """The persona that was chosen. Raises HTTPException 404 for one that is unknown."""
    name, visit = (await form(request)).get("name", ""), visit_of(request)
    strip: Strip = request.app.state.strip
    if visit is None or name not in strip.names(visit):
        raise HTTPException(404)
    return name, visit


ROUTES = [
    Route("/demo/persona", become, methods=["POST"]),
    Route("/demo/history", history, methods=["POST"]),
]
