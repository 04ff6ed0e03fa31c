"""``shopwindow decide``: what every slot shows to made-up visitors."""

from pathlib import Path
from typing import Any

import click
import msgspec

from ...rules.experiments import CONTROL
from ...rules.facts import SLOT_REASONS, Decision
from ...rules.numerals import percent
from ..guise import decisions
from ..supplies import supplies_of
from .question import (
    FOLDER,
    FORMAT,
    NOW,
    PATH,
    PERSONA,
    PERSONAS,
    read_guises,
    read_moment,
    read_page,
)
from .site import usable


@click.command("decide", short_help="Say what every slot shows to made-up visitors.")
@FOLDER
@PERSONAS
@PERSONA
@PATH
@NOW
@FORMAT
def command(
    folder: Path,
    file: Path,
    names: tuple[str, ...],
    path: str,
    now: str | None,
    form: str,
) -> None:
    """Decide for each persona what every slot of DIR shows, as a page of the shop would.

    All slots share one page, in the order of site.toml: its budget, its groups and the holdout
    apply (a persona's name is its visitor id). `shopwindow explain` says why, and `shopwindow
    recommend` what stands on a shelf: one that stays empty keeps the slot's default content.
    """
    site = usable(folder)
    page = read_page(path)
    supplies = supplies_of(site)
    for guise in read_guises(site, file, names, read_moment(now, site)):
        context = guise.looks(site, page.path, page.query)
        known = guise.facts(site, context, page.query, supplies=supplies)
        found = decisions(site, known, site.settings.limits)
        if form == "json":
            said = {slot: as_json(decision) for slot, decision in found.items()}
            line = {"persona": guise.name, "slots": said}
            click.echo(msgspec.json.encode(line).decode())
            continue
        click.secho(f"{guise.name} on {path}", bold=True)
        for slot, decision in found.items():
            click.echo(f"  {slot}: {in_words(decision)}")


def as_json(decision: Decision) -> dict[str, Any]:
    """A decision as programs read it."""
    return {
        "rule": decision.rule,
        "fragment": decision.fragment,
        "with": decision.parameters,
        "variant": decision.variant,
        "reason": decision.reason,
        **_dealt(decision),
    }


def _dealt(decision: Decision) -> dict[str, Any]:
    """What only some experiments have to say."""
    said: dict[str, Any] = {}
    if decision.propensity is not None:
        said["propensity"] = round(decision.propensity, 6)
    if decision.unit:
        said["unit"] = decision.unit
    if decision.level:
        said["level"] = decision.level
    return said


def in_words(decision: Decision) -> str:
    """A decision in one line."""
    if decision.rule is None:
        return f"default content: {SLOT_REASONS.get(decision.reason, decision.reason)}"
    variant = f"/{decision.variant}" if decision.variant else ""
    rule = f"{decision.rule}{variant} ({decision.file}:{decision.line})"
    if decision.shown:
        more = f", level {decision.level}" if decision.level else ""
        if decision.propensity is not None:
            more += f", drawn with a chance of {percent(decision.propensity)}"
        return f"{decision.fragment}, by {rule}{more}"
    if decision.reason == "control" and decision.variant != CONTROL:
        return f"default content, which is {rule}"
    why = SLOT_REASONS.get(decision.reason, decision.reason)
    return f"default content, though {rule} won: {why}"
