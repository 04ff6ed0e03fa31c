"""Rule files in, a compiled rule set out, with everything that is wrong with them at once."""

from collections.abc import Collection, Mapping
from datetime import UTC, tzinfo
from hashlib import blake2b

from ..findings import Finding
from .compiling import Checked, SegmentDraft, compiling
from .conditions import All, Condition, InSegment
from .document import SIZE_LIMIT, Document, Node
from .drafts import Draft, Drafts
from .grammar import Grammar
from .ruleset import Rule, RuleSet
from .segments import BUILT_IN, BUILT_IN_SEGMENTS
from .steps import finished
from .versions import read_version
from .vocabulary import ID, Parameters, Vocabulary, time_zone

__all__ = [
    "Parameters",
    "Rule",
    "RuleSet",
    "Vocabulary",
    "check_rules",
    "read_rules",
]

FILE_KEYS = ("version", "timezone", "segments", "rules")
SEGMENT_DEPTH = 20


def read_rules(
    files: Mapping[str, str], vocabulary: Vocabulary
) -> tuple[RuleSet, list[Finding]]:
    """Texts by file name (``rules/start.yaml``) to rules and findings. Never raises.

    A rule with an error is left out of the set, so that the set is always usable; whether it
    goes live is for the caller to decide. Findings are sorted by place.
    """
    checked, findings = check_rules(files, vocabulary)
    return finished(compiling(checked)), findings


def check_rules(
    files: Mapping[str, str], vocabulary: Vocabulary
) -> tuple[Checked, list[Finding]]:
    """The first half of :func:`read_rules`: all that takes long and needs the texts."""
    return _Reader(files, vocabulary).read()


class _Reader:
    def __init__(self, files: Mapping[str, str], vocabulary: Vocabulary) -> None:
        self.findings: list[Finding] = []
        self.vocabulary = vocabulary
        self.zone: tzinfo = time_zone(vocabulary.timezone) or UTC
        digest = blake2b(digest_size=8)
        for name, text in sorted(files.items()):
            for part in (name, text):
                # A longer one is refused, whatever stands behind.
                encoded = part[: SIZE_LIMIT + 1].encode("utf-8", "surrogatepass")
                digest.update(len(encoded).to_bytes(8, "big"))
                digest.update(encoded)
        self.revision = digest.hexdigest()
        self.documents = [
            Document(name, text, self.findings) for name, text in sorted(files.items())
        ]
        self.segments: dict[str, tuple[Document, Node, Node]] = {}
        self.grammars: dict[str, Grammar] = {}
        self.zones: dict[str, tzinfo] = {}  # of the files that name one
        self.drafts = Drafts(vocabulary)

    def read(self) -> tuple[Checked, list[Finding]]:
        sections = [(document, self._file(document)) for document in self.documents]
        self._note_built_in()
        segments = self._segments()
        drafts = [
            draft
            for document, rules in sections
            for node in rules
            if (draft := self._draft(document, node)) is not None
        ]
        drafts = self.drafts.grouped(drafts)
        # A segment in a circle has its own finding.
        known = {segment.name for segment in segments}
        sound = [draft for draft in drafts if _used(draft) <= known]
        self.findings.sort(
            key=lambda finding: (finding.file, finding.line, finding.column)
        )
        return Checked(tuple(sound), segments, self.revision, self.zone), self.findings

    # -- a file --------------------------------------------------------------------------

    def _file(self, document: Document) -> list[Node]:
        """Notes the file's segments and gives its rules."""
        rules: list[Node] = []
        if document.root is None or document.root.empty:
            return rules
        for key, value in document.pairs(document.root, "file", FILE_KEYS):
            match key.text:
                case "version":
                    read_version(document, value)
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
        document = Document(BUILT_IN, BUILT_IN_SEGMENTS, self.findings)
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

    def _segments(self) -> tuple[SegmentDraft, ...]:
        """Every segment after those it names. What stands in a circle is found and left out."""
        read: dict[str, All] = {}
        for name, (document, key, value) in self.segments.items():
            before = document.errors
            parts = self._grammar(document).conditions(value, f'segment "{name}"')
            if not parts and document.errors == before:
                document.error(key, f'segment "{name}" has no conditions')
            read[name] = All(parts, key.line)
        needs = {name: _named(condition) for name, condition in read.items()}
        done: dict[str, SegmentDraft] = {}
        order = _ordered(needs)
        for name in order:
            depth = 1 + max(
                (done[n].depth if n in done else SEGMENT_DEPTH for n in needs[name]),
                default=0,
            )
            document, key, _ = self.segments[name]
            if depth <= SEGMENT_DEPTH:
                done[name] = SegmentDraft(name, document.file, read[name], depth)
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
        return tuple(done.values())

    # -- rules ---------------------------------------------------------------------------

    def _draft(self, document: Document, node: Node) -> Draft | None:
        zone = self.zones.get(document.file, self.zone)
        return self.drafts.draft(document, node, self._grammar(document), zone)


def _used(draft: Draft) -> frozenset[str]:
    """The segments that a rule stands on."""
    named = _named(All(draft.conditions, 0))
    if draft.split is not None and draft.split.adapt is not None:
        named = named.union(draft.split.adapt.by)
    return named


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
