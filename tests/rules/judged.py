"""Decisions against the oracle's, for many sites and people drawn by chance."""

import json
from collections.abc import Callable, Iterator
from random import Random

from shopwindow.rules.attributes import facts
from shopwindow.rules.decide import decide
from tests.rules.oracle import Oracle, Verdict
from tests.rules.people import KINDS, make_person
from tests.rules.shop import VOCABULARY, read
from tests.rules.sites import SLOTS, Sites


def judged(
    chance: Random, people: int, rules: int, step: Callable[[], None] = lambda: None
) -> Iterator[tuple[Verdict, Verdict]]:
    """Of each slot of one site, for each of ``people``: what was decided, and the oracle's verdict."""
    site = Sites(chance).site(rules)
    oracle = Oracle(site, KINDS, VOCABULARY.timezone)
    ruleset = read(json.dumps(site))  # JSON is YAML
    for _ in range(people):
        step()
        person, profile, context, given, traffic = make_person(chance)
        told = facts(ruleset, profile, context, person.consent, given, traffic)
        for slot in SLOTS:
            found = decide(ruleset, told, slot)
            passed = tuple(rule for rule, _ in found.skipped)
            yield (
                Verdict(found.reason, found.rule, passed),
                oracle.decide(slot, person),
            )
