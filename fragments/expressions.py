"""Expressions in templates: what they may name, call and compute."""

import re
from collections.abc import Iterator, Sequence
from math import isfinite

import msgspec
from jinja2 import nodes

from ..findings import Finding, suggest
from .items import Item, Kind
from .sandbox import GLOBALS, LOOP_LIMIT

#: Parameters that are looked up in the catalogue and print as their titles.
RECORDS: dict[str, Kind] = {
    "category": "category",
    "product": "product",
    "article": "article",
    "item": "product",
}
_FIELDS = frozenset(Item.__struct_fields__) - {"extra"}
_VISITOR = frozenset({"first_name", "language"})
_LOOP = frozenset(
    "index index0 first last length revindex revindex0 previtem nextitem depth".split()
)
_CALLS = ("cards", "click", "dismiss", "range", "t", "thumbs")
STATEMENTS = {
    "Macro": "macro",
    "CallBlock": "call",
    "Extends": "extends",
    "Import": "import",
    "FromImport": "from ... import",
    "Block": "block",
    "FilterBlock": "filter",
    "AssignBlock": "set ... endset",
    "With": "with",
    "ExprStmt": "do",
    "Scope": "autoescape",
    "Pow": "**",
    "NSRef": "namespace",
}
_ARITHMETIC = (nodes.Mul, nodes.Mod, nodes.Sub, nodes.Div, nodes.FloorDiv)
_PLAIN = (
    nodes.Add, nodes.And, nodes.Or, nodes.Not, nodes.Neg, nodes.Pos, nodes.Concat,
    nodes.Compare, nodes.Operand, nodes.CondExpr, nodes.Tuple, nodes.List, nodes.Dict,
    nodes.Pair, nodes.Keyword, nodes.Slice, *_ARITHMETIC,
)  # fmt: skip


class Declared(msgspec.Struct, frozen=True):
    """What a template may name. ``variables`` None: it declares none, all are fine."""

    variables: frozenset[str] | None
    extra: frozenset[str]
    fragments: frozenset[str]
    filters: frozenset[str]
    tests: frozenset[str]


class Mentions(msgspec.Struct, frozen=True):
    """What a template's output depends on, besides parameters and language.

    ``items`` counts only uses outside ``cards(items)``; ``cards`` names the card
    fragments. ``click`` says of itself that it has links that count, ``links`` of its cards, too.
    """

    visitor: bool = False
    items: bool = False
    reason: bool = False
    click: bool = False
    cards: frozenset[str] = frozenset()
    dismiss: bool = False
    thumbs: bool = False
    links: bool = False

    def also(self, other: "Mentions") -> "Mentions":
        return Mentions(
            self.visitor or other.visitor,
            self.items or other.items,
            self.reason or other.reason,
            self.click or other.click,
            self.cards | other.cards,
            self.dismiss or other.dismiss,
            self.thumbs or other.thumbs,
            self.links or other.links,
        )


class ExpressionLint:
    """Collects what is wrong with the expressions of one template."""

    def __init__(self, file: str, lines: Sequence[str], declared: Declared) -> None:
        self.file = file
        self.lines = lines
        self.declared = declared
        self.findings: list[Finding] = []
        self.mentions = Mentions()
        self.assigned: set[str] = set()
        self.records = set(RECORDS)
        self.loops = 0

    def wrong(self, line: int, word: str, message: str, hint: str = "") -> None:
        """An error at ``word``, which stands in ``line`` or soon after."""
        line = line or 1  # Jinja2 knows no line for a few nodes
        near = range(line, min(line + 6, len(self.lines) + 1))
        found = [
            (not inside, number, column)
            for number in near
            for inside, column in _occurrences(word, self.lines[number - 1])
        ]
        column, length = 0, 1
        if found:
            # The same word may stand in the text before.
            _, line, column = min(found)
            length = max(1, len(word))
        line = min(max(line, 1), len(self.lines))
        excerpt = self.lines[line - 1]
        finding = Finding(
            self.file, line, column + 1, message, hint, "error", excerpt, length
        )
        self.findings.append(finding)

    def expression(
        self, node: nodes.Node, *, top: bool = False, in_set: bool = False
    ) -> None:
        if isinstance(node, nodes.Name):
            self.name(node)
        elif isinstance(node, nodes.Const):
            if isinstance(node.value, float) and not isfinite(node.value):
                self.wrong(node.lineno, "", "this number is too large")
        elif isinstance(node, nodes.TemplateData):
            pass
        elif isinstance(node, nodes.Getattr):
            self.attribute(node, node.attr)
        elif isinstance(node, nodes.Getitem):
            if isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str):
                self.attribute(node, node.arg.value)
            else:
                self.expression(node.arg)
                self.expression(node.node)
        elif isinstance(node, nodes.Call):
            self.call(node, top)
        elif isinstance(node, nodes.Filter | nodes.Test):
            self.filter(node)
        elif isinstance(node, _PLAIN):
            self.plain(node, in_set)
        else:
            kind = type(node).__name__
            word = STATEMENTS.get(kind, kind.lower())
            self.wrong(node.lineno, word, f'"{word}" is not for fragments')

    def plain(self, node: nodes.Node, in_set: bool) -> None:
        if in_set and isinstance(node, nodes.Concat | nodes.Add):
            # A text that is set to twice itself again and again fills the memory.
            hint = "put the parts together where they are printed"
            self.wrong(node.lineno, "set", "texts cannot be put together here", hint)
        if isinstance(node, _ARITHMETIC):
            for side in (node.left, node.right):
                if isinstance(side, nodes.Const) and isinstance(side.value, str):
                    self.wrong(
                        node.lineno, "", f'"{node.operator}" is for numbers only'
                    )
        for child in node.iter_child_nodes():
            self.expression(child, in_set=in_set)

    def name(self, node: nodes.Name) -> None:
        name = node.name
        if name == "visitor":
            self.wrong(
                node.lineno, name, "say what of the visitor", "visitor.first_name"
            )
        elif name == "self":
            self.wrong(node.lineno, name, '"self" is not for fragments')
        elif name == "loop":
            hint = "loop.first, loop.index, ..."
            self.wrong(node.lineno, name, "say what of the loop", hint)
        elif name in _CALLS:
            self.wrong(node.lineno, name, f'"{name}" needs brackets', f"{name}(...)")
        elif name == "items":
            self.mentions = self.mentions.also(Mentions(items=True))
        elif self.declared.variables is None or name in self.assigned:
            pass
        elif name not in self.declared.variables:
            known = self.declared.variables | self.assigned | GLOBALS
            hint = suggest(name, known)
            if not hint.startswith("did"):
                hint = "declare it in the first comment: {# parameters: ... #}"
            self.wrong(node.lineno, name, f'"{name}" is not declared', hint)

    def attribute(self, node: nodes.Getattr | nodes.Getitem, name: str) -> None:
        if name.startswith("_"):
            self.wrong(node.lineno, name, f'"{name}" is not for templates')
            return
        known: frozenset[str] | None = None
        owner = node.node
        if isinstance(owner, nodes.Name):
            if owner.name == "visitor":
                self.mentions = self.mentions.also(Mentions(visitor=True))
                known = _VISITOR
            elif owner.name == "loop":
                known = _LOOP
            elif owner.name in self.records:
                known = _FIELDS | self.declared.extra
        if known is not None and name not in known:
            self.wrong(node.lineno, name, f'there is no "{name}"', suggest(name, known))
        if name == "reason":
            self.mentions = self.mentions.also(Mentions(reason=True))
        if not (isinstance(owner, nodes.Name) and owner.name in ("visitor", "loop")):
            self.expression(owner)

    def call(self, node: nodes.Call, top: bool) -> None:
        name = node.node.name if isinstance(node.node, nodes.Name) else ""
        line = node.lineno
        if name not in _CALLS or node.dyn_args or node.dyn_kwargs:
            word = name or getattr(node.node, "attr", "")
            hint = "only " + ", ".join(f"{call}()" for call in _CALLS) + " can"
            self.wrong(line, str(word), "this cannot be called", hint)
            return
        count = len(node.args) + len(node.kwargs)
        if name in ("cards", "click", "dismiss", "thumbs") and not top:
            message = f"{name}() stands alone between {{{{ and }}}}"
            self.wrong(line, name, message)
        if name == "cards":
            self.cards(node)
            return
        if name == "dismiss":
            self.mentions = self.mentions.also(Mentions(dismiss=True))
        if name == "thumbs":
            self.mentions = self.mentions.also(Mentions(thumbs=True))
            if count:
                self.wrong(line, name, "thumbs() takes nothing")
        if name == "click":
            self.mentions = self.mentions.also(Mentions(click=True, links=True))
        if name == "dismiss" and (count > 1 or node.kwargs):
            self.wrong(
                line, name, "dismiss() takes the words on its button, or nothing"
            )
        if name in ("click", "t") and not 1 <= count <= (1 if name == "click" else 2):
            self.wrong(line, name, f"{name}() needs one value")
        if name == "range":
            for arg in node.args:
                value = arg.value if isinstance(arg, nodes.Const) else 0
                if isinstance(value, int) and abs(value) > LOOP_LIMIT:
                    message = f"range() counts to {LOOP_LIMIT} at most"
                    self.wrong(line, "range", message)
        for child in (*node.args, *(keyword.value for keyword in node.kwargs)):
            self.expression(child)

    def cards(self, node: nodes.Call) -> None:
        card = "product-card"
        args = list(node.args)
        if node.kwargs or not 1 <= len(args) <= 2 or not is_name(args[0], "items"):
            message, hint = "cards() takes the items", 'cards(items, "product-card")'
            self.wrong(node.lineno, "cards", message, hint)
            return
        if len(args) == 2:
            second = args[1]
            if not isinstance(second, nodes.Const) or not isinstance(second.value, str):
                self.wrong(node.lineno, "cards", "write the card's name in quotes")
                return
            card = second.value
        if card not in self.declared.fragments:
            hint = suggest(card, self.declared.fragments)
            self.wrong(node.lineno, card, f'there is no fragment "{card}"', hint)
            return
        self.mentions = self.mentions.also(Mentions(cards=frozenset({card})))

    def filter(self, node: nodes.Filter | nodes.Test) -> None:
        kind, known = "filter", self.declared.filters
        if isinstance(node, nodes.Test):
            kind, known = "test", self.declared.tests
        if node.name not in known:
            hint = suggest(node.name, known)
            message = f'there is no {kind} "{node.name}"'
            self.wrong(node.lineno, node.name, message, hint)
        for child in node.iter_child_nodes():
            self.expression(child)


def _occurrences(word: str, line: str) -> Iterator[tuple[bool, int]]:
    """Where ``word`` stands in ``line``, and whether that is inside {{ }} or {% %}.

    An empty word is the line's first character that is no space.
    """
    if not word:
        if line.strip():
            yield False, len(line) - len(line.lstrip())
        return
    marks = rf"(\{{[{{%])|([}}%]\}})|(?<!\w){re.escape(word)}(?!\w)"
    inside = False
    for found in re.finditer(marks, line):
        if found[1] or found[2]:
            inside = bool(found[1])
        else:
            yield inside, found.start()


def is_name(node: nodes.Node | None, name: str) -> bool:
    return isinstance(node, nodes.Name) and node.name == name


def is_items(node: nodes.Node) -> bool:
    if isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Slice):
        return is_items(node.node)
    return is_name(node, "items")
