"""Not interested: what a slot showed is sent away, and the visitor is back on the page."""

from starlette.types import Receive, Send

from ...fragments.dismissal import ADDRESS
from ..replies import redirect
from ..visit import Visit
from .fragmentforms import given

METHODS = ("POST",)


async def answer(visit: Visit, receive: Receive, send: Send) -> None:
    """A POST to a signed address; its body says nothing."""
    said = await given(visit, send, ADDRESS, visit.window.dismissals)
    if said is not None:
        visit.dismiss(said.fragment, said.rule, decision=said.decision)
        await redirect(visit, send, said.back)
