"""One rule out of a document: its parts checked, its conditions not yet compiled."""

from collections.abc import Iterable, Mapping
from datetime import tzinfo
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import replace

from ..findings import suggest
from .aiming import check_aims, read_goal, read_guardrails
from .capping import read_cap
from .caps import Cap, Limit
from .conditions import Condition, NoneOf
from .contents import Contents
from .document import Document, Node, core
from .experiments import CONTROL, Split
from .facts import Decision, Recommend
from .favourites import Binding
from .goals import Goal, Guardrail
from .grammar import Grammar
from .levels import check_shelf, leveled
from .moments import read_day
from .schedule import Schedule
from .schedules import read_schedule
from .shares import read_share
from .shelves import Shelves
from .splits import Splits
from .subjects import Subject, named
from .vocabulary import ID, Vocabulary

ABOUT_KEYS = ("owner", "goal", "hypothesis", "review-by", "campaign", "why")
RULE_KEYS = (
    *("id", "slot", "priority", "when", "unless", "schedule", "cap", "cap-group"),
    *("show", "with", "split", "recommend", "explore", "guardrails", "note", "off"),
    *ABOUT_KEYS,
)
PRIORITY_LIMIT = 10**9
_CONTENTS = ("show", "with")
Found = Mapping[str, tuple[Node, Node]]  # the keys of a rule, with their values


class Draft(msgspec.Struct, frozen=True, gc=False):
    """A rule as it was read: plain values, which another process can send us.

    ``decision`` and ``variants`` are those of :class:`~shopwindow.rules.rule.Rule`, their
    names not filled. ``group`` is the cap's; empty: the rule's showings count for it alone.
    ``names`` are the things that its parameters name.
    """

    id: str
    slot: str
    priority: int
    file: str
    line: int
    conditions: tuple[Condition, ...]
    decision: Decision
    variants: Mapping[str, Decision]
    cap: Cap | None
    group: str
    schedule: Schedule | None
    explore: float
    split: Split | None
    bindings: tuple[Binding, ...]
    note: str
    about: Mapping[str, str]
    off: bool
    names: tuple[Subject, ...] = ()
    goal: Goal | None = None
    guardrails: tuple[Guardrail, ...] = ()


class Shown(NamedTuple):
    """What a rule shows: a fragment with its parameters or a split, and what fills shelves."""

    content: tuple[str, Mapping[str, Any]] | None
    split: Split | None
    recommend: Recommend | None


class Drafts:
    """Reads the rules of all documents; ids are unique over all of them."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.ids: dict[str, tuple[Document, Node]] = {}
        self.splits = Splits()
        self._elsewhere = dict.fromkeys(
            vocabulary.condition_names,
            "a condition stands under `when:`, indented, after `- `",
        )

    def draft(
        self, document: Document, node: Node, grammar: Grammar, zone: tzinfo
    ) -> Draft | None:
        """The rule at ``node``, or None where something is wrong with it.

        ``zone`` is the one that its schedule is meant in.
        """
        before = document.errors
        found = {
            key.text: (key, value)
            for key, value in document.pairs(
                node, "rule", RULE_KEYS, elsewhere=self._elsewhere
            )
        }
        if node.kind != "map":
            return None
        values = {name: value for name, (_, value) in found.items()}
        id = self._id(document, node, values.get("id"))
        slot = self._slot(document, node, values.get("slot"))
        grammar = grammar.of_rule()
        conditions = _conditions(grammar, found)
        goal = read_goal(document, *found["goal"]) if "goal" in found else None
        shown = self._shown(document, node, found, grammar, goal)
        limits, group = _capped(document, found)
        schedule, explore = None, 0.0
        if "schedule" in found:
            schedule = read_schedule(document, *found["schedule"], zone)
        if "explore" in values:
            explore = read_share(document, values["explore"], '"explore"') or 0.0
        guardrails: tuple[Guardrail, ...] = ()
        if "guardrails" in found:
            guardrails = read_guardrails(document, *found["guardrails"], goal)
        about = _about(document, values, goal)
        draft = Draft(
            id or "",
            slot or "",
            _priority(document, values.get("priority")),
            document.file,
            node.line,
            conditions,
            Decision(slot or "", CONTROL),
            {},
            None,
            group,
            schedule,
            explore,
            shown.split,
            tuple(grammar.variables.values()),
            about.pop("note", ""),
            about,
            _switch(document, values.get("off")),
            goal=goal,
            guardrails=guardrails,
        )
        if document.errors > before:
            return None
        check_aims(document, found, draft.split, goal, guardrails)
        draft = _limited(_decided(draft, shown), limits)
        decisions = (draft.decision, *draft.variants.values())
        return replace(draft, names=named(decisions, self.vocabulary))

    def grouped(self, drafts: Iterable[Draft]) -> list[Draft]:
        """The drafts; those of a ``cap-group`` share their showings, and the clicks on them.

        Warns of a group that has a single rule.
        """
        drafts = list(drafts)
        groups: dict[str, list[Draft]] = {}
        for draft in drafts:
            if draft.group:
                groups.setdefault(draft.group, []).append(draft)
        shared = {name: _shared(members) for name, members in groups.items()}
        for name, members in groups.items():
            if len(members) == 1:
                document, place = self.ids[members[0].id]
                words = f'rule "{members[0].id}" is alone in its cap-group "{name}"'
                hint = suggest(name, groups.keys() - {name})
                document.warning(place, words, hint, "alone")
        return [
            replace(draft, cap=replace(shared[draft.group], limits=draft.cap.limits))
            if draft.group and draft.cap
            else draft
            for draft in drafts
        ]

    def _shown(
        self,
        document: Document,
        rule: Node,
        found: Found,
        grammar: Grammar,
        goal: Goal | None,
    ) -> Shown:
        """What the rule shows; ``grammar`` knows the names that its conditions bind."""
        recommend = None
        if "recommend" in found:
            shelves = Shelves(document, self.vocabulary, grammar.deeds.key)
            recommend = shelves.read(*found["recommend"])
        context = (self.vocabulary, recommend is not None, grammar.variables)
        if "split" not in found:
            values = {name: found[name][1] for name in _CONTENTS if name in found}
            content = Contents("rule", *context)(document, rule, values)
            return Shown(content, None, recommend)
        contents = Contents("variant", *context)
        split = self.splits.read(
            document, *found["split"], contents, goal, grammar.segments
        )
        if split is not None and recommend is not None:
            check_shelf(document, found["recommend"][0], recommend, split)
        for name in _CONTENTS:
            if name in found:
                hint = f"move `{name}:` into the variants"
                words = f'a rule with "split" has no "{name}" of its own'
                document.error(found[name][0], words, hint)
        return Shown(None, split, recommend)

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

    def _slot(self, document: Document, rule: Node, node: Node | None) -> str | None:
        if node is None:
            document.error(rule, "rule has no `slot:`")
            return None
        text = document.words(node, '"slot"')
        known = self.vocabulary.slots
        if text is not None and text not in known:
            document.unknown(node, "slot", text, known)
        return text


def _decided(draft: Draft, shown: Shown) -> Draft:
    """The draft with its decisions: one, or the control group's and one for each variant."""
    split = shown.split
    goal = draft.about.get("goal", "")

    def decision(
        show: str | None, parameters: Mapping[str, Any], variant: str | None
    ) -> Decision:
        return Decision(
            draft.slot,
            "shown" if show else "control",
            draft.id,
            show or None,
            parameters,
            shown.recommend if show else None,
            draft.file,
            draft.line,
            experiment=split.experiment if split else None,
            variant=variant,
            goal=goal,
        )

    if split is None:
        assert shown.content is not None  # else there was an error
        return replace(draft, decision=decision(*shown.content, None))
    return replace(
        draft,
        decision=decision(None, {}, CONTROL),
        variants={
            one.name: leveled(decision(one.show, one.parameters, one.name), one.level)
            for one in split.variants
        },
    )


def _limited(draft: Draft, limits: tuple[Limit, ...]) -> Draft:
    """The draft with its cap, for which its own showings count."""
    if not limits:
        return draft
    decisions = (draft.decision, *draft.variants.values())
    fragments = dict.fromkeys(d.fragment for d in decisions if d.fragment)
    return replace(draft, cap=Cap(limits, (draft.id,), tuple(fragments)))


def _shared(drafts: Iterable[Draft]) -> Cap:
    """A cap without limits, for which the showings of all ``drafts`` count."""
    caps = [draft.cap for draft in drafts if draft.cap]
    rules = tuple(id for cap in caps for id in cap.rules)
    fragments = dict.fromkeys(name for cap in caps for name in cap.fragments)
    return Cap((), rules, tuple(fragments))


def _conditions(grammar: Grammar, found: Found) -> tuple[Condition, ...]:
    conditions: tuple[Condition, ...] = ()
    if "when" in found:
        conditions = grammar.conditions(found["when"][1], '"when"')
    if "unless" in found:
        key, value = found["unless"]
        if parts := grammar.alternatives(value, '"unless"'):
            conditions = (*conditions, NoneOf(parts, key.line, "unless"))
    return conditions


def _capped(document: Document, found: Found) -> tuple[tuple[Limit, ...], str]:
    """The limits of the rule's cap, and the name of the group that shares its showings."""
    limits = read_cap(document, *found["cap"]) if "cap" in found else ()
    if "cap-group" not in found:
        return limits, ""
    key, value = found["cap-group"]
    if "cap" not in found:
        hint = "write the cap in every rule of the group"
        document.error(key, '"cap-group" needs "cap"', hint)
    return limits, document.words(value, '"cap-group"') or ""


def _priority(document: Document, node: Node | None) -> int:
    if node is None:
        return 0
    priority = document.whole(node, "priority") or 0
    if abs(priority) > PRIORITY_LIMIT:
        document.error(node, "priority is too far from 0")
    return priority


def _about(
    document: Document, values: Mapping[str, Node], goal: Goal | None
) -> dict[str, str]:
    """What is there for people and reports; a goal that is a metric stands there in words."""
    about = {
        name: document.words(values[name], f'"{name}"') or ""
        for name in (*ABOUT_KEYS, "note")
        if name in values and not (name == "goal" and values[name].kind != "scalar")
    }
    if goal is not None:
        about["goal"] = str(goal)
    if (day := about.get("review-by")) and read_day(day) is None:
        node = values["review-by"]
        document.error(node, f"{node.shown} is not a date", "write 2026-12-31")
    return about


def _switch(document: Document, node: Node | None) -> bool:
    if node is None:
        return False
    value = core(node) if node.kind == "scalar" else None
    if not isinstance(value, bool):
        document.error(node, f'"off" is true or false, not {node.shown}')
    return value is True
