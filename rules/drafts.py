"""One rule out of a document: its parts checked, its conditions not yet compiled."""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from ..findings import suggest
from .conditions import Condition, NoneOf
from .document import Document, Node, core, names
from .facts import Decision, Recommend
from .grammar import Grammar
from .operators import window
from .ruleset import Cap
from .vocabulary import Vocabulary

ABOUT_KEYS = ("owner", "goal", "hypothesis", "review-by", "campaign")
RULE_KEYS = (
    *("id", "slot", "priority", "when", "unless", "cap", "show", "with", "recommend"),
    *("note", "off", *ABOUT_KEYS),
)
LATER_IN_RULES = frozenset({"schedule", "split", "explore", "cap-group"})
LATER_IN_CAPS = frozenset({"cooldown", "until", "adaptive"})
LATER_IN_RECOMMEND = frozenset(
    {"only", "except", "pin", "boost", "bury", "discovery", "minimum-score"}
)
PRIORITY_LIMIT = 10**9
ID = re.compile(r"\w[\w.-]{0,63}")


class Draft(msgspec.Struct, frozen=True, gc=False):
    """A rule as it was read: plain values, which another process can send us."""

    id: str
    slot: str
    priority: int
    file: str
    line: int
    conditions: tuple[Condition, ...]
    decision: Decision
    cap: Cap | None
    note: str
    about: Mapping[str, str]
    off: bool


class Drafts:
    """Reads the rules of all documents; ids are unique over all of them."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.ids: dict[str, tuple[Document, Node]] = {}

    def draft(self, document: Document, node: Node, grammar: Grammar) -> Draft | None:
        """The rule at ``node``, or None where something is wrong with it."""
        before = document.errors
        found: dict[str, tuple[Node, Node]] = {}
        for key, value in document.pairs(node, "rule", RULE_KEYS, LATER_IN_RULES):
            found[key.text] = (key, value)
        if node.kind != "map":
            return None
        place = found["id"][1] if "id" in found else node
        values = {name: value for name, (_, value) in found.items()}
        id = self._id(document, node, values.get("id"))
        slot = self._known(document, node, values, "slot", self.vocabulary.slots)
        later = {key.text for key, _ in node.entries}
        show = None
        if "show" in values or "split" not in later:
            show = self._known(
                document, node, values, "show", self.vocabulary.fragments
            )
        priority = 0
        if "priority" in values:
            priority = document.whole(values["priority"], "priority") or 0
            if abs(priority) > PRIORITY_LIMIT:
                document.error(values["priority"], "priority is too far from 0")
        conditions: tuple[Condition, ...] = ()
        if "when" in values:
            conditions = grammar.conditions(values["when"], '"when"')
        if "unless" in values:
            key, value = found["unless"]
            if parts := grammar.alternatives(value, '"unless"'):
                conditions = (*conditions, NoneOf(parts, key.line, "unless"))
        cap = self._cap(document, *found["cap"]) if "cap" in found else None
        recommend = (
            self._recommend(document, *found["recommend"])
            if "recommend" in found
            else None
        )
        parameters = self._parameters(
            document, place, values, show, "recommend" in values
        )
        about = {
            name: document.words(values[name], f'"{name}"') or ""
            for name in (*ABOUT_KEYS, "note")
            if name in values
        }
        off = False
        if "off" in values:
            switch = core(values["off"]) if values["off"].kind == "scalar" else None
            if not isinstance(switch, bool):
                shown = values["off"].shown
                document.error(values["off"], f'"off" is true or false, not {shown}')
            off = switch is True
        if document.errors > before or id is None or slot is None or show is None:
            return None
        note = about.pop("note", "")
        decision = Decision(
            slot, "shown", id, show, parameters, recommend, document.file, node.line
        )
        return Draft(
            id,
            slot,
            priority,
            document.file,
            node.line,
            conditions,
            decision,
            cap,
            note,
            about,
            off,
        )

    def _id(self, document: Document, rule: Node, node: Node | None) -> str | None:
        if node is None:
            document.error(rule, "rule has no `id:`")
            return None
        text = document.words(node, '"id"')
        if text is None:
            return None
        if not ID.fullmatch(text):
            hint = "use letters, digits and `-`, at most 64"
            document.error(node, f'"{text[:80]}" cannot be a rule\'s id', hint)
            return None
        if text in self.ids:
            other, place = self.ids[text]
            words = f'rule id "{text}" is already used at {other.file}:{place.line}'
            document.error(node, words)
            return None
        self.ids[text] = (document, node)
        return text

    def _known(
        self,
        document: Document,
        rule: Node,
        values: Mapping[str, Node],
        name: str,
        known: Mapping[str, Any] | frozenset[str],
    ) -> str | None:
        if name not in values:
            document.error(rule, f"rule has no `{name}:`")
            return None
        text = document.words(values[name], f'"{name}"')
        if text is not None and text not in known:
            word = "fragment" if name == "show" else name
            document.error(
                values[name], f'unknown {word} "{text}"', suggest(text, known)
            )
            return None
        return text

    def _cap(self, document: Document, key: Node, node: Node) -> Cap | None:
        if node.kind == "list":
            document.error(node, 'a list in "cap" is not available yet')
            return None
        times, per = None, None
        pairs = list(document.pairs(node, '"cap"', ("times", "per"), LATER_IN_CAPS))
        for name, value in pairs:
            if name.text == "times":
                times = document.whole(value, '"times"', 1)
            else:
                per = window(document, value)
        if node.kind == "map" and "times" not in [
            entry.text for entry, _ in node.entries
        ]:
            if not any(entry.text in LATER_IN_CAPS for entry, _ in node.entries):
                document.error(
                    key, '"cap" needs `times:`', "write `{times: 3, per: 7 days}`"
                )
        if times is None:
            return None
        if per is not None and per.days is None and times > 1:
            words = f"per {per} only `times: 1` can be counted"
            document.error(node, words, "count in days: `per: 1 day` is today")
        return Cap(times, per)

    def _recommend(self, document: Document, key: Node, node: Node) -> Recommend | None:
        strategies: tuple[str, ...] = ()
        limit: int | None = 8
        known = self.vocabulary.strategies
        pairs = document.pairs(
            node, '"recommend"', ("strategy", "limit"), LATER_IN_RECOMMEND
        )
        for name, value in pairs:
            if name.text == "limit":
                limit = document.whole(value, '"limit"', 1)
                if limit is not None and limit > 100:
                    document.error(value, f'"limit" is at most 100, not {limit}')
                continue
            for place, text in names(document, value, '"strategy"'):
                if known and text not in known:
                    document.error(
                        place, f'unknown strategy "{text}"', suggest(text, known)
                    )
                strategies = (*strategies, text)
        if node.kind == "map" and "strategy" not in [
            entry.text for entry, _ in node.entries
        ]:
            document.error(key, '"recommend" needs `strategy:`', suggest("", known))
        return Recommend(strategies, limit or 8)

    def _parameters(
        self,
        document: Document,
        place: Node,
        values: Mapping[str, Node],
        show: str | None,
        filled: bool,
    ) -> Mapping[str, Any]:
        """The fragment's parameters, checked against its declaration."""
        node = values.get("with")
        given: dict[str, Any] = {}
        declared = self.vocabulary.fragments.get(show) if show else None
        if node is not None and not node.empty:
            for key, value in document.pairs(node, '"with"'):
                given[key.text] = document.data(value)
                if declared is None or declared.open:
                    continue
                known = declared.required | declared.optional
                if key.text not in known:
                    words = f'fragment "{show}" has no parameter "{key.text}"'
                    document.error(key, words, suggest(key.text, known))
        if declared is not None and not declared.open:
            missing = (
                declared.required - given.keys() - ({"items"} if filled else set())
            )
            for name in sorted(missing):
                words = f'fragment "{show}" needs the parameter "{name}"'
                hint = (
                    "add `recommend:`"
                    if name == "items"
                    else f"add `{name}:` to `with:`"
                )
                document.error(values.get("show", place), words, hint)
        return given
