"""``shopwindow explain``: why a slot shows what it shows, for made-up visitors."""

import sys
import time
from pathlib import Path
from typing import Any

import click
import msgspec
from msgspec.structs import replace

from ...rules.attributes import facts
from ...rules.explain import Explanation, explain
from ...rules.interests import NO_TRAFFIC
from ...rules.moments import read_now
from ...rules.personas import Persona, read_personas
from ...rules.placement import Placement
from ..site import Site
from .site import show, usable


@click.command(
    "explain", short_help="Say which rule wins for made-up visitors, and why."
)
@click.argument(
    "folder", metavar="DIR", type=click.Path(path_type=Path), default=Path(".")
)
@click.option(
    "--personas",
    "file",
    type=click.Path(path_type=Path),
    required=True,
    help="A YAML file with `personas:`.",
)
@click.option(
    "--persona",
    "names",
    multiple=True,
    help="Only this one; may be repeated. Default: all of the file.",
)
@click.option(
    "--path", default="/", show_default=True, help="The page that is looked at."
)
@click.option(
    "--slot",
    "slots",
    multiple=True,
    help="Only this slot; may be repeated. Default: all of the site.",
)
@click.option(
    "--now",
    help="The moment, for example 2026-11-21T10:00. Default: the file's `now`, else this moment.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    help="How to print the answers; json: one line per persona.",
)
def command(
    folder: Path,
    file: Path,
    names: tuple[str, ...],
    path: str,
    slots: tuple[str, ...],
    now: str | None,
    form: str,
) -> None:
    """Say for each persona and slot which rule of DIR wins, and why the others do not.

    The rules that came nearest stand first, each with what it wanted and what the visitor has.
    """
    site = usable(folder)
    for slot in slots:
        if slot not in site.settings.slots:
            raise click.BadParameter(
                f'unknown slot "{slot}"; there are: {", ".join(site.settings.slots)}',
                param_hint="--slot",
            )
    moment = None if now is None else _moment(now, site)
    personas, at = _personas(site, file, names, moment)
    if form == "json":
        lines: list[dict[str, Any]] = [
            {"persona": persona.name, "slots": {s: _json(e) for s, e in found}}
            for persona, found in (
                (p, _explain(site, p, path, at, slots)) for p in personas
            )
        ]
        for line in lines:
            click.echo(msgspec.json.encode(line).decode())
        return
    for number, persona in enumerate(personas):
        if number:
            click.echo()
        click.secho(f"{persona.name} on {path}", bold=True)
        for slot, explanation in _explain(site, persona, path, at, slots):
            click.echo(f"  {slot}")
            for text in str(explanation).splitlines():
                click.echo(f"    {text}")


def _moment(text: str, site: Site) -> float:
    moment = read_now(text, site.settings.zone)
    if moment is None:
        raise click.BadParameter("write it like 2026-11-21T10:00", param_hint="--now")
    return moment


def _personas(
    site: Site, file: Path, names: tuple[str, ...], moment: float | None
) -> tuple[list[Persona], float]:
    try:
        text = file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise click.BadParameter(
            f"{file} cannot be read: {why}", param_hint="--personas"
        ) from None
    relatives = site.catalog.relatives
    read, findings = read_personas(
        str(file), text, site.vocabulary, relatives, moment or time.time()
    )
    if errors := [finding for finding in findings if finding.severity == "error"]:
        show(errors, err=True)
        sys.exit(1)
    for name in names:
        if name not in read.personas:
            known = ", ".join(read.personas) or "none"
            raise click.BadParameter(
                f'{file} has no persona "{name}"; there are: {known}',
                param_hint="--persona",
            )
    chosen = [
        persona for name, persona in read.personas.items() if not names or name in names
    ]
    return chosen, read.now if moment is None else moment


def _explain(
    site: Site, persona: Persona, path: str, now: float, slots: tuple[str, ...]
) -> list[tuple[str, Explanation]]:
    context = site.context.at(now, path, device="desktop")
    known = facts(
        site.rules,
        persona.profile,
        replace(context, **persona.context),
        persona.consent,
        persona.given,
        NO_TRAFFIC,
        persona.units,
        persona.pins,
    )
    # Made-up visitors are there to see something: none of them is held out.
    placement = Placement(replace(site.settings.limits, holdout=0.0))
    found = [
        (slot, explain(site.rules, known, slot, placement))
        for slot in site.settings.slots  # all of them: they share the page
    ]
    return [(slot, said) for slot, said in found if not slots or slot in slots]


def _json(explanation: Explanation) -> dict[str, Any]:
    decision = explanation.decision
    return {
        "rule": decision.rule,
        "fragment": decision.fragment,
        "variant": decision.variant,
        "with": decision.parameters,
        "reason": decision.reason,
        "because": explanation.because,
        "skipped": [
            {"rule": rule, "reason": reason} for rule, reason in decision.skipped
        ],
        "misses": [
            {
                "rule": m.rule,
                "file": m.file,
                "line": m.line,
                "reason": m.reason,
                "why": m.words,
            }
            for m in explanation.misses
        ],
    }
