"""What a shop writes for a server that includes fragments (SSI, ESI): an app that answers with one.

It is as quick as such an app gets: the conditions are Python, all fragments are bytes that
were made at the start, and cookies once found good are remembered.
"""

import time
from collections.abc import Callable
from typing import Any

from jinja2 import Environment
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from shopwindow.rules.facts import Profile

from . import handwritten
from .reference import POPULAR, affinity, recommended, seen
from .rulebook import BY_SLOT, Rule
from .shop import CATEGORY, FRAGMENTS, PRODUCTS, default_content, money
from .work import Opened

FRAGMENTS_ONLY = "fragments"
PATH = "/fragment/"

Fill = Callable[[Profile], bytes]
Choose = Callable[..., int]


def chooser(rules: list[Rule]) -> Choose:
    """A function of what handlers look up that says which rule holds first, -1 if none."""
    lines = ["def choose(p, visits, device, now, today):"]
    for number, rule in enumerate(rules):
        condition = " and ".join(map(handwritten.expression, rule["when"]))
        lines += [f"    if {condition}:", f"        return {number}"]
    names: dict[str, Any] = {"affinity": affinity, "seen": seen}
    exec("\n".join([*lines, "    return -1"]), names)  # our own rules, written here
    choose: Choose = names["choose"]
    return choose


def fills(rules: list[Rule]) -> list[Fill]:
    """What each rule shows, as a function of the profile."""
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.globals["t"] = money
    card = environment.from_string(FRAGMENTS["product-card"])
    cards = {id: card.render(item=PRODUCTS[id]).encode() for id in POPULAR}
    made: list[Fill] = []
    for rule in rules:
        values = dict(rule["with"])
        if "category" in values:
            values["category"] = CATEGORY[values["category"]]
        hole = "@@cards@@"
        environment.globals["cards"] = lambda items, name, hole=hole: hole
        html = environment.from_string(FRAGMENTS[rule["show"]]).render(values).encode()
        if "recommend" in rule:
            before, _, after = html.partition(hole.encode())
            made.append(_shelf(before, after, cards, rule["recommend"]["strategy"]))
        else:
            made.append(_same(html))
    return made


def _same(html: bytes) -> Fill:
    return lambda profile: html


def _shelf(
    before: bytes, after: bytes, cards: dict[str, bytes], strategies: list[str]
) -> Fill:
    def fill(profile: Profile) -> bytes:
        chosen = recommended(profile, strategies)
        return b"".join((before, *[cards[product.id] for product in chosen], after))

    return fill


def fragments_app(opened: Opened) -> ASGIApp:
    """``/fragment/SLOT`` is what stands in ``SLOT`` for the visitor who asks."""
    look_up = handwritten.values_for(opened)
    default = {slot: html.encode() for slot, html in default_content().items()}
    slots = {slot: (chooser(rules), fills(rules)) for slot, rules in BY_SLOT.items()}

    async def fragment(request: Request) -> Response:
        slot = request.path_params["slot"]
        choose, filled = slots[slot]
        values = look_up(request.scope, time.time())
        number = choose(**values)
        content = default[slot] if number < 0 else filled[number](values["p"])
        return HTMLResponse(content)

    return Starlette(routes=[Route(PATH + "{slot}", fragment)])
