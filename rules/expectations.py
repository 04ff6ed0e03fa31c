"""What a rule test expects of a page: slot by slot, and the rule that is to decide."""

from collections.abc import Iterator, Mapping

import msgspec

from ..findings import suggest
from .document import Document, Node, names
from .facts import Decision
from .rule import Rule
from .vocabulary import Vocabulary

DEFAULT = "default"  # the word for default content
KEYS = ("expect", "expect-not", "because")


class Expected(msgspec.Struct, frozen=True):
    """One slot: one of ``outcomes`` (fragments, or ``default``), or, not ``wanted``, none of
    them. ``line`` is where that is written."""

    slot: str
    outcomes: tuple[str, ...]
    wanted: bool
    line: int

    def met(self, decision: Decision) -> bool:
        return ((decision.fragment or DEFAULT) in self.outcomes) is self.wanted

    def __str__(self) -> str:
        words = " or ".join(called(outcome) for outcome in self.outcomes)
        return words if self.wanted else f"not {words}"


class Because(msgspec.Struct, frozen=True):
    """The rule that decides its slot, be it for the fragment or for the default content."""

    rule: str
    slot: str
    line: int

    def met(self, decision: Decision) -> bool:
        # A rule that failed is named, too, but decided nothing.
        return decision.rule == self.rule and decision.reason != "error"

    def __str__(self) -> str:
        return f"decided by {self.rule}"


Expectation = Expected | Because


def called(outcome: str) -> str:
    """An outcome as it is named in a message."""
    return "default content" if outcome == DEFAULT else outcome


class ExpectationReader:
    """Reads expectations of one document; findings go to it.

    Without ``rules``, by their ids, ``because`` is passed over.
    """

    def __init__(
        self,
        document: Document,
        vocabulary: Vocabulary,
        rules: Mapping[str, Rule] | None,
    ) -> None:
        self.document = document
        self.vocabulary = vocabulary
        self.rules = rules

    def read(self, entries: Mapping[str, Node]) -> tuple[Expectation, ...]:
        """Those under the keys of :data:`KEYS`, in the order of their lines."""
        found: list[Expectation] = []
        for key in ("expect", "expect-not"):
            if (node := entries.get(key)) is not None:
                found += self._slots(key, node)
        if (node := entries.get("because")) is not None:
            found += self._because(node)
        return tuple(sorted(found, key=lambda one: one.line))

    def _slots(self, key: str, node: Node) -> Iterator[Expected]:
        if node.kind == "map" and not node.entries:
            hint = "write for example `{home.hero: default}`"
            self.document.error(node, f'"{key}" names no slot', hint)
        slots = sorted(self.vocabulary.slots)
        for slot, value in self.document.pairs(node, f'"{key}"'):
            outcomes = self._outcomes(value, f'"{slot.text}"')
            if slot.text not in self.vocabulary.slots:
                words = f'unknown slot "{slot.text}"'
                self.document.error(slot, words, suggest(slot.text, slots))
            elif outcomes:
                yield Expected(slot.text, outcomes, key == "expect", slot.line)

    def _outcomes(self, node: Node, what: str) -> tuple[str, ...]:
        known = {DEFAULT, *self.vocabulary.fragments}
        found: list[str] = []
        for place, text in names(self.document, node, what):
            if text not in known:
                hint = suggest(text, known)
                if self.rules is not None and text in self.rules:
                    hint = (
                        f"it is a rule: write `because: {text}`, and here what it shows"
                    )
                self.document.error(place, f'unknown fragment "{text}"', hint)
            found.append(text)
        return tuple(found)

    def _because(self, node: Node) -> Iterator[Because]:
        id = self.document.words(node, '"because"')
        if id is None or self.rules is None:
            return
        rule = self.rules.get(id)
        if rule is None:
            self.document.error(node, f'unknown rule "{id}"', suggest(id, self.rules))
        elif rule.off:
            words = f'rule "{id}" is switched off and decides nothing'
            self.document.error(node, words, f"see {rule.file}:{rule.line}")
        else:
            yield Because(id, rule.slot, node.line)
