"""Conditions out of a document: every word is checked against the vocabulary."""

from collections.abc import Iterable
from datetime import tzinfo

from ..findings import suggest
from .conditions import All, AnyOf, Condition, Consents, InSegment, NoneOf
from .counting import AFFINITY_BOUNDS, Counted, Leans
from .document import Document, Node, core, names
from .facts import PURPOSES
from .interests import INTEREST_DIMENSIONS
from .learning import search_key
from .moments import Duration
from .operators import Operators, window
from .vocabulary import DIMENSIONS, GROUPS, LATER_CONDITIONS, VERBS, Vocabulary

LATER_IN_EVENTS = frozenset({"as"})
COUNT_KEYS = ("at-least", "at-most", "within")


class Grammar:
    """Reads the conditions of one document; findings go to the document."""

    def __init__(
        self,
        document: Document,
        vocabulary: Vocabulary,
        zone: tzinfo,
        segments: Iterable[str],
    ) -> None:
        self.document = document
        self.vocabulary = vocabulary
        self.operators = Operators(document, zone)
        self.segments = frozenset(segments)

    def conditions(self, node: Node, what: str) -> tuple[Condition, ...]:
        """A list of one-key maps. What is wrong is left out, and found."""
        if node.kind != "list":
            if not node.empty:
                hint = "start every condition with `- `"
                self.document.error(node, f"{what} must be a list of conditions", hint)
            return ()
        return tuple(condition for item in node.items for condition in self._item(item))

    def alternatives(self, node: Node, what: str) -> tuple[Condition, ...]:
        """As :meth:`conditions`, but one for each list item: what `any:` chooses from."""
        if node.kind != "list":
            return self.conditions(node, what)
        items = [(item.line, self._item(item)) for item in node.items]
        return tuple(
            parts[0] if len(parts) == 1 else All(parts, line)
            for line, parts in items
            if parts
        )

    def _item(self, item: Node) -> tuple[Condition, ...]:
        """One list item: one condition, but several where it has several operators."""
        if item.kind != "map" or not item.entries:
            hint = "a condition looks like `- country: DE`"
            self.document.error(item, f"{item.shown} is not a condition", hint)
            return ()
        if len(item.entries) > 1:
            second = item.entries[1][0]
            words = "two conditions in one list item"
            self.document.error(second, words, "start this line with `- `")
        return tuple(
            condition
            for key, value in self.document.pairs(
                item, "condition", None, LATER_CONDITIONS
            )
            for condition in self.condition(key, value)
        )

    def condition(self, key: Node, value: Node) -> tuple[Condition, ...]:
        """One condition; several operators in its map give several, which all must hold."""
        name = key.text
        if name in GROUPS:
            return self._group(key, value)
        if name == "segment":
            known = [
                text
                for node, text in names(self.document, value, '"segment"')
                if self._is_segment(node, text)
            ]
            return (InSegment(tuple(known), key.line),) if known else ()
        if name == "consent":
            return tuple(self._consents(key, value))
        if name == "affinity":
            return self._affinity(key, value)
        if (verb := name.removeprefix("not-")) in VERBS:
            event = self._event(key, value, verb)
            return (event,) if event else ()
        attribute = self.vocabulary.attribute(name)
        if attribute is None:
            hint = suggest(name, self.vocabulary.condition_names)
            self.document.error(key, f'unknown attribute or event "{name}"', hint)
            return ()
        return self.operators.conditions(attribute, key, value)

    # -- groups, segments, consent -------------------------------------------------------

    def _group(self, key: Node, value: Node) -> tuple[Condition, ...]:
        if value.kind == "list" and not value.items or value.empty:
            self.document.error(key, f'"{key.text}" needs at least one condition')
            return ()
        if key.text == "all":
            parts = self.conditions(value, '"all"')
            return (All(parts, key.line),) if parts else ()
        kept = self.alternatives(value, f'"{key.text}"')
        if not kept:
            return ()
        group = AnyOf if key.text == "any" else NoneOf
        return (group(kept, key.line),)

    def _is_segment(self, node: Node, text: str) -> bool:
        if text in self.segments:
            return True
        self.document.error(
            node, f'unknown segment "{text}"', suggest(text, self.segments)
        )
        return False

    def _consents(self, key: Node, value: Node) -> Iterable[Condition]:
        for node, text in names(self.document, value, '"consent"'):
            if text in PURPOSES:
                yield Consents(text, key.line)
            else:
                self.document.error(
                    node, f'unknown purpose "{text}"', suggest(text, PURPOSES)
                )

    # -- events --------------------------------------------------------------------------

    def key(self, dimension: str, node: Node) -> tuple[str, str] | None:
        """The id that a name in a rule stands for, and the name as it was written."""
        text = self.document.words(node, f'"{dimension}"')
        if text is None:
            return None
        if dimension == "category" and text == "any" and not node.quoted:
            self.document.error(node, '"category: any" is not available yet')
            return None
        if text.startswith("$"):
            self.document.error(node, f'"{text}" is not available yet')
            return None
        if dimension == "query":
            return search_key(text), text
        known = self.vocabulary.keys(dimension)
        if known and text not in known:
            self.document.error(
                node, f'unknown {dimension} "{text}"', suggest(text, known)
            )
            return None
        if dimension == "category" and text not in self.vocabulary.categories:
            ids = self.vocabulary.category_ids.get(text, (text,))
            if len(ids) > 1:
                hint = "write its id: " + ", ".join(ids)
                self.document.error(
                    node, f'{len(ids)} categories are called "{text}"', hint
                )
                return None
            return ids[0], text
        return text, text

    def _event(self, key: Node, value: Node, verb: str) -> Condition | None:
        document, allowed = self.document, VERBS[verb]
        found: tuple[str, str, str] | None = None
        counts: dict[str, int] = {}
        nodes: dict[str, Node] = {}
        within: Duration | None = None
        sound = True
        dimensions = 0
        known = (*DIMENSIONS, *COUNT_KEYS)
        if value.kind != "map":
            example = f"write `{key.text}: {{{allowed[0]}: ...}}`"
            document.error(
                value, f'"{key.text}" needs a map, not {value.shown}', example
            )
            return None
        for name, node in document.pairs(
            value, f'"{key.text}"', known, LATER_IN_EVENTS
        ):
            if name.text in DIMENSIONS:
                dimensions += 1
                if name.text not in allowed:
                    hint = "by " + " or ".join(allowed)
                    document.error(
                        name, f'"{key.text}" does not count by {name.text}', hint
                    )
                elif dimensions > 1:
                    hint = "write two conditions"
                    document.error(name, f'"{key.text}" counts by one thing only', hint)
                elif pair := self.key(name.text, node):
                    found = (name.text, *pair)
                    continue
                sound = False
            elif name.text == "within":
                within = window(document, node)
                sound = sound and within is not None
            elif (count := document.whole(node, f'"{name.text}"', 0)) is None:
                sound = False
            else:
                counts[name.text] = count
            nodes[name.text] = node
        if not dimensions:
            hint = f"add {' or '.join(allowed)}"
            document.error(key, f'"{key.text}" does not say what', hint)
        if not sound or found is None or not self._sensible(key, counts, nodes, within):
            return None
        dimension, id, title = found
        return Counted(
            verb,
            dimension,
            id,
            key.line,
            counts.get("at-least", 0 if "at-most" in counts else 1),
            counts.get("at-most"),
            within,
            key.text != verb,
            title,
        )

    def _sensible(
        self,
        key: Node,
        counts: dict[str, int],
        nodes: dict[str, Node],
        within: Duration | None,
    ) -> bool:
        """Whether the counts can both hold and fail."""
        document = self.document
        least, most = counts.get("at-least"), counts.get("at-most")
        verb = key.text.removeprefix("not-")
        if least == 0:
            hint = f"write `not-{verb}` for never, or leave it away"
            document.error(nodes["at-least"], '"at-least: 0" says nothing', hint)
        elif key.text != verb and most is not None:
            hint = f"write `{verb}` with at-least"
            document.error(
                nodes["at-most"], f'"{key.text}" cannot have "at-most"', hint
            )
        elif least is not None and most is not None and least > most:
            words = f"at least {least} and at most {most} can never both hold"
            document.error(nodes["at-most"], words)
        elif (
            within is not None
            and within.days is None
            and (most is not None or (least or 1) > 1)
        ):
            words = f'within {within} only "at least once" can be asked'
            hint = "count in days: `within: 1 day` is today"
            document.error(nodes.get("at-most") or nodes["at-least"], words, hint)
        else:
            return True
        return False

    def _affinity(self, key: Node, value: Node) -> tuple[Condition, ...]:
        document = self.document
        dimensions = sorted(INTEREST_DIMENSIONS)
        found: tuple[str, str, str] | None = None
        bounds: list[tuple[str, float]] = []
        sound = True
        known = (*dimensions, *AFFINITY_BOUNDS)
        for name, node in document.pairs(value, '"affinity"', known):
            if name.text in INTEREST_DIMENSIONS:
                if found is not None:
                    document.error(
                        name, '"affinity" is to one thing only', "write two conditions"
                    )
                if pair := self.key(name.text, node):
                    found = (name.text, *pair)
                else:
                    sound = False
                continue
            limit = core(node) if node.kind == "scalar" else None
            if (
                isinstance(limit, bool)
                or not isinstance(limit, (int, float))
                or not 0 <= limit <= 1
            ):
                hint = "affinity goes from 0 to 1"
                document.error(
                    node, f'"{name.text}" needs a number, not {node.shown}', hint
                )
                sound = False
            else:
                bounds.append((name.text, float(limit)))
        if value.kind == "map" and sound and (found is None or not bounds):
            example = "write `affinity: {category: ..., at-least: 0.5}`"
            document.error(
                key, '"affinity" needs a category, brand or tag and a bound', example
            )
        if found is None:
            return ()
        dimension, id, title = found
        return tuple(
            Leans(dimension, id, name, limit, key.line, title) for name, limit in bounds
        )
