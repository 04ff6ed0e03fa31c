"""Models with checksums that are right, and nonsense in them: the shop goes on by the last good one."""

import asyncio
from array import array
from pathlib import Path
from typing import Any

import pytest

from shopwindow import Shopwindow
from shopwindow.fragments.recommendations import Recommender
from shopwindow.fragments.recommendations.model import Model, ModelError
from shopwindow.middleware import models
from tests.fragments.forged import forged
from tests.fragments.models import small
from tests.shop import KEYS, site_folder

A = {"a": [("b", 1.0)]}
DEEP = '{"x":' + "[" * 100_000 + "]" * 100_000 + ","


@pytest.mark.parametrize(
    "arrays",
    [
        {"popular-order": array("f", [1.5])},
        {"trending-order": array("i", [0] * 99)},
        {"again": array("f", [1.0])},
        {"content-weight": array("i", [1, 1])},
    ],
)
def test_arrays_of_another_shape_are_refused(
    tmp_path: Path, arrays: dict[str, Any]
) -> None:
    with pytest.raises(ModelError, match="of 2 items"):
        Model.open(forged(small(tmp_path, A), arrays))


@pytest.mark.parametrize(
    "parameters",
    [{"clicks": 10**9}, {"click_decay": -0.1}, {"reminder_decay": 0}, {"last": 1e300}],
)
def test_parameters_that_no_page_can_count_with_are_refused(
    tmp_path: Path, parameters: dict[str, float]
) -> None:
    forged(small(tmp_path, A), meta={"parameters": parameters})
    with pytest.raises(ModelError, match="parameters: Expected"):
        Recommender.open(tmp_path)


def test_deep_words_about_a_model_leave_the_one_before(tmp_path: Path) -> None:
    good = small(tmp_path, A)
    forged(good, text=lambda said: DEEP + said[1:])
    assert Model.current(tmp_path).name == good.name


def test_one_that_cannot_be_sorted_leaves_the_last_good_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Also for the traffic and for the site that come next."""
    monkeypatch.setattr(models, "POLL", 0.01)
    site = site_folder(tmp_path / "site")

    async def live() -> None:
        good = small(site / "models", A)
        async with Shopwindow(site, keys=KEYS) as window:
            assert window.model is not None and window.model.name == good.name
            held = window.supplies
            # Whoever looks a key up is led out of the index.
            forged(good, {"ids-index.idx": array("i", [10**6] * 2)})
            for _ in range(500):
                # Before it is whole it is refused for what it lacks.
                if "could not be opened" in caplog.text:
                    break
                await asyncio.sleep(0.01)
            else:
                pytest.fail(caplog.text)
            assert window.model is not None and window.model.name == good.name
            assert window.supplies is held
            await window._look_at_traffic()
            window.reload()
            assert window.assortment.model is window.model

    asyncio.run(live())
