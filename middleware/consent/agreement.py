"""What follows from a consent tool's answer: the one table that says whom we may know."""

import msgspec

from ..visitor import TOLERANCE, Visitor, new_visitor
from . import DENIED, UNKNOWN, Consent, granted_to
from .settings import PERSONALIZATION
from .told import Told


class Agreement(msgspec.Struct, frozen=True):
    """What may be remembered, and about whom.

    ``visitor`` is who may be known: nobody without their consent to personalisation. ``due`` is what the
    cookie should say from the next page on that belongs to one visitor anyway, or None.
    ``withdrawn`` says that whoever has a cookie of ours took it back, and everything about them goes.
    """

    consent: Consent
    visitor: Visitor | None = None
    due: Visitor | None = None
    withdrawn: bool = False


def agree(
    told: Told,
    visitor: Visitor | None,
    *,
    refused: bool,
    objects: bool,
    now: float,
    days: int,
) -> Agreement:
    """What follows when the tool's cookie ``told`` and ours names ``visitor``.

    ``refused`` and ``objects`` are as in :func:`shopwindow.middleware.consent.consent`: who refused here is
    not asked what they said there; an explicit answer there wins over a browser's general objection. An
    answer older than ``days`` is none. Where the cookie tells no time, the time counts since we knew.
    """
    if refused:
        return Agreement(DENIED)
    if told.state == "denied":
        return Agreement(DENIED, withdrawn=True)
    if told.state == "granted":
        at = told.at or _known_since(visitor) or int(now)
        if now - days * 86_400 < at <= now + TOLERANCE:
            consent = granted_to(told.purposes)
            if PERSONALIZATION not in told.purposes:
                return Agreement(consent, withdrawn=True)
            return _known(consent, told.purposes, visitor, at, now)
    return Agreement(DENIED if objects else UNKNOWN, due=_resting(visitor, now))


def _known_since(visitor: Visitor | None) -> int:
    return visitor.granted_at if visitor is not None and visitor.granted else 0


def _known(
    consent: Consent,
    purposes: frozenset[str],
    visitor: Visitor | None,
    at: int,
    now: float,
) -> Agreement:
    if visitor is None:
        fresh = new_visitor(purposes, now, at)
        return Agreement(consent, fresh, due=fresh)
    if visitor.granted == purposes:
        return Agreement(consent, visitor)
    changed = Visitor(visitor.id, int(now), purposes, at)
    return Agreement(consent, changed, due=changed)


def _resting(visitor: Visitor | None, now: float) -> Visitor | None:
    """The id of a visitor whose answer is gone: kept for when they agree again, and used by nobody.

    With the answer goes its time, so that the next one is counted from when it is given.
    """
    if visitor is None or not visitor.granted:
        return None
    return Visitor(visitor.id, int(now), frozenset(), visitor.granted_at)
