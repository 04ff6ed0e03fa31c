"""A site from its folder; in production, if that cannot be used, the last good one."""

import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from ...findings import Finding, SiteError
from ...fragments.making import Click
from ..settings import Settings, is_production, read_settings, store_path
from ..site import Site, check_site, read_files, read_site
from .apart import read_rules_apart

log = logging.getLogger("shopwindow")

LAST_GOOD = ".shopwindow.last-good.json"


def load(folder: Path, click: Click) -> Site:
    """The site of ``folder``, at start. Raises :class:`SiteError`, but never in production."""
    try:
        site = read(folder, click)
    except Exception as error:
        # SiteError; or our own fault: no file of an editor may take the shop down.
        if not is_production():
            raise
        log.critical("the site %s cannot be used:\n%s", folder, error)
        return _last_good(folder, click)
    for warning in site.warnings:
        log.warning("%s", warning)
    return site


def read(folder: Path, click: Click, before: Site | None = None) -> Site:
    """The site of ``folder``; in production it is kept as the last good one.

    What has not changed since the site ``before`` is taken from there.
    Raises :class:`SiteError` with every finding, and :class:`Unread`.
    """
    files, findings = read_files(folder)
    return read_found(folder, files, findings, click, before)


def read_found(
    folder: Path,
    files: Mapping[str, str],
    findings: Sequence[Finding],
    click: Click,
    before: Site | None = None,
) -> Site:
    """:func:`read`, of what :func:`read_files` said."""
    site = read_site(folder, files, click, findings, read_rules_apart, before)
    if is_production():
        _keep(site.settings, files)
    return site


def _last_good(folder: Path, click: Click) -> Site:
    for path in (_beside_store(_settings(folder)), folder / LAST_GOOD):
        try:
            files = msgspec.json.decode(path.read_bytes(), type=dict[str, str])
            site = read_site(folder, files, click)
        except (OSError, msgspec.MsgspecError, SiteError):
            continue
        log.critical("using the last good site instead, of %s", path)
        return site
    log.critical(
        "there is no last good site either: every slot keeps its default content"
    )
    # Whatever may still be wrong, in the environment for example, is no reason to go down.
    # Nothing is decided, so nothing is kept: a mistyped folder must not come into being.
    return check_site(folder, {"site.toml": '[store]\nurl = "memory:"\n'}, click)[0]


def _settings(folder: Path) -> Settings:
    """As much of site.toml as can be read: it says where the store is."""
    try:
        text = (folder / "site.toml").read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        text = ""
    return read_settings(folder, text)[0]


def _beside_store(settings: Settings) -> Path:
    """Where the last good site is kept: the editors' folder may be read-only."""
    if settings.store.startswith("sqlite:"):
        return store_path(settings).parent / LAST_GOOD
    return settings.folder / LAST_GOOD


def _keep(settings: Settings, files: Mapping[str, str]) -> None:
    path = _beside_store(settings)
    content = msgspec.json.encode(files)
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        if path.exists() and path.read_bytes() == content:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_bytes(content)
        fresh.replace(path)
    except OSError as error:
        log.warning("the last good site cannot be kept as %s: %s", path, error)
