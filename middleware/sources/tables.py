"""Who else knows a shop's customers, in site.toml: services that are asked, and those that call."""

from collections.abc import Iterable, Mapping

import msgspec

from ...findings import suggest
from ...rules.moments import duration
from ...rules.typed import Attribute
from ..outside import from_environment, read_header
from ..toml import Section
from .paths import HINT, read_path
from .presets import PRESETS, Asking

MINUTES_10, DAY_1 = 600.0, 86_400.0


class SourceSettings(msgspec.Struct, frozen=True):
    """An HTTP service that knows customers.

    ``map`` is attribute -> JSON path; ``cache`` and ``stale`` are in seconds: so long an answer
    is not asked for again, and so much longer it is good enough until a new one has come.
    ``body`` has ``{customer}`` where the id belongs, as a part of a JSON text.
    """

    name: str
    url: str
    header: Mapping[str, str]
    map: Mapping[str, str]
    cache: float
    stale: float = 0.0
    method: str = "GET"
    body: str = ""
    attributes: Mapping[str, Attribute] = {}


class WebhookSettings(msgspec.Struct, frozen=True):
    """Somebody who tells what has changed about a customer; ``secrets`` may be several, to rotate."""

    name: str
    secrets: tuple[str, ...]
    customer: str
    map: Mapping[str, str]
    attributes: Mapping[str, Attribute] = {}

    def __repr__(self) -> str:
        return f"<WebhookSettings {self.name} {len(self.secrets)} secrets>"


def read_source(
    name: str,
    section: Section,
    environment: Mapping[str, str],
    attributes: Mapping[str, Attribute],
) -> SourceSettings | None:
    """``[sources.NAME]``; what is wrong is reported, and None where nobody could be asked."""
    written = section.text("url")
    url = from_environment(section, "url", written, environment)
    header: Mapping[str, str] = read_header(section, environment)
    preset = section.text("preset")
    asking = Asking(url, header)
    if preset and preset not in PRESETS:
        section.wrong("preset", f'unknown preset "{preset}"', suggest(preset, PRESETS))
    elif preset:
        asking = PRESETS[preset](url, section, header, environment)
    paths = {
        key: path if path.startswith("$") or not preset else asking.prefix + path
        for key, value in section.table("map").data.items()
        for path in (str(value),)
    }
    _paths(section, paths)
    mapped = mapped_to(section, paths, attributes, f"source:{name}")
    cache = seconds(section, "cache", "10 minutes", MINUTES_10)
    stale = seconds(section, "stale", "1 day", DAY_1)
    section.finish()
    if not asking.url:
        section.wrong("url", f'the source "{name}" needs a url')
        return None
    # What the environment says is not the editors' business: such a source is never asked.
    if written and not written.startswith(("http://", "https://", "env:")):
        section.wrong("url", "a url starts with https:// or http://")
        return None
    return SourceSettings(
        name,
        asking.url,
        asking.header,
        paths,
        cache,
        stale,
        asking.method,
        asking.body,
        mapped,
    )


def read_webhook(
    name: str,
    section: Section,
    environment: Mapping[str, str],
    attributes: Mapping[str, Attribute],
) -> WebhookSettings | None:
    """``[webhooks.NAME]``; what is wrong is reported. Without its secret it answers nobody."""
    written = section.text("secret")
    secret = ""
    if not written.startswith("env:"):
        words = "a secret stands in the environment, not here"
        section.wrong("secret", words, 'write secret = "env:SHOPWINDOW_SOURCE_..."')
    else:
        secret = from_environment(section, "secret", written, environment)
    customer = section.text("customer", "$.customer")
    paths = {key: str(value) for key, value in section.table("map").data.items()}
    _paths(section, paths)
    if read_path(customer) is None:
        section.wrong("customer", f'"{customer}" is not a JSON path', HINT)
    if not paths:
        section.wrong("map", f'the webhook "{name}" needs a map: attribute = "$.path"')
    mapped = mapped_to(section, paths, attributes, f"webhook:{name}")
    section.finish()
    secrets = tuple(secret.replace(",", " ").split())
    return WebhookSettings(name, secrets, customer, paths, mapped)


def _paths(section: Section, paths: Mapping[str, str]) -> None:
    for path in paths.values():
        if read_path(path) is None:
            section.wrong("map", f'"{path}" is not a JSON path', HINT)


def mapped_to(
    section: Section,
    names: Iterable[str],
    attributes: Mapping[str, Attribute],
    origin: str,
) -> dict[str, Attribute]:
    """The attributes that ``map`` fills, as [attributes] declares them."""
    mapped = {}
    for name in names:
        attribute = attributes.get(name)
        if attribute is None:
            hint = suggest(name, attributes) if attributes else f'from = "{origin}"'
            section.wrong("map", f'[attributes] does not declare "{name}"', hint)
        elif attribute.origin != origin:
            words = f'"{name}" is declared with from = "{attribute.origin}"'
            section.wrong("map", words, f'write from = "{origin}" there')
        else:
            mapped[name] = attribute
    return mapped


def seconds(section: Section, key: str, usual: str, default: float) -> float:
    """A duration in words, in seconds."""
    written = section.text(key, usual)
    length = duration(written)
    if length is None:
        hint = f"write for example {usual}"
        section.wrong(key, f'"{written}" is not a duration', hint)
        return default
    return float(length.seconds)
