"""How experiments are measured, and who is told when something is wrong, out of site.toml."""

from collections.abc import Mapping
from urllib.parse import urlsplit

import msgspec

from ..rules.events import LEAD_GENERATED, PROMOTION_VIEWED
from ..rules.moments import DURATION_HINT, Duration, duration
from .toml import Section

_WINDOW = Duration(7, "day")
_MOST_WINDOW = Duration(90, "day")


class ExperimentSettings(msgspec.Struct, frozen=True):
    """``[experiments]`` without the holdout, which the page's limits know, and ``[alerts]``.

    ``customer_value`` is what a customer is worth who is lost, in the shop's currency.
    ``repurchase_days`` are those within which a second order counts. ``window`` is how long
    after the first showing things count for a goal that does not say. ``report_segments`` are
    those that reports look at by themselves; None: all that rules name. ``lead_events`` are
    the events that are leads. ``webhook`` is the address that alerts go to, empty: none.
    """

    customer_value: float = 40.0
    repurchase_days: int = 60
    window: Duration = _WINDOW
    report_segments: tuple[str, ...] | None = None
    lead_events: tuple[str, ...] = (LEAD_GENERATED,)
    webhook: str = ""


def read_experiments(
    experiments: Section, alerts: Section, environment: Mapping[str, str]
) -> ExperimentSettings:
    """Both tables; whoever reads ``holdout`` of the first has done so before."""
    default = ExperimentSettings()
    segments = None
    if "report-segments" in experiments.data:
        segments = experiments.texts("report-segments")
    leads = default.lead_events
    if "lead-events" in experiments.data:
        leads = experiments.texts("lead-events")
    if PROMOTION_VIEWED in leads:
        words = f'"{PROMOTION_VIEWED}" is what shopwindow itself says of a page'
        experiments.wrong("lead-events", words, "name what the shop reports")
        leads = default.lead_events
    read = ExperimentSettings(
        experiments.amount("customer-value", default.customer_value, most=1e9),
        experiments.whole("repurchase-days", 60, least=1, most=400),
        _window(experiments),
        segments,
        leads,
        _webhook(alerts, environment),
    )
    experiments.finish()
    alerts.finish()
    return read


def _window(section: Section) -> Duration:
    text = section.text("window", str(_WINDOW))
    length = duration(text)
    if length is None:
        section.wrong("window", f'"{text}" is not a duration', DURATION_HINT)
    elif length.seconds > _MOST_WINDOW.seconds:
        section.wrong("window", f'"window" is at most {_MOST_WINDOW}, not {length}')
    else:
        return length
    return _WINDOW


def _webhook(section: Section, environment: Mapping[str, str]) -> str:
    """SHOPWINDOW_ALERTS_WEBHOOK goes before the file: such addresses are often secrets.

    Whether its host may be asked is looked at when it is.
    """
    written = section.text("webhook")  # read in any case: it is known
    url = environment.get("SHOPWINDOW_ALERTS_WEBHOOK") or written
    if not url:
        return ""
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("https", "http") and bool(parts.hostname)
    except ValueError:  # brackets that hold no IPv6 address
        sound = False
    if not sound:
        hint = 'write for example "https://example.com/alerts"'
        section.wrong("webhook", "this is not an address of the web", hint)
        return ""
    return url
