"""``running-out`` out of a document."""

from .deeds import ANY, Deeds
from .document import Node, core
from .facts import WINDOW_DAYS
from .moments import Duration
from .operators import window
from .running_out import AT_LEAST, NAME, RUNNING_OUT, WITHIN, RunsOut

KEYS = (*RUNNING_OUT, "within", "at-least", "as")


def read_running_out(
    deeds: Deeds, key: Node, value: Node, binds: bool
) -> RunsOut | None:
    """The condition at ``value``; None: something is wrong, and found.

    ``binds``: what runs out gets a name, that of ``as:``, else :data:`NAME` if it is free.
    """
    document = deeds.document
    before = document.errors
    if value.kind != "map":
        words = f'"running-out" needs a map, not {value.shown}'
        document.error(value, words, "write `running-out: {category: ...}`")
        if binds:
            deeds.variables.setdefault(NAME, RunsOut("product", None, key.line))
        return None
    found: tuple[str, str | None, str] | None = None
    within, at_least, name = WITHIN, AT_LEAST, ""
    dimensions = 0
    for word, node in document.pairs(value, '"running-out"', KEYS):
        if word.text in RUNNING_OUT:
            dimensions += 1
            if dimensions > 1:
                hint = "write two conditions"
                document.error(word, '"running-out" asks for one thing only', hint)
            else:
                found = _thing(deeds, word.text, node)
        elif word.text == "within":
            within = _within(deeds, node) or within
        elif word.text == "at-least":
            at_least = _chance(deeds, node) or at_least
        else:
            name = deeds.name(node, binds)
    if not dimensions and document.errors == before:
        hint = (
            f"add {', '.join(RUNNING_OUT[:-1])} or {RUNNING_OUT[-1]}, or `product: any`"
        )
        document.error(key, '"running-out" does not say what', hint)
    if found is None or document.errors > before:
        if binds:  # else each use of the name would count as a mistake of its own
            stand_in = RunsOut("product", None, key.line)
            deeds.variables.setdefault(name or NAME, stand_in)
        return None
    if binds and not name and NAME not in deeds.variables:
        name = NAME
    of, thing, title = found
    condition = RunsOut(of, thing, key.line, within, at_least, name, title)
    if name:
        deeds.variables[name] = condition
    return condition


def _thing(
    deeds: Deeds, dimension: str, node: Node
) -> tuple[str, str | None, str] | None:
    if node.text == ANY and not node.quoted and node.kind == "scalar":
        if dimension == "product":
            return dimension, None, ""
        hint = "write `product: any` for whatever runs out"
        deeds.document.error(node, f'"{dimension}: any" cannot be asked here', hint)
        return None
    if node.kind == "scalar" and node.text.startswith("$"):
        words = f'"running-out" needs a {dimension} by its name, not "{node.text}"'
        deeds.document.error(node, words, "`as:` names what runs out itself")
        return None
    pair = deeds.key(dimension, node)
    return None if pair is None else (dimension, *pair)


def _within(deeds: Deeds, node: Node) -> Duration | None:
    document = deeds.document
    within = window(document, node)
    if within is None:
        return None
    if within.days is None:
        hint = "it is asked in days: `within: 1 day` is today"
        document.error(node, f"within {within} nobody can tell what runs out", hint)
    elif within.days > WINDOW_DAYS:
        words = f"within {within} nobody can tell what runs out"
        document.error(node, words, f"{WINDOW_DAYS} days are the most")
    return within


def _chance(deeds: Deeds, node: Node) -> float | None:
    limit = core(node) if node.kind == "scalar" else None
    sound = isinstance(limit, int | float) and not isinstance(limit, bool)
    if sound and 0 < limit <= 1:  # type: ignore[operator]  # sound: it is a number
        return float(limit)  # type: ignore[arg-type]  # as above
    hint = "a chance goes from 0 to 1: 0.5 is as likely as not"
    words = f'"at-least" needs a number, not {node.shown}'
    if sound:
        words = f'"at-least: {node.text}" is no chance'
    deeds.document.error(node, words, hint)
    return None
