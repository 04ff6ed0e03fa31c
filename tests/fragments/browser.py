"""What a browser makes of a page: where the element of a slot begins and ends in the tree.

JustHTML builds the tree; it passes all tree construction cases of html5lib and shares nothing with the rewriter.
"""

import re
from typing import Any

from justhtml import JustHTML

from shopwindow.fragments.rewrite import Hole, Piece, inside

_END = re.compile(rb"""</[A-Za-z][^\s/>]*(?:[\s/]*[^\s/>][^\s/>=]*(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'>][^\s>]*))?)*[\s/]*>""")  # fmt: skip


def spans(found: list[Piece], at: int = 0) -> list[tuple[str, int, int]]:
    """Slot, begin and end of every hole, those inside others too; in a page without template blocks."""
    out = []
    for piece in found:
        if isinstance(piece, bytes):
            at += len(piece)
        elif isinstance(piece, Hole):
            out.append((piece.slot, at, at + len(piece.default)))
            out += spans(inside(piece) if piece.within else [], at)
            at += len(piece.default)
    return out


def tangled(before: bytes) -> bool:
    """What stands ``before`` a slot leaves an element open that something in the slot may end.

    The rewriter does not follow what is around a slot: there it takes the slot's own end tag for its end.
    """
    lower = before.lower()
    return any(
        len(re.findall(rb"<%b[\s/>]" % name, lower)) > lower.count(b"</%b" % name)
        for name in (b"p", b"button", b"a", b"nobr", b"table", b"select")
    )


def misplaced(page: bytes, found: list[Piece]) -> tuple[int, list[str]]:
    """How many slots were looked at, and those whose element does not hold exactly what the rewriter says."""
    wrong: list[str] = []
    looked = 0
    if b"<frameset" in page.lower():
        return 0, []  # it may take the place of all that stood before it
    for slot, begin, end in spans(found):
        if page[:begin].endswith(b"-->"):
            continue  # a pair of comments: no element of the tree
        attribute = page.rindex(b"data-shopwindow", 0, begin)
        if tangled(page[: page.rindex(b"<", 0, attribute)]):
            continue
        tag = _END.match(page, end)
        if tag is None:
            wrong.append(f"{slot}: no end tag at {end}")
            continue
        looked += 1
        after = tag.end()
        # What a table cannot hold is put before it, but a tbody is its own; unless it stands in an svg there.
        table = tag[0][2:7].lower() == b"table"
        if table and re.search(rb"<(?i:svg|math)", page[begin:end]):
            continue
        ends = b"<tbody><!--slot-ends--></tbody>" if table else b"<!--slot-ends-->"
        marked = (
            # Without a doctype a table would not end a paragraph, for the sake of very old pages.
            *(b"<!DOCTYPE html>", page[:begin], b"<!--slot-begins-->", page[begin:end], ends),
            *(page[end:after], b"<!--slot-is-over-->", page[after:]),
        )  # fmt: skip
        root = JustHTML(b"".join(marked).decode(), sanitize=False).root
        where = {node.data: node for node in _all(root) if node.name == "#comment"}
        element = where.get("slot-begins")
        while element is not None and (
            (element.attrs or {}).get("data-shopwindow") != slot
        ):
            element = element.parent  # misnested elements in it may have been moved
        if element is None:
            wrong.append(f"{slot}: does not begin at {begin}")
        elif not _within(where.get("slot-ends"), element):
            wrong.append(f"{slot}: is over before {end}")
        elif _within(where.get("slot-is-over"), element):
            wrong.append(f"{slot}: is not over at {after}")
    return looked, wrong


def _all(node: Any) -> "list[Any]":
    nodes = [node]
    for one in nodes:  # it grows while we go
        nodes += one.children or ()
        if getattr(one, "template_content", None) is not None:
            nodes.append(one.template_content)
    return nodes


def _within(node: Any, element: Any) -> bool:
    while node is not None:
        if node is element:
            return True
        node = node.parent
    return False
