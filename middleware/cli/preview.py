"""``shopwindow preview``: the real page, as a made-up visitor would see it."""

import asyncio
import importlib
import os
import secrets
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

import click
import msgspec
from msgspec.structs import replace

from ...findings import suggest
from ...rules.experiments import CONTROL
from ..previews import LASTING, Previews
from ..rehearsal import TESTS
from ..settings import read_keys
from ..site import Site
from ..tested import read_tested
from .decide import as_json, in_words
from .question import (
    FOLDER,
    FORMAT,
    NOW,
    PATH,
    PERSONAS,
    read_guises,
    read_moment,
    read_page,
)
from .rendering import Rendered, render
from .site import usable

# The app opens no store, keeps no last good site, and nobody's cookies mean anything to it.
_ENVIRONMENT = {"SHOPWINDOW_STORE": "memory:", "SHOPWINDOW_ENV": "preview"}


@click.command("preview", short_help="See the real page as somebody else would.")
@FOLDER
@click.argument("app", required=False)
@PERSONAS
@click.option("--persona", "name", required=True, help="Through whose eyes.")
@PATH
@NOW
@click.option(
    "--variant",
    "variants",
    multiple=True,
    metavar="EXPERIMENT=VARIANT",
    help="What an experiment shows, control included; may be repeated.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the page into this file. Default: print it.",
)
@click.option("--open", "opens", is_flag=True, help="Open the page in a browser.")
@click.option("--link", help="Instead of APP: the address of a page of the shop.")
@FORMAT
def command(
    folder: Path,
    app: str | None,
    file: Path | None,
    name: str,
    path: str,
    now: str | None,
    variants: tuple[str, ...],
    out: Path | None,
    opens: bool,
    link: str | None,
    form: str,
) -> None:
    """Render a page of the shop as a persona would see it; nothing is counted or kept.

    APP is the shop, `module:attribute` (or `module:function()` that makes it), with
    shopwindow mounted or without: the rules are those of DIR. Which rule won each slot is
    said beside the page, on the error output if the page itself is printed.

    \b
      shopwindow preview personalization shop.main:app --persona anna --open
      shopwindow preview personalization --link https://shop.example/ --persona anna

    With --link it prints an address that shows the same on the running shop for 15 minutes.
    The persona has to be in DIR/rules/tests there, and SHOPWINDOW_SECRET_KEYS has to be
    here what it is there.
    """
    if (app is None) == (link is None):
        raise click.UsageError("name either APP or --link")
    site = usable(folder)
    pins = _pins(site, variants)
    moment = read_moment(now, site)
    if link is not None:
        click.echo(_link(site, link, name, moment, pins))
        return
    assert app is not None
    read_page(path)
    (guise,) = read_guises(site, file, (name,), moment)
    guise = replace(guise, pins={**guise.pins, **pins})
    with _environment():
        shop = _imported(app)
        try:
            page = asyncio.run(render(shop, site, guise, path))
        except Exception as error:
            # Whatever the shop's own code raises: it could not show its page.
            _end(f"{app} failed on {path}: {error!r}")
    target = _written(page, out, opens)
    _report(site, name, page, form, err=target is None)
    if target is None:
        click.echo(page.body, nl=False)
    elif opens:
        click.launch(str(target))
    if page.status != 200:
        _end(f"{app} answered {page.path} with {page.status}")


def _link(
    site: Site, url: str, name: str, moment: float | None, pins: Mapping[str, str]
) -> str:
    try:
        url.encode()  # what came as other bytes from the shell is no address
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise click.BadParameter("write https://shop.example/", param_hint="--link")
    tested = read_tested(site, moment)
    if name not in tested:
        hint = suggest(name, tested)
        raise click.BadParameter(
            f'{TESTS} has no persona "{name}": {hint}', param_hint="--persona"
        )
    if not os.environ.get("SHOPWINDOW_SECRET_KEYS"):
        raise click.UsageError(
            "SHOPWINDOW_SECRET_KEYS is not set: the shop would not believe the link"
        )
    try:
        keys = read_keys()
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    click.echo(f"for {LASTING / 60:g} minutes, for whoever has it:", err=True)
    return Previews(keys).link(url, name, moment, pins)


def _pins(site: Site, variants: tuple[str, ...]) -> dict[str, str]:
    splits = {
        rule.split.experiment: rule.split
        for rule in site.rules.rules
        if rule.split is not None
    }
    pins = {}
    for text in variants:
        experiment, _, variant = text.partition("=")
        if experiment not in splits:
            hint = suggest(experiment, splits)
            raise click.BadParameter(
                f'unknown experiment "{experiment}": {hint}', param_hint="--variant"
            )
        known = (*(each.name for each in splits[experiment].variants), CONTROL)
        if variant not in known:
            hint = (
                f'"{experiment}" has no variant "{variant}": {suggest(variant, known)}'
            )
            raise click.BadParameter(hint, param_hint="--variant")
        pins[experiment] = variant
    return pins


@contextmanager
def _environment() -> Iterator[None]:
    """What the shop reads while it is imported and runs."""
    changed = dict(_ENVIRONMENT)
    if not os.environ.get("SHOPWINDOW_SECRET_KEYS"):
        changed["SHOPWINDOW_SECRET_KEYS"] = secrets.token_urlsafe(32)
    before = {name: os.environ.get(name) for name in changed}
    os.environ.update(changed)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _imported(app: str) -> Any:
    """The ASGI app that ``module:attribute`` names."""
    module, _, attribute = app.partition(":")
    called = attribute.endswith("()")
    if not module or not attribute:
        raise click.BadParameter(
            f'"{app}" is not an app: write module:attribute', param_hint="APP"
        )
    if "" not in sys.path and os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())  # as servers do
    try:
        found: Any = importlib.import_module(module)
        for part in attribute.removesuffix("()").split("."):
            found = getattr(found, part)
        return found() if called else found
    except Exception as error:
        # Whatever the shop's own code raises while it is imported.
        raise click.BadParameter(
            f"{app} cannot be imported: {error!r}", param_hint="APP"
        ) from None


def _written(page: Rendered, out: Path | None, opens: bool) -> Path | None:
    """The file that the page is in now; None: it is to be printed."""
    try:
        if out is not None:
            out.write_bytes(page.body)
        elif opens:
            handle, name = tempfile.mkstemp(prefix="shopwindow-", suffix=".html")
            out = Path(name)
            with os.fdopen(handle, "wb") as file:
                file.write(page.body)
    except OSError as error:
        _end(f"{out} cannot be written: {error.strerror}")
    return out


def _report(site: Site, name: str, page: Rendered, form: str, err: bool) -> None:
    """Which rule won each slot of the page."""
    if form == "json":
        slots = {slot: as_json(each) for slot, each in page.decisions.items()}
        line = {"persona": name, "path": page.path, "slots": slots}
        click.echo(msgspec.json.encode(line).decode(), err=err)
        return
    click.secho(f"{name} on {page.path}", bold=True, err=err)
    for slot in site.settings.slots:
        decision = page.decisions.get(slot)
        said = "not on this page" if decision is None else in_words(decision)
        click.echo(f"  {slot}: {said}", err=err)


def _end(why: str) -> NoReturn:
    click.echo(why, err=True)
    sys.exit(1)
