"""What a site aims at and could not tell afterwards: goals that its fragments cannot move, segments
that weights cannot go by, or reports."""

from collections.abc import Iterator

from ..findings import Finding, suggest
from ..rules.exposures import is_sensitive
from ..rules.measurement.metrics import METRICS
from ..rules.rule import Rule
from .site import Site
from .toml import Document


def unmoved(rule: Rule, site: Site) -> Iterator[Finding]:
    """Warnings about what the fragments of ``rule`` have no part in: what is aimed at, guarded,
    or adapted by."""
    split = rule.split
    adapted = split.adapt.metric if split is not None and split.adapt else ""
    guarded = [one.metric for one in rule.guardrails]
    goal = rule.goal.metric if rule.goal is not None else ""
    decisions = (rule.decision, *rule.variants.values())
    shown = [one.fragment for one in decisions if one.fragment is not None]
    for metric in dict.fromkeys((goal, adapted, *guarded)):
        if not shown or not metric or not METRICS[metric].of_showings:
            continue
        words = hint = ""
        if all(name in site.remotes for name in shown):
            words = (
                f'"{shown[0]}" comes from another server: nobody counts its {metric}'
            )
            hint = "name a metric of all visitors, such as conversion-rate"
        elif metric == "dismissals" and not any(_closes(name, site) for name in shown):
            words = (
                f'"{shown[0]}" has nothing to close it with: nothing moves dismissals'
            )
            hint = "write `{{ dismiss() }}` into it, or name another metric"
        if words:
            place = rule.file, rule.line, 1
            yield Finding(*place, words, hint, "warning", code="immovable")


def untold(rule: Rule, site: Site) -> Iterator[Finding]:
    """Warnings about segments that weights of ``rule`` go by, and that no event may tell."""
    split = rule.split
    for name in split.adapt.by if split is not None and split.adapt else ():
        if is_sensitive(site.rules.segments[name]):
            words = f'the weights of segment "{name}" never learn: what it asks for is sensitive'
            hint = 'take it out of "by": no event tells who belongs to it'
            place = rule.file, rule.line, 1
            yield Finding(*place, words, hint, "warning", code="immovable")


def _closes(name: str, site: Site) -> bool:
    fragment = site.library.fragments.get(name)
    versions = fragment.versions.values() if fragment is not None else ()
    return any(version.mentions.dismiss for version in versions)


def unreported(site: Site, text: str) -> list[Finding]:
    """Warnings about ``report-segments`` of ``text``, the site.toml, that there are not."""
    document = Document("site.toml", text)
    known = site.rules.segments
    for name in site.settings.experiments.report_segments or ():
        if name not in known:
            place = ("experiments", "report-segments")
            words = f'unknown segment "{name}"'
            document.report(place, words, suggest(name, known), "warning", "unknown")
    return document.findings
