"""``shopwindow explain``: why a slot shows what it shows, for made-up visitors."""

from pathlib import Path
from typing import Any

import click
import msgspec

from ...rules.explain import Explanation, explain
from ...rules.placement import Placement
from ..guise import Guise, everybody_sees
from ..site import Site
from .decide import as_json
from .question import (
    FOLDER,
    FORMAT,
    NOW,
    PATH,
    PERSONA,
    PERSONAS,
    Page,
    read_guises,
    read_moment,
    read_page,
)
from .site import usable


@click.command(
    "explain", short_help="Say which rule wins for made-up visitors, and why."
)
@FOLDER
@PERSONAS
@PERSONA
@PATH
@click.option(
    "--slot",
    "slots",
    multiple=True,
    help="Only this slot; may be repeated. Default: all of the site.",
)
@NOW
@FORMAT
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
    page = read_page(path)
    for number, guise in enumerate(
        read_guises(site, file, names, read_moment(now, site))
    ):
        found = _explain(site, guise, page, slots)
        if form == "json":
            said = {slot: _json(explanation) for slot, explanation in found}
            line = {"persona": guise.name, "slots": said}
            click.echo(msgspec.json.encode(line).decode())
            continue
        if number:
            click.echo()
        click.secho(f"{guise.name} on {path}", bold=True)
        for slot, explanation in found:
            click.echo(f"  {slot}")
            for text in str(explanation).splitlines():
                click.echo(f"    {text}")


def _explain(
    site: Site, guise: Guise, page: Page, slots: tuple[str, ...]
) -> list[tuple[str, Explanation]]:
    known = guise.facts(site, guise.looks(site, page.path, page.query), page.query)
    placement = Placement(everybody_sees(site))
    found = [
        (slot, explain(site.rules, known, slot, placement))
        for slot in site.settings.slots  # all of them: they share the page
    ]
    return [(slot, said) for slot, said in found if not slots or slot in slots]


def _json(explanation: Explanation) -> dict[str, Any]:
    decision = explanation.decision
    return {
        **as_json(decision),
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
