"""What commands are asked with: somebody made up, a page, a moment."""

import re
import sys
import time
from pathlib import Path
from urllib.parse import unquote

import click
import msgspec

from ...rules.moments import duration, read_now
from ...rules.personas import read_personas
from ..guise import Guise, disguised
from ..rehearsal import TESTS
from ..site import Site
from ..tested import read_tested
from .site import show

_SHORT = re.compile(r"([1-9]\d{0,4})([hdw])\Z", re.ASCII)
_UNITS = {"h": "hour", "d": "day", "w": "week"}

FOLDER = click.argument(
    "folder", metavar="[DIR]", type=click.Path(path_type=Path), default=Path(".")
)
PERSONA = click.option(
    "--persona",
    "names",
    multiple=True,
    help="Only this one; may be repeated. Default: all of them.",
)
PATH = click.option(
    "--path",
    default="/",
    show_default=True,
    help="The page that is looked at, with its query if it has one.",
)
NOW = click.option(
    "--now",
    help="The moment, for example 2026-11-21T10:00. Default: the file's `now`, else this moment.",
)
FORMAT = click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    help="How to print the answers; json: one line per visitor.",
)
PERSONAS = click.option(
    "--personas",
    "file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="A YAML file with `personas:`. Default: all in DIR/rules/tests.",
)


class Page(msgspec.Struct, frozen=True):
    """The address that is looked at: its decoded path and its raw query string."""

    path: str
    query: bytes = b""


def read_page(text: str) -> Page:
    """``/search?q=tea``; raises :class:`click.BadParameter` if it is not the path of a page."""
    path, _, query = text.partition("#")[0].partition("?")
    if not path.startswith("/"):
        raise click.BadParameter("a path starts with /", param_hint="--path")
    try:
        text.encode()
    except UnicodeEncodeError:  # bytes of another encoding, from the shell
        words = "a path is UTF-8: write other bytes like %E9"
        raise click.BadParameter(words, param_hint="--path") from None
    return Page(unquote(path), query.encode())


def read_moment(text: str | None, site: Site) -> float | None:
    """``--now`` in the shop's time zone, in seconds since 1970; None if it was not given."""
    if text is None:
        return None
    moment = read_now(text, site.settings.zone)
    if moment is None:
        raise click.BadParameter("write it like 2026-11-21T10:00", param_hint="--now")
    return moment


def read_ago(text: str, option: str, site: Site, now: float) -> float:
    """``7d``, ``2 weeks`` (before ``now``) or ``2026-11-20T08:00``, in seconds since 1970."""
    short = _SHORT.match(text)
    ago = duration(f"{short[1]} {_UNITS[short[2]]}" if short else text)
    moment = read_now(text, site.settings.zone) if ago is None else now - ago.seconds
    if moment is None:
        raise click.BadParameter(
            "write it like 7d, 12h, 2 weeks or 2026-11-20T08:00", param_hint=option
        )
    return moment


def read_guises(
    site: Site, file: Path | None, names: tuple[str, ...], moment: float | None
) -> list[Guise]:
    """The personas of ``file`` that are called ``names``, all if none is named.

    Without a file they are those beside the site's rules. They live at ``moment``, else at
    their file's own now, else in this moment: "2 days ago" is meant from there. Errors in the
    file are printed and end the command with 1; a name that it lacks, and a file that cannot
    be read, are wrong usage.
    """
    found = _beside(site, moment) if file is None else _of(file, site, moment)
    for name in names:
        if name not in found:
            known = ", ".join(found) or "none"
            raise click.BadParameter(
                f'{file or TESTS} has no persona "{name}"; there are: {known}',
                param_hint="--persona",
            )
    return [guise for name, guise in found.items() if not names or name in names]


def _beside(site: Site, moment: float | None) -> dict[str, Guise]:
    tested = read_tested(site, moment)
    if not tested:
        words = f"{TESTS} has no persona that can be read: see `shopwindow check`, or name a file"
        raise click.BadParameter(words, param_hint="--personas")
    return {name: disguised(*persona) for name, persona in tested.items()}


def _of(file: Path, site: Site, moment: float | None) -> dict[str, Guise]:
    try:
        text = file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise click.BadParameter(
            f"{file} cannot be read: {why}", param_hint="--personas"
        ) from None
    read, findings = read_personas(
        str(file),
        text,
        site.vocabulary,
        site.catalog.relatives,
        time.time(),
        moment,
    )
    if errors := [finding for finding in findings if finding.severity == "error"]:
        show(errors, err=True)
        sys.exit(1)
    return {
        name: disguised(persona, read.now) for name, persona in read.personas.items()
    }
