"""Other servers in site.toml: headers with secrets of the environment, and remote fragments."""

import logging
import re
from collections.abc import Mapping
from typing import Any

from ..fragments.remote import Remote, mistakes, read_parameters
from ..rules.moments import duration
from .toml import Section

log = logging.getLogger("shopwindow")

_FRAGMENT = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*\Z")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+\Z")
_VALUE = re.compile(r"[\t\x20-\x7e]*\Z")
# With these one allowed server could be made to answer for another, or two be confused.
_OURS = frozenset(
    "host connection content-length transfer-encoding te upgrade expect accept-encoding "
    "proxy-authorization".split()
)


def from_environment(
    section: Section, key: str, value: str, environment: Mapping[str, str]
) -> str:
    """``value``, or what it names: ``env:SHOPWINDOW_SOURCE_...``, and nothing else."""
    if not value.startswith("env:"):
        return value
    name = value.removeprefix("env:")
    if not name.startswith("SHOPWINDOW_SOURCE_"):
        section.wrong(
            key, f"{name} cannot be read from here", "only SHOPWINDOW_SOURCE_..."
        )
        return ""
    if name not in environment:
        whom = f"{section.path[-2].removesuffix('s')} {section.path[-1]}"
        log.warning("%s is not set: the %s stays silent", name, whom)
    # A source without its secret answers nothing; that is no reason to refuse the whole site.
    return environment.get(name) or ("http://unset.invalid/" if key == "url" else "")


def read_header(section: Section, environment: Mapping[str, str]) -> dict[str, str]:
    """``header`` of a table: names to values, some of them secrets."""
    written = section.table("header").data
    header = {}
    for name, value in written.items():
        header[name] = from_environment(section, "header", str(value), environment)
        if not _HEADER.match(name):
            section.wrong("header", f'"{name}" is not the name of a header')
        elif name.lower() in _OURS:
            section.wrong("header", f'"{name}" is not for site.toml to set')
        elif not str(value).startswith("env:") and not _VALUE.match(str(value)):
            hint = "printable ASCII; write anything else percent-encoded"
            section.wrong(
                "header", f'"{name}" has characters that cannot be sent', hint
            )
    return header


def read_remotes(section: Section, environment: Mapping[str, str]) -> dict[str, Remote]:
    """``[fragments.NAME]``: the fragments that another server renders."""
    found = {}
    for name in section.data:
        table = section.table(name)
        if not isinstance(section.data[name], dict):
            continue  # found by that
        remote = _remote(name, table, environment)
        if not _FRAGMENT.match(name):
            hint = "use small letters, digits and hyphens"
            section.wrong(name, f'"{name}" cannot be a fragment\'s name', hint)
        elif remote is not None:
            found[name] = remote
    return found


def _remote(
    name: str, section: Section, environment: Mapping[str, str]
) -> Remote | None:
    url = section.text("url")
    required, optional, wrong = read_parameters(section.texts("parameters"))
    header = read_header(section, environment)
    cache = _seconds(section, "cache", 300.0)
    stale = _seconds(section, "stale", cache)
    section.finish()
    for message, hint in wrong:
        section.wrong("parameters", message, hint)
    if not url:
        section.wrong("url", f'the fragment "{name}" needs a url')
        return None
    errors = list(mistakes(url, required, optional))
    for message, hint in errors:
        section.wrong("url", message, hint)
    if wrong or errors:
        # Rules that show it are not wrong for that.
        return Remote(name, "http://unset.invalid/", required, optional)
    return Remote(name, url, required, optional, header, cache, stale)


def _seconds(section: Section, key: str, usual: Any) -> float:
    written = section.text(key)
    if not written:
        return float(usual)
    found = duration(written)
    if found is None:
        hint = "write for example 10 minutes"
        section.wrong(key, f'"{written}" is not a duration', hint)
        return float(usual)
    return float(found.seconds)
