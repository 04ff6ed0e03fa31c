"""The version of the language that a file is written in."""

from .document import Document, Node, core


def read_version(document: Document, node: Node) -> None:
    """Checks the value of ``version:``; there is one version so far."""
    value = core(node) if node.kind == "scalar" else None
    if value != 1 or value is True:
        document.error(node, f"version {node.shown} is not known", "write 1")
