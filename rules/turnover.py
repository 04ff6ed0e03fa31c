"""How many visitors would see something else, row by row, with a few of them as examples."""

from collections import Counter as Tally

import msgspec

from .replaying import Difference, Story

Kind = tuple[str, str | None, str | None, str | None, str | None]


class Row(msgspec.Struct, frozen=True):
    """A slot that shows ``new_fragment`` of ``new_rule`` in place of the old ones.

    A fragment that is None is the default content. Each visitor counts once in a row, and may
    count in several.
    """

    slot: str
    old_rule: str | None
    old_fragment: str | None
    new_rule: str | None
    new_fragment: str | None
    visitors: int


class Example(msgspec.Struct, frozen=True, eq=False):
    """One visitor and what would have been different."""

    visitor: str
    difference: Difference


class Turnover:
    """Adds up stories; memory grows with the kinds of differences, not with the visitors.

    ``visitors`` had at least one look, ``changed`` of them would have seen something else,
    ``uncertain`` ones not surely, but some slot of theirs cannot be known: ``unknown`` counts
    visitors by that slot.
    """

    def __init__(self, examples: int = 10) -> None:
        self._limit = examples
        self._kinds: Tally[Kind] = Tally()
        self._first: dict[Kind, Example] = {}
        self._further: list[Example] = []
        self.visitors = 0
        self.looks = 0
        self.changed = 0
        self.uncertain = 0
        self.unknown: Tally[str] = Tally()

    def add(self, story: Story) -> None:
        if not story.looks:
            return
        self.visitors += 1
        self.looks += story.looks
        self.changed += bool(story.differences)
        self.uncertain += bool(story.unknown and not story.differences)
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
        """The share of visitors who would have seen something else; None without visitors."""
        return self.changed / self.visitors if self.visitors else None

    def rows(self) -> list[Row]:
        """By slot, the most frequent first."""
        ordered = sorted(
            self._kinds.items(), key=lambda one: (one[0][0], -one[1], str(one[0]))
        )
        return [Row(*kind, count) for kind, count in ordered]

    def examples(self) -> list[Example]:
        """One of each kind, the frequent ones first, then further ones."""
        firsts = [self._first[kind] for kind, _ in self._kinds.most_common()]
        return [*firsts, *self._further][: self._limit]
