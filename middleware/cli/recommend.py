"""``shopwindow recommend``: what fills a shelf for made-up visitors, with scores and reasons."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import click
import msgspec

from ...fragments.recommendations.assortment import Assortment
from ...fragments.recommendations.model import kind_and_id
from ...fragments.recommendations.replenishment import Replenishment
from ...fragments.recommendations.shelf import Shelf
from ...rules.attributes import Facts
from ...rules.facts import SLOT_REASONS, Decision
from ..assorting import assorted
from ..engines.proposals import completed
from ..guise import decisions, everybody_sees
from ..shelves import Shelves
from ..shoppers import KnownShopper
from ..site import Site
from ..supplies import model_of
from .decide import in_words
from .emptiness import why_empty
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


class _Shop(NamedTuple):
    site: Site
    assortment: Assortment


class _Filled(NamedTuple):
    shelf: Shelf
    empty: str  # why nothing stands on it


@click.command("recommend", short_help="Say what fills a shelf for whom, and why.")
@FOLDER
@PERSONAS
@PERSONA
@click.option(
    "--slot",
    "slots",
    multiple=True,
    help="Only this slot; may be repeated. Default: all that show a shelf.",
)
@PATH
@NOW
@FORMAT
def command(
    folder: Path,
    file: Path | None,
    names: tuple[str, ...],
    slots: tuple[str, ...],
    path: str,
    now: str | None,
    form: str,
) -> None:
    """List for each persona what stands on the shelves of DIR: place, score, product and reason.

    \b
    What a persona looked at and bought is in its `events:`, for example
      personas:
        carpenter:
          consent: [personalization]
          events:
            - {viewed: {product: hinge-40}, at: 2 days ago}
            - {bought: {product: hinge-60}, at: 30 days ago}
    and is tried with
      shopwindow recommend DIR --personas FILE --persona carpenter --slot home.shelf

    All shelves share one page, in the order of site.toml: none shows what another shows. Scores
    (0 to 1) compare within one strategy only; the last column says what found the product, or that
    it was pinned. A shelf that stays empty says why. `discovery` is drawn by luck that
    is the same all day. Popularity is what the model of `shopwindow train` has learned; without a
    model the newest products are first. Engines of other servers are not asked.
    """
    site = usable(folder)
    for slot in slots:
        if slot not in site.settings.slots:
            known = ", ".join(site.settings.slots)
            words = f'unknown slot "{slot}"; there are: {known}'
            raise click.BadParameter(words, param_hint="--slot")
    page = read_page(path)
    guises = read_guises(site, file, names, read_moment(now, site))
    model = model_of(site)
    supplies = Replenishment(site.catalog, model)
    shop = _Shop(site, assorted(site, {}, model))
    for number, guise in enumerate(guises):
        seen = guise.looks(site, page.path, page.query)
        known_facts = guise.facts(site, seen, page.query, supplies=supplies)
        found = decisions(site, known_facts, everybody_sees(site))
        shelves = _filled(shop, known_facts, found)
        wanted = {
            s: found[s] for s in found if s in slots or (not slots and s in shelves)
        }
        language = seen.language or site.settings.language
        if form == "json":
            said = {
                slot: _json(site, decision, shelves.get(slot), language)
                for slot, decision in wanted.items()
            }
            line = {"persona": guise.name, "slots": said}
            click.echo(msgspec.json.encode(line).decode())
            continue
        if number:
            click.echo()
        click.secho(f"{guise.name} on {path}", bold=True)
        if not wanted:
            click.echo("  no shelf")
        for slot, decision in wanted.items():
            click.echo(f"  {slot}: {in_words(decision)}")
            _print(site, decision, shelves.get(slot), language)


def _filled(
    shop: _Shop, known: Facts, found: Mapping[str, Decision]
) -> dict[str, _Filled]:
    """What stands on each shelf of the page."""
    page, filled = Shelves(), dict[str, _Filled]()
    for slot, decision in found.items():
        if decision.shown and decision.recommend is not None:
            wish = completed(decision.recommend)
            shelf, why = page.fill(shop, slot, wish, known), ""
            if not shelf.ids:
                selection, shopper = (
                    shop.assortment.selection(wish),
                    KnownShopper(known),
                )
                why = why_empty(selection, wish, shopper, page.taken(slot))
            filled[slot] = _Filled(shelf, why)
    return filled


def _print(
    site: Site, decision: Decision, filled: _Filled | None, language: str
) -> None:
    if filled is None:
        if decision.shown:
            click.echo("    it is no shelf: its rule has no `recommend:`")
        return
    if not filled.shelf.ids:
        click.echo("    nothing, so the slot keeps its default content:")
        click.echo(f"    {filled.empty}")
        return
    rows = _rows(site, filled.shelf, language)
    wide = max(len(row["title"]) for row in rows)
    for place, row in enumerate(rows, 1):
        words = f"{row['reason']} " if row["reason"] else ""
        luck = f", propensity {row['propensity']:.4f}" if "propensity" in row else ""
        click.echo(
            f"    {place:3} {row['score']:.3f}  {row['title']:{wide}}  {words}[{row['strategy']}{luck}]"
        )


def _rows(site: Site, shelf: Shelf, language: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for key, reason, score in zip(shelf.ids, shelf.reasons, shelf.scores, strict=True):
        kind, id = kind_and_id(key)
        row: dict[str, Any] = {
            "kind": kind,
            "id": id,
            "title": str(site.catalog.item(kind, id, language) or id),
            "score": round(score, 6),
            "strategy": reason.kind,
            "because": kind_and_id(reason.product)[1],
            "reason": reason.text(site.catalog, language),
        }
        if key in shelf.discovered:
            row["propensity"] = shelf.discovered[key]
        rows.append(row)
    return rows


def _json(
    site: Site, decision: Decision, filled: _Filled | None, language: str
) -> dict[str, Any]:
    line = {"empty": filled.empty} if filled is not None and filled.empty else {}
    return {
        "rule": decision.rule,
        "fragment": decision.fragment,
        "reason": decision.reason,
        "why": SLOT_REASONS.get(decision.reason, decision.reason),
        "items": [] if filled is None else _rows(site, filled.shelf, language),
        **line,
    }
