"""How many visitors a segment has, and how many nobody can tell."""

import msgspec

from .attributes import NO_SUPPLIES, Supplies, Wanted, facts
from .facts import PURPOSES, Context, Profile
from .hindsight import recorded
from .ruleset import RuleSet


class Size(msgspec.Struct):
    """Of one segment: visitors surely in it, surely not, and neither of both."""

    segment: str
    file: str
    line: int
    inside: int = 0
    outside: int = 0
    unknown: int = 0


class Sizes:
    """Counts the members of all segments over profiles, one after the other.

    ``attributes`` are those that a profile may lack, ``absent`` those that it cannot have:
    where they decide and have no value, the visitor is neither in nor out. What is unknown on
    a page as well, such as the days since an order of somebody who never ordered, counts as
    unknown, too. Consents count as given, because else there would be no profile.
    """

    def __init__(
        self,
        rules: RuleSet,
        attributes: frozenset[str],
        absent: frozenset[str],
        supplies: Supplies = NO_SUPPLIES,
    ) -> None:
        self._doubtful = attributes | absent
        self._segments = recorded(rules.segments, self._doubtful)
        asked = {a for segment in rules.segments.values() for a in segment.asked}
        self.wanted = Wanted(asked, rules.zone)
        self._absent = absent
        self._supplies = supplies
        self.visitors = 0
        self._sizes = {
            name: Size(name, segment.file, segment.line)
            for name, segment in rules.segments.items()
        }

    def add(self, profile: Profile, context: Context) -> None:
        """Count one visitor, at the moment of ``context``."""
        known = facts(self, profile, context, _CONSENT, {}, supplies=self._supplies)
        for name in self._absent:
            known.values.pop(name, None)
        self.visitors += 1
        for name, size in self._sizes.items():
            tests = self._segments[name].tests
            if tests.true(known):
                size.inside += 1
            elif tests.false(known):
                size.outside += 1
            else:
                size.unknown += 1

    def sizes(self) -> list[Size]:
        """By file and line."""
        return sorted(self._sizes.values(), key=lambda size: (size.file, size.line))

    def unrecorded(self, segment: str) -> list[str]:
        """The attributes that the segment asks for and that a profile may lack."""
        asked = {each.name for each in self._segments[segment].asked}
        return sorted(asked & self._doubtful)


_CONSENT = frozenset(PURPOSES)
