"""Decisions with the names of ``as:`` filled in: what ``$cat`` stands for in this request."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from msgspec.structs import replace

from .facts import Decision, Recommend
from .favourites import Binding
from .rule import Filled

FILLED = 1_000  # decisions that are kept of one rule


def filling(
    decisions: Mapping[str | None, Decision], bindings: Sequence[Binding]
) -> Filled:
    """From a variant (None: there is no split) and the keys of ``bindings`` to the decision.

    The same answer is the same object as long as it is kept, its parameters included:
    whoever renders them may know them by that.
    """

    @lru_cache(FILLED)
    def filled(variant: str | None, keys: tuple[str | None, ...]) -> Decision:
        decision = decisions[variant]
        if decision.level:
            return decision  # it is about nobody's things
        bound: dict[str, tuple[str, str]] = {}
        words: dict[object, str] = {}
        for binding, key in zip(bindings, keys, strict=True):
            if key is not None:
                bound[binding.variable] = (binding.dimension, key)
                words[f"${binding.variable}"] = key
        things = dict(bound)
        for name, value in decision.parameters.items():
            if isinstance(value, str) and value in words:
                things[name] = bound[value[1:]]
        return replace(
            decision,
            parameters=_with(words, decision.parameters),
            recommend=_chosen(words, decision.recommend),
            bound=things,
        )

    return filled


def _with(words: Mapping[object, str], value: Any) -> Any:
    if isinstance(value, str):
        return words.get(value, value)
    if isinstance(value, Mapping):
        return {key: _with(words, one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_with(words, one) for one in value)
    return value


def _chosen(
    words: Mapping[object, str], recommend: Recommend | None
) -> Recommend | None:
    if recommend is None:
        return None
    return replace(
        recommend,
        **{
            name: _with(words, getattr(recommend, name))
            for name in ("only", "excluded", "pinned", "boosted", "buried")
        },
    )
