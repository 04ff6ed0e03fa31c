"""A site on which made-up visitors try the rules, before real ones do."""

from collections.abc import Mapping
from urllib.parse import unquote

from ..findings import Finding
from ..fragments.recommendations.replenishment import Replenishment
from ..rules.rule_tests import RuleTest, read_tests
from ..rules.visiting import Look, Shop, settled
from .context import campaign
from .routes import excluded
from .site import Site

TESTS = "rules/tests/"


def rehearsal(site: Site) -> Shop:
    """The site as rule tests need it: its rules, its page, and what it learns of events."""

    def look(address: str, now: float) -> Look:
        path, _, asked = address.partition("?")
        query = asked.encode()
        context = site.context.at(
            now, unquote(path), device="desktop", **campaign(query)
        )
        found = site.tracks.sighting(context.path, query)
        sighting = None if found is None else (found.name, found.properties)
        return Look(context, site.context.queried(query), sighting)

    settings = site.settings
    return Shop(
        settled(site.rules),
        tuple(settings.slots),
        settings.limits,
        settings.zone,
        look,
        site.learn,
        # Not what a model has learned: a test would fail with every training.
        Replenishment(site.catalog),
    )


def read_rule_tests(
    site: Site, files: Mapping[str, str], now: float, *, sound: bool = True
) -> tuple[list[RuleTest], list[Finding]]:
    """The rule tests among the ``files`` of a site, and what is wrong with them.

    They happen ``now`` where no file says when. Unless the rules are ``sound``, the names of
    rules are not checked: some may be missing.
    """
    texts = {name: text for name, text in files.items() if name.startswith(TESTS)}
    rules = site.rules if sound else None
    tests, findings = read_tests(
        texts, site.vocabulary, site.catalog.relatives, rules, now
    )
    aside = [
        test for test in tests if excluded(unquote(test.path.partition("?")[0]), site)
    ]
    for test in aside:
        words = f"site.toml keeps {test.path} as it is: see [pages]"
        findings.append(Finding(test.file, test.line, 1, words, "choose another path"))
    return [test for test in tests if test not in aside], findings
