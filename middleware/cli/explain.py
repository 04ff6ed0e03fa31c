"""``shopwindow explain``: why a slot shows what it shows, for made-up visitors."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import msgspec

from ...fragments.views import FragmentError
from ...rules.attributes import Facts
from ...rules.experiments import NO_ALLOCATIONS
from ...rules.explain import Explanation, explain
from ...rules.facts import Decision
from ...rules.interests import NO_TRAFFIC
from ...rules.placement import Placement
from ..guise import everybody_sees
from ..site import Site
from ..supplies import supplies_of
from .decide import as_json
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
from .remembered import read_allocations, read_visitor
from .site import usable


@click.command("explain", short_help="Say which rule wins for whom, and why.")
@FOLDER
@PERSONAS
@PERSONA
@click.option(
    "--visitor",
    help="Instead of personas a visitor out of the store: the id in the cookie `shopwindow`.",
)
@click.option(
    "--store",
    help="Where that visitor is kept. Default: the store of site.toml.",
)
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
    file: Path | None,
    names: tuple[str, ...],
    visitor: str | None,
    store: str | None,
    path: str,
    slots: tuple[str, ...],
    now: str | None,
    form: str,
) -> None:
    """Say for each persona and slot which rule of DIR wins, and why the others do not.

    The rules that came nearest stand first, each with what it wanted and what the visitor has.

    With --visitor it is said for somebody who was in the shop, as if they opened the page now.
    What only a request tells is not known of them: headers, the shop's own attributes, sources.
    No persona is held out, whatever the holdout of site.toml; a visitor may be. Whether the shelf
    of a winner has anything on it, and why not, says `shopwindow recommend`.
    """
    if file is not None and visitor is not None:
        raise click.UsageError("--personas and --visitor exclude each other")
    site = usable(folder)
    for slot in slots:
        if slot not in site.settings.slots:
            raise click.BadParameter(
                f'unknown slot "{slot}"; there are: {", ".join(site.settings.slots)}',
                param_hint="--slot",
            )
    page, moment = read_page(path), read_moment(now, site)
    who, traffic, limits = "persona", NO_TRAFFIC, everybody_sees(site)
    allocations = NO_ALLOCATIONS
    if visitor is None:
        guises = read_guises(site, file, names, moment)
    else:
        guise, traffic = read_visitor(site, visitor, store, moment)
        allocations = read_allocations(site, store)
        who, guises, limits = "visitor", [guise], site.settings.limits
    supplies = supplies_of(site)
    for number, guise in enumerate(guises):
        context = guise.looks(site, page.path, page.query)
        known = guise.facts(site, context, page.query, traffic, supplies, allocations)
        placement = Placement(limits)
        found = {
            slot: explain(site.rules, known, slot, placement)
            for slot in site.settings.slots  # all of them: they share the page
        }
        found = {slot: e for slot, e in found.items() if not slots or slot in slots}
        asked = {
            slot: address
            for slot, e in found.items()
            if (address := _address(site, e.decision, known)) is not None
        }
        if form == "json":
            said = {s: {**_json(e), **_asked(asked.get(s))} for s, e in found.items()}
            line = {who: guise.name, "slots": said}
            click.echo(msgspec.json.encode(line).decode())
        else:
            if number:
                click.echo()
            click.secho(f"{guise.name} on {path}", bold=True)
            _print(found, asked)


def _address(site: Site, decision: Decision, known: Facts) -> str | None:
    """Where what the slot shows comes from, if that is another server."""
    remote = site.remotes.get(decision.fragment or "")
    if remote is None:
        return None
    language = known.context.language or site.settings.language
    try:
        return site.renderer.address(
            remote, decision.parameters, language, things=decision.bound
        )
    except FragmentError as error:
        return f"nowhere: {error.why}"


def _asked(address: str | None) -> dict[str, str]:
    return {} if address is None else {"from": address}


def _print(found: Mapping[str, Explanation], asked: Mapping[str, str]) -> None:
    for slot, explanation in found.items():
        click.echo(f"  {slot}")
        if slot in asked:
            click.echo(f"    from {asked[slot]}")
        for text in str(explanation).splitlines():
            click.echo(f"    {text}")


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
