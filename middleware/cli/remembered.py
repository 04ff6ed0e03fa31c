"""A visitor out of the site's store, for a command."""

import re
import sys
import time
from typing import NoReturn

import click
from msgspec.structs import replace

from ...rules.experiments import NO_ALLOCATIONS, Allocations
from ...rules.facts import PURPOSES
from ...rules.interests import Traffic
from ..allotting import moves
from ..guise import Guise, returning
from ..settings import address
from ..site import Site
from ..stores import Retired, StoreError
from ..stores.opening import look, unreadable, url_of
from ..traffic import shares

# The cookie's value, or the id that it begins with.
_VISITOR = re.compile(r"([A-Za-z0-9_-]{22})(?:\.\d+\.(p?s?)\d+\..*)?")


def read_visitor(
    site: Site, text: str, store: str | None, moment: float | None
) -> tuple[Guise, Traffic]:
    """The visitor with the id or the cookie ``text``, and what the shop's visitors look at.

    Who is only an id has agreed to everything, as far as anybody knows here; a cookie says it.
    What cannot be found is said, and ends the command with 1. Nothing is written.
    """
    found = _VISITOR.fullmatch(text)
    if found is None:
        hint = "the id is the cookie's value up to its first dot, 22 characters"
        raise click.BadParameter(hint, param_hint="--visitor")
    settings = site.settings
    if store is not None:
        settings = replace(settings, store=url_of(store))
    if unreadable(settings.store):
        raise click.BadParameter(str(unreadable(settings.store)), param_hint="--store")
    try:
        profile, weights = look(address(settings), found[1])
    except StoreError as error:
        _end(str(error))
    except Retired:
        _end(f"{found[1]} was given up: at a login, at a logout, or when it was erased")
    if profile is None:
        _end(f"the store knows nobody by the id {found[1]}")
    consent = frozenset(PURPOSES)
    if found[2] is not None:
        consent = frozenset(one for one in PURPOSES if one[0] in found[2])
    now = time.time() if moment is None else moment
    return returning(found[1], profile, consent, now), shares(weights)


def read_allocations(site: Site, store: str | None) -> Allocations:
    """How far the site's adaptive experiments and roll-outs have come, beside its log or that of
    ``store``; as they were written where that is not known. Nothing is written."""
    if not moves(site):
        return NO_ALLOCATIONS
    from ..rollups import open_rollups  # brings what counts events

    settings = site.settings
    if store is not None:
        settings = replace(settings, store=url_of(store))
    try:
        with open_rollups(address(settings), site.context.day) as rollups:
            return rollups.allocations()
    except StoreError as error:
        click.echo(f"weights and roll-outs are not known: {error}", err=True)
        return NO_ALLOCATIONS


def _end(why: str) -> NoReturn:
    click.echo(why, err=True)
    sys.exit(1)
