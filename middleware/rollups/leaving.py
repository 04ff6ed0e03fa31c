"""Who is erased is counted once more, before: as one who left."""

import logging
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..settings import address
from ..stores import StoreError
from ..stores.opening import POSTGRES, Address, scheme_of
from . import open_rollups
from .planning import plan_for

if TYPE_CHECKING:
    from ..site import Site

log = logging.getLogger("shopwindow")


SPELL = 0.1  # seconds: then others want to be written


def settle(site: "Site", visitors: Sequence[str]) -> int:
    """Let those who have the ids ``visitors`` count as ones who left: they are about to be erased.

    Returns how many of them it came to before the time was over, one at least. Raises
    :class:`~shopwindow.middleware.stores.StoreError` if it cannot be done now.
    """
    at = address(site.settings)
    if scheme_of(at.store) == "memory":
        return len(visitors)  # it keeps no roll-ups
    end = time.monotonic() + SPELL
    plan = plan_for(site)
    with open_rollups(at, site.context.day) as rollups:
        for number, visitor in enumerate(visitors):
            if number and time.monotonic() > end:
                return number
            try:
                rollups.settle(rollups.owner_of(visitor), plan, time.time())
            except StoreError:
                raise
            except Exception as error:
                # Whatever is wrong with what is kept of one of them: the others count.
                log.warning(
                    "one who is erased is not counted as one who left: %s", error
                )
    return len(visitors)


def ready(site: "Site") -> None:
    """Bring all that :func:`settle` needs, so that the first who leaves does not wait for it."""
    at = address(site.settings)
    if scheme_of(at.store) == "memory":
        return
    from . import rolled  # noqa: F401  # it takes longer than a refusal waits

    if scheme_of(at.log or at.store) == "sqlite":
        from . import sqlite  # noqa: F401  # as above
    elif scheme_of(at.log or at.store) in POSTGRES:
        from . import postgres  # noqa: F401  # as above
    plan_for(site)


def settle_owner(site: "Site", at: Address, owner: str) -> None:
    """As :func:`settle`, of an owner of the log of a store that may be another one."""
    with open_rollups(at, site.context.day) as rollups:
        rollups.settle(owner, plan_for(site), time.time())
