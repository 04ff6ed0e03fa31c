"""What is doubtful about a site that can be used: asked of all its parts together."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..findings import Finding
from ..fragments.library import Version
from ..fragments.manners import Printed, told
from ..fragments.recommendations.barren import barren
from ..rules.allotments import misallotted
from ..rules.attributes import Attribute
from ..rules.comparisons import OneOf
from ..rules.conditions import All, Condition, InSegment
from ..rules.contradictions import contradictory
from ..rules.facts import Decision
from ..rules.ruleset import Rule
from ..rules.shadows import shadowed, tied
from ..rules.timeliness import untimely
from .aims import unmoved, untold
from .site import Site
from .toml import Document

_LOGIN = frozenset({"logged-in", "first-name"})
_SHORTEST = 3  # letters of a value that is looked for in texts


def doubts(site: Site, now: float, *, strict: bool = False) -> list[Finding]:
    """Warnings about ``site`` as it is at ``now`` (seconds since 1970).

    ``strict``: rules that nothing but their order tells apart are among them.
    """
    rules = site.rules
    found = [
        *untimely(rules, now),
        *contradictory(rules),
        *shadowed(rules),
        *misallotted(rules),
    ]
    if strict:
        found += tied(rules)
    for rule in rules.rules:
        if not rule.off:
            found += _indiscreet(rule, site)
            found += _barren(rule, site)
            found += unmoved(rule, site)
            found += untold(rule, site)
    found += _revealing(site)
    found += _by_name_alone(site)
    return found


def _barren(rule: Rule, site: Site) -> Iterator[Finding]:
    """Shelves that ask for what the catalogue has not."""
    for line, decision in _decisions(rule):
        wish = decision.recommend
        if wish is not None and barren(wish, site.catalog):
            words = f'nothing in the catalogue fits the shelf of rule "{rule.id}"'
            hint = (
                "`only` and `except` leave nothing: the slot keeps its default content"
            )
            yield Finding(rule.file, line, 1, words, hint, "warning", code="barren")


def unused(site: Site, text: str) -> list[Finding]:
    """Warnings about the attributes of ``text``, the site.toml, that nothing asks for.

    Only for sites without errors: a rule that cannot be read may be the one that asks.
    """
    document = Document("site.toml", text)
    asked = {
        attribute.name
        for rule in site.rules.rules
        for attribute in All(rule.conditions, 0).asked(site.rules.segments)
    }
    for segment in site.rules.segments.values():
        asked |= {attribute.name for attribute in segment.asked}
    names = {
        name for _, one in _printed(site) for name in (one.name, _dashed(one.name))
    }
    for name in site.settings.attributes.keys() - asked - names:
        words = f'no rule, segment or fragment uses the attribute "{name}"'
        hint = "what is not needed should not be collected"
        document.report(("attributes", name), words, hint, "warning", "unused")
    return document.findings


def _printed(site: Site) -> Iterator[tuple[Version, Printed]]:
    for fragment in site.library.fragments.values():
        for version in fragment.versions.values():
            for one in version.printed:
                yield version, one


def _dashed(name: str) -> str:
    return name.replace("_", "-")


def leaking(site: Site) -> list[Finding]:
    """Errors: rules that would tell another server a value of a sensitive attribute."""
    found = []
    for rule in site.rules.rules:
        remote = [
            (line, decision)
            for line, decision in _decisions(rule)
            if decision.fragment in site.remotes
        ]
        secrets = _secrets(rule, site) if remote else ()
        for line, decision in remote:
            for value, name in _told(decision, secrets):
                words = f'rule "{rule.id}" tells another server "{value}", a value of the sensitive "{name}"'
                hint = f'"{decision.fragment}" is not ours: say something else, or decide by something else'
                found.append(Finding(rule.file, line, 1, words, hint, code="sensitive"))
    return found


# -- what should stay unsaid ---------------------------------------------------------------


def _indiscreet(rule: Rule, site: Site) -> Iterator[Finding]:
    """Texts of a rule that say what is sensitive, or what was counted."""

    def warn(line: int, code: str, message: str, hint: str) -> Finding:
        return Finding(rule.file, line, 1, message, hint, "warning", code=code)

    secrets = _secrets(rule, site)
    for line, decision in _decisions(rule):
        if decision.fragment not in site.remotes:  # those are errors
            for value, name in _told(decision, secrets):
                words = f'the texts of rule "{rule.id}" say "{value}", a value of the sensitive "{name}"'
                hint = "whoever looks over the visitor's shoulder reads it"
                yield warn(line, "sensitive", words, hint)
        for text in _texts(decision.parameters):
            if measure := told(text):
                words = f'"{measure[0]}" tells visitors that they are counted'
                hint = "say what is in it for them, not what was counted"
                yield warn(line, "counting", words, hint)


def _secrets(rule: Rule, site: Site) -> list[tuple[str, str]]:
    """The values of sensitive attributes that a rule compares with, and the attributes' names."""
    return sorted(
        {
            (value, attribute.name)
            for attribute, values in _compared(rule, site)
            if attribute.sensitive
            for value in values
            if isinstance(value, str) and len(value) >= _SHORTEST
        }
    )


def _told(
    decision: Decision, secrets: Iterable[tuple[str, str]]
) -> Iterator[tuple[str, str]]:
    """Those of ``secrets`` that a decision's texts say."""
    for text in _texts(decision.parameters):
        for value, name in secrets:
            if re.search(rf"(?<!\w){re.escape(value)}(?!\w)", text, re.IGNORECASE):
                yield value, name


def _decisions(rule: Rule) -> Iterator[tuple[int, Decision]]:
    """What a rule may decide, each with the line that it stands in."""
    yield rule.line, rule.decision
    for name, decision in rule.variants.items():
        variant = rule.split.variant(name) if rule.split else None
        yield variant.line if variant else rule.line, decision


def _compared(rule: Rule, site: Site) -> Iterator[tuple[Attribute, tuple[Any, ...]]]:
    """The attributes that a rule compares with values, through its segments as well."""
    waiting: list[Condition] = list(rule.conditions)
    seen: set[str] = set()
    for condition in waiting:  # it grows while we go
        if isinstance(condition, OneOf):
            yield condition.attribute, condition.choice
        elif isinstance(condition, InSegment):
            new = [name for name in condition.segments if name not in seen]
            seen.update(new)
            waiting += (site.rules.segments[name].condition for name in new)
        waiting += getattr(condition, "conditions", ())


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _texts(one)


def _revealing(site: Site) -> Iterator[Finding]:
    """Fragments that print a sensitive attribute by its name."""
    sensitive = {
        name for name, one in site.settings.attributes.items() if one.sensitive
    }
    for version, one in dict.fromkeys(_printed(site)):
        if _dashed(one.name) in sensitive:
            words = f'"{one.name}" is sensitive: it may decide, but not be printed'
            yield Finding(
                version.file, one.line, 1, words, "", "warning", code="sensitive"
            )


def _by_name_alone(site: Site) -> Iterator[Finding]:
    """Fragments that greet by name, where no rule of the site does more for anybody."""
    rules = [rule for rule in site.rules.rules if not rule.off]
    if any(_chooses(rule, site) for rule in rules):
        return
    shown = {decision.fragment for rule in rules for _, decision in _decisions(rule)}
    for name, fragment in site.library.fragments.items():
        for version in fragment.versions.values() if name in shown else ():
            names = {one.name: one.line for one in version.printed}
            if (line := names.get("visitor.first_name")) is not None:
                words = (
                    f'"{name}" greets by name, and all else is the same for everybody'
                )
                hint = (
                    "a name alone makes no page personal: add what helps this visitor"
                )
                yield Finding(
                    version.file, line, 1, words, hint, "warning", code="name-only"
                )


def _chooses(rule: Rule, site: Site) -> bool:
    """Whether a rule goes by more than who is logged in, and when."""
    conditions = All(rule.conditions, rule.line)
    asked = {attribute.name for attribute in conditions.asked(site.rules.segments)}
    return bool(
        not asked <= _LOGIN
        or conditions.purposes(site.rules.segments)
        or rule.decision.recommend
    )
