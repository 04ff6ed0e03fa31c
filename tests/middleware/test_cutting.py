"""Clients go away in the middle of a page: the server is none the worse, and nothing counts."""

import random
from collections.abc import Iterator

import pytest

from tests.cutting import TARGETS, Shop, cut_everywhere, cutting_shop


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with cutting_shop(tmp_path_factory.mktemp("cutting")) as shop:
        yield shop


@pytest.mark.parametrize("target", TARGETS)
def test_a_cut_anywhere_in_the_answer_leaves_nothing_behind(
    shop: Shop, target: str
) -> None:
    found = cut_everywhere(shop, TARGETS[target], 25, random.Random(target))
    assert not found.faults
