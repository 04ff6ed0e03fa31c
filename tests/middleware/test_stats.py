"""What is counted, and what Prometheus reads of it."""

import asyncio
import threading
import timeit
from collections.abc import Mapping

import pytest
from prometheus_client import CollectorRegistry, make_asgi_app
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from shopwindow import Customer, Shopwindow
from shopwindow.middleware.stores.memory import MemoryStore
from shopwindow.middleware.telemetry.metrics import collector
from shopwindow.middleware.telemetry.stats import Stats
from shopwindow.rules.facts import SLOT_REASONS, Profile
from tests.asgi import ask, chunk, replaying, scope_of, start
from tests.shop import (
    HTML,
    browser,
    by_attribute,
    consented,
    many_chunks,
    mounted,
    open_window,
    page,
    whole,
)

pytestmark = pytest.mark.anyio
TYPE = (b"content-type", HTML.encode())
PAGE = page(by_attribute)


class Late(MemoryStore):
    """Answers when nobody waits any more."""

    async def fetch(self, visitor: str) -> Profile | None:  # type: ignore[override]  # both are legal
        await asyncio.sleep(5)
        return None


class Source:
    """Another service that never answers."""

    name = "crm"
    failures = 3
    ill_typed: Mapping[str, int] = {"rank": 2}

    def __init__(self, window: Shopwindow) -> None:
        self.breaker = window.breaker

    async def fetch(self, customer: str) -> Mapping[str, object]:
        await asyncio.sleep(5)
        return {}

    async def close(self) -> None:
        pass


def shop() -> ASGIApp:
    return whole(lambda: PAGE)


def figures(window: Shopwindow) -> dict[str, dict[tuple[str, ...], float]]:
    return {metric.name: metric.samples for metric in window.metrics()}


async def test_decisions_are_counted_by_slot_and_reason() -> None:
    async with open_window() as window:
        app = mounted(shop(), window)
        async with consented(app) as client:
            await client.get("/p/tea-1")
            await client.get("/p/tea-1")
        await ask(app)  # a stranger
        found = figures(window)
        assert found["shopwindow_decisions"] == {
            ("home.hero", "shown"): 2,
            ("home.hero", "consent"): 1,
            ("home.teaser", "shown"): 3,
        }
        assert found["shopwindow_pages"] == {(): 3}
        assert found["shopwindow_lookups"] == {("answered",): 2}
        assert window.journal.wait_until_written()
        found = figures(window)
        accepted = found["shopwindow_events_accepted"][()]
        assert accepted == found["shopwindow_events_stored"][()] > 0
        assert found["shopwindow_events_waiting"] == {(): 0}


async def test_programs_and_pages_without_slots_count_no_decision() -> None:
    async with open_window() as window:
        bot = [(b"user-agent", b"curl/8")]
        await ask(mounted(shop(), window), headers=bot)
        await ask(mounted(whole(lambda: b"<p>About</p>"), window), "/about")
        assert figures(window)["shopwindow_decisions"] == {}
        assert figures(window)["shopwindow_pages"] == {(): 0}


async def test_what_a_preview_shows_is_not_counted() -> None:
    async with open_window() as window:
        scope = scope_of()
        app = mounted(shop(), window)
        visit = await app._arrive(scope)
        assert visit is not None
        visit.decide_sync("home.hero")
        visit.guise = object()  # type: ignore[assignment]  # that there is one will do
        window.stats.over(visit)
        assert window.stats.pages == 0 and not window.stats.decisions


async def test_every_reason_is_one_of_the_list() -> None:
    async with open_window() as window:
        await ask(mounted(shop(), window))
        assert {reason for _, reason in window.stats.decisions} <= set(SLOT_REASONS)


async def test_a_slot_that_has_left_counts_even_if_the_visitor_changes() -> None:
    async def handler(scope: Scope, receive: Receive, send: Send) -> None:
        visit = scope["state"]["shopwindow"]
        await send(start(TYPE))
        head, rest = PAGE.split(b"<hr>")
        await send(chunk(head + b"<hr>", True))  # the first slot has left
        visit.set(cart_value=70)
        await send(chunk(rest))

    async with open_window() as window:
        window.routes.learn("/", True)
        await ask(mounted(handler, window))
        assert sum(window.stats.decisions.values()) == 2


async def test_a_store_that_is_late_and_then_left_alone() -> None:
    async with open_window(Late()) as window:
        app = mounted(shop(), window)
        async with consented(app) as client:
            for _ in range(6):
                assert (await client.get("/")).status_code == 200
        found = figures(window)
        assert found["shopwindow_lookups"] == {("late",): 5, ("refused",): 1}
        assert found["shopwindow_late"] == {("store",): 5}
        assert found["shopwindow_breaker_open"] == {("store",): 1}
        assert found["shopwindow_decisions"] == {
            ("home.hero", "late"): 6,
            ("home.teaser", "late"): 6,
        }


async def test_a_source_that_is_late_is_named() -> None:
    customer = Customer("17")
    async with open_window(customer=lambda _: customer) as window:
        window.sources = [Source(window)]  # type: ignore[list-item]  # it does what is needed
        async with consented(mounted(shop(), window)) as client:
            await client.get("/")
        found = figures(window)
        assert found["shopwindow_late"] == {("source crm",): 1}
        assert found["shopwindow_breaker_open"] == {
            ("store",): 0,
            ("source crm",): 0,
        }
        assert found["shopwindow_source_failures"] == {("crm",): 3}
        assert found["shopwindow_source_ill_typed"] == {("crm", "rank"): 2}
        # What could not be waited for was decided all the same.
        assert sum(window.stats.decisions.values()) == 2


async def test_bytes_that_wait_are_seen_and_let_go_of() -> None:
    seen: list[float] = []

    async with open_window() as window:

        async def handler(scope: Scope, receive: Receive, send: Send) -> None:
            await send(start(TYPE, (b"content-length", b"1000")))
            await send(chunk(b"<html>" + b"x" * 94, True))
            seen.append(figures(window)["shopwindow_held_bytes"][()])
            raise ConnectionError("the app broke off")

        with pytest.raises(ConnectionError):
            await ask(mounted(handler, window))
        assert seen == [100]
        assert figures(window)["shopwindow_held_bytes"] == {(): 0}
        await ask(mounted(many_chunks(lambda: PAGE), window))
        assert not window.stats.streaming


async def test_another_part_counts_in_a_table_of_its_own() -> None:
    stats = Stats()
    hits = stats.table("page_cache", "Pages asked of the page cache.")
    hits["hit"] += 2
    assert stats.table("page_cache", "") is hits
    assert [*stats.tables()] == [
        ("page_cache", "Pages asked of the page cache.", {"hit": 2})
    ]


async def test_names_that_others_make_up_are_one() -> None:
    async with open_window() as window:
        window.journal.dropped["Order Completed"] += 1
        for number in range(50):
            window.journal.dropped[f"Made Up {number}"] += 1
        assert figures(window)["shopwindow_events_dropped"] == {
            ("Order Completed",): 1,
            ("other",): 50,
        }


async def test_warnings_and_reloads_are_told_by_their_kind() -> None:
    async with open_window() as window:
        window.counters["reload"] += 1
        window.counters["reload refused"] += 2
        window.warn("late /a", "late")
        found = figures(window)
        assert found["shopwindow_reloads"] == {("done",): 1, ("refused",): 2}
        assert found["shopwindow_warnings"] == {("late",): 1}


async def test_a_fault_in_counting_is_warned_of_and_the_page_complete(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with open_window() as window:
        monkeypatch.setattr(window.stats, "decisions", None)
        answer = await ask(mounted(shop(), window))
        assert answer.complete
        assert window.counters["warning stats"] == 1


# -- Prometheus ----------------------------------------------------------------------------


async def test_prometheus_reads_them_from_the_shops_own_app() -> None:
    async with open_window() as window:
        hits = window.stats.table("page_cache", "Pages asked of the page cache.")
        hits["hit"] += 1
        collectors = CollectorRegistry()
        collectors.register(collector(window))
        inner = Starlette(
            routes=[Mount("/metrics", make_asgi_app(collectors)), Mount("/", shop())]
        )
        app = mounted(inner, window)
        async with browser(app) as client:
            await client.get("/")
            said = await client.get("/metrics/")
        assert said.status_code == 200
        families = {
            family.name: family for family in text_string_to_metric_families(said.text)
        }
        assert set(families) == {metric.name for metric in window.metrics()}
        (decided,) = [
            sample
            for sample in families["shopwindow_decisions"].samples
            if sample.labels == {"slot": "home.teaser", "reason": "shown"}
        ]
        assert (decided.name, decided.value) == ("shopwindow_decisions_total", 1)
        assert families["shopwindow_decisions"].type == "counter"
        assert families["shopwindow_breaker_open"].type == "gauge"
        assert families["shopwindow_page_cache"].samples[0].labels == {"outcome": "hit"}


async def test_a_second_window_is_refused() -> None:
    async with open_window() as one, open_window() as other:
        collectors = CollectorRegistry()
        collectors.register(collector(one))
        with pytest.raises(ValueError, match="Duplicated"):
            collectors.register(collector(other))


async def test_reading_from_another_thread_meets_no_half_of_anything() -> None:
    async with open_window() as window:
        ended, read = threading.Event(), 0
        faults: list[Exception] = []

        def scrape() -> None:
            nonlocal read
            try:
                while not ended.is_set():
                    window.metrics()
                    read += 1
            except Exception as error:  # whatever it is, the test shows it
                faults.append(error)

        scraper = threading.Thread(target=scrape)
        scraper.start()
        app = mounted(many_chunks(lambda: PAGE), window)
        for number in range(100):
            window.stats.table(f"table {number}", "")["x"] += 1
            window.counters[f"warning {number}"] += 1
            await ask(app, f"/{number}")
        ended.set()
        scraper.join()
        assert read and not faults


async def test_counting_a_page_costs_next_to_nothing() -> None:
    async with open_window() as window:
        visit = await mounted(replaying(), window)._arrive(scope_of())
        assert visit is not None
        for slot in window.site.settings.slots:
            visit.decide_sync(slot)
        over = window.stats.over
        seconds = min(timeit.repeat(lambda: over(visit), number=1000, repeat=9))
        assert seconds / 1000 < 10e-6  # the figure itself is about one; machines differ
        print(f"{seconds * 1000:.2f} µs")
