"""Fragments that visitors can answer: their small forms lead somewhere, or are taken out."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..fragments import dismissal, thumbs
from ..fragments.expressions import Mentions
from ..rules.facts import Decision
from . import dismissals, ratings
from .formaddresses import FormAddresses

if TYPE_CHECKING:
    from .visit import Visit


def answerable(
    content: bytes, decision: Decision, mentions: Mentions, visit: "Visit"
) -> bytes:
    """A fragment with ways to send it away and to rate it, for those who can be remembered."""
    window = visit.window
    if mentions.dismiss:
        content = _form(
            *(content, decision, visit, window.dismissals, dismissals.NOTHING),
            *(dismissal.leading, dismissal.without),
        )
    if mentions.thumbs:
        content = _form(
            *(content, decision, visit, window.ratings, ratings.NOTHING),
            *(thumbs.leading, thumbs.without),
        )
    return content


def _form(
    content: bytes,
    decision: Decision,
    visit: "Visit",
    addresses: FormAddresses,
    nothing: bytes,
    leading: Callable[[bytes, bytes], bytes],
    without: Callable[[bytes], bytes],
) -> bytes:
    if visit.guise is not None:
        return leading(content, visit.root.encode() + nothing)
    if not visit.remembers:
        return without(content)
    page = visit.root + visit.arrival.path
    fragment, rule = decision.fragment or "", decision.rule or ""
    return leading(content, addresses.address(fragment, rule, visit.root, page))
