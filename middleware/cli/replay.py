"""``shopwindow replay``: which of the last visitors would see something else."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import msgspec

from ...fragments.recommendations.replenishment import Learned, Replenishment
from ...rules.differences import Kind
from ...rules.hindsight import hindsight
from ...rules.interests import Traffic
from ...rules.moments import clock
from ...rules.portrait import portrait
from ...rules.replaying import replayed
from ...rules.sides import UNKNOWN_PURPOSES, Side
from ...rules.turnover import Example, Turnover
from ..revisions import RevisionError, at_revision
from ..site import Site
from ..supplies import model_of
from ..traffic import shares
from ..unrecorded import of_log
from .question import FOLDER, read_ago
from .records import STORE, records, watched
from .site import count, usable

MARK_SHOWN = 8  # characters of a visitor's pseudonym: enough to tell examples apart


@click.command("replay", short_help="Say who of last week would see something else.")
@FOLDER
@click.option(
    "--since",
    default="7d",
    show_default=True,
    help="Where the window begins: 7d, 12h, 2 weeks (ago), or 2026-11-20, 2026-11-20T08:00.",
)
@click.option("--until", help="Where it ends, written as --since. Default: now.")
@click.option(
    "--against",
    metavar="REV|DIR2",
    help="Compare with DIR at this git revision, or with this folder. Default: with the log.",
)
@STORE
@click.option(
    "--path",
    help="The page that is looked at. Default: / with --against, else one that nobody knows.",
)
@click.option(
    "--limit",
    type=click.IntRange(0),
    default=10,
    show_default=True,
    help="How many examples to print.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    help="How to print the answer; json: one object.",
)
def command(
    folder: Path,
    since: str,
    until: str | None,
    against: str | None,
    url: str | None,
    path: str | None,
    limit: int,
    form: str,
) -> None:
    """Decide again, with the rules of DIR, what the visitors of the log were shown.

    Each visitor's profile is rebuilt from the logged events, moment by moment.

    Without --against, each logged showing is compared with what DIR decides at that moment, by
    fragment. Only slots that the log names are looked at: one that kept its default content is
    not in the log. What DIR's own rules have shown counts as the same.

    With --against, both sides decide for all slots of --path: at each showing, and after each
    visit without one. Parameters and shelves are compared, too. Caps count what the log shows.
    Texts of fragments and products are not compared.

    Not in the log are attributes that the shop declares, device, referrer, campaign, entry
    page, login and first name, the language of a shop with several, consent to statistics, and
    the draw of experiments that the visitor was not shown (a logged variant stays). Rules over
    these are not guessed at: a change behind one that both sides have is told with "unless",
    every other case as one that cannot be known.

    Visits are told by pauses of 30 minutes. Affinities are measured by today's traffic. Rules
    that explore are taken as if they did not.
    """
    if path is not None and not path.startswith("/"):
        raise click.BadParameter("a path starts with /", param_hint="--path")
    site = usable(folder)
    now = time.time()
    start = read_ago(since, "--since", site, now)
    end = now if until is None else read_ago(until, "--until", site, now)
    if start >= end:
        raise click.BadParameter("it is not before --until", param_hint="--since")
    turnover = Turnover(limit)
    with _other(folder, against) as other, records(site, url) as history:
        traffic = shares(history.traffic())
        page = path or ("/" if other else None)
        model = model_of(site)  # the other one's rules are compared, not its model
        after = side(site, page, traffic, model)
        before = side(other, page, traffic, model) if other else None
        stories = history.stories(start, end)
        total = history.visitors(start, end)
        for story in watched(stories, total, "Reading the log"):
            turnover.add(replayed(story, before, after, (start, end)))
    compared = "the log" if against is None else against
    if form == "json":
        told = _json(turnover, site, after, compared)
        click.echo(msgspec.json.encode(told).decode())
    else:
        _print(turnover, site, after, compared)


@contextmanager
def _other(folder: Path, against: str | None) -> Iterator[Site | None]:
    """The site to compare with; None: the log."""
    if against is None:
        yield None
    elif (Path(against) / "site.toml").is_file():
        yield usable(Path(against))
    else:
        try:
            with at_revision(folder, against) as copy:
                yield usable(copy, f"{folder} at {against}")
        except RevisionError as error:
            raise click.BadParameter(
                f"{error}; and {against} is no folder with a site.toml",
                param_hint="--against",
            ) from None


def side(
    site: Site, path: str | None, traffic: Traffic, model: Learned | None = None
) -> Side:
    """``site`` as it decides in hindsight on the page ``path``; None: nobody knows the page."""
    unrecorded = of_log(site) if path else of_log(site) | {"path"}
    return Side(
        hindsight(site.rules, unrecorded, UNKNOWN_PURPOSES),
        site.settings.limits,
        tuple(site.settings.slots),
        site.learn,
        lambda moment: site.context.at(moment, path or "/"),
        traffic,
        Replenishment(site.catalog, model),
    )


# -- the answer ----------------------------------------------------------------------------


def _print(turnover: Turnover, site: Site, after: Side, compared: str) -> None:
    visitors = turnover.visitors
    if not visitors:
        click.echo("No visitor was shown anything in that time: nothing to compare.")
        return
    changed = _part(turnover.changed, visitors)
    click.secho(f"{changed} would see something else than {compared} says.", bold=True)
    click.echo(f"{count(turnover.looks, 'look')} of {count(visitors, 'visitor')}.")
    if turnover.likely:
        likely = _part(turnover.likely, visitors)
        click.echo(f"{likely} more would, unless a rule won of which nobody can know.")
    if turnover.uncertain:
        doubtful = _part(turnover.uncertain, visitors)
        click.echo(f"It cannot be known for {doubtful} more.")
    for slot, number in sorted(turnover.unknown.items()):
        click.echo(f"  {slot}: cannot be known for {count(number, 'visitor')}")
    slot = ""
    for kind, number in turnover.rows():
        if kind.slot != slot:
            slot = kind.slot
            click.echo(f"\n{slot}")
        old = _content(kind.old_rule, kind.old_fragment)
        new = _content(kind.new_rule, kind.new_fragment)
        click.echo(f"  {old} -> {new}: {_part(number, visitors)}{_unless(kind)}")
    if examples := turnover.examples():
        click.echo("\nFor example")
    for example in examples:
        told = _told(example, site, after)
        click.echo(f"  {told['visitor']} at {told['time']}: {told['did']}")
        click.echo(f"    {told['slot']}: {told['old']} -> {told['new']}")
        click.echo(f"    {told['why']}")


def _part(number: int, visitors: int) -> str:
    return f"{number} of {count(visitors, 'visitor')} ({number / visitors:.1%})"


def _unless(kind: Kind) -> str:
    return f", unless {' or '.join(kind.unless)} won" if kind.unless else ""


def _content(rule: str | None, fragment: str | None) -> str:
    if fragment is None:
        return "default content" if rule is None else f"default content (for {rule})"
    return fragment if rule is None else f"{fragment} (by {rule})"


def _told(example: Example, site: Site, after: Side) -> dict[str, Any]:
    one = example.difference
    categories = site.vocabulary.categories
    did = portrait(one.facts.profile, lambda id: categories.get(id, id))
    return {
        "visitor": example.visitor[:MARK_SHOWN],
        "time": clock(one.time, site.settings.zone).isoformat(" ", "minutes"),
        "did": did,
        "slot": one.slot,
        "old": _content(one.old.rule, one.old.fragment),
        "new": _content(one.new.rule, one.new.fragment),
        "unless": list(one.unless),
        "why": one.why(after),
    }


def _json(turnover: Turnover, site: Site, after: Side, compared: str) -> dict[str, Any]:
    return {
        "against": compared,
        "visitors": turnover.visitors,
        "looks": turnover.looks,
        "changed": turnover.changed,
        "share": turnover.share,
        "likely": turnover.likely,
        "uncertain": turnover.uncertain,
        "unknown": dict(sorted(turnover.unknown.items())),
        "rows": [
            kind._asdict() | {"visitors": number, "share": number / turnover.visitors}
            for kind, number in turnover.rows()
        ],
        "examples": [_told(one, site, after) for one in turnover.examples()],
    }
