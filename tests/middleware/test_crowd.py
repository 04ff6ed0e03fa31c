"""A little of the crowd before shelves; ``make soak`` lets all of them come."""

from tests.soak.crowd import soak_crowd


def test_shelves_keep_their_promises_to_a_crowd() -> None:
    found = soak_crowd(200, seed=1)
    assert found.faults == 0, "\n".join(found.examples)
    assert found.figures["items"] > 200 * 20
    assert found.figures["discovered in home.one"] > 200
