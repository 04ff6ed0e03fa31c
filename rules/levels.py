"""How personal a variant may be: what ``level: segment`` leaves of what a rule shows.

Those who get it are chosen as for every variant. But what they see is the same for all of them:
nothing that stands there was made of what is known about the one visitor.
"""

from collections.abc import Iterator, Mapping
from typing import Any, get_args

from msgspec.structs import replace

from .document import Document, Node
from .experiments import Level, Split
from .facts import Decision, Recommend

LEVELS: tuple[Level, ...] = get_args(Level)
IMPERSONAL = ("trending", "new", "editors-pick")
"""The strategies that need nobody's history."""
_FILLED_UP = "for-you"  # a chain that ends so is filled up with what is trending


def read_level(document: Document, node: Node | None) -> Level:
    text = document.words(node, '"level"') if node is not None else None
    for level in LEVELS:
        if text == level:
            return level
    if node is not None and text is not None:
        document.unknown(node, "level", text, LEVELS)
    return "individual"


def impersonal(recommend: Recommend) -> Recommend:
    """The shelf without what needs a person; it may be left without any strategy.

    What the visitor bought, sent away or never wants to see stays away from it as from any shelf.
    """
    strategies = [one for one in recommend.strategies if one in IMPERSONAL]
    if recommend.strategies[-1:] == (_FILLED_UP,) and IMPERSONAL[0] not in strategies:
        strategies.append(IMPERSONAL[0])
    return replace(recommend, strategies=tuple(strategies), discovery=0.0)


def leveled(decision: Decision, level: Level) -> Decision:
    """``decision`` as a variant of this ``level`` may have it."""
    if level != "segment":
        return decision
    recommend = decision.recommend
    left = None if recommend is None else impersonal(recommend)
    return replace(decision, level=level, recommend=left)


def check_shelf(
    document: Document, key: Node, recommend: Recommend | None, split: Split
) -> None:
    """Finds what ``recommend``, at ``key``, asks of a person in variants that know of none."""
    names = [one.name for one in split.variants if one.level == "segment"]
    if recommend is None or not names:
        return
    whose = f'variant "{names[0]}" of level segment'
    if not impersonal(recommend).strategies:
        said = ", ".join(recommend.strategies)
        words = f"{whose} has nothing for its shelf: {said} need a person"
        hint = f"add {' or '.join(IMPERSONAL)} to `strategy:`"
        document.error(key, words, hint)
    chosen = (recommend.only, recommend.excluded, recommend.boosted, recommend.buried)
    if bound := sorted({*_bound(chosen), *_bound(recommend.pinned)}):
        words = f'{whose} cannot have a shelf of "{bound[0]}", which each visitor has another of'
        document.error(key, words, "choose by names of the catalogue")


def _bound(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        if value.startswith("$"):
            yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _bound(one)
    elif isinstance(value, tuple | list):
        for one in value:
            yield from _bound(one)
