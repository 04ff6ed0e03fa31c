"""The id of a decision on its way: in a fragment's links and forms, and back with the answer.

It stands, unsigned, in front of what is signed: ``/-/shopwindow/click/~ID/TOKEN``. Whoever makes
one up gains nothing: a response counts only for a visitor who was shown what it names.
"""

import re
from functools import lru_cache

from ..fragments.dismissal import ADDRESS as DISMISS
from ..fragments.thumbs import ADDRESS as RATE
from .clicks import PREFIX as CLICK

_ID = re.compile(r"[0-9a-f]{20,60}(?:s[0-9]{1,4})?\.[0-9]{1,4}")
_CLICK, _FORMS = CLICK.encode(), (DISMISS.encode(), RATE.encode())


def opened(rest: str) -> tuple[str, str]:
    """The decision and the token of an address's end; the first is empty if there is none, or none
    of this form."""
    if not rest.startswith("~"):
        return "", rest
    decision, _, token = rest[1:].partition("/")
    return (decision if _ID.fullmatch(decision) else ""), token


@lru_cache(64)
def links_below(root: str) -> bytes:
    """What the links of a shop begin with that stands below ``root``, before what they carry."""
    return root.encode() + _CLICK


def links_carrying(content: bytes, lead: bytes) -> bytes:
    """A fragment whose links begin with ``lead``."""
    # What replaces the same looks through the content twice.
    return lead.join(content.split(_CLICK))


def forms_carrying(content: bytes, mark: bytes) -> bytes:
    """A fragment whose forms carry ``mark``; they lead below the root already."""
    for form in _FORMS:
        content = content.replace(form, form + mark)
    return content


def without_decision(page: bytes, id: str) -> bytes:
    """A page as it is but for its decision, the same for another one of which all else is alike."""
    return page.replace(f"~{id}".encode(), b"") if id else page
