"""What GrowthBook's engine says of cases, as JSON from stdin to stdout.

It needs an interpreter of its own, with gbstats 0.8.0 and its numpy 1 and pandas 1, in which
there is no shopwindow.
"""

import json
import math
import sys
from typing import Any

import numpy
from gbstats.frequentist.tests import (
    FrequentistConfig,
    SequentialConfig,
    SequentialTwoSidedTTest,
    TwoSidedTTest,
)
from gbstats.models.statistics import (
    ProportionStatistic,
    RatioStatistic,
    RegressionAdjustedStatistic,
    SampleMeanStatistic,
)


def statistic(kind: str, adjusted: bool, arm: dict[str, Any]) -> Any:
    n = arm["n"]
    if kind == "ratio":
        return RatioStatistic(
            n=n,
            m_statistic=SampleMeanStatistic(n=n, sum=arm["y"], sum_squares=arm["yy"]),
            d_statistic=SampleMeanStatistic(n=n, sum=arm["d"], sum_squares=arm["dd"]),
            m_d_sum_of_products=arm["yd"],
        )
    after: Any
    before: Any
    if kind == "share":
        after = ProportionStatistic(n=n, sum=arm["y"])
        before = ProportionStatistic(n=n, sum=arm["x"])
    else:
        after = SampleMeanStatistic(n=n, sum=arm["y"], sum_squares=arm["yy"])
        before = SampleMeanStatistic(n=n, sum=arm["x"], sum_squares=arm["xx"])
    if not adjusted:
        return after
    return RegressionAdjustedStatistic(
        n=n,
        post_statistic=after,
        pre_statistic=before,
        post_pre_sum_of_products=arm["xy"],
        theta=0,
    )


def answer(case: dict[str, Any], difference: str) -> dict[str, float] | None:
    """None where the engine has none, but a reason why."""
    arms = [
        statistic(case["kind"], case["adjusted"], case[arm])
        for arm in ("control", "treated")
    ]
    settings = {"alpha": case["alpha"], "difference_type": difference}
    if case["units"] is None:
        found = TwoSidedTTest(*arms, FrequentistConfig(**settings)).compute_result()
    else:
        config = SequentialConfig(sequential_tuning_parameter=case["units"], **settings)
        found = SequentialTwoSidedTTest(*arms, config).compute_result()
    if found.error_message is not None:
        return None
    low, high = found.ci
    told = {"effect": found.expected, "low": low, "high": high, "p": found.p_value}
    assert all(map(math.isfinite, told.values())), case
    return {name: float(value) for name, value in told.items()}


if __name__ == "__main__":
    with numpy.errstate(over="ignore"):  # of e-values, whose inverse is then 0
        answers = [
            {name: answer(case, name) for name in ("relative", "absolute")}
            for case in json.load(sys.stdin)
        ]
    json.dump(answers, sys.stdout)
