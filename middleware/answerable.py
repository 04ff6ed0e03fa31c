"""Fragments that visitors can answer: their small forms lead somewhere, or are taken out."""

from typing import TYPE_CHECKING

from ..fragments import dismissal, thumbs
from ..fragments.expressions import Mentions
from ..fragments.slotforms import SlotForm
from ..rules.facts import Decision
from .formaddresses import FormAddresses

if TYPE_CHECKING:
    from .visit import Visit


def answerable(
    content: bytes, decision: Decision, mentions: Mentions, visit: "Visit"
) -> bytes:
    """A fragment with ways to send it away and to rate it, for those who can be remembered."""
    if mentions.dismiss:
        addresses = visit.window.dismissals
        content = _formed(content, decision, visit, addresses, dismissal.FORM)
    if mentions.thumbs:
        addresses = visit.window.ratings
        content = _formed(content, decision, visit, addresses, thumbs.FORM)
    return content


def _formed(
    content: bytes,
    decision: Decision,
    visit: "Visit",
    addresses: FormAddresses,
    form: SlotForm,
) -> bytes:
    if visit.guise is not None:
        return form.leading(content, visit.root.encode() + addresses.nothing)
    if not visit.remembers:
        return form.without(content)
    page = visit.root + visit.arrival.path
    fragment, rule = decision.fragment or "", decision.rule or ""
    address = addresses.address(fragment, rule, visit.root, page)
    return form.leading(content, address)
