"""Doing something again and again until somebody stops it."""

import re
import signal
import time
import traceback
from collections.abc import Callable
from types import FrameType

import click

from ...rules.moments import duration

_EVERY = re.compile(r"([1-9]\d{0,5})\s*(s|m|h|d)\Z", re.ASCII)
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


class _Stopped(BaseException):
    """Somebody wants this process to end: nothing on the way catches it for an error."""


def read_every(text: str) -> float:
    """``30m`` or ``30 minutes``, in seconds; raises :class:`click.BadParameter`."""
    found = _EVERY.match(text.strip())
    if found is None and (length := duration(text.strip())) and length.seconds:
        return float(length.seconds)
    if found is None:
        raise click.BadParameter("write it like 30m, 12h or 1d", param_hint="--every")
    return float(int(found[1]) * _SECONDS[found[2]])


def every(seconds: float, work: Callable[[], object], called: str = "training") -> None:
    """Call ``work`` now and each ``seconds``, until the process is told to end: by Ctrl-C or
    SIGTERM, at once, also in the middle of it.

    What ``work``, which is ``called`` so, raises is printed; it is called again all the same. One that takes longer than
    ``seconds`` is followed by the next one after a short rest.
    """
    told: list[int] = []

    def stop(number: int, frame: FrameType | None) -> None:
        told.append(number)
        raise _Stopped

    before = {name: signal.signal(name, stop) for name in _SIGNALS}
    try:
        while True:
            began = time.monotonic()
            _safely(work, called)
            if told:  # what is raised while Python frees something is lost
                break
            took = time.monotonic() - began
            time.sleep(max(min(seconds, 1.0), seconds - took))
    except _Stopped:
        pass
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)
    click.echo("stopped", err=True)


_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def _safely(work: Callable[[], object], called: str) -> None:
    try:
        work()
    except SystemExit:
        pass  # what is wrong with the site was said
    except click.ClickException as error:
        error.show()
    except Exception:
        # A fault of ours, whatever it is: the next time there are other events.
        click.echo(f"{traceback.format_exc()}this {called} failed", err=True)
