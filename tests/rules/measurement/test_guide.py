"""The analysts' guide names all that is measured, as it is measured."""

import re
from pathlib import Path

import pytest

from shopwindow.rules.events import LEAD_GENERATED
from shopwindow.rules.measurement.metrics import METRICS, Metric
from shopwindow.rules.measurement.plan import MeasureSettings
from shopwindow.rules.measurement.quantities import OF_OUTCOMES, OF_SHOWINGS

ROOT = Path(__file__).parents[3]
GUIDE = (ROOT / "rules" / "measurement" / "GUIDE.md").read_text("utf-8")
ROWS = {
    name: (what, better)
    for name, what, better in re.findall(
        r"^\| `([\w-]+)` \| (.*?) \| (more|less) \|$", GUIDE, re.MULTILINE
    )
}


def test_every_metric_stands_in_the_guide() -> None:
    assert list(ROWS) == list(METRICS)


@pytest.mark.parametrize("metric", METRICS.values(), ids=lambda metric: metric.name)
def test_a_metric_stands_there_as_it_is_asked_for(metric: Metric) -> None:
    what, better = ROWS[metric.name]
    assert better == metric.better
    assert (" / " in what) == (metric.kind != "share")
    if metric.kind != "share":
        assert what.startswith(f"{metric.over} / ")
    assert ("cut" in what) == metric.capped


def test_every_quantity_stands_in_the_guide() -> None:
    table = GUIDE.partition("## Quantities")[2].partition("\n## ")[0]
    named = re.findall(
        r"`([\w-]+)`", "".join(re.findall(r"^\| (`.*?) \|", table, re.M))
    )
    assert named == [
        *OF_SHOWINGS,
        *("visits", "pages", "bounces", "product-visits", "product-seconds"),
        *("added", "ordered", "orders", "revenue", "repurchased", "leads"),
        *("opt-out", "net"),
    ]
    assert set(named) == {*OF_SHOWINGS, *OF_OUTCOMES}


def test_the_defaults_are_the_ones_it_names() -> None:
    settings = MeasureSettings()
    assert f"`customer-value` ({settings.customer_value:g})" in GUIDE
    assert f"`repurchase-days` ({settings.repurchase_days})" in GUIDE
    assert f"{settings.window / 86_400:g} days, unless" in GUIDE
    assert settings.lead_events == (LEAD_GENERATED,) and f'"{LEAD_GENERATED}"' in GUIDE


def test_its_links_lead_somewhere() -> None:
    headings = {
        re.sub(r"[^\w -]", "", line.lower()).strip().replace(" ", "-")
        for line in re.findall(r"^#+ (.*)$", GUIDE, re.MULTILINE)
    }
    assert set(re.findall(r"\(#([\w-]+)\)", GUIDE)) <= headings
