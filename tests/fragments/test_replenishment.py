"""When what was bought is bought again: learned from made-up households, and by the catalogue."""

from collections.abc import Iterator, Mapping

import numpy as np
import pytest

from shopwindow.fragments.catalog import Catalog, Item
from shopwindow.fragments.recommendations.arrays import Array
from shopwindow.fragments.recommendations.model import Model
from shopwindow.fragments.recommendations.replenishment import Replenishment
from shopwindow.fragments.recommendations.replenishment.features import (
    FEATURES,
    PREFIX,
)
from shopwindow.fragments.recommendations.training.itemstatistics import Statistics
from shopwindow.fragments.recommendations.training.logistic import logistic
from shopwindow.fragments.recommendations.training.part import Part
from shopwindow.fragments.recommendations.training.purchases import (
    Purchases,
    pairs,
    purchases,
)
from shopwindow.fragments.recommendations.training.rebuying import (
    bought_again,
    features,
)
from shopwindow.fragments.recommendations.training.replenishment import fit
from tests.fragments.households import (
    CATEGORIES,
    DAYS,
    LASTS,
    bought_on,
    events,
    households,
    learned,
    profile,
)

UNTIL = DAYS - 30  # the days after it tell whether the chances were right
ALL = households(700)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Model, Part]]:
    yield learned(tmp_path_factory.mktemp("model"), ALL, UNTIL)


@pytest.fixture(scope="module")
def supplies(model: tuple[Model, Part]) -> Replenishment:
    return Replenishment(model=model[0])


# -- a model -------------------------------------------------------------------------------


def test_the_chance_rises_while_something_is_used_up(supplies: Replenishment) -> None:
    # Bought every 30 days, and the visitor is in the shop every week for bread.
    kibble = bought_on(10, 40, 70, 100)
    chances = []
    for day in (102, 110, 118, 124):
        bread = bought_on(*range(10, day, 7))
        found = supplies.due({"kibble": kibble, "bread": bread}, day)
        chances.append(found["kibble"])
    assert chances == sorted(chances)
    assert chances[0] < 0.05 and chances[-1] > 0.3


def test_the_chances_are_those_with_which_it_happens(supplies: Replenishment) -> None:
    for within in (7, 14, 28):
        said: list[tuple[float, bool]] = []
        for bought in ALL:
            found = supplies.due(profile(bought, UNTIL), UNTIL, within)
            for product, chance in found.items():
                then = range(UNTIL, UNTIL + within)
                said.append((chance, any(day in then for day in bought[product])))
        said.sort()
        share = sum(happened for _, happened in said) / len(said)
        assert share == pytest.approx(sum(c for c, _ in said) / len(said), abs=0.05)
        for part in (said[: len(said) // 3], said[-len(said) // 3 :]):
            mean = sum(chance for chance, _ in part) / len(part)
            happened = sum(happened for _, happened in part) / len(part)
            assert happened == pytest.approx(mean, abs=0.1)


def test_a_longer_time_is_never_less_likely(supplies: Replenishment) -> None:
    bought = profile(ALL[0], UNTIL)
    times = (0.5, 1, 3, 6.9, 7, 7.1, 14, 27, 28, 29, 60, 365, 9_000)
    found = [supplies.due(bought, UNTIL, within) for within in times]
    for product in found[0]:
        chances = [one[product] for one in found]
        assert chances == sorted(chances)
        assert 0 <= chances[0] and chances[-1] <= 1


def test_what_nobody_buys_twice_does_not_run_out(
    model: tuple[Model, Part], supplies: Replenishment
) -> None:
    assert "sofa" not in supplies.due({"sofa": bought_on(100)}, 120)
    assert supplies.due(
        {"bread": bought_on(100), "sofa": bought_on(100)}, 120
    ).keys() == {"bread"}
    assert model[1].metrics["replenished items"] == 3


def test_what_is_not_known_does_not_run_out(supplies: Replenishment) -> None:
    assert supplies.due({"tea": bought_on(100)}, 120) == {}
    assert supplies.due({}, 120) == {}
    assert supplies.due({"bread": bought_on()}, 120) == {}


def test_pages_say_what_training_learned(
    model: tuple[Model, Part], supplies: Replenishment
) -> None:
    _, part = model
    bought = purchases(events(ALL, UNTIL))
    found = pairs(bought)
    numbers = Statistics(
        *(part.arrays[PREFIX + name].astype(np.float32) for name in Statistics._fields)
    )
    rows = features(bought, numbers, UNTIL)
    keys = sorted(LASTS)
    for within in (7, 28):
        weights = np.array(part.metrics["weights"][str(within)])
        chances = 1 / (1 + np.exp(-np.clip(weights[0] + rows @ weights[1:], -99, 99)))
        for who, item, chance in zip(found.visitor, found.item, chances, strict=True):
            served = supplies.due(profile(ALL[who], UNTIL), UNTIL, within)
            if keys[item] != "sofa":
                assert served[keys[item]] == pytest.approx(chance, abs=1e-9)


@pytest.mark.parametrize("day", [-5, 0, 99, 100, 5_000, 10**7])
def test_any_day_gives_a_chance(supplies: Replenishment, day: int) -> None:
    for days in ((100,), (1, 100), tuple(range(0, 100))):
        (chance,) = supplies.due({"bread": bought_on(*days)}, day).values()
        assert 0 <= chance <= 1


def test_a_model_of_other_features_is_none(model: tuple[Model, Part]) -> None:
    class Other:
        def __init__(self, metrics: Mapping[str, object]) -> None:
            self.meta = {"metrics": {"replenishment": metrics}}

        def number(self, key: str) -> int | None:
            return model[0].number(key)

        def array(self, name: str) -> Array[float] | None:
            return model[0].array(name)

    metrics = dict(model[1].metrics)
    assert Replenishment(model=Other(metrics)).learned
    assert not Replenishment(
        model=Other({**metrics, "features": FEATURES[:-1]})
    ).learned
    assert not Replenishment(model=Other({**metrics, "weights": {"7": [0.0]}})).learned
    assert not Replenishment(model=Other({"left out": "nobody bought"})).learned


# -- learning ------------------------------------------------------------------------------


def test_a_log_that_cannot_teach_it_says_so() -> None:
    assert "no times" in fit(events(ALL, timed=False)).metrics["left out"]
    few = fit(events(ALL[:5]))
    assert "only" in few.metrics["left out"] and not few.arrays
    assert "days" in fit(events(ALL, until=40)).metrics["left out"]
    views = events(ALL[:5])._replace(verb=np.zeros(len(events(ALL[:5]).verb), np.int8))
    assert "nobody" in fit(views).metrics["left out"]


def test_it_predicts_better_than_the_share_alone(model: tuple[Model, Part]) -> None:
    metrics = model[1].metrics
    assert metrics["log loss"] < 0.8 * metrics["log loss of the share alone"]


def test_a_short_log_teaches_nothing_of_four_weeks() -> None:
    assert fit(events(ALL, until=50)).metrics["weights"].keys() == {"7"}


def test_a_category_speaks_for_what_few_have_bought() -> None:
    keys = sorted([*LASTS, "new bread", "new sofa"])
    log = events(ALL)
    item = np.array([keys.index(sorted(LASTS)[one]) for one in log.item], np.int32)
    # The first two visitors have bought the new ones, once.
    log = log._replace(
        item=np.append(item, [keys.index("new bread"), keys.index("new sofa")]).astype(
            np.int32
        ),
        visitor=np.append(log.visitor, [0, 1]).astype(np.int32),
        verb=np.append(log.verb, [2, 2]).astype(np.int8),
        time=np.append(log.time, [DAYS * 86_400.0 - 1] * 2),
        keys=keys,
    )
    categories = {**CATEGORIES, "new bread": "food", "new sofa": "rooms"}
    repeat = fit(log, categories=categories).arrays[PREFIX + "repeat"]
    assert repeat[keys.index("new bread")] > 0.5
    assert repeat[keys.index("new sofa")] == 0
    alone = fit(log).arrays[PREFIX + "repeat"]
    assert alone[keys.index("new bread")] == 0  # nobody has bought it twice


def test_progress_is_told() -> None:
    told: list[tuple[str, int, int]] = []
    fit(events(ALL), lambda *step: told.append(step))
    done = [one[1] for one in told]
    assert done == sorted(done) and told[-1][1] == told[-1][2]
    assert {one[0] for one in told} == {"replenishment"}


def test_who_bought_again_is_looked_up_ahead() -> None:
    one = np.array([0, 0, 0, 1])
    bought = Purchases(one, np.array([0, 0, 1, 0]), np.array([1, 9, 2, 3]))
    assert bought_again(bought, 5, 7).tolist() == [True, False, False]
    assert bought_again(bought, 5, 4).tolist() == [False, False, False]


def test_logistic_regression_finds_the_weights_that_made_the_data() -> None:
    chance = np.random.default_rng(3)
    rows = chance.normal(3, 2, (20_000, 3))
    rows = np.column_stack((rows, np.ones(len(rows))))  # one that says nothing
    odds = -1 + rows @ [0.5, -0.3, 0.0, 0.0]
    true = chance.random(len(rows)) < 1 / (1 + np.exp(-odds))
    weights = logistic(rows, true, ridge=1e-6)
    assert weights[:4] == pytest.approx([-1, 0.5, -0.3, 0.0], abs=0.1)
    # At the maximum of the likelihood its slope is zero.
    p = 1 / (1 + np.exp(-(weights[0] + rows @ weights[1:])))
    assert abs(rows.T @ (true - p)).max() < 1e-2
    assert np.abs(logistic(rows, true, ridge=1e9)[1:]).max() < 1e-3


def test_logistic_regression_bears_what_is_always_so() -> None:
    rows = np.arange(100.0)[:, None]
    assert np.isfinite(logistic(rows, np.ones(100, np.bool_))).all()
    assert np.isfinite(logistic(rows, rows[:, 0] > 50)).all()


# -- the catalogue's word ------------------------------------------------------------------

CATALOG = Catalog(
    products={
        "kibble": Item("product", "kibble", repurchase_days=30),
        "tea": Item("product", "tea", repurchase_days=10),
        "lamp": Item("product", "lamp", "A lamp"),
        "gone": Item("product", "gone", in_stock=False),
    }
)


def test_without_a_model_the_catalogue_says_how_long_things_last() -> None:
    supplies = Replenishment(CATALOG)
    assert not supplies.learned
    bought = {"kibble": bought_on(100), "lamp": bought_on(100)}
    chances = [supplies.due(bought, 100 + days)["kibble"] for days in (0, 22, 23, 30)]
    assert chances[1] < 0.5 == chances[2] < chances[3]
    assert chances[0] < 0.01
    assert supplies.due(bought, 100).keys() == {"kibble"}


def test_who_buys_it_more_often_has_an_own_interval() -> None:
    supplies = Replenishment(CATALOG)
    often = {"kibble": bought_on(40, 60, 80, 100)}
    once = {"kibble": bought_on(100)}
    assert supplies.due(often, 118)["kibble"] > 0.5 > supplies.due(once, 118)["kibble"]


def test_who_stayed_away_for_long_buys_it_elsewhere() -> None:
    supplies = Replenishment(CATALOG)
    assert supplies.due({"kibble": bought_on(100)}, 190)["kibble"] > 0.9
    assert supplies.due({"kibble": bought_on(100)}, 191)["kibble"] == 0


def test_the_model_comes_first_and_the_catalogue_speaks_for_the_rest(
    model: tuple[Model, Part],
) -> None:
    both = Replenishment(CATALOG, model[0])
    found = both.due({"kibble": bought_on(100), "tea": bought_on(100)}, 120)
    alone = Replenishment(model=model[0]).due(
        {"kibble": bought_on(100), "tea": bought_on(100)}, 120
    )
    assert found["kibble"] == alone["kibble"]
    assert (
        found["tea"] == Replenishment(CATALOG).due({"tea": bought_on(100)}, 120)["tea"]
    )


def test_what_is_not_sold_belongs_to_nothing() -> None:
    supplies = Replenishment(CATALOG)
    assert supplies.belongs("tea") == (("product", "tea"),)
    assert supplies.belongs("unknown") == supplies.belongs("gone") == ()
    assert supplies.title("lamp") == "A lamp" and supplies.title("x") == "x"


def test_a_model_is_not_read_again_with_every_catalogue(
    model: tuple[Model, Part],
) -> None:
    class Once:
        meta = model[0].meta
        number = model[0].number

        def __init__(self) -> None:
            self.asked = 0

        def array(self, name: str) -> Array[float] | None:
            self.asked += 1
            return model[0].array(name)

    once = Once()
    first = Replenishment(model=once)
    asked, bought = once.asked, {"bread": bought_on(100)}
    second = Replenishment(CATALOG, once, first)
    assert once.asked == asked
    assert second.due(bought, 106) == first.due(bought, 106)
