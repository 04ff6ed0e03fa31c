"""Conditions out of a document: every word is checked against the vocabulary."""

from collections.abc import Iterable
from datetime import tzinfo

from .conditions import All, AnyOf, Condition, Consents, InSegment, NoneOf
from .deeds import Deeds
from .document import Document, Node, names
from .facts import PURPOSES
from .favourites import Binding
from .operators import Operators
from .refills import read_running_out
from .vocabulary import GROUPS, VERBS, Vocabulary


class Grammar:
    """Reads the conditions of one document; findings go to the document.

    Only the conditions of one rule can bind names: see :meth:`of_rule`.
    """

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
        self.deeds = Deeds(document, vocabulary)
        self._binds = False
        self._depth = 0  # of the groups around

    def of_rule(self) -> "Grammar":
        """The grammar of one rule, whose conditions may bind names with ``as:``."""
        own = Grammar(
            self.document, self.vocabulary, self.operators.zone, self.segments
        )
        own._binds = True
        return own

    @property
    def variables(self) -> dict[str, Binding]:
        """The names that were bound so far."""
        return self.deeds.variables

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
        self._depth += 1  # what need not hold can bind nothing
        if node.kind != "list":
            items = [(node.line, self.conditions(node, what))]
        else:
            items = [(item.line, self._item(item)) for item in node.items]
        self._depth -= 1
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
            for key, value in self.document.pairs(item, "condition", None)
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
            return self.deeds.affinity(key, value)
        if name == "running-out":
            binds = self._binds and not self._depth
            runs_out = read_running_out(self.deeds, key, value, binds)
            return (runs_out,) if runs_out else ()
        if (verb := name.removeprefix("not-")) in VERBS:
            binds = self._binds and not self._depth
            event = self.deeds.event(key, value, verb, binds)
            return (event,) if event else ()
        attribute = self.vocabulary.attribute(name)
        if attribute is None:
            if "{" in name:  # `viewed {category: x}`, `viewed:{category: x}`
                hint = "write `name: {...}`, a space after the `:`"
                self.document.error(key, f'"{name}" is no condition', hint)
                return ()
            words = self.vocabulary.condition_names
            self.document.unknown(key, "attribute or event", name, words)
            return ()
        return self.operators.conditions(attribute, key, value)

    # -- groups, segments, consent -------------------------------------------------------

    def _group(self, key: Node, value: Node) -> tuple[Condition, ...]:
        if value.kind == "list" and not value.items or value.empty:
            self.document.error(key, f'"{key.text}" needs at least one condition')
            return ()
        if key.text == "all":
            self._depth += 1
            parts = self.conditions(value, '"all"')
            self._depth -= 1
            return (All(parts, key.line),) if parts else ()
        kept = self.alternatives(value, f'"{key.text}"')
        if not kept:
            return ()
        group = AnyOf if key.text == "any" else NoneOf
        return (group(kept, key.line),)

    def _is_segment(self, node: Node, text: str) -> bool:
        if text in self.segments:
            return True
        self.document.unknown(node, "segment", text, self.segments)
        return False

    def _consents(self, key: Node, value: Node) -> Iterable[Condition]:
        for node, text in names(self.document, value, '"consent"'):
            if text in PURPOSES:
                yield Consents(text, key.line)
            else:
                self.document.unknown(node, "purpose", text, PURPOSES)
