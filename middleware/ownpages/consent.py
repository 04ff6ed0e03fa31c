"""Consent: what was agreed to, what it means, and the way to change it."""

from http import HTTPStatus
from typing import Any

from starlette.types import Receive, Send

from ...rules.facts import PURPOSES
from ..forms import Form, read_form
from ..replies import local, redirect, reply
from ..visit import Visit
from .notices import notice_of, noticed
from .sheets import Sheet, address, day, said, show
from .words import filled

METHODS = ("GET", "HEAD", "POST")
_NAMES = {"usercentrics": "Usercentrics", "cookiebot": "Cookiebot", "klaro": "Klaro"}
_CHOICES: tuple[tuple[str, str], ...] = (
    ("granted", "both"),
    ("personalization", "personalization-only"),
    ("statistics", "statistics-only"),
    ("denied", "neither"),
)


async def answer(visit: Visit, receive: Receive, send: Send) -> None:
    """The page; and the form, of this page or of the shop's own, that changes the answer."""
    if visit.arrival.scope["method"] == "POST":
        await _change(visit, receive, send)
    else:
        await show(visit, send, _sheet(visit))


async def _change(visit: Visit, receive: Receive, send: Send) -> None:
    """A form with ``choice`` and ``next``: ``granted``, ``denied``, the name of the one purpose
    that is agreed to, or ``selected`` with the purposes ticked."""
    if not visit.arrival.same_origin:
        await reply(visit, send, HTTPStatus.FORBIDDEN)
        return
    form = await read_form(receive)
    if form is None:
        await reply(visit, send, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        return
    choice = last(form, "choice")
    ticked: list[str] = [purpose for purpose in PURPOSES if last(form, purpose)]
    if choice in PURPOSES:
        choice, ticked = "selected", [choice]
    if visit.window.tool is not None and choice in ("granted", "selected"):
        # Nobody can agree here to what somebody else asks for, only take a refusal back.
        if not visit.readmit():
            asks = visit.site.settings.consent_provider
            body = f"consent is asked for by {asks}, not here\n".encode()
            await reply(visit, send, HTTPStatus.CONFLICT, body=body)
            return
    elif choice == "granted":
        visit.grant()
    elif choice == "selected" and ticked:
        visit.grant(*ticked)
    elif choice in ("denied", "selected"):
        visit.deny()
    else:
        await reply(visit, send, HTTPStatus.BAD_REQUEST)
        return
    next = local(last(form, "next")) or f"{visit.root}/"
    if next == address(visit, "consent"):
        next = noticed(visit, "consent", "saved")
    await redirect(visit, send, next)


def last(form: Form, field: str) -> str:
    """A field's value; of several the last one counts."""
    return form.get(field, [""])[-1]


def elsewhere(visit: Visit) -> str:
    """Who asks for consent, where that is not us, as a sentence; else empty."""
    if visit.window.tool is None:
        return ""
    words, asks = said(visit)["consent"], visit.site.settings.consent_provider
    if asks not in _NAMES:
        return str(words["by-the-shop"])
    return filled(words["elsewhere"], provider=_NAMES[asks])


def state(visit: Visit) -> str:
    """What holds now, as a sentence."""
    words = said(visit)["consent"]
    if visit.consent and visit.visitor is not None:
        return granted(visit)
    if visit.consent.state == "denied" and visit.arrival.objects:
        refused = visit.window.refusal.read(visit.arrival.cookies, visit.arrival.secure)
        return str(words["denied" if refused else "objects"])
    return str(words[visit.consent.state])


def granted(visit: Visit) -> str:
    """What was agreed to, and when."""
    words = said(visit)
    assert visit.visitor is not None
    titles = [
        words["purposes"][purpose]["title"]
        for purpose in PURPOSES
        if purpose in visit.consent.purposes
    ]
    return filled(
        words["consent"]["granted"],
        date=day(visit, visit.visitor.granted_at),
        purposes=", ".join(titles),
    )


def _sheet(visit: Visit) -> Sheet:
    words = said(visit)
    consent, texts = visit.consent, words["consent"]
    chosen = "denied" if consent.state == "denied" else ""
    if consent:
        (chosen, *more) = sorted(consent.purposes)
        chosen = "granted" if more else chosen
    offered = _CHOICES
    if asked := elsewhere(visit):
        # There one agrees; what was refused here can be left to there again.
        refused = visit.window.refusal.read(visit.arrival.cookies, visit.arrival.secure)
        offered = (("granted", "as-there"),) if refused else ()
    choices = [
        {"value": value, "title": texts[title], "chosen": value == chosen}
        for value, title in offered
    ]
    days = visit.site.settings.consent_days
    values: dict[str, Any] = {
        "state": state(visit),
        "period": filled(texts["asked-again"], days=days)
        if consent and not asked
        else "",
        "purposes": [words["purposes"][purpose] for purpose in PURPOSES],
        "elsewhere": asked,
        "choices": choices,
        "withdraw": bool(consent),
        "action": address(visit, "consent"),
        "next": address(visit, "consent"),
    }
    if visit.arrival.bot:
        return Sheet("consent", values, notice=words["notices"]["bot"], bad=True)
    return Sheet("consent", values, notice=notice_of(visit, "consent"))
