"""``shopwindow doctor``: what caches and proxies do to a shop's pages."""

import os
import sys
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import click
import httpx
import msgspec

from ...findings import visible
from ..doctor.examination import Report, examine
from ..doctor.remedies import remedies
from ..doctor.symptoms import Symptom
from ..doctor.visitors import Unreachable
from .site import count

_HUES = {"error": "red", "warning": "yellow", "note": "cyan"}


def _address(context: click.Context, parameter: click.Parameter, url: str) -> str:
    try:
        parts = urlsplit(url)
        known = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        known = False
    if not known:
        raise click.BadParameter("write an address like https://shop.example/")
    return url


@click.command(
    "doctor", short_help="Ask a public address whether caches mix up visitors."
)
@click.argument("url", callback=_address)
@click.option(
    "--visit",
    "visit",
    metavar="PATH",
    multiple=True,
    help="A page that the first visitor looks at before, so that theirs becomes another; may be repeated.",
)
@click.option(
    "--cookie",
    "cookies",
    metavar="COOKIES",
    multiple=True,
    help='The cookies of a visitor, as in "a=1; b=2"; twice, for two visitors whom the shop knows.',
)
@click.option(
    "--timeout",
    type=click.FloatRange(0.1, 600),
    default=10.0,
    show_default=True,
    help="Seconds to wait for an answer.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    help="How to print the findings.",
)
def command(
    url: str,
    visit: tuple[str, ...],
    cookies: tuple[str, ...],
    timeout: float,
    form: str,
) -> None:
    """Ask for the page at URL as its visitors do, and say what goes wrong on the way.

    Two visitors agree to be remembered, by the form of shopwindow itself, and ask for the page in
    turn, with somebody who has no cookie and with a program. Some forty requests, a few seconds;
    in the end both are erased. URL is what browsers ask, with every cache and proxy in between.

    \b
    It finds
      - pages, decisions and cookies of one visitor that another one gets
      - Cache-Control and Vary that were replaced, validators that were added, 304 and 206
      - cookies that are taken out, or changed: Secure, __Host-, Domain; redirects that lose them
      - pages that are compressed or minified before shopwindow reads them, pages without slots
      - clocks that differ
    and says where, and what to do with CloudFront, Cloudflare, Fastly, nginx and Varnish.

    \b
    Examples:
      shopwindow doctor https://shop.example/
      shopwindow doctor https://shop.example/ --visit /products/tea     so that pages differ
      shopwindow doctor https://shop.example/ --format json             for a pipeline
      shopwindow doctor https://other.example/ --cookie "session=a" --cookie "session=b"
    The last one examines a shop without shopwindow, by the cookies of two who are logged in. What
    they do counts in that shop, and nobody is erased.

    Where all see the same page, a cache that says nothing of itself stays unseen: use --visit.

    Exits with 0 if nothing is wrong, with 1 if something was found, with 2 when the command itself
    is written wrong, or the address does not answer.
    """
    if len(cookies) not in (0, 2) or (cookies and len(set(cookies)) == 1):
        words = "give it twice, with the cookies of two visitors, or not at all"
        raise click.BadParameter(words, param_hint="--cookie")
    if cookies and visit:
        words = "the visitors of --cookie have looked at something already"
        raise click.BadParameter(words, param_hint="--visit")
    for path in visit:
        if not path.startswith("/") or path.startswith("//"):
            raise click.BadParameter("a path starts with /", param_hint="--visit")
    try:
        with httpx.Client(timeout=timeout) as client:
            report = examine(client, url, cookies, visit)
    except Unreachable as error:
        click.echo(f"{url}: {visible(str(error))}", err=True)
        if form == "json":  # what reads us may take nothing for "nothing to find"
            click.echo(_json({"url": url, "error": visible(str(error))}))
        sys.exit(2)
    found = [each for each in report.symptoms if each.severity != "note"]
    if form == "json":
        click.echo(_as_json(report))
    else:
        _show(report)
        errors = sum(each.severity == "error" for each in found)
        said = f"{count(errors, 'error')}, {count(len(found) - errors, 'warning')}"
        asked = count(report.answers, "answer")
        behind = f", by way of {', '.join(report.present)}" if report.present else ""
        click.echo(
            f"{visible(report.url)}: {asked}{behind}: {said if found else 'nothing to find'}"
        )
    sys.exit(1 if found else 0)


def _as_json(report: Report) -> str:
    found = [
        {
            **msgspec.to_builtins(each),
            "remedies": remedies(each.code, report.present),
        }
        for each in report.symptoms
    ]
    counts = {
        f"{severity}s": sum(each.severity == severity for each in report.symptoms)
        for severity in _HUES
    }
    said = {
        "url": report.url,
        "present": report.present,
        "answers": report.answers,
        "findings": found,
        "counts": counts,
    }
    return _json(said)


def _json(said: dict[str, Any]) -> str:
    return msgspec.json.format(msgspec.json.encode(said)).decode()


def _show(report: Report) -> None:
    """Prints symptoms with their place and their remedies; coloured where a terminal shows them."""
    color = False if os.environ.get("NO_COLOR") else None  # None: terminals alone
    told: set[Sequence[str]] = set()
    for each in report.symptoms:
        severity = click.style(f"{each.severity}:", fg=_HUES[each.severity], bold=True)
        click.echo(f"{severity} {visible(each.message)} [{each.code}]", color=color)
        for name, text in _lines(each, report.present, told):
            label = click.style(f"{name}:", bold=True)
            click.echo(f"    {label} {visible(text)}", color=color)
        click.echo()


def _lines(
    each: Symptom, present: list[str], told: set[Sequence[str]]
) -> list[tuple[str, str]]:
    """Where it was seen and what to do; what was ``told`` before is not said again."""
    lines = [("where", each.url)]
    if each.header:
        lines.append(("seen", each.header))
    if each.hint:
        lines.append(("do", each.hint))
    for item in remedies(each.code, present).items():
        if item not in told:
            told.add(item)
            lines.append(item)
    return lines
