"""Accounts: attributes that are the same for all who buy for one firm.

They are those of a profile stored under a visitor of our own making, whom no cookie names: who
erases one member erases nothing of it, and no member's event is kept with it.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, get_args

from ..findings import suggest
from ..rules.events import ATTRIBUTES_SET
from ..rules.facts import Event
from ..rules.typed import Owner
from .journal import new_id
from .keys import Keys, pseudonym
from .toml import Section

if TYPE_CHECKING:
    from .window import Shopwindow

OWNERS: tuple[Owner, ...] = get_args(Owner)
# What these tell is kept with the customer whom they name.
_OF_ONE_PERSON = ("header", "query", "cookie", "preference", "import", "webhook")


def account_visitor(keys: Keys, account: str) -> str:
    """Under whom the attributes of ``account``, as the shop calls it, are stored."""
    return "account:" + pseudonym(keys, account, "account")


def of_account(
    window: "Shopwindow", account: str, values: Mapping[str, Any], now: float
) -> Event:
    """What the shop says of ``account``, as an event of it."""
    visitor, day = account_visitor(window.keys, account), window.site.context.day(now)
    return Event(new_id(now), ATTRIBUTES_SET, visitor, now, day, dict(values))


def read_owner(attribute: Section, origin: str) -> Owner:
    """Whose an attribute is: ``of`` in site.toml."""
    owner = attribute.text("of", "visitor")
    if owner not in OWNERS:
        attribute.wrong("of", f'unknown owner "{owner}"', suggest(owner, OWNERS))
        return "visitor"
    kind = origin.partition(":")[0]
    if owner == "account" and kind in _OF_ONE_PERSON:
        what = f'from = "{origin}" tells about one person, not about an account'
        attribute.wrong("of", what, "leave of away")
        return "visitor"
    return owner
