"""Visitors of whom everything is wrong, against a site that asks for everything."""

import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from shopwindow.rules.attributes import facts
from shopwindow.rules.decide import decide, one_by_one
from tests.rules.shop import VOCABULARY, read

from .fuzzed import Fuzzed
from .soaked import KEPT, Soaked

RICH = Path(__file__).with_name("rich.yaml").read_text()


def soak_profiles(
    count: int, seed: int, step: Callable[[], None] = lambda: None
) -> Soaked:
    """Decides every slot for ``count`` visitors, by the index and rule by rule."""
    rules, fuzzed = read(RICH), Fuzzed(seed)
    figures: Counter[str] = Counter()
    faults: list[str] = []
    for number in range(count):
        step()
        profile, context, given = fuzzed.profile(), fuzzed.context(), fuzzed.given()
        try:
            asked = facts(
                *(rules, profile, context, fuzzed.consent(), given),
                units=fuzzed.units(),
                allocations=fuzzed.allocations(),
            )
            for slot in sorted(VOCABULARY.slots):
                found = decide(rules, asked, slot)
                figures[found.rule or found.reason] += 1
                if found.reason == "error":
                    faults.append(f"visitor {number}: rule {found.rule} raises")
                if found != (plain := one_by_one(rules, asked, slot)):
                    faults.append(
                        f"visitor {number}: {found} by index, {plain} without"
                    )
        except Exception:
            # Counting what gets out is what this is for.
            faults.append(f"visitor {number}: {traceback.format_exc()}")
    return Soaked("fuzzed profiles", count, len(faults), dict(figures), faults[:KEPT])
