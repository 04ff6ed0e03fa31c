"""What is told of customers who are not here now: kept under their pseudonym, for their next login."""

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

from ...rules.events import ATTRIBUTES_SET, SOURCE, told
from ...rules.facts import Event
from ..journal import new_id
from ..keys import pseudonym
from ..site import Site
from ..stores import IDENTIFIED


class Customers:
    """Turns what is said of a customer into events that every store takes.

    No browser ever has the id under which they are written: a store knows it as one that has
    logged in as the customer. Where that was erased it stays given up, and so is all that is
    told later.
    """

    def __init__(self, site: Site, keys: Sequence[bytes], source: str) -> None:
        """``source`` is ``import:NAME`` or ``webhook:NAME``."""
        self._site = site
        self._keys = keys
        self._source = source

    def owner(self, customer: str) -> str:
        """The pseudonym of the shop's own id of a customer."""
        return pseudonym(self._keys, customer)

    def introduction(self, owner: str, time: float) -> Event:
        """What has to come before the first of the other events, and may come again."""
        named = {"customer": owner, "visitor": _stand_in(owner)}
        day = self._site.context.day(time)
        return Event(new_id(time), IDENTIFIED, f"introduced:{owner}", time, day, named)

    def attributes(self, owner: str, values: Mapping[str, Any], time: float) -> Event:
        """Values that the source told at ``time``."""
        properties = told(values, self._source)
        return self._event(new_id(time), owner, ATTRIBUTES_SET, properties, time)

    def happened(
        self, owner: str, name: str, properties: dict[str, Any], time: float, key: str
    ) -> Event:
        """An event that is the same as any other of this source with the same ``key``."""
        digest = blake2b(f"{self._source}\0{key}".encode(), digest_size=12).hexdigest()
        id = f"{int(time * 1000):011x}{digest}"
        return self._event(id, owner, name, {**properties, SOURCE: self._source}, time)

    def _event(
        self, id: str, owner: str, name: str, properties: dict[str, Any], time: float
    ) -> Event:
        day = self._site.context.day(time)
        return Event(id, name, _stand_in(owner), time, day, properties)


def _stand_in(owner: str) -> str:
    return f"customer:{owner}"
