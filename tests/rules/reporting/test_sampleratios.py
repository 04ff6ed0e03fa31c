"""Whether the arms hold the visitors they should, whatever they are called."""

import pytest

from shopwindow.rules.experiments import Adapting
from shopwindow.rules.reporting.sampleratios import intended, ratio
from tests.rules.reporting.madeup import split


@pytest.mark.parametrize("name", ["variants", "all", "cosy"])
@pytest.mark.parametrize(("control", "broken"), [(200, False), (400, True)])
def test_of_arms_that_adapt_all_together(name: str, control: int, broken: bool) -> None:
    shares = intended(split("tone", name, "plain", adapt=Adapting()))
    assert shares is not None
    found = ratio({"control": control, name: 700, "plain": 100}, shares)
    assert found is not None
    assert (list(found.counts.values()), found.broken) == ([control, 800], broken)
