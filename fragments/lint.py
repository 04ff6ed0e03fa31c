"""What is wrong with a fragment's template, found before it ever runs."""

import re
from collections.abc import Iterable, Sequence
from itertools import product

import msgspec
from jinja2 import nodes

from ..findings import Finding, suggest
from .contexts import Place, feed, merge
from .items import Item, Kind
from .printing import printing_problem
from .sandbox import GLOBALS, LOOP_LIMIT

NODE_LIMIT = 400
LOOP_DEPTH = 2

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
_CALLS = ("cards", "click", "range", "t")
_STATEMENTS = {
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
    fragments.
    """

    visitor: bool = False
    items: bool = False
    reason: bool = False
    click: bool = False
    cards: frozenset[str] = frozenset()

    def also(self, other: "Mentions") -> "Mentions":
        return Mentions(
            self.visitor or other.visitor,
            self.items or other.items,
            self.reason or other.reason,
            self.click or other.click,
            self.cards | other.cards,
        )


def examine(
    file: str, lines: Sequence[str], tree: nodes.Template, declared: Declared
) -> tuple[Mentions, list[Finding]]:
    """What the parsed template depends on, and everything that is wrong with it.

    A template without findings cannot reach Python, cannot build texts larger than its
    limits, and prints only where autoescaping is enough (research: unquoted attributes,
    addresses, scripts and styles are where it is not).
    """
    lint = _Lint(file, lines, declared)
    lint.run(tree)
    findings = list(dict.fromkeys(lint.findings))
    return lint.mentions, findings


class _Lint:
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
        whole = rf"((?<!\w){re.escape(word)}(?!\w))" if word else r"(\S)"
        # The same word may stand in the text before.
        inside = rf"\{{[{{%](?:(?![}}%]\}}).)*?{whole}" if word else whole
        column, length = 0, 1
        line = line or 1  # Jinja2 knows no line for a few nodes
        near = range(line, min(line + 6, len(self.lines) + 1))
        for pattern, number in product((inside, whole), near):
            if found := re.search(pattern, self.lines[number - 1]):
                line, column, length = number, found.start(1), max(1, len(word))
                break
        line = min(max(line, 1), len(self.lines))
        excerpt = self.lines[line - 1]
        finding = Finding(
            self.file, line, column + 1, message, hint, "error", excerpt, length
        )
        self.findings.append(finding)

    def run(self, tree: nodes.Template) -> None:
        count = sum(1 for _ in tree.find_all(nodes.Node))
        if count > NODE_LIMIT:
            message = f"this template has {count} parts, at most {NODE_LIMIT} are fine"
            self.wrong(1, "", message, "split it, or say less")
            return
        self._assignments(tree)
        end = self.statements(tree.body, Place())
        if end is not None and (end.mode != "text" or end.raw):
            last = len(self.lines)
            if end.mode != "broken":
                what = end.raw or end.tag or end.mode
                self.wrong(last, "", f"<{what}> is not closed at the end")

    def _assignments(self, tree: nodes.Template) -> None:
        """Names that the template gives itself, by ``set`` and ``for``."""
        loops: dict[str, bool] = {}
        found: list[nodes.For | nodes.Assign] = [*tree.find_all(nodes.For)]
        for node in [*found, *tree.find_all(nodes.Assign)]:
            target = node.target
            of_items = isinstance(node, nodes.For) and _is_items(node.iter)
            names = [target] if isinstance(target, nodes.Name) else []
            if isinstance(target, nodes.Tuple):
                names = [n for n in target.items if isinstance(n, nodes.Name)]
            for name in names:
                word = name.name
                is_record = of_items and name is target
                if word in GLOBALS or word == "loop" or word.startswith("_"):
                    self.wrong(node.lineno, word, f'"{word}" cannot be set')
                elif word in RECORDS and not is_record:
                    hint = "take another name, this one is the catalogue's"
                    self.wrong(node.lineno, word, f'"{word}" cannot be set', hint)
                self.assigned.add(word)
                loops[word] = loops.get(word, True) and is_record
        self.records |= {word for word, always in loops.items() if always}

    # Statements: each returns where in HTML it ends; None once that cannot be told.

    def statements(
        self, body: Iterable[nodes.Node], place: Place | None
    ) -> Place | None:
        for node in body:
            place = self.statement(node, place)
        return place

    def statement(self, node: nodes.Node, place: Place | None) -> Place | None:
        if isinstance(node, nodes.Output):
            return self.output(node, place)
        if isinstance(node, nodes.If):
            return self.branches(node, place)
        if isinstance(node, nodes.For):
            return self.loop(node, place)
        if isinstance(node, nodes.Assign):
            self.expression(node.node, in_set=True)
            return place
        if isinstance(node, nodes.Include):
            return self.include(node, place)
        kind = type(node).__name__
        word = _STATEMENTS.get(kind, kind.lower())
        self.wrong(node.lineno, word.split()[0], f'"{word}" is not for fragments')
        return None

    def output(self, node: nodes.Output, place: Place | None) -> Place | None:
        for part in node.nodes:
            if isinstance(part, nodes.TemplateData):
                if place is None:
                    continue
                start = part.lineno
                text = part.data
                place, problems = feed(place, text)
                for offset, message in problems:
                    line = start + text[:offset].count("\n")
                    self.wrong(line, "", message)
                continue
            self.expression(part, top=True)
            if place is not None:
                if problem := printing_problem(part, place, self.records):
                    self.wrong(part.lineno, _first_word(part), *problem)
                place = place.printed()
        return place

    def branches(self, node: nodes.If, place: Place | None) -> Place | None:
        self.expression(node.test)
        ends = [self.statements(node.body, place)]
        for other in node.elif_:
            self.expression(other.test)
            ends.append(self.statements(other.body, place))
        ends.append(self.statements(node.else_, place))
        return self.meet(node, "if", ends)

    def loop(self, node: nodes.For, place: Place | None) -> Place | None:
        self.expression(node.iter)
        if node.test is not None:
            self.expression(node.test)
        if node.recursive:
            self.wrong(node.lineno, "recursive", "a loop cannot call itself")
        self.loops += 1
        if self.loops > LOOP_DEPTH:
            message = f"more than {LOOP_DEPTH} loops inside each other"
            self.wrong(node.lineno, "for", message)
        ends = [place, self.statements(node.body, place)]
        self.loops -= 1
        ends.append(self.statements(node.else_, place))
        return self.meet(node, "for", ends)

    def meet(
        self, node: nodes.Node, word: str, ends: Sequence[Place | None]
    ) -> Place | None:
        place = ends[0]
        for other in ends[1:]:
            if place is None or other is None:
                return None
            if (merged := merge(place, other)) is None:
                message = f'the ways through this "{word}" end in different places'
                hint = "open and close tags and quotes in the same branch"
                self.wrong(node.lineno, word, message, hint)
            place = merged
        return place

    def include(self, node: nodes.Include, place: Place | None) -> Place | None:
        name = node.template.value if isinstance(node.template, nodes.Const) else None
        if not isinstance(name, str):
            self.wrong(node.lineno, "include", "write the fragment's name in quotes")
        elif name not in self.declared.fragments:
            message = f'there is no fragment "{name}"'
            hint = suggest(name, self.declared.fragments)
            self.wrong(node.lineno, name, message, hint)
        elif node.ignore_missing or not node.with_context:
            self.wrong(node.lineno, "include", "write only the name after include")
        if place is not None and (place.mode != "text" or place.raw):
            self.wrong(node.lineno, "include", "a fragment can only stand in text")
        return place

    # Expressions

    def expression(
        self, node: nodes.Node, *, top: bool = False, in_set: bool = False
    ) -> None:
        if isinstance(node, nodes.Name):
            self.name(node)
        elif isinstance(node, nodes.Const | nodes.TemplateData):
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
            word = _STATEMENTS.get(kind, kind.lower())
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
        elif name in _CALLS:
            self.wrong(node.lineno, name, f'"{name}" needs brackets', f"{name}(...)")
        elif name == "items":
            self.mentions = self.mentions.also(Mentions(items=True))
        elif self.declared.variables is None or name in self.assigned:
            pass
        elif name not in self.declared.variables and name != "loop":
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
        if not (isinstance(owner, nodes.Name) and owner.name == "visitor"):
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
        if name in ("cards", "click") and not top:
            message = f"{name}() stands alone between {{{{ and }}}}"
            self.wrong(line, name, message)
        if name == "cards":
            self.cards(node)
            return
        if name == "click":
            self.mentions = self.mentions.also(Mentions(click=True))
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
        if node.kwargs or not 1 <= len(args) <= 2 or not _is_name(args[0], "items"):
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


def _is_name(node: nodes.Node | None, name: str) -> bool:
    return isinstance(node, nodes.Name) and node.name == name


def _is_items(node: nodes.Node) -> bool:
    if isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Slice):
        return _is_items(node.node)
    return _is_name(node, "items")


def _first_word(node: nodes.Node) -> str:
    if isinstance(node, nodes.Name):
        return node.name
    found = node.find(nodes.Name)
    return found.name if found is not None else ""
