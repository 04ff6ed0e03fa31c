"""Rule files in, a compiled rule set out, with everything that is wrong with them at once."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, tzinfo
from hashlib import blake2b

from ..findings import Finding
from .caps import Cap
from .conditions import All, Condition, InSegment, Segment, compiled_segment
from .document import Document, Node, core
from .drafts import Draft, Drafts, grouped
from .facts import Decision
from .filling import filling
from .grammar import Grammar
from .ruleset import Rule, RuleSet, compiled, ruleset
from .segments import BUILT_IN_SEGMENTS
from .vocabulary import ID, Parameters, Vocabulary, time_zone

__all__ = ["Parameters", "Rule", "RuleSet", "Vocabulary", "read_rules"]

FILE_KEYS = ("version", "timezone", "segments", "rules")
SEGMENT_DEPTH = 20


def read_rules(
    files: Mapping[str, str], vocabulary: Vocabulary
) -> tuple[RuleSet, list[Finding]]:
    """Texts by file name (``rules/start.yaml``) to rules and findings. Never raises.

    A rule with an error is left out of the set, so that the set is always usable; whether it
    goes live is for the caller to decide. Findings are sorted by place.
    """
    return _Reader(files, vocabulary).read()


class _Reader:
    def __init__(self, files: Mapping[str, str], vocabulary: Vocabulary) -> None:
        self.findings: list[Finding] = []
        self.vocabulary = vocabulary
        self.zone: tzinfo = time_zone(vocabulary.timezone) or UTC
        digest = blake2b(digest_size=8)
        for name, text in sorted(files.items()):
            for part in (name, text):
                encoded = part.encode("utf-8", "surrogatepass")
                digest.update(len(encoded).to_bytes(8, "big") + encoded)
        self.revision = digest.hexdigest()
        self.documents = [
            Document(name, text, self.findings) for name, text in sorted(files.items())
        ]
        self.segments: dict[str, tuple[Document, Node, Node]] = {}
        self.grammars: dict[str, Grammar] = {}
        self.zones: dict[str, tzinfo] = {}  # of the files that name one
        self.drafts = Drafts(vocabulary)

    def read(self) -> tuple[RuleSet, list[Finding]]:
        sections = [(document, self._file(document)) for document in self.documents]
        self._note_built_in()
        segments = self._compile_segments()
        drafts = [
            draft
            for document, rules in sections
            for node in rules
            if (draft := self._draft(document, node)) is not None
        ]
        groups = grouped(drafts)
        rules = [
            rule
            for draft in drafts
            if (rule := self._compile(draft, segments, groups)) is not None
        ]
        found = ruleset(rules, segments, self.revision, self.zone)
        self._find_hidden(found, {draft.id: draft for draft in drafts})
        self.findings.sort(
            key=lambda finding: (finding.file, finding.line, finding.column)
        )
        return found, self.findings

    # -- a file --------------------------------------------------------------------------

    def _file(self, document: Document) -> list[Node]:
        """Notes the file's segments and gives its rules."""
        rules: list[Node] = []
        if document.root is None or document.root.empty:
            return rules
        for key, value in document.pairs(document.root, "file", FILE_KEYS):
            match key.text:
                case "version":
                    if (
                        value.kind != "scalar"
                        or core(value) != 1
                        or core(value) is True
                    ):
                        document.error(
                            value, f"version {value.shown} is not known", "write 1"
                        )
                case "timezone":
                    name = document.words(value, '"timezone"')
                    if name and (zone := time_zone(name)) is not None:
                        self.zones[document.file] = zone
                    elif name:
                        hint = "for example Europe/Berlin"
                        document.error(value, f'unknown time zone "{name}"', hint)
                case "segments":
                    if not value.empty:
                        self._note_segments(document, value)
                case "rules":
                    if value.kind == "list":
                        rules = value.items
                    elif not value.empty:
                        hint = "each rule starts with `- id:`"
                        document.error(
                            value, f'"rules" must be a list, not {value.shown}', hint
                        )
        return rules

    def _note_segments(self, document: Document, node: Node) -> None:
        for key, value in document.pairs(node, "segments"):
            if not ID.fullmatch(key.text):
                hint = "use letters, digits and `-`"
                document.error(key, f'"{key.text}" cannot be a segment\'s name', hint)
            elif key.text in self.segments:
                other, place, _ = self.segments[key.text]
                words = f'segment "{key.text}" is already at {other.file}:{place.line}'
                document.error(key, words)
            else:
                self.segments[key.text] = (document, key, value)

    # -- segments ------------------------------------------------------------------------

    def _note_built_in(self) -> None:
        """Adds the segments every site has; the site's own of the same name stay."""
        document = Document("built-in", BUILT_IN_SEGMENTS, self.findings)
        assert document.root is not None
        ((_, node),) = document.root.entries
        for key, value in node.entries:
            self.segments.setdefault(key.text, (document, key, value))

    def _grammar(self, document: Document) -> Grammar:
        """One for each document: it holds the names of all segments."""
        if document.file not in self.grammars:
            found = Grammar(document, self.vocabulary, self.zone, self.segments)
            self.grammars[document.file] = found
        return self.grammars[document.file]

    def _compile_segments(self) -> dict[str, Segment]:
        """Every segment after those it names. What stands in a circle is found and left out."""
        read: dict[str, All] = {}
        for name, (document, key, value) in self.segments.items():
            before = document.errors
            parts = self._grammar(document).conditions(value, f'segment "{name}"')
            if not parts and document.errors == before:
                document.error(key, f'segment "{name}" has no conditions')
            read[name] = All(parts, key.line)
        needs = {name: _named(condition) for name, condition in read.items()}
        done: dict[str, Segment] = {}
        order = _ordered(needs)
        for name in order:
            depth = 1 + max(
                (done[n].depth if n in done else SEGMENT_DEPTH for n in needs[name]),
                default=0,
            )
            document, key, _ = self.segments[name]
            if depth <= SEGMENT_DEPTH:
                done[name] = compiled_segment(
                    name, document.file, read[name], done, depth
                )
            else:
                words = f'segment "{name}" stands on more than {SEGMENT_DEPTH} others, one on the other'
                document.error(key, words)
        left = {name: needs[name] - set(order) for name in needs.keys() - set(order)}
        users: dict[str, set[str]] = {name: set() for name in left}
        for name, others in left.items():
            for other in others:
                users[other].add(name)
        # What only stands on a circle is not in it: peel that off from the other end.
        for name in sorted(left.keys() - set(_ordered(users))):
            document, key, _ = self.segments[name]
            words = f'segment "{name}" goes in a circle through "{min(left[name])}"'
            document.error(key, words)
        return done

    # -- rules ---------------------------------------------------------------------------

    def _draft(self, document: Document, node: Node) -> Draft | None:
        zone = self.zones.get(document.file, self.zone)
        return self.drafts.draft(document, node, self._grammar(document), zone)

    def _compile(
        self,
        draft: Draft,
        segments: Mapping[str, Segment],
        groups: Mapping[str, Sequence[Draft]],
    ) -> Rule | None:
        if not _named(All(draft.conditions, 0)) <= segments.keys():
            return None  # a segment in a circle; that has its own finding
        purposes, holds, possible = compiled(draft.conditions, segments)
        cap = None
        if draft.limits:
            sharing = groups[draft.group] if draft.group else [draft]
            fragments = (name for one in sharing for name in one.fragments)
            cap = Cap(
                draft.limits,
                tuple(one.id for one in sharing),
                tuple(dict.fromkeys(fragments)),
            )
        if cap or draft.split or draft.explore:
            purposes |= {"personalization"}
        filled = None
        if draft.bindings:
            decisions: dict[str | None, Decision] = {None: draft.decision}
            decisions.update(draft.variants)
            filled = filling(decisions, draft.bindings)
        return Rule(
            draft.id,
            draft.slot,
            draft.priority,
            draft.document.file,
            draft.node.line,
            draft.conditions,
            purposes,
            holds,
            possible,
            draft.decision,
            cap,
            draft.schedule,
            draft.explore,
            draft.split,
            draft.variants,
            draft.bindings,
            filled,
            draft.note,
            draft.about,
            draft.off,
        )

    def _find_hidden(self, found: RuleSet, drafts: Mapping[str, Draft]) -> None:
        """Warns of rules that stand behind one that always holds."""
        for rules in found.by_slot.values():
            winner: Rule | None = None
            for rule in rules:
                if winner is not None:
                    draft = drafts[rule.id]
                    place = f'"{winner.id}" ({winner.file}:{winner.line})'
                    words = f'rule "{rule.id}" can never win'
                    hint = f"{place} comes before it and always holds"
                    draft.document.warning(draft.place, words, hint)
                elif not rule.conditions and rule.plain and not rule.schedule:
                    winner = rule


def _named(condition: Condition) -> frozenset[str]:
    """The segments a condition names, in all its depth (which the document limits)."""
    if isinstance(condition, InSegment):
        return frozenset(condition.segments)
    parts: tuple[Condition, ...] = getattr(condition, "conditions", ())
    return frozenset().union(*map(_named, parts))


def _ordered(needs: Mapping[str, Collection[str]]) -> list[str]:
    """The names so that each comes after those it needs; without those in a circle."""
    users: dict[str, list[str]] = {}
    waiting = {name: len(others) for name, others in needs.items()}
    for name, others in needs.items():
        for other in others:
            users.setdefault(other, []).append(name)
    order = [name for name, count in waiting.items() if not count]
    for name in order:  # it grows while we go
        for user in users.get(name, ()):
            waiting[user] -= 1
            if not waiting[user]:
                order.append(user)
    return order
