from random import Random

import pytest

from shopwindow.rules.measurement.cells import Tally
from shopwindow.rules.reporting.piles import Pile


def drawn(chance: Random) -> Tally:
    """Of a few units who do different things, some of them with very large numbers."""
    tally = Tally()
    for _ in range(chance.randrange(4)):
        revenue = chance.choice((0, 0, 1_999, 10**15))
        told = {
            "impressions": chance.randrange(3),
            "revenue": revenue,
            "net": revenue - 5,
        }
        if revenue:
            told |= {"ordered": 1, "orders": 1}
        tally.count(told)
    return tally


@pytest.mark.parametrize("number", [0, 1, 7, 8, 9, 100])
def test_a_pile_is_what_adding_one_by_one_comes_to(number: int) -> None:
    chance = Random(number)
    tallies = [drawn(chance) for _ in range(number)]
    before = [tally.encode() for tally in tallies]
    slow, pile = Tally(), Pile()
    for tally in tallies:
        slow.add(tally)
        pile.put(tally)

    assert pile.total() == slow
    assert pile.total() == slow  # asked twice
    assert [tally.encode() for tally in tallies] == before
