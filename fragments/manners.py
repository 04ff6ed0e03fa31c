"""What a fragment says that visitors do not like to read: that they are being counted.

Detected is just this, in texts of English and German:

- a sentence that speaks to the visitor (you, Sie, du), names something done (viewed, ordered,
  angesehen, gekauft) and says how often or when: a number of times, "3 days ago", "vor 3
  Tagen", a date. Numbers may be digits, words, or printed: ``{{ n }} times``, ``{n} mal``;
- a printed parameter whose own name is that of such a number or moment: :data:`TELLING`.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from jinja2 import nodes

from ..findings import Finding

#: Names, with ``_`` for ``-``, of counts, sums and moments of what one visitor did.
TELLING = frozenset(
    """visits visit_count last_visit last_seen first_seen first_visit days_since_visit
    orders order_count order_value last_order days_since_order
    views view_count times_viewed last_viewed viewed_at times_bought last_bought bought_at
    times_searched last_search times_clicked times_seen
    cart_age_hours cart_since""".split()
)
_NUMBER = (
    r"(?:\d{1,9}|\{\{[^{}]*\}\}|\{[\w.-]+\}|two|three|four|five|six|seven|eight|nine|ten|several"
    r"|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|mehrere)"
)
_YOU = re.compile(r"\b(?:you|your|you've|sie|ihnen|du|dir|dich|ihr)\b", re.IGNORECASE)
_DONE = re.compile(
    r"\b(?:viewed|looked|seen|bought|purchased|ordered|visited|searched|clicked"
    r"|(?:an)?gesehen|angeschaut|betrachtet|gekauft|bestellt|besucht|gesucht|geklickt)\b",
    re.IGNORECASE,
)
_MEASURE = re.compile(
    rf"{_NUMBER}(?:\s+|-)?(?:times|mal|x)\b|\b(?:twice|zweimal|dreimal|mehrmals)\b"
    rf"|{_NUMBER}\s+(?:minutes|hours|days|weeks|months)\s+ago\b"
    rf"|\bvor\s+{_NUMBER}\s+(?:minuten|stunden|tagen|wochen|monaten)\b"
    r"|\b(?:on|since|am|seit)\s+(?:\d{4}-\d\d-\d\d|\d{1,2}\.\s?\d{1,2}\.)",
    re.IGNORECASE,
)
_INLINE = re.compile(r"</?(?:a|b|em|i|mark|small|span|strong|time)\b[^<>]*>")
_BLOCK = re.compile(r"<[^<>]*>")
# None of these looks past the next beginning: hostile texts cost no more than others.
_UNSAID = re.compile(
    r"\{#(?:(?!\{#|#\}).)*#\}|<!--(?:(?!<!--|-->).)*-->|\{%[^{}]*%\}", re.DOTALL
)
_APART = "\x1f"
_END = re.compile(rf"[!?{_APART}]|(?<!\d)\.(?=\s|$)|\Z")
_LONGEST = 1 << 16  # characters that are looked at


class Printed(NamedTuple):
    """A name that a template prints: ``headline``, ``visitor.first_name``, and its line."""

    name: str
    line: int


def told(text: str) -> re.Match[str] | None:
    """Where ``text``, of a template or of a parameter, tells the visitor what was counted."""
    text = _UNSAID.sub(_blank, text[:_LONGEST])
    text = _BLOCK.sub(_apart, _INLINE.sub(_blank, text))
    start = 0
    for end in _END.finditer(text):
        place = start, end.start()
        start = end.end()
        if _YOU.search(text, *place) and _DONE.search(text, *place):
            if (measure := _MEASURE.search(text, *place)) is not None:
                return measure
    return None


def _blank(found: re.Match[str]) -> str:
    return re.sub(r"\S", " ", found[0])


def _apart(found: re.Match[str]) -> str:
    return _APART + _blank(found)[1:]


def printed(tree: nodes.Template) -> tuple[Printed, ...]:
    """The names that the template prints; those of ``{% set %}`` stand for what is in them."""
    meant: dict[str, list[Printed]] = {}
    for assign in tree.find_all(nodes.Assign):
        if isinstance(assign.target, nodes.Name):
            # Only what was set before: a name that is set to itself ends here.
            inner = [
                one
                for name in _names(assign.node)
                for one in meant.get(name.name, [name])
            ]
            meant[assign.target.name] = inner
    return tuple(
        Printed(one.name, name.line)
        for output in tree.find_all(nodes.Output)
        for part in output.nodes
        for name in _names(part)
        for one in meant.get(name.name, [name])
    )


def _names(node: nodes.Node) -> Iterator[Printed]:
    if isinstance(node, nodes.Getattr) and isinstance(node.node, nodes.Name):
        yield Printed(f"{node.node.name}.{node.attr}", node.lineno)
    elif isinstance(node, nodes.Name):
        yield Printed(node.name, node.lineno)
    elif isinstance(node, nodes.CondExpr):  # what is only asked is not printed
        for part in (node.expr1, node.expr2):
            if part is not None:
                yield from _names(part)
    elif isinstance(node, nodes.Call):  # the function's own name is not
        for argument in node.args:
            yield from _names(argument)
    else:
        for child in node.iter_child_nodes():
            yield from _names(child)


def ill_mannered(
    file: str, lines: list[str], names: tuple[Printed, ...]
) -> list[Finding]:
    """Warnings about a template's text, and about the ``names`` that it prints."""
    found: list[Finding] = []

    def warn(line: int, word: str, message: str) -> None:
        excerpt = lines[line - 1]
        column = max(0, excerpt.find(word))
        hint = "say what is in it for them, not what was counted"
        found.append(
            Finding(
                file, line, column + 1, message, hint, "warning", excerpt,
                max(1, len(word)), "counting",
            )
        )  # fmt: skip

    text = "\n".join(lines)
    if (measure := told(text)) is not None:
        line = text.count("\n", 0, measure.start()) + 1
        words = " ".join(measure[0].split())
        place = text[slice(*measure.span())].split("\n")[0]
        warn(line, place, f'"{words}" tells visitors that they are counted')
    for name, line in dict(names).items():
        if name in TELLING:
            word = name if name in lines[line - 1] else ""
            warn(line, word, f'"{name}" tells visitors that they are counted')
    return found
