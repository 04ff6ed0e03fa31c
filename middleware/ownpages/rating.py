"""Thumbs up or down for what a slot showed, and the visitor is back on the page."""

from http import HTTPStatus

from starlette.types import Receive, Send

from ...fragments.thumbs import ADDRESS, FIELD
from ..forms import read_form
from ..replies import redirect
from ..visit import Visit
from . import problems
from .fragmentforms import given
from .sheets import show

METHODS = ("POST",)
_LARGEST = 1_024  # bytes of a form with one short answer


async def answer(visit: Visit, receive: Receive, send: Send) -> None:
    """A POST to a signed address; its body says which of the two."""
    said = await given(visit, send, ADDRESS, visit.window.ratings)
    if said is None:
        return
    try:
        form = await read_form(receive, _LARGEST)
    except ValueError:  # more fields than anybody needs
        form = {}
    rating = form.get(FIELD, [""]) if form is not None else ["large"]
    if rating not in (["up"], ["down"]):
        why, status = "unreadable", HTTPStatus.BAD_REQUEST
        if form is None:
            why, status = "large", HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        await show(visit, send, problems.refused(visit, why, "overview", status))
        return
    up = rating == ["up"]
    visit.rate(said.fragment, up=up, rule=said.rule, decision=said.decision)
    await redirect(visit, send, said.back)
