"""Caps out of a document."""

from .caps import Adaptive, Cooldown, Limit, Times, UntilClicked
from .document import Document, Node, core
from .operators import window

CAP_KEYS = ("times", "per", "cooldown", "until", "adaptive")
_EXAMPLE = "write `{times: 3, per: 7 days}`"


def read_cap(document: Document, key: Node, node: Node) -> tuple[Limit, ...]:
    """The limits at ``node``, the value of ``key``: one map, or a list of them."""
    if node.kind != "list":
        return _limits(document, key, node)
    if not node.items:
        document.error(key, '"cap" needs at least one limit', _EXAMPLE)
    return tuple(limit for item in node.items for limit in _limits(document, key, item))


def _limits(document: Document, key: Node, node: Node) -> tuple[Limit, ...]:
    found = {
        name.text: (name, value)
        for name, value in document.pairs(node, '"cap"', CAP_KEYS)
    }
    limits: list[Limit] = []
    if "times" in found:
        limits += _times(document, found["times"][1], found.get("per"))
    elif "per" in found or (node.kind == "map" and not node.entries):
        document.error(key, '"cap" needs `times:`', _EXAMPLE)
    if "cooldown" in found:
        pause = window(document, found["cooldown"][1])
        limits += [Cooldown(pause)] if pause else []
    if "until" in found:
        value = found["until"][1]
        word = document.words(value, '"until"')
        if word == "clicked":
            limits.append(UntilClicked())
        elif word is not None:
            document.unknown(value, "end", word, ("clicked",))
    if "adaptive" in found:
        value = found["adaptive"][1]
        if value.kind == "scalar" and core(value) is True:
            limits.append(Adaptive())
        else:
            hint = "leave the key away where a cap does not adapt"
            document.error(value, f'"adaptive" is true, not {value.shown}', hint)
    return tuple(limits)


def _times(
    document: Document, node: Node, per: tuple[Node, Node] | None
) -> list[Limit]:
    times = document.whole(node, '"times"', 1)
    within = window(document, per[1]) if per else None
    if times is None:
        return []
    if within is not None and within.days is None and times > 1:
        words = f"per {within} only `times: 1` can be counted"
        document.error(
            per[1] if per else node, words, "count in days: `per: 1 day` is today"
        )
    return [Times(times, within)]
