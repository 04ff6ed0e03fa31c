"""What is wrong with a fragment's template, found before it ever runs.

What visitors would not like to read in it is found by :mod:`shopwindow.fragments.manners`.
"""

from collections.abc import Iterable, Sequence

from jinja2 import nodes

from ..findings import Finding, suggest
from .contexts import ADDRESSES, WAYS, Place, feed, is_anchored, merge
from .expressions import (
    RECORDS,
    STATEMENTS,
    Declared,
    ExpressionLint,
    Mentions,
    is_items,
)
from .printing import printing_problem
from .sandbox import GLOBALS, RESERVED

NODE_LIMIT = 400
LOOP_DEPTH = 2
NESTING_LIMIT = 50


def examine(
    file: str, lines: Sequence[str], tree: nodes.Template, declared: Declared
) -> tuple[Mentions, list[Finding]]:
    """What the parsed template depends on, and everything that is wrong with it.

    A template without findings cannot reach Python, cannot build texts larger than its
    limits, and prints only where that is safe.
    """
    lint = _Lint(file, lines, declared)
    lint.run(tree)
    findings = list(dict.fromkeys(lint.findings))
    return lint.mentions, findings


class _Lint(ExpressionLint):
    def run(self, tree: nodes.Template) -> None:
        # Before anything that calls itself for what is inside.
        count, deepest = _measure(tree)
        if count > NODE_LIMIT:
            message = f"this template has {count} parts, at most {NODE_LIMIT} are fine"
            self.wrong(1, "", message, "split it, or say less")
            return
        if deepest is not None:
            message = f"this is nested more than {NESTING_LIMIT} deep"
            self.wrong(deepest.lineno, "", message, "split it, or say less")
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
            of_items = isinstance(node, nodes.For) and is_items(node.iter)
            names = [target] if isinstance(target, nodes.Name) else []
            if isinstance(target, nodes.Tuple):
                names = [n for n in target.items if isinstance(n, nodes.Name)]
            for name in names:
                word = name.name
                is_record = of_items and name is target
                if word in GLOBALS or word in RESERVED or word.startswith("_"):
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
        word = STATEMENTS.get(kind, kind.lower())
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
        if place is not None and _may_go_on(place, ends[1]):
            message = "a loop cannot write the begin of an address"
            self.wrong(node.lineno, "for", message, "print the whole address at once")
            return None
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
            elif len(merged.values) > WAYS:
                message = "the branches write this address in too many ways"
                self.wrong(node.lineno, word, message)
                merged = None
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


def _measure(tree: nodes.Template) -> tuple[int, nodes.Node | None]:
    """How many nodes there are, and the first that is nested too deeply."""
    count, deepest = -1, None  # the template itself is no part
    waiting: list[tuple[nodes.Node, int]] = [(tree, 0)]
    while waiting:
        node, depth = waiting.pop()
        count += 1
        if depth > NESTING_LIMIT:
            deepest = deepest or node
        waiting += ((child, depth + 1) for child in node.iter_child_nodes())
    return count, deepest


def _may_go_on(before: Place, after: Place | None) -> bool:
    """Whether what a loop writes makes an address that running it again may change."""
    if after is None or before.attribute not in ADDRESSES:
        return False
    if before.mode not in ("value", "unquoted") or before.values == after.values:
        return False
    return not all(map(is_anchored, before.values))


def _first_word(node: nodes.Node) -> str:
    if isinstance(node, nodes.Name):
        return node.name
    found = node.find(nodes.Name)
    return found.name if found is not None else ""
