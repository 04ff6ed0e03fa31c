"""What pages did, for OpenTelemetry; needs ``shopwindow[otel]``.

A page is a span ``shopwindow.page`` around the app, so that the app's own spans stand below it, with
a span ``shopwindow.profile`` for the look-up and an event for each slot. The events are those of
the semantic conventions for feature flags: ``feature_flag.key`` is the slot,
``feature_flag.result.variant`` the fragment, ``feature_flag.version`` the site's revision;
``shopwindow.rule`` and ``shopwindow.reason`` say the rest. No visitor id is in any of it.

:func:`observe` gives the figures of :meth:`Shopwindow.metrics` to a meter. Each process pushes its
own, so that several workers need no more than a resource that tells them apart
(``service.instance.id``).
"""

from collections.abc import Callable, Iterable
from contextvars import Token
from typing import TYPE_CHECKING, Any

try:
    from opentelemetry import context as contexts
    from opentelemetry import trace
    from opentelemetry.metrics import CallbackOptions, Meter, Observation, get_meter
    from opentelemetry.trace import Span, Status, StatusCode, Tracer
except ImportError as error:
    raise ImportError(
        'opentelemetry-api is missing: pip install "shopwindow[otel]"'
    ) from error

from ...rules.facts import Decision
from .timing import Timing, outcome

if TYPE_CHECKING:
    from ..visit import Visit
    from ..window import Shopwindow

NAME = "shopwindow"
# In the words of the conventions; all other reasons leave the default content.
_RESULTS = {
    "shown": "targeting_match",
    "control": "split",
    "holdout": "split",
    "off": "disabled",
    "error": "error",
}


class Tracing:
    """Makes a span of every page: by ``tracer``, or, if it is True, by the global one."""

    def __init__(self, tracer: "Tracer | bool") -> None:
        own = trace.get_tracer(NAME) if isinstance(tracer, bool) else tracer
        self._tracer: Tracer = own

    def begin(self, timing: Timing, visit: "Visit") -> "Page":
        """The span of a page, current from here on."""
        span = self._tracer.start_span(
            "shopwindow.page",
            start_time=timing.wall(),
            attributes={
                "http.request.method": visit.arrival.scope["method"],
                "url.path": visit.arrival.path,
            },
        )
        return Page(self._tracer, span)


class Page:
    """The span of one page while it is current."""

    __slots__ = ("_span", "_token", "_tracer")

    def __init__(self, tracer: Tracer, span: Span) -> None:
        self._tracer = tracer
        self._span = span
        self._token: Token[contexts.Context] = contexts.attach(
            trace.set_span_in_context(span)
        )

    def end(self, timing: Timing, visit: "Visit", failed: BaseException | None) -> None:
        """The request is over, with ``failed`` if the app raised something."""
        contexts.detach(self._token)
        span = self._span
        try:
            if span.is_recording():
                self._describe(timing, visit, failed)
        finally:
            span.end()

    def _describe(
        self, timing: Timing, visit: "Visit", failed: BaseException | None
    ) -> None:
        span = self._span
        if timing.status:
            span.set_attribute("http.response.status_code", timing.status)
        if failed is not None:
            span.set_attribute("error.type", type(failed).__name__)
            span.set_status(Status(StatusCode.ERROR))
        if timing.profile is not None:
            began, ended = map(timing.wall, timing.profile)
            inner = self._tracer.start_span(
                "shopwindow.profile",
                trace.set_span_in_context(span),
                start_time=began,
                attributes={"shopwindow.outcome": outcome(visit)},
            )
            inner.end(ended)
        revision = visit.site.rules.revision
        for slot, decision in visit.display.outcome().items():
            took = timing.decided.get(slot)
            at = timing.wall(took.ended) if took is not None else None
            said = _attributes(decision, revision)
            span.add_event("feature_flag.evaluation", said, at)


def _attributes(decision: Decision, revision: str) -> dict[str, str]:
    split = decision.experiment is not None and decision.shown
    said = {
        "feature_flag.key": decision.slot,
        "feature_flag.provider.name": NAME,
        "feature_flag.result.reason": "split"
        if split
        else _RESULTS.get(decision.reason, "default"),
        "feature_flag.result.variant": decision.fragment,
        "feature_flag.version": revision,
        "shopwindow.slot": decision.slot,
        "shopwindow.reason": decision.reason,
        "shopwindow.rule": decision.rule,
        "shopwindow.experiment": decision.experiment,
        "shopwindow.variant": decision.variant,
    }
    return {name: value for name, value in said.items() if value is not None}


# -- figures -------------------------------------------------------------------------------


def observe(window: "Shopwindow", meter: Meter | None = None) -> None:
    """Let ``meter``, by default a global one, read the figures of ``window`` when it exports.

    Tables of other parts (:meth:`Stats.table`) have to be there by then.
    """
    meter = meter or get_meter(NAME)
    for metric in window.metrics():
        create: Callable[..., Any] = (
            meter.create_observable_counter
            if metric.kind == "counter"
            else meter.create_observable_gauge
        )
        name = metric.name.replace("_", ".", 1)
        create(name, [_reading(window, metric.name)], description=metric.help)


def _reading(
    window: "Shopwindow", name: str
) -> Callable[[CallbackOptions], Iterable[Observation]]:
    def read(_: CallbackOptions) -> Iterable[Observation]:
        for metric in window.metrics():
            if metric.name == name:
                for values, number in metric.samples.items():
                    labels = dict(zip(metric.labels, values, strict=True))
                    yield Observation(number, labels)

    return read
