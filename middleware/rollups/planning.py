"""How the visitors of a site are counted, out of its rules and its site.toml."""

from typing import TYPE_CHECKING

from ...rules.measurement.plan import MeasureSettings, Plan, plan_of

if TYPE_CHECKING:
    from ..site import Site


def plan_for(site: "Site") -> Plan:
    """How the visitors of ``site`` are counted. It can be told to other processes."""
    told = site.settings.experiments
    settings = MeasureSettings(
        customer_value=told.customer_value,
        repurchase_days=told.repurchase_days,
        window=float(told.window.seconds),
        lead_events=told.lead_events,
    )
    return plan_of(site.rules, settings)
