"""What is known about a visitor, as they read it: entries of their account in sections."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from ...fragments.formats import text as formatted
from ...fragments.items import Price
from ...rules.account import Entry, account_of
from ...rules.facts import ANSWERS, Profile
from .sheets import dated
from .words import Words, filled

if TYPE_CHECKING:
    from ..site import Site

OPEN = 8  # rows of a section that are seen at once; the others unfold
_COUNTS = "viewed read searched added-to-cart bought shown clicked dismissed".split()
_KINDS = ("product", "category", "article")
_MOMENTS = ("first-seen", "last-seen", "previous-visit")
_STRONG, _SOME = 5.0, 1.0  # what an order weighs, and a look

Section = Mapping[str, Any]


def sections(
    profile: Profile, site: "Site", words: Words, language: str, now: float
) -> list[Section]:
    """All of ``profile``: with ``group`` (a heading, where one begins), ``title``, ``rows``,
    ``more`` rows to unfold, and the words to do so. A row has a label, a text and its origin,
    unless all have the same: then the section has it."""
    account = _Account(site, words, language)
    entries = account_of(profile, now, account.title)
    found: list[Section] = []
    for topic, of_topic in groupby(entries, lambda entry: entry.topic):
        parts = _parts(topic, list(of_topic))
        for number, (title, part) in enumerate(parts):
            rows = [account.row(entry) for entry in part]
            origins = {row["origin"] for row in rows}
            origin = origins.pop() if len(origins) == 1 else ""
            if origin:  # said once for all
                rows = [{**row, "origin": ""} for row in rows]
            more = rows[OPEN:]
            found.append(
                {
                    "origin": origin,
                    "group": words["topics"].get(topic, topic) if not number else "",
                    "title": words["dimensions"].get(title, title),
                    "rows": rows[:OPEN],
                    "more": more,
                    "summary": filled(words["known"]["more"], number=len(more)),
                }
            )
    return found


def _parts(topic: str, entries: Sequence[Entry]) -> list[tuple[str, list[Entry]]]:
    """The entries of a topic by their dimension, where they have several."""
    kinds = list(dict.fromkeys(entry.dimension for entry in entries))
    if topic == "cart" or kinds == [""]:
        return [("", list(entries))]
    return [(kind, [e for e in entries if e.dimension == kind]) for kind in kinds]


class _Account:
    def __init__(self, site: "Site", words: Words, language: str) -> None:
        self._site = site
        self._words = words
        self._language = language

    def title(self, dimension: str, key: str) -> str:
        """What people call a thing."""
        if dimension in _KINDS:
            item = self._site.catalog.item(dimension, key, self._language)
            return str(item) if item is not None else key
        if dimension == "rule":
            # Its name is for the shop's people, and may say more than it should.
            slot = next((r.slot for r in self._site.rules.rules if r.id == key), "")
            known = self._site.settings.slots.get(slot)
            fallback: str = self._words["measures"]["recommendation"]
            return (known.description or slot) if known is not None else fallback
        if dimension == "fragment":
            return key.replace("-", " ")
        return key

    def row(self, entry: Entry) -> dict[str, str]:
        return {
            "label": self._label(entry),
            "text": self._text(entry),
            "origin": self._origin(entry),
        }

    def _label(self, entry: Entry) -> str:
        if entry.dimension:
            return entry.title
        if entry.topic == "attributes":
            return label(self._site, entry.key)
        said: str = self._words["fields"].get(entry.key, entry.title)
        return said

    def _text(self, entry: Entry) -> str:
        value, measures = entry.value, self._words["measures"]
        if entry.topic in _COUNTS and isinstance(value, int):
            way = "once" if value == 1 else "times"
            return filled(measures[way], number=value, date=self._day(entry.time))
        if entry.topic == "interests" and isinstance(value, float):
            way = (
                "strong" if value >= _STRONG else "some" if value >= _SOME else "faint"
            )
            return str(measures[way])
        if entry.topic == "cart":
            return filled(measures["pieces"], number=value, date=self._day(entry.time))
        if entry.topic == "answers" and value in ANSWERS:
            return str(self._words["preferences"][str(value)])
        if entry.key == "customer" and entry.topic == "visits":
            return str(measures["linked"])
        if entry.key in _MOMENTS and entry.topic == "visits":
            return self._day(entry.time)
        if entry.key == "visit-starts" and isinstance(value, list):
            days = [self._plain(moment[:10]) for moment in value]
            return ", ".join(dict.fromkeys(days))
        if entry.key == "order-value" and isinstance(value, int | float):
            value = Price(value)
        return self._plain(value)

    def _plain(self, value: object) -> str:
        if isinstance(value, bool):
            return str(self._words["preferences"]["yes" if value else "no"])
        if value == "taken back":
            return str(self._words["measures"]["taken-back"])
        if isinstance(value, list | tuple):
            return ", ".join(map(self._plain, value))
        currency = self._site.settings.currency
        try:
            return formatted(value, None, self._language, currency)
        except ValueError:
            return str(value)

    def _day(self, time: float) -> str:
        try:
            return dated(time, self._site.context.day(time), self._language)
        except (OverflowError, ValueError, OSError):
            return str(time)  # of a damaged profile

    def _origin(self, entry: Entry) -> str:
        """Who said so, and when."""
        kind, _, name = entry.source.partition(":")
        said = filled(self._words["sources"].get(kind, entry.source), name=name)
        told = entry.topic in ("attributes", "answers", "visit", "orders")
        date = self._day(entry.time) if entry.time and told else ""
        return " · ".join(part for part in (said, date) if part)


def label(site: "Site", attribute: str) -> str:
    """What an attribute is called in front of visitors."""
    declared = site.settings.attributes.get(attribute)
    plain = attribute.replace("-", " ")
    return (declared.label if declared else "") or plain[:1].upper() + plain[1:]
