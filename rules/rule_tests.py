"""Rule tests out of their files: a persona, a page, and what must be on it."""

from collections.abc import Mapping
from urllib.parse import unquote

import msgspec

from ..findings import Finding, suggest
from .document import Document, Node, core
from .expectations import KEYS
from .experiments import CONTROL
from .learning import Relatives
from .personas import Persona, PersonaFile, make_persona, read_moment
from .ruleset import RuleSet
from .sequences import Step, StepReader
from .traits import Traits, TraitsReader
from .vocabulary import Vocabulary

TEST_KEYS = (
    *("name", "given", "but", "now", "path", "variant", "holdout"),
    *KEYS,
    "sequence",
)


class RuleTest(msgspec.Struct, frozen=True):
    """One test, ready to be run: ``persona`` opens ``path`` (with its query) at ``now``, in
    seconds since 1970. ``sequence``: its steps were written out. ``holdout``: the persona is one
    of those who never see anything personalised."""

    name: str
    file: str
    line: int
    persona: Persona
    now: float
    path: str
    steps: tuple[Step, ...]
    sequence: bool = False
    holdout: bool = False


def read_tests(
    files: Mapping[str, str],
    vocabulary: Vocabulary,
    relatives: Relatives,
    rules: RuleSet | None,
    now: float,
) -> tuple[list[RuleTest], list[Finding]]:
    """Texts by file name (``rules/tests/start.yaml``) to tests and findings. Never raises.

    The personas of all files are one namespace. A test happens at its own ``now``, else at that
    of its file, of its persona's file, or else at this ``now``. Tests with an error are left
    out. Without ``rules``, the ids and experiments that tests name are not checked.
    """
    findings: list[Finding] = []
    shelf = _Shelf(
        [
            PersonaFile(name, text, vocabulary, relatives, findings)
            for name, text in sorted(files.items())
        ],
        now,
    )
    tests = [
        test
        for file in shelf.files
        if file.tests is not None
        for test in _Reader(file, shelf, rules).read(file.tests)
    ]
    # A persona is read anew for every test that changes the clock.
    once = dict.fromkeys(findings)
    return tests, sorted(once, key=lambda one: (one.file, one.line, one.column))


class _Shelf:
    """All personas of the site, each in its file."""

    def __init__(self, files: list[PersonaFile], now: float) -> None:
        self.files = files
        self.now = now
        self.homes: dict[str, PersonaFile] = {}
        self.faulty: set[str] = set()
        for file in files:
            at = now if file.now is None else file.now
            for name, (key, _) in file.personas.items():
                if (home := self.homes.setdefault(name, file)) is not file:
                    place = home.personas[name][0]
                    words = f'persona "{name}" is already at {home.name}:{place.line}'
                    file.document.error(key, words, "give it another name")
                if file.traits(name, at) is None:
                    self.faulty.add(name)


class _Reader:
    """Reads the tests of one file."""

    def __init__(self, file: PersonaFile, shelf: _Shelf, rules: RuleSet | None) -> None:
        self.file = file
        self.shelf = shelf
        self.document: Document = file.document
        known = None if rules is None else {rule.id: rule for rule in rules.rules}
        self.steps = StepReader(file, known)
        self.experiments: dict[str, set[str]] | None = None
        if rules is not None:
            self.experiments = {
                rule.split.experiment: {
                    CONTROL,
                    *(variant.name for variant in rule.split.variants),
                }
                for rule in rules.rules
                if rule.split is not None
            }

    def read(self, node: Node) -> list[RuleTest]:
        if node.kind != "list":
            if not node.empty:
                hint = "each test starts with `- name:`"
                words = f'"tests" must be a list, not {node.shown}'
                self.document.error(node, words, hint)
            return []
        return [test for item in node.items if (test := self._test(item)) is not None]

    def _test(self, node: Node) -> RuleTest | None:
        document, before = self.document, self.document.errors
        entries = {
            key.text: value for key, value in document.pairs(node, "test", TEST_KEYS)
        }
        for key, example in {
            "name": "say in a sentence what must be so",
            "given": "the persona who looks at the page",
        }.items():
            if node.kind == "map" and key not in entries:
                document.error(node, f'a test needs "{key}"', example)
        name = self._words(entries, "name") or ""
        given = self._words(entries, "given")
        home = self._home(entries["given"], given) if given else None
        now = self._now(entries, home)
        path = self._path(entries)
        pins = self._pins(entries["variant"]) if "variant" in entries else {}
        holdout = "holdout" in entries and self._yes(entries["holdout"], '"holdout"')
        steps = self.steps.read(node, entries, now)
        nothing = not any(step.expected for step in steps)
        if nothing and self.experiments is not None and document.errors == before:
            hint = "add for example `expect: {home.hero: default}`"
            document.error(node, "this test expects nothing", hint)
        traits = self._traits(given, home, entries.get("but"), now)
        if traits is None or home is None or given is None or document.errors > before:
            return None
        path = path or str(traits.values.get("path", "/"))
        persona = make_persona(
            given,
            traits,
            self.file.world(now),
            line=home.personas[given][0].line,
            path=unquote(path.partition("?")[0]),
            pins=pins,
        )
        sequence = "sequence" in entries
        return RuleTest(
            *(name, self.file.name, node.line, persona, now, path, steps),
            sequence=sequence,
            holdout=holdout,
        )

    def _words(self, entries: Mapping[str, Node], key: str) -> str | None:
        node = entries.get(key)
        return None if node is None else self.document.words(node, f'"{key}"')

    def _yes(self, node: Node, what: str) -> bool:
        value = core(node) if node.kind == "scalar" else None
        if type(value) is not bool:
            self.document.error(node, f"{what} is true or false, not {node.shown}")
        return value is True

    # -- who, when and where -----------------------------------------------------------------

    def _home(self, node: Node, given: str) -> PersonaFile | None:
        home = self.shelf.homes.get(given)
        if home is None:
            words = f'unknown persona "{given}"'
            self.document.error(node, words, suggest(given, self.shelf.homes))
        return home

    def _now(self, entries: Mapping[str, Node], home: PersonaFile | None) -> float:
        if (node := entries.get("now")) is not None:
            own = read_moment(self.document, node, self.file.zone)
            if own is not None:
                return own
        if self.file.now is not None:
            return self.file.now
        if home is not None and home.now is not None:
            return home.now
        return self.shelf.now

    def _path(self, entries: Mapping[str, Node]) -> str | None:
        path = self._words(entries, "path")
        if path is not None and not path.startswith("/"):
            self.document.error(entries["path"], "a path starts with /")
        return path

    def _traits(
        self, given: str | None, home: PersonaFile | None, but: Node | None, now: float
    ) -> Traits | None:
        """What is different is checked even where the persona itself is not sound."""
        other: Traits | None = Traits()
        if but is not None:
            other = TraitsReader(self.file.world(now)).read(but, '"but"')
        if given is None or home is None or given in self.shelf.faulty:
            return None
        traits = home.traits(given, now)
        return None if traits is None or other is None else traits.but(other)

    def _pins(self, node: Node) -> dict[str, str]:
        document = self.document
        pins: dict[str, str] = {}
        for key, value in document.pairs(node, '"variant"'):
            variant = document.words(value, f'"{key.text}"')
            if variant is None:
                continue
            pins[key.text] = variant
            if self.experiments is None:
                continue
            variants = self.experiments.get(key.text)
            if variants is None:
                words = f'unknown experiment "{key.text}"'
                document.error(key, words, suggest(key.text, self.experiments))
            elif variant not in variants:
                words = f'experiment "{key.text}" has no variant "{variant}"'
                document.error(value, words, suggest(variant, variants))
        return pins
