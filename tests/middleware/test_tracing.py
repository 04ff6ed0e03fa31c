"""Spans and figures for OpenTelemetry, by its own SDK."""

import asyncio
from collections.abc import Iterator
from time import time
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.trace import StatusCode, Tracer
from starlette.types import ASGIApp, Receive, Scope, Send

from shopwindow import PersonalizationMiddleware, Shopwindow
from shopwindow.middleware.telemetry.tracing import observe
from tests.asgi import Headers, ask
from tests.shop import (
    HERO,
    by_attribute,
    consented,
    many_chunks,
    mounted,
    open_window,
    page,
    whole,
)

pytestmark = pytest.mark.anyio
PAGE = page(by_attribute)


class Spans:
    """A tracer whose finished spans can be read."""

    def __init__(self, **settings: Any) -> None:
        self._exporter = InMemorySpanExporter()
        self.provider = TracerProvider(shutdown_on_exit=False, **settings)
        self.provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.tracer: Tracer = self.provider.get_tracer("tests")

    @property
    def finished(self) -> dict[str, ReadableSpan]:
        return {span.name: span for span in self._exporter.get_finished_spans()}


@pytest.fixture
def spans() -> Iterator[Spans]:
    made = Spans()
    yield made
    made.provider.shutdown()


def shop() -> ASGIApp:
    return whole(lambda: PAGE)


async def visitor(window: Shopwindow) -> tuple[str, Headers]:
    """A visitor's id, and the headers of their browser."""
    async with consented(mounted(shop(), window)) as client:
        await client.get("/p/tea-1")
        assert window.journal.wait_until_written()
        cookie = f"shopwindow={client.cookies['shopwindow']}".encode()
    known = window.cookie.read(cookie, False, time())
    assert known is not None
    return known.id, [(b"cookie", cookie)]


@pytest.mark.parametrize("kind", ["whole", "streamed"])
async def test_a_page_is_a_span_with_its_look_up_and_its_decisions(
    spans: Spans, kind: str
) -> None:
    async with open_window() as window:
        id, headers = await visitor(window)
        made = shop() if kind == "whole" else many_chunks(lambda: PAGE)
        app = PersonalizationMiddleware(made, window, tracer=spans.tracer)
        assert HERO in (await ask(app, "/p/tea-1", headers=headers)).body
        found = spans.finished
        span, inner = found["shopwindow.page"], found["shopwindow.profile"]
        assert span.attributes == {
            "http.request.method": "GET",
            "url.path": "/p/tea-1",
            "http.response.status_code": 200,
        }
        assert inner.parent == span.context
        assert inner.attributes == {"shopwindow.outcome": "known"}
        assert span.start_time and inner.start_time and inner.end_time and span.end_time
        assert span.start_time <= inner.start_time <= inner.end_time <= span.end_time
        hero, teaser = span.events
        assert hero.name == teaser.name == "feature_flag.evaluation"
        assert hero.attributes == {
            "feature_flag.key": "home.hero",
            "feature_flag.provider.name": "shopwindow",
            "feature_flag.result.reason": "targeting_match",
            "feature_flag.result.variant": "banner",
            "feature_flag.version": window.site.rules.revision,
            "shopwindow.slot": "home.hero",
            "shopwindow.reason": "shown",
            "shopwindow.rule": "tea-hero",
        }
        assert span.start_time <= hero.timestamp <= teaser.timestamp <= span.end_time
        everything = "".join(one.to_json() for one in found.values())
        assert id not in everything and "shopwindow=" not in everything


async def test_the_apps_own_spans_stand_below(spans: Spans) -> None:
    async def handler(scope: Scope, receive: Receive, send: Send) -> None:
        with spans.tracer.start_as_current_span("query"):
            await asyncio.sleep(0)
        await shop()(scope, receive, send)

    async with open_window() as window:
        app = PersonalizationMiddleware(handler, window, tracer=spans.tracer)
        with spans.tracer.start_as_current_span("server") as outer:
            await ask(app)
            assert trace.get_current_span() is outer
        found = spans.finished
        assert found["query"].parent == found["shopwindow.page"].context
        assert found["shopwindow.page"].parent == found["server"].context
        # A stranger: nothing was looked up, and the default content says so.
        assert "shopwindow.profile" not in found
        attributes = found["shopwindow.page"].events[0].attributes
        assert attributes is not None
        assert attributes["shopwindow.reason"] == "consent"
        assert attributes["feature_flag.result.reason"] == "default"
        assert "shopwindow.rule" not in attributes


async def test_an_app_that_fails_leaves_a_failed_span(spans: Spans) -> None:
    async def handler(scope: Scope, receive: Receive, send: Send) -> None:
        raise ConnectionError("to somebody@example.com")

    async with open_window() as window:
        app = PersonalizationMiddleware(handler, window, tracer=spans.tracer)
        with pytest.raises(ConnectionError):
            await ask(app)
        span = spans.finished["shopwindow.page"]
        assert span.status.status_code is StatusCode.ERROR
        assert span.attributes and span.attributes["error.type"] == "ConnectionError"
        assert "example.com" not in span.to_json()  # messages may name people
        assert not trace.get_current_span().is_recording()


async def test_only_pages_are_spans_and_nobody_else_learns_timings(
    spans: Spans,
) -> None:
    async with open_window() as window:
        app = PersonalizationMiddleware(shop(), window, tracer=spans.tracer)
        await ask(app, method="POST")
        assert not spans.finished
        answer = await ask(app, client=("192.0.2.7", 1), scheme="https")
        assert answer.header(b"server-timing") is None
        assert spans.finished


async def test_what_is_not_sampled_is_not_described() -> None:
    spans = Spans(sampler=ALWAYS_OFF)
    async with open_window() as window:
        app = PersonalizationMiddleware(shop(), window, tracer=spans.tracer)
        assert (await ask(app)).complete
    assert not spans.finished
    spans.provider.shutdown()


async def test_the_global_tracer_is_there_for_the_asking() -> None:
    async with open_window() as window:
        app = PersonalizationMiddleware(shop(), window, tracer=True)
        assert (await ask(app)).complete
        assert not window.counters


@pytest.mark.parametrize("broken", ["start_span", "end"])
async def test_a_fault_of_the_tracer_never_harms_the_page(
    spans: Spans, broken: str
) -> None:
    class Broken:
        def start_span(self, *given: Any, **more: Any) -> Any:
            if broken == "start_span":
                raise ArithmeticError("a fault of theirs")
            span = spans.tracer.start_span(*given, **more)
            span.add_event = None  # type: ignore[assignment]  # the fault
            return span

    async with open_window() as window:
        tracer: Any = Broken()
        app = PersonalizationMiddleware(shop(), window, tracer=tracer)
        assert (await ask(app)).complete
        assert window.counters == {"warning tracing": 1}
        assert not trace.get_current_span().is_recording()


async def test_a_meter_reads_the_figures() -> None:
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader], shutdown_on_exit=False)
    async with open_window() as window:
        observe(window, provider.get_meter("tests"))
        await ask(mounted(shop(), window))
        data = reader.get_metrics_data()
        assert data is not None
        (resource,) = data.resource_metrics
        (scope,) = resource.scope_metrics
        found = {metric.name: metric.data.data_points for metric in scope.metrics}
        points = {
            (point.attributes or {})["slot"]: (point.attributes or {})["reason"]
            for point in found["shopwindow.decisions"]
        }
        assert points == {"home.hero": "consent", "home.teaser": "shown"}
        assert [point.value for point in found["shopwindow.pages"]] == [1]  # type: ignore[union-attr]  # a number
        assert "shopwindow.breaker_open" in found
    provider.shutdown()
