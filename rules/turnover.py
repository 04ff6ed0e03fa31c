"""How many visitors would see something else, row by row, with a few of them as examples."""

from collections import Counter as Tally
from typing import NamedTuple

import msgspec

from .differences import Difference, Kind
from .replaying import Story


class Row(NamedTuple):
    """How many visitors a kind of difference would meet. Each counts once in a row, and may
    count in several."""

    kind: Kind
    visitors: int


class Example(msgspec.Struct, frozen=True, eq=False):
    """One visitor and what would have been different."""

    visitor: str
    difference: Difference


class Turnover:
    """Adds up stories; memory grows with the kinds of differences, not with the visitors.

    ``visitors`` had at least one look; ``changed`` of them would surely have seen something
    else, ``likely`` further ones unless a rule won of which nobody can know. Of the others
    ``uncertain`` ones had a slot that cannot be known; ``unknown`` counts visitors by slot.
    """

    def __init__(self, examples: int = 10) -> None:
        self._limit = examples
        self._kinds: Tally[Kind] = Tally()
        self._first: dict[Kind, Example] = {}
        self._further: list[Example] = []
        self.visitors = 0
        self.looks = 0
        self.changed = 0
        self.likely = 0
        self.uncertain = 0
        self.unknown: Tally[str] = Tally()

    def add(self, story: Story) -> None:
        if not story.looks:
            return
        self.visitors += 1
        self.looks += story.looks
        if any(not each.unless for each in story.differences):
            self.changed += 1
        elif story.differences:
            self.likely += 1
        elif story.unknown:
            self.uncertain += 1
        self.unknown.update(story.unknown)
        kinds = {each.kind: each for each in reversed(story.differences)}
        self._kinds.update(kinds.keys())
        for kind, difference in kinds.items():
            example = Example(story.visitor, difference)
            if kind not in self._first:
                self._first[kind] = example
            elif len(self._further) < self._limit:
                self._further.append(example)

    @property
    def share(self) -> float | None:
        """The share of visitors who would surely have seen something else; None without visitors."""
        return self.changed / self.visitors if self.visitors else None

    def rows(self) -> list[Row]:
        """By slot, the most frequent first."""
        rows = [Row(kind, visitors) for kind, visitors in self._kinds.items()]
        return sorted(rows, key=lambda r: (r.kind.slot, -r.visitors, str(r.kind)))

    def examples(self) -> list[Example]:
        """One of each kind, the frequent ones first, then further ones."""
        firsts = [self._first[kind] for kind, _ in self._kinds.most_common()]
        return [*firsts, *self._further][: self._limit]
