"""Whole pages out of templates that a shop may write itself, in the sandbox of fragments."""

from collections.abc import Mapping
from typing import Any

import msgspec
from jinja2 import Template, nodes
from jinja2.exceptions import TemplateSyntaxError

from ..findings import Finding
from .expressions import Declared
from .fragment_files import SOURCE_LIMIT
from .lint import examine
from .sandbox import Sandbox, few, run

#: Bytes of one page, and how often a loop of it runs: a person's data is more than a fragment.
PAGE_LIMIT = 1024 * 1024
ROWS_LIMIT = 1_000


class PageTemplate(msgspec.Struct, frozen=True):
    """A page's template, compiled and linted."""

    file: str
    template: Template

    def render(self, values: Mapping[str, Any]) -> str:
        """The page. Raises whatever a template may raise, for a name that is missing too."""
        context = self.template.new_context(dict(values))
        what = f"the page of {self.file}"
        return run(self.template.root_render_func, context, what, PAGE_LIMIT)


def read_page(
    file: str, text: str, names: frozenset[str]
) -> tuple[PageTemplate | None, list[Finding]]:
    """The template ``text`` of ``file``, which may use ``names``; None, and findings, when it is wrong."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")

    def wrong(line: int, message: str, hint: str = "") -> Finding:
        line = min(max(line, 1), len(lines))
        return Finding(file, line, 1, message, hint, "error", lines[line - 1], 1)

    if len(text) > SOURCE_LIMIT:
        hint = f"at most {SOURCE_LIMIT} characters"
        return None, [wrong(1, "this template is too large", hint)]
    sandbox = Sandbox()
    try:
        tree = sandbox.parse(text, file, file)
        declared = Declared(
            names,
            frozenset(),
            frozenset(),
            sandbox.known_filters,
            frozenset(sandbox.tests),
        )
        _, findings = examine(file, lines, tree, declared)
        if findings:
            return None, findings
        for loop in tree.find_all(nodes.For):
            limit = nodes.Const(ROWS_LIMIT)
            loop.iter = nodes.Filter(
                loop.iter, few.__name__, [limit], [], None, None, lineno=loop.lineno
            )
        code = sandbox.compile(tree, file, file)
    except TemplateSyntaxError as error:
        message = error.message or "this cannot be read"
        return None, [wrong(error.lineno, message)]
    except (
        SyntaxError,
        RecursionError,
        MemoryError,
        ValueError,
        OverflowError,
    ) as error:
        return None, [wrong(1, "this template cannot be read", str(error))]
    return PageTemplate(
        file, Template.from_code(sandbox, code, sandbox.globals)
    ), findings
