"""``shopwindow measure``: count what visitors did, and let experiments go by it."""

import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, NamedTuple

import click

from ..stores import StoreError
from .alone import Busy, alone
from .question import FOLDER
from .records import STORE, address_of
from .repeating import every, read_every
from .site import usable
from .trained import steps

if TYPE_CHECKING:
    from ...rules.reporting.notices import Alert
    from ..measuring import Moved
    from ..rollups import Updated


class Measured(NamedTuple):
    """What one run came to. ``unsent`` says why a webhook was not told of ``alerts``."""

    updated: "Updated"
    moved: "Moved"
    alerts: "tuple[Alert, ...]"
    unsent: str
    seconds: float

    @property
    def well(self) -> bool:
        """Whether nobody has to do anything."""
        back = any(step.went_back for step in self.moved.steps)
        return not (back or self.alerts or self.unsent)


class Failed(Exception):
    """A run that was not finished; says why, and what to do."""


@click.command("measure", short_help="Count visitors; move weights and roll-outs.")
@FOLDER
@STORE
@click.option(
    "--every",
    "pause",
    metavar='"10 minutes"',
    help='Do it again and again: "10 minutes", 10m, 1h.',
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    help="How to print what was done; json: one line a run.",
)
def command(folder: Path, url: str | None, pause: str | None, form: str) -> None:
    """Count what visitors of DIR's shop did since the last time, and let experiments go by it:
    adaptive ones get new weights, roll-outs go a step further or back. What somebody has to act
    on is said, and sent to the webhook of [alerts] in site.toml, each alert once.

    \b
      shopwindow measure personalization                        once, from cron
      shopwindow measure personalization --every "10 minutes"   as a service

    \b
      split: {experiment: hero, adapt: true, variants: [...]}
        Each variant gets the part of the visitors that is its chance to be the best one.
      split: {experiment: new-hero, rollout: true, variants: [...]}
        1, 5, 25, 50, 100 % of the visitors, a day each; back to nobody as soon as one of the
        rule's guardrails is surely broken, until somebody changes the rule.

    Workers of the shop take it over within seconds. One process at a time does this; it stops at
    Ctrl-C and SIGTERM, and what was counted stays.

    Ends with 0 if all is well, with 1 if a roll-out went back, if there are alerts, or if the
    store could not be read or written. With --every it goes on until it is stopped.
    """
    if pause is None:
        with _stoppable():
            sys.exit(0 if _said(folder, url, form) else 1)
    every(read_every(pause), lambda: _said(folder, url, form), "measuring")


@contextmanager
def _stoppable() -> Iterator[None]:
    """SIGTERM ends it as Ctrl-C does: what is open is closed on the way."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _said(folder: Path, url: str | None, form: str) -> bool:
    """Measure once, and print what came of it; whether all is well."""
    try:
        measured = _measure(folder, url)
    except Failed as error:
        click.echo(str(error), err=True)
        return False
    from .measured import tell, tell_json

    (tell_json if form == "json" else tell)(measured)
    return measured.well


def _measure(folder: Path, url: str | None) -> Measured:
    """Raises :class:`Failed`."""
    from ..measuring import moved, plan_for
    from ..reporting.notifying import notify
    from ..reporting.reports import report_of
    from ..rollups import open_rollups

    started = time.time()
    site = usable(folder)
    at = address_of(site, url)
    try:
        with alone(folder / "site.toml"), open_rollups(at, site.context.day) as rollups:
            with steps() as say:
                updated = rollups.update(plan_for(site), started, say)
            found = moved(site, rollups, time.time())
            rollups.allot(found.allocations)
            report = report_of(site, rollups, time.time())
            unsent = notify(site.settings, report.alerts, report.made)
    except Busy:
        raise Failed(
            f"another process measures {folder} just now: this one leaves it alone"
        ) from None
    except StoreError as error:
        raise Failed(str(error)) from error
    return Measured(updated, found, report.alerts, unsent, time.time() - started)
