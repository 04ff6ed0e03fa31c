"""What a page of ours says when it cannot do what was asked."""

from http import HTTPStatus

from ..visit import Visit
from .sheets import Sheet, address, said
from .words import filled

RETRY = b"5"  # seconds after which a store that did not answer may be asked again


def late(visit: Visit, page: str) -> Sheet:
    """The store does not answer."""
    headers = ((b"retry-after", RETRY),)
    return _problem(
        visit, "late", page, HTTPStatus.SERVICE_UNAVAILABLE, headers=headers
    )


def too_fast(visit: Visit, page: str, seconds: int) -> Sheet:
    headers = ((b"retry-after", b"%d" % seconds),)
    status = HTTPStatus.TOO_MANY_REQUESTS
    return _problem(visit, "fast", page, status, seconds, headers)


def refused(visit: Visit, why: str, page: str, status: HTTPStatus) -> Sheet:
    """``why`` is one of foreign, large, unreadable."""
    return _problem(visit, why, page, status)


def without_consent(visit: Visit, page: str) -> Sheet:
    """Nothing is kept: this is no fault, but there is nothing to show either."""
    words = said(visit)
    values = {
        "words": words["problem"],
        "text": words["problem"]["consent-first"],
        "url": address(visit, "consent"),
        "link": words["problem"]["answer"],
    }
    notice = words["notices"]["bot"] if visit.arrival.bot else ""
    return Sheet("problem", values, title=page, notice=notice)


def _problem(
    visit: Visit,
    why: str,
    page: str,
    status: HTTPStatus,
    seconds: int = 0,
    headers: tuple[tuple[bytes, bytes], ...] = (),
) -> Sheet:
    words = said(visit)["problem"]
    values = {
        "text": filled(words[why], seconds=seconds),
        "url": address(visit, page),
        "link": words["retry"],
    }
    return Sheet("problem", values, status=status, headers=headers)
