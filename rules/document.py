"""A YAML text as nodes that know their place; nothing in it can grow or run."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, Literal

import msgspec
import yaml

from ..findings import LINE_END, Finding, suggest
from .numerals import number

SIZE_LIMIT = 1 << 20  # bytes of one file
DEPTH_LIMIT = 20
NODE_LIMIT = 200_000  # thousands of rules; a hostile megabyte would hold many more
_MARKS = (
    ",",
    "\n",
    ": ",
    "- ",
    "[",
    "{",
)  # about one for each node, however they are written
PROBLEM_LIMIT = 19  # of one text's form; one more, and it is not read
FINDING_LIMIT = 200  # of one file

# The C parser is ten times faster; where PyYAML was built without it, the pure one reads the same.
_PARSER: Any = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
_BINDING = re.compile(r"\$[A-Za-z][\w.-]*")
_WORDS = {
    "mapping values are not allowed": "a text with `: ` inside needs quotes, or the indentation is off",
    "could not find expected ':'": "this line needs a `:` after its key",
    "found unexpected end of stream": "a quote is opened and never closed; was the file cut short?",
    "did not find expected key": "the indentation of this line is off",
    "did not find expected '-' indicator": "a list goes on with `- `, or the indentation is off",
    "found character that cannot start any token": "put this text into quotes",
    "did not find expected ',' or '}'": "a text with `: ` or `,` in it needs quotes, or a `}` is missing",
    "did not find expected ',' or ']'": "a text with `: ` or `,` in it needs quotes, or a `]` is missing",
    "did not find expected comment or line break": "`>` and `|` begin a long text: compare with `{more-than: 3}`",
}

Kind = Literal["scalar", "list", "map"]
_NO_ITEMS: list["Node"] = []  # never filled
_NO_ENTRIES: list[tuple["Node", "Node"]] = []
_KINDS: dict[type, Kind] = {
    yaml.ScalarEvent: "scalar",
    yaml.AliasEvent: "scalar",
    yaml.SequenceStartEvent: "list",
    yaml.MappingStartEvent: "map",
}


class Node(msgspec.Struct, eq=False, gc=False):
    """One piece of a document: ``text`` of a scalar, ``items`` of a list, ``entries`` of a map.

    ``line`` and ``column`` count from 1, ``column`` and ``length`` in characters. Nodes stand
    in a tree, so the garbage collector need not look for circles.
    """

    kind: Kind
    line: int
    column: int
    length: int
    text: str = ""
    quoted: bool = False
    items: list["Node"] = _NO_ITEMS
    entries: list[tuple["Node", "Node"]] = _NO_ENTRIES

    @property
    def shown(self) -> str:
        """The node as it is named in a message."""
        if self.kind == "scalar":
            return f'"{self.text if len(self.text) <= 60 else self.text[:57] + "..."}"'
        return "a list" if self.kind == "list" else "a map"

    @property
    def empty(self) -> bool:
        return (
            self.kind == "scalar" and not self.quoted and self.text in ("", "~", "null")
        )


def core(node: Node) -> bool | int | float | str | None:
    """The value of a scalar by YAML 1.2's core schema: no guessing about ``NO`` or ``12:30``."""
    if node.quoted:
        return node.text
    if node.empty:
        return None
    if node.text in ("true", "false"):
        return node.text == "true"
    value = number(node.text)
    return node.text if value is None else value


#: Where a name is made that is not there yet.
HOMES = {
    "category": "a new one is a line of catalog/categories.csv",
    "product": "a new one is a line of catalog/products.csv",
    "article": "a new one is a line of catalog/articles.csv",
    "fragment": "a new one is a file, fragments/NAME.html",
    "slot": "a new one stands under [slots] in site.toml",
}


class Document:
    """One file of the site: its nodes, and the findings that reading it brings up.

    ``errors`` counts all errors, also those past the 200 findings that are kept of one file.
    """

    def __init__(self, file: str, text: str, findings: list[Finding]) -> None:
        self.file = file
        self.findings = findings
        self.root: Node | None = None
        self._lines: list[str] | None = None
        self._text = text.lstrip("\ufeff")
        self._problems = 0
        self._found = 0
        self.errors = 0
        self._parse()

    # -- findings --------------------------------------------------------------------------

    def error(
        self, node: Node, message: str, hint: str = "", code: str = "invalid"
    ) -> None:
        place = node.line, node.column, node.length
        self._find(*place, message, hint, code, "error")

    def unknown(self, node: Node, what: str, text: str, known: Collection[str]) -> None:
        """An error for a name that is none of ``known``."""
        # Nobody reads the hints of thousands.
        hint = suggest(text, known) if self._found < FINDING_LIMIT else ""
        if what in HOMES and not hint.endswith("?"):
            hint = f"{hint}; {HOMES[what]}" if hint else HOMES[what]
        self.error(node, f'unknown {what} "{text}"', hint, "unknown")

    def warning(self, node: Node, message: str, hint: str, code: str) -> None:
        place = node.line, node.column, node.length
        self._find(*place, message, hint, code, "warning")

    def _find(
        self,
        line: int,
        column: int,
        length: int,
        message: str,
        hint: str,
        code: str = "yaml",
        severity: Literal["error", "warning"] = "error",
    ) -> None:
        self._found += 1
        self.errors += severity == "error"
        if self._found > FINDING_LIMIT:
            return
        if self._found == FINDING_LIMIT:
            message = f"{message} (and more: this file has too many findings)"
        if self._lines is None:
            self._lines = LINE_END.split(self._text)
        excerpt = self._lines[line - 1] if line <= len(self._lines) else ""
        self.findings.append(
            Finding(
                self.file,
                line,
                column,
                message,
                hint,
                severity,
                excerpt[:500],
                length,
                code,
            )
        )

    # -- the form of the text --------------------------------------------------------------

    def _parse(self) -> None:
        if len(self._text) > SIZE_LIMIT:
            self._refuse("the file is larger than 1 MiB")
            return
        try:
            size = len(self._text.encode())
        except UnicodeEncodeError as problem:
            line = self._text.count("\n", 0, problem.start) + 1
            column = problem.start - self._text.rfind("\n", 0, problem.start)
            self._find(
                line, column, 1, "this is not UTF-8 text", "save the file as UTF-8"
            )
            return
        if size > SIZE_LIMIT:
            self._refuse("the file is larger than 1 MiB")
            return
        if sum(map(self._text.count, _MARKS)) > NODE_LIMIT:
            self._refuse("the file holds too much")
            return
        if (place := f"\n{self._text}".find("\n%")) >= 0:
            # Directives, which the parser would read all before it tells us of the first.
            line = self._text.count("\n", 0, place) + 1
            words = "a line cannot begin with `%` here"
            self._find(line, 1, 1, words, "delete it, or put the text into quotes")
            return
        try:
            self.root = self._compose()
        except yaml.reader.ReaderError as problem:
            before = self._text[: problem.position]
            column = problem.position - before.rfind("\n")
            words = f"the character U+{int(problem.character):04X} is not allowed"
            self._find(before.count("\n") + 1, column, 1, words, "delete it")
        except yaml.MarkedYAMLError as problem:
            self._syntax(problem)
        except yaml.YAMLError as problem:
            self._find(1, 1, 1, f"not valid YAML: {problem}", "")

    def _refuse(self, words: str) -> None:
        # Only its first line is quoted: cutting all of it into lines would take longest.
        self._lines = [self._text[:500].split("\n", 1)[0]]
        self._find(1, 1, 1, words, "split it into several files")

    def _syntax(self, problem: yaml.MarkedYAMLError) -> None:
        mark = problem.problem_mark or problem.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        words = str(problem.problem or problem.context or "cannot be read")
        index = mark.index if mark else 0
        hint = next((says for known, says in _WORDS.items() if known in words), "")
        if "\t" in self._text[index : index + 1]:
            words, hint = "a tab stands here", "YAML indents with spaces only"
        elif not self._text[index:].strip():
            if "unexpected end" not in words:
                words = "the file ends in the middle of something"
                hint = "was it cut short?"
            # Point behind the last word, not behind the last line.
            lines = LINE_END.split(self._text.rstrip())
            line, column = len(lines), len(lines[-1]) + 1
        self._find(line, column, 1, f"not valid YAML: {words}", hint)

    def _compose(self) -> Node | None:
        parser = _PARSER(self._text)
        try:
            return self._nodes(iter(parser.get_event, None))
        finally:
            parser.dispose()

    def _nodes(self, events: Iterator[Any]) -> Node | None:
        """Events to nodes, without recursion: a deep text ends here, not in the stack."""
        root: Node | None = None
        open_nodes: list[Node] = []
        keys: list[Node | None] = []
        seen: list[set[str]] = []  # the keys of the maps that are open
        documents = nodes = repeated = 0
        for event in events:
            kind = _KINDS.get(type(event))
            if kind is None:
                if isinstance(event, yaml.CollectionEndEvent):
                    open_nodes.pop()
                    keys.pop()
                    seen.pop()
                elif isinstance(event, yaml.DocumentStartEvent):
                    documents += 1
                    if documents > 1:
                        hint = "one file, one document"
                        self._form(event, "a second document starts here", hint)
                        return root
                continue
            node = self._node(event, kind)
            if not open_nodes:
                root = node
            elif (parent := open_nodes[-1]).kind == "list":
                parent.items.append(node)
            elif (key := keys[-1]) is None:
                keys[-1] = node
                repeated += node.text in seen[-1]
                seen[-1].add(node.text)
                if node.text == "<<" and not node.quoted:
                    words = "merge keys are not allowed"
                    self._form(event, words, "write the keys out")
            else:
                parent.entries.append((key, node))
                keys[-1] = None
            if kind != "scalar":
                open_nodes.append(node)
                keys.append(None)
                seen.append(set())
                if len(open_nodes) > DEPTH_LIMIT:
                    words = f"nested deeper than {DEPTH_LIMIT} levels"
                    self._form(event, words, "give parts of it names with `segments:`")
                    return None
            nodes += 1
            if nodes > NODE_LIMIT:
                self._form(
                    event, "the file holds too much", "split it into several files"
                )
            if repeated > PROBLEM_LIMIT:
                words = f'"{node.text[:60]}" is written twice, like many other keys'
                self._form(event, words, "YAML would silently keep only the last ones")
            if nodes > NODE_LIMIT or max(self._problems, repeated) > PROBLEM_LIMIT:
                return None
        return root

    def _node(self, event: Any, kind: Kind) -> Node:
        if event.anchor is not None:
            self._anchored(event)
        start, end = event.start_mark, event.end_mark
        line, column = start.line + 1, start.column + 1
        length = (end.index - start.index or 1) if end.line < line else 1
        if type(event) is yaml.AliasEvent:
            return Node(kind, line, column, length)
        if event.tag is not None:
            self._form(
                event, f'tag "{event.tag}" is not allowed', "put the text into quotes"
            )
        if kind == "scalar":
            return Node(kind, line, column, length, event.value, bool(event.style))
        if kind == "list":
            return Node(kind, line, column, length, items=[])
        return Node(kind, line, column, length, entries=[])

    def _anchored(self, event: Any) -> None:
        alias = isinstance(event, yaml.AliasEvent)
        what = f'alias "*{event.anchor}"' if alias else f'anchor "&{event.anchor}"'
        self._form(event, f"{what} is not allowed", "use a segment instead")

    def _form(self, event: Any, message: str, hint: str) -> None:
        self._problems += 1
        start, end = event.start_mark, event.end_mark
        length = max(1, end.index - start.index) if end.line == start.line else 1
        self._find(start.line + 1, start.column + 1, length, message, hint)

    # -- walking ---------------------------------------------------------------------------

    def pairs(
        self,
        node: Node,
        what: str,
        known: Collection[str] | None = None,
        elsewhere: Mapping[str, str] | None = None,
    ) -> Iterator[tuple[Node, Node]]:
        """The entries of a map whose keys are plain, written once and, if given, ``known``.

        ``elsewhere`` holds hints for keys that are right in another place.
        """
        if node.kind != "map":
            self.error(node, f"{what} must be `key: value` lines, not {node.shown}")
            return
        seen: set[str] = set()
        for key, value in node.entries:
            if key.kind != "scalar":
                self.error(key, f"a key must be plain text, not {key.shown}")
            elif key.text == "<<" and not key.quoted:
                pass  # said where the text was read
            elif key.text in seen:
                words = f'"{key.text}" is written twice in this {what.strip(chr(34))}'
                hint = "YAML would silently keep only the last one"
                self.error(key, words, hint, "duplicate")
            elif known is not None and key.text not in known:
                hint = suggest(key.text, known) if self._found < FINDING_LIMIT else ""
                hint = (elsewhere or {}).get(key.text, hint)
                words = f'unknown key "{key.text}" in {what}'
                self.error(key, words, hint, "unknown")
            else:
                yield key, value
            seen.add(key.text)

    def words(self, node: Node, what: str) -> str | None:
        """The text of a scalar that is not empty; everything else is an error."""
        if node.kind != "scalar" or node.empty or not node.text.strip():
            self.error(
                node,
                f"{what} needs a text" + ("" if node.empty else f", not {node.shown}"),
            )
            return None
        return node.text

    def whole(self, node: Node, what: str, least: int | None = None) -> int | None:
        """A whole number of at least ``least``."""
        value = core(node) if node.kind == "scalar" else None
        if type(value) is not int:
            self.error(node, f"{what} needs a whole number, not {node.shown}")
            return None
        if least is not None and value < least:
            self.error(node, f"{what} must be at least {least}, not {value}")
            return None
        return value

    def data(
        self,
        node: Node,
        variables: Collection[str] = (),
        attribute: Callable[[str], object] = lambda name: None,
    ) -> Any:
        """Free values, such as a fragment's parameters: text, numbers, lists and maps.

        A text ``$cat`` must name one of ``variables``; it stays as it is written. ``attribute``
        finds what only conditions may ask for, so that a finding can say so.
        """
        if node.kind == "list":
            return [self.data(item, variables, attribute) for item in node.items]
        if node.kind == "map":
            return {
                key.text: self.data(value, variables, attribute)
                for key, value in self.pairs(node, "map")
            }
        if _BINDING.fullmatch(node.text):
            self.variable(node, variables, attribute)
        return core(node)

    def variable(
        self,
        node: Node,
        variables: Collection[str],
        attribute: Callable[[str], object] = lambda name: None,
    ) -> str | None:
        """The name behind ``$``, if it is one of ``variables``; everything else is an error."""
        name = node.text.removeprefix("$")
        if name in variables:
            return name
        hint = "`as:` in a condition before gives something a name"
        if attribute(name) is not None:
            hint = f'"{name}" can be asked in `when:`, not printed'
        elif variables:
            hint = suggest(node.text, [f"${known}" for known in variables])
        self.error(node, f'nothing is bound to "{node.text}"', hint)
        return None


def names(document: Document, node: Node, what: str) -> Iterator[tuple[Node, str]]:
    """One text or a list of texts."""
    if node.kind == "list" and not node.items:
        document.error(node, f"{what} needs at least one text")
    for item in node.items if node.kind == "list" else [node]:
        if (text := document.words(item, what)) is not None:
            yield item, text
