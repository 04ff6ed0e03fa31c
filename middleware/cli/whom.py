"""Whose data a command is about: a visitor by id, cookie or mark, or a customer of the shop."""

import os
import re
from pathlib import Path

import click
import msgspec

from ..keys import pseudonym
from ..settings import read_keys
from ..stores import Keeper
from ..stores.rows import mark_of

# The cookie's value, or the id that it begins with.
_VISITOR = re.compile(r"([A-Za-z0-9_-]{22})(?:\.\d+\.p?s?\d+\.[A-Za-z0-9_-]+)?")
_MARK = re.compile(r"[0-9a-f]{32}")

PEOPLE = click.argument("words", metavar="[DIR] [VISITOR]", nargs=-1)
CUSTOMER = click.option(
    "--customer",
    metavar="ID",
    help="The shop's own id of a customer. Needs the shop's SHOPWINDOW_SECRET_KEYS.",
)


class Whom(msgspec.Struct, frozen=True):
    """``owners`` are the names under which they may be stored; ``words`` say whom we mean."""

    owners: tuple[str, ...]
    words: str

    def kept(self, keeper: Keeper) -> list[str]:
        """Those of whom something is kept, each once."""
        found = (keeper.owner_of(owner) for owner in self.owners)
        return list(dict.fromkeys(owner for owner in found if owner is not None))


def split(words: tuple[str, ...], customer: str | None) -> tuple[Path, str | None]:
    """The site's folder and the visitor out of ``[DIR] [VISITOR]``.

    Raises :class:`click.UsageError` for too many of them.
    """
    most = 2 if customer is None else 1
    if len(words) > most:
        extra = " ".join(words[most:])
        hint = "a visitor or --customer, not both" if customer is not None else extra
        raise click.UsageError(f"too many arguments: {hint}")
    if customer is not None or len(words) == 0:
        return Path(*words[:1]), None
    if len(words) == 1 and (Path(words[0]) / "site.toml").is_file():
        return Path(words[0]), None
    folder = words[0] if len(words) == 2 else "."
    return Path(folder), words[-1]


def whom(visitor: str | None, customer: str | None) -> Whom:
    """Raises :class:`click.UsageError` or :class:`click.BadParameter`, saying what to do."""
    if customer is not None:
        if not os.environ.get("SHOPWINDOW_SECRET_KEYS", "").strip(" ,"):
            raise click.UsageError(
                "customers are stored under keyed pseudonyms only: set "
                "SHOPWINDOW_SECRET_KEYS to the keys of the running shop"
            )
        try:
            keys = read_keys()
        except ValueError as error:
            raise click.UsageError(str(error)) from None
        # The oldest key makes the name; who was stored before that one came has another.
        names = tuple(pseudonym((key,), customer) for key in reversed(keys))
        return Whom(names, f"customer {customer}")
    if visitor is None:
        raise click.UsageError("say whom: a VISITOR, or --customer ID")
    if _MARK.fullmatch(visitor):
        return Whom((visitor,), f"the visitor with the mark {visitor}")
    found = _VISITOR.fullmatch(visitor)
    if found is None:
        raise click.BadParameter(
            f'"{visitor}" is no visitor: write the id (the cookie\'s value up to its first '
            "dot, 22 characters), the cookie's whole value, or the mark (32 characters)",
            param_hint="VISITOR",
        )
    return Whom((mark_of(found[1]),), f"the visitor {found[1]}")
