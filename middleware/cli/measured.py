"""What is printed of a measuring: what was counted, and where experiments went."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click
import msgspec

from ...findings import visible
from ...rules.numerals import percent
from .site import count

if TYPE_CHECKING:
    from ..measuring import Moved, Step
    from .measure import Measured


def tell(measured: "Measured") -> None:
    """For people; what somebody has to act on goes to stderr."""
    updated, moved = measured.updated, measured.moved
    owners = count(updated.owners, "visitor")
    anew = ", all of them anew" if updated.rebuilt else ""
    click.echo(f"looked at {owners}{anew}, in {measured.seconds:,.1f} seconds")
    if moved.adapted or moved.steps:
        _table(moved)
    else:
        click.echo("no experiment adapts or is rolled out")
    for alert in measured.alerts:
        click.echo(f"alert: {visible(alert.words)}", err=True)
    if measured.unsent:
        click.echo(measured.unsent, err=True)


def _table(moved: "Moved") -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for name in ("experiment", "for", "shown"):
        table.add_column(name, overflow="fold")
    for each in moved.adapted:
        for context, weights in sorted(each.weights.items()):
            before = each.before.get(context, {})
            whom = context.removeprefix("segment:") or (
                "everybody" if len(each.weights) == 1 else "everybody else"
            )
            table.add_row(each.experiment, whom, Text(_weights(weights, before)))
    for step in moved.steps:
        style = "red" if step.standing.back else ""
        shown = Text(_step(step), style)
        table.add_row(step.experiment, percent(step.share), shown)
    Console().print(table)


def _weights(weights: Mapping[str, float], before: Mapping[str, float]) -> str:
    whole, old = sum(weights.values()), sum(before.values())
    parts = []
    for arm, weight in weights.items():
        now = f"{weight / whole:.0%}"
        was = f"{before[arm] / old:.0%}" if old and arm in before else now
        parts.append(f"{arm} {now}" + (f" (was {was})" if was != now else ""))
    return ", ".join(parts)


def _step(step: "Step") -> str:
    standing = step.standing
    if standing.back:
        verb = "went back" if step.went_back else "is back"
        return f"{verb}: {standing.back}. It stays so until the rule is changed"
    seen = f"{step.looked.shown:,} saw it, {step.looked.held:,} were held"
    if standing.waits:
        return f"{seen}; waits for {standing.waits}"
    further = step.before is not None and standing.since != step.before.since
    return f"{seen}; a step further" if further and step.share < 1 else seen


def tell_json(measured: "Measured") -> None:
    """For programs, in one line."""
    updated, moved = measured.updated, measured.moved
    told: dict[str, Any] = {
        "visitors": updated.owners,
        "changed": updated.changed,
        "rebuilt": updated.rebuilt,
        "weights": {each.experiment: each.weights for each in moved.adapted},
        "rollouts": {
            step.experiment: {
                "share": step.share,
                "shown": step.looked.shown,
                "held": step.looked.held,
                "back": step.standing.back,
                "waits": step.standing.waits,
            }
            for step in moved.steps
        },
        "alerts": [alert.words for alert in measured.alerts],
        "unsent": measured.unsent,
        "seconds": round(measured.seconds, 1),
    }
    click.echo(msgspec.json.encode(told).decode())
