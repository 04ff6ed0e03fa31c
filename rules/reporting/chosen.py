"""A report about one experiment: what belongs to it, and nothing else."""

from collections.abc import Collection

from msgspec.structs import replace

from .notices import Alert, Remark
from .report import Report


def only(report: Report, experiment: str, rules: Collection[str]) -> Report:
    """``report`` with ``experiment`` and the ``rules`` that it deals alone: their findings and
    alerts too. What is said of the whole site beside it stays.

    It is cut out of the whole report rather than made by itself: p are adjusted over all that is
    shown, and a verdict must not change with how much of it somebody looks at.
    """

    def own(one: Alert | Remark) -> bool:
        if one.kind == "rule":
            return one.name in rules
        return one.kind == "experiment" and one.name == experiment

    return replace(
        report,
        experiments=tuple(one for one in report.experiments if one.name == experiment),
        rules=tuple(one for one in report.rules if one.name in rules),
        slots=(),
        segments=(),
        stages=(),
        campaigns=(),
        coverage=None,
        findings=tuple(one for one in report.findings if own(one)),
        alerts=tuple(one for one in report.alerts if own(one)),
    )
