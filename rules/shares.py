"""Percentages out of a document."""

from .document import Document, Node
from .numerals import number, share


def read_share(document: Document, node: Node, what: str) -> float | None:
    """``10%`` as 0.1; everything else is an error that says what ``what`` needs."""
    found = share(node.text) if node.kind == "scalar" else None
    if found is None:
        hint = "write for example `10%`"
        if node.kind == "scalar" and share(f"{node.text}%") is not None:
            hint = f"write `{node.text}%`, with its sign"
        elif node.kind == "scalar" and number(node.text.rstrip("% ")) is not None:
            hint = "it goes from 0% to 100%"
        document.error(node, f"{what} needs a percentage, not {node.shown}", hint)
    return found


def read_slice(document: Document, node: Node) -> tuple[float, float] | None:
    """``0-50%`` as (0.0, 0.5): from the first, up to but without the second."""
    text = node.text if node.kind == "scalar" else ""
    low, dash, high = text.partition("-")
    first, last = share(low.strip().removesuffix("%") + "%"), share(high.strip())
    if not dash or first is None or last is None:
        words = f'"slice" needs a part of 100 %, not {node.shown}'
        document.error(node, words, "write for example `0-50%`")
        return None
    if first >= last:
        document.error(node, f'"slice" {text} is empty', "write for example `0-50%`")
        return None
    return first, last
