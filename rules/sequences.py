"""The steps of a rule test: what happens before each delivery of the page, and what is on it."""

from collections.abc import Mapping

import msgspec

from .document import Node
from .expectations import KEYS, Expectation, ExpectationReader
from .happenings import Happened, Happenings
from .moments import LATEST, Duration
from .operators import window
from .personas import PersonaFile
from .rule import Rule
from .vocabulary import VERBS

STEP_KEYS = ("after", *VERBS, *KEYS)


class Step(msgspec.Struct, frozen=True):
    """The page is delivered once: so long ``after`` the step before, and after the visitor did
    what is in ``deeds``. ``expected`` is what must be on it."""

    line: int
    expected: tuple[Expectation, ...]
    after: Duration | None = None
    deeds: tuple[Happened, ...] = ()


class StepReader:
    """Reads the steps of the tests of one file; ``rules`` as in :class:`ExpectationReader`."""

    def __init__(self, file: PersonaFile, rules: Mapping[str, Rule] | None) -> None:
        self.file = file
        self.document = file.document
        self.expectations = ExpectationReader(file.document, file.vocabulary, rules)

    def read(
        self, test: Node, entries: Mapping[str, Node], now: float
    ) -> tuple[Step, ...]:
        """The steps of the test at ``test`` with these ``entries``, which begins at ``now``.

        One without a sequence looks at the page once.
        """
        document = self.document
        steps: tuple[Step, ...] = (Step(test.line, self.expectations.read(entries)),)
        if (sequence := entries.get("sequence")) is not None:
            for key in KEYS:
                if key in entries:
                    words = f'"{key}" stands beside "sequence"'
                    document.error(entries[key], words, "write it in one of its steps")
            steps = self._sequence(sequence, now)
        return steps

    def _sequence(self, node: Node, now: float) -> tuple[Step, ...]:
        if node.kind != "list" or not node.items:
            hint = "each step starts with `- `"
            self.document.error(node, '"sequence" must be a list of steps', hint)
            return ()
        happenings = Happenings(self.file.world(now))
        steps: list[Step] = []
        passed = 0
        for item in node.items:
            step = self._step(item, happenings)
            passed += step.after.seconds if step.after else 0
            if now + passed > LATEST:
                self.document.error(item, "the calendar ends before this step")
                break
            steps.append(step)
        return tuple(steps)

    def _step(self, node: Node, happenings: Happenings) -> Step:
        entries: dict[str, Node] = {}
        deeds: list[Happened] = []
        after: Duration | None = None
        for key, value in self.document.pairs(node, "step", STEP_KEYS):
            entries[key.text] = value
            if key.text == "after":
                after = window(self.document, value)
            elif key.text in VERBS and (deed := happenings.deed(key, value)):
                deeds.append(deed)
        if node.kind == "map" and not node.entries:
            hint = "write for example `{after: 1 day, expect: {home.hero: default}}`"
            self.document.error(node, "this step says nothing", hint)
        return Step(node.line, self.expectations.read(entries), after, tuple(deeds))
