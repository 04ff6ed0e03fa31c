"""Conditions over one attribute, out of a document: operators and values by the type."""

from datetime import tzinfo
from typing import Any

from ..findings import suggest
from .attributes import Attribute, version
from .comparisons import BOUNDS, OPERATORS, Age, Bound, Has, Known, OneOf, Part
from .conditions import Condition
from .document import Document, Node, core, names
from .moments import DURATION_HINT, Duration, duration, read_day, read_time
from .numerals import number


def window(document: Document, node: Node) -> Duration | None:
    """A duration, or a finding."""
    found = duration(node.text) if node.kind == "scalar" else None
    if found is None:
        document.error(node, f"{node.shown} is not a duration", DURATION_HINT)
    return found


class Operators:
    """Reads what stands behind an attribute's name; findings go to the document."""

    def __init__(self, document: Document, zone: tzinfo) -> None:
        self.document = document
        self.zone = zone

    def conditions(
        self, attribute: Attribute, key: Node, value: Node
    ) -> tuple[Condition, ...]:
        """One condition for each operator; no operator means ``is``, or for lists ``has``."""
        document = self.document
        if value.kind == "map":
            known = (*OPERATORS[attribute.type], "known")
            read = [
                condition
                for name, node in document.pairs(value, f'"{key.text}"', known)
                if (condition := self._operator(attribute, name, node)) is not None
            ]
            if not value.entries:
                document.error(
                    value, f'"{key.text}" needs an operator', suggest("", known)
                )
            self._range(value, read)
            return tuple(read)
        if value.empty:
            document.error(key, f'"{key.text}" needs a value')
            return ()
        match attribute.type:
            case "text":
                name = "is-one-of" if value.kind == "list" else "is"
            case "list":
                name = "has-any" if value.kind == "list" else "has"
            case "date" | "time":
                hint = f"write `{key.text}: {{before: 2026-11-20}}`"
                document.error(value, f'"{key.text}" is a {attribute.type}', hint)
                return ()
            case _:
                name = "is"
        condition = self._operator(attribute, key, value, name)
        return (condition,) if condition else ()

    def _operator(
        self, attribute: Attribute, key: Node, node: Node, operator: str = ""
    ) -> Condition | None:
        operator, line, document = operator or key.text, key.line, self.document
        if operator == "known":
            wanted = core(node) if node.kind == "scalar" else None
            if isinstance(wanted, bool):
                return Known(attribute, line, wanted)
            document.error(node, f'"known" is true or false, not {node.shown}')
            return None
        if operator in ("within-last", "within-next", "older-than"):
            return self._age(attribute, operator, line, node)
        if operator in (
            "is-one-of",
            "is-none-of",
            "has-any",
            "has-all",
            "has-none",
            "has",
        ):
            read = [
                self._literal(attribute, part, operator)
                for part, _ in names(document, node, f'"{operator}"')
            ]
            choice = tuple(part for part in read if part is not None)
            if not choice:
                return None
            if operator.startswith("has"):
                return Has(attribute, line, operator, choice)  # type: ignore[arg-type]  # the grammar knows these names only
            return OneOf(attribute, line, choice, operator == "is-none-of")
        value = self._literal(attribute, node, operator)
        if value is None:
            return None
        if operator in BOUNDS:
            return Bound(attribute, line, operator, value)
        if operator in ("starts-with", "contains"):
            return Part(attribute, line, operator, value)  # type: ignore[arg-type]  # as tested above
        return OneOf(attribute, line, (value,), operator == "is-not")

    def _literal(self, attribute: Attribute, node: Node, operator: str) -> Any:
        """The value an operator compares with, of the attribute's type."""
        document, type = self.document, attribute.type
        if node.kind != "scalar" or node.empty:
            document.error(node, f'"{operator}" needs one value, not {node.shown}')
            return None
        text = node.text
        value: Any = None
        match type:
            case "text" | "list":
                value = text or None
                whole = operator not in ("starts-with", "contains")
                if attribute.one_of and whole and text not in attribute.one_of:
                    hint = suggest(text, attribute.one_of)
                    document.error(
                        node, f'"{text}" is not a value of "{attribute.name}"', hint
                    )
                    return None
                if value is None:
                    document.error(node, f'"{operator}" needs a text')
                return value
            case "number":
                value = number(text)
                hint = f"write `{attribute.name}: {{at-least: 3}}`"
            case "yes-no":
                value = {"true": True, "yes": True, "false": False, "no": False}.get(
                    text
                )
                hint = "write true or false"
            case "date":
                value, hint = read_day(text), "write 2026-12-01"
            case "time":
                value, hint = read_time(text, self.zone), "write 2026-12-01 08:00"
            case "version":
                value, hint = version(text), "write 1.10.2"
        if value is None:
            kind = {"yes-no": "true or false"}.get(type, f"a {type}")
            named = f'"{attribute.name}"' if operator == "is" else f'"{operator}"'
            document.error(node, f"{named} needs {kind}, not {node.shown}", hint)
        return value

    def _age(
        self, attribute: Attribute, operator: str, line: int, node: Node
    ) -> Condition | None:
        found = window(self.document, node)
        if found is None:
            return None
        if attribute.type == "date" and found.days is None:
            hint = "write it in days, weeks or months"
            self.document.error(
                node, f'"{attribute.name}" is a date without a time', hint
            )
            return None
        return Age(attribute, line, operator, found)  # type: ignore[arg-type]  # the grammar knows these names only

    def _range(self, node: Node, read: list[Condition]) -> None:
        """Finds bounds that leave nothing between them."""
        bounds = [condition for condition in read if isinstance(condition, Bound)]
        lower = [
            bound
            for bound in bounds
            if bound.operator in ("at-least", "more-than", "after")
        ]
        upper = [bound for bound in bounds if bound not in lower]
        for low in lower:
            for high in upper:
                open_end = low.operator != "at-least" or high.operator != "at-most"
                if low.limit > high.limit or (open_end and low.limit == high.limit):
                    words = f"{low.wanted()} and {high.wanted()} can never both hold"
                    self.document.error(node, words)
