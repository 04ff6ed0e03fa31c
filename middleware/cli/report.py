"""``shopwindow report``: whether it works."""

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from ...findings import visible
from ..stores import StoreError
from .question import FOLDER
from .records import STORE, address_of, looked_after
from .site import usable

# What counts and compares is imported where a report is made: asking for help is quick.
if TYPE_CHECKING:
    from ...rules.reporting.report import Report
    from ...rules.reporting.writing import Writing
    from ..site import Site

FORMATS = ("text", "json", "html", "schema")


class Options(NamedTuple):
    """What the command was asked for; days since 1970."""

    folder: Path
    store: str | None
    since: int | None
    until: int | None
    experiment: str
    metric: str
    form: str
    output: Path | None
    update: bool


@click.command("report", short_help="Say what works, with honest intervals.")
@FOLDER
@STORE
@click.option(
    "--since", metavar="DAY", help="From this day on, 2026-11-01. Default: 90 days."
)
@click.option(
    "--until", metavar="DAY", help="Up to this day, it included. Default: today."
)
@click.option(
    "--experiment",
    metavar="NAME",
    default="",
    help="Only this one and its rules: findings, alerts and the status it ends with are theirs. "
    "Numbers of the whole site stay beside it.",
)
@click.option(
    "--metric",
    metavar="NAME",
    default="",
    help="This one instead of every goal, for example revenue-per-visitor.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="text",
    help="How to print it; html: one page that needs nothing else; schema: what json holds.",
)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write it to FILE. Default: print it.",
)
@click.option("--no-update", is_flag=True, help="Do not count what is new: only read.")
@click.option(
    "--notify",
    is_flag=True,
    help="Tell the webhook of [alerts] in site.toml: each alert once, until it is over.",
)
def command(
    folder: Path,
    url: str | None,
    since: str | None,
    until: str | None,
    experiment: str,
    metric: str,
    form: str,
    output: Path | None,
    no_update: bool,
    notify: bool,
) -> None:
    """Say of each experiment, rule, slot, segment, lifecycle stage and campaign of DIR's shop
    whether it works: who saw it, what they did, how much more that is than without it.

    \b
      shopwindow report personalization
      shopwindow report personalization --format html -o report.html
      shopwindow report personalization --experiment hero-tone --metric revenue-per-visitor
      shopwindow report personalization --format json | jq .alerts

    Intervals and verdicts hold however often one looks. What is new is counted first; the shop
    goes on beside it.

    Ends with 1 if there is something to act on now, for cron: a slot or a rule that shows
    nothing any more, arms that do not hold the visitors they should, many failures, a broken
    guardrail. --notify sends it to a webhook, too: what is new, and what is over.
    """
    if form == "schema":
        _put(_schema(), output)
        return
    if notify and (experiment or since or until or metric):
        raise click.UsageError(
            "--notify is about the whole site as it is now: ask for that"
        )
    site = usable(folder)
    options = Options(
        folder,
        url,
        _day("--since", since),
        _day("--until", until),
        experiment,
        metric,
        form,
        output,
        not no_update,
    )
    _check(options, site)
    try:
        report = _report(site, options)
    except StoreError as error:
        words = str(error)
        if words.startswith("there is no store"):
            words += ": the shop makes it when it starts; --store names another"
        click.echo(words, err=True)
        sys.exit(1)
    _show(report, options, site)
    why = ""
    if notify:
        from ..reporting.notifying import notify as sent

        why = sent(site.settings, report.alerts, report.made)
    if output is not None or form != "text":
        for alert in report.alerts:
            click.echo(f"alert: {visible(alert.words)}", err=True)
    if why:
        click.echo(why, err=True)
    sys.exit(1 if report.alerts or why else 0)


def _day(option: str, text: str | None) -> int | None:
    from ...rules.moments import read_day

    day = None if text is None else read_day(text)
    if text is not None and day is None:
        raise click.BadParameter("write a day like 2026-11-01", param_hint=option)
    return day


def _check(options: Options, site: "Site") -> None:
    """Raises :class:`click.BadParameter` for what there is not."""
    from ...findings import suggest
    from ...rules.measurement.metrics import METRICS

    if options.metric and options.metric not in METRICS:
        hint = suggest(options.metric, METRICS)
        raise click.BadParameter(f"unknown metric: {hint}", param_hint="--metric")
    today = site.context.day(time.time())
    if (options.since or 0) > (today if options.until is None else options.until):
        raise click.BadParameter("it is after the last day", param_hint="--since")


def _report(site: "Site", options: Options) -> "Report":
    from ..measuring import plan_for
    from ..reporting.reports import report_of
    from ..rollups import open_rollups
    from .trained import steps

    now = time.time()
    with open_rollups(address_of(site, options.store), site.context.day) as rollups:
        if options.update:
            with steps() as say:
                rollups.update(plan_for(site), now, say)

        def made(events: int | None) -> "Report":
            return report_of(
                site,
                rollups,
                now,
                since=options.since,
                until=options.until,
                metric=options.metric,
                experiment=options.experiment,
                events=events,
            )

        report = made(None)
        if report.empty:
            # Only then it matters whether there is anything at all: counting takes a while.
            with looked_after(site, options.store) as keeper:
                report = made(keeper.sizes()["events"])
    if options.experiment and not report.empty and not report.experiments:
        from ...findings import suggest

        known = [rule.split.experiment for rule in site.rules.rules if rule.split]
        hint = suggest(options.experiment, known)
        raise click.BadParameter(
            f"unknown experiment: {hint}", param_hint="--experiment"
        )
    return report


def _show(report: "Report", options: Options, site: "Site") -> None:
    from ..reporting.reports import writing_of

    write = writing_of(site.settings)
    if options.form == "json":
        import msgspec

        text = msgspec.json.format(msgspec.json.encode(report), indent=2).decode()
        _put(f"{text}\n", options.output)
    elif options.form == "html":
        from ..reporting.page import html

        _put(html(report, write), options.output)
    else:
        _print(report, write, options.output)


def _print(report: "Report", write: "Writing", output: Path | None) -> None:
    from rich.console import Console

    from ..reporting.terminal import Terminal

    if output is None:
        Terminal(Console(highlight=False), write).show(report)
        return
    from io import StringIO

    text = StringIO()
    Terminal(Console(file=text, width=120, highlight=False), write).show(report)
    _put(text.getvalue(), output)


def _put(text: str, output: Path | None) -> None:
    """To ``output``, or to the standard output; ends with 1 where it cannot be written."""
    if output is None:
        click.echo(text, nl=False)
        return
    from ...fragments.reportpages import put

    try:
        put(output, text)
    except OSError as error:
        click.echo(f"{output} cannot be written: {error.strerror}", err=True)
        sys.exit(1)


def _schema() -> str:
    import msgspec

    from ...rules.reporting.report import Report

    text = msgspec.json.encode(msgspec.json.schema(Report))
    return msgspec.json.format(text, indent=2).decode() + "\n"
