"""Other recommendation engines: what each is asked and told, and what of its answers is believed."""

import asyncio
import hmac
import json
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import respx
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st

from shopwindow.fragments.recommendations.candidates import Candidate
from shopwindow.fragments.recommendations.reasons import Reason
from shopwindow.middleware.engines.breaker import EngineBreaker
from shopwindow.middleware.engines.engine import MOST, Engine, adapter_of
from shopwindow.middleware.engines.outbox import BATCH, QUEUED, Outbox
from shopwindow.middleware.engines.protocol import Answer, Context, Deed
from shopwindow.middleware.engines.reading import Unreadable
from shopwindow.middleware.engines.settings import EngineSettings, read_engines
from shopwindow.middleware.remote import guarded
from shopwindow.middleware.toml import Document
from tests.enginehost import engine_host

pytestmark = pytest.mark.anyio

HOST = "https://recs.internal"
ENVIRONMENT = {"SHOPWINDOW_SOURCE_RECS": "s3cret"}
GORSE = f'kind = "gorse"\nurl = "{HOST}"\nkey = "env:SHOPWINDOW_SOURCE_RECS"\n'
METARANK = f'kind = "metarank"\nurl = "{HOST}/"\n'
RECOMBEE = (
    f'kind = "recombee"\nurl = "{HOST}"\nkey = "env:SHOPWINDOW_SOURCE_RECS"\n'
    'database = "shop-prod"\nscenario = "homepage"\n'
)
OWN = f"""
kind = "json"
url = "{HOST}/for/{{user}}?n={{count}}&seen={{items}}"
body = '{{"user": "{{user}}", "last": "{{item}}", "seen": {{items}}, "n": {{count}}, "at": "{{slot}}"}}'
header = {{ Authorization = "env:SHOPWINDOW_SOURCE_RECS" }}
items = "$.result.rows"
item = "$.sku"
score = "$.weight"
reason = "$.why"
id = "$.request"
feedback = "{HOST}/events"
"""
SEEN = Context("e.1", 8, ("tea-1", "cup 2"), slot="home.shelf", language="en")
KNOWN = Context("e.1", 8, ("tea-1",), known=True)
NOW = 1_700_000_000.5


def settings(text: str, name: str = "recs") -> EngineSettings:
    document = Document("site.toml", f"[engines.{name}]\n{text}")
    found = read_engines(document.root.table("engines"), ENVIRONMENT)
    assert not document.findings, document.findings
    return found[name]


@asynccontextmanager
async def asking(
    text: str, client: httpx.AsyncClient | None = None
) -> AsyncIterator[Engine]:
    hosts = frozenset({"recs.internal", "127.0.0.1"})
    made = Engine(settings(text), hosts, Counter(), Counter(), client)
    try:
        yield made
    finally:
        await made.close(0.5)


def sent(route: respx.Route, place: int = -1) -> Any:
    return json.loads(route.calls[place].request.content)


def deeds() -> list[Deed]:
    return [
        Deed("shown", "e.1", ("a", "b"), NOW, "s1", "R-1"),
        Deed("viewed", "e.1", ("b",), NOW + 1, "v1", "R-1"),
        Deed("added", "e.1", ("b",), NOW + 2, "c1"),
        Deed("bought", "e.1", ("b", "c"), NOW + 3, "o1", "R-1", (2, 1), (5.0, 9.0)),
    ]


async def tell(made: Engine, told: Sequence[Deed]) -> None:
    for deed in told:
        made.tell(deed)
    await made.outbox.close(2.0)


# -- Gorse ---------------------------------------------------------------------------------


async def test_gorse_is_told_what_a_stranger_looked_at(
    respx_mock: respx.MockRouter,
) -> None:
    answer = [{"Id": "a", "Score": 4.0}, {"Id": "b", "Score": 1}]
    route = respx_mock.post(f"{HOST}/api/session/recommend", params={"n": "8"}).respond(
        json=answer
    )
    async with asking(GORSE) as gorse:
        found = await gorse.recommend(SEEN)
    assert found.items == (Candidate("a", 1.0), Candidate("b", 0.25))
    header = route.calls.last.request.headers
    assert (header["x-api-key"], header["x-api-version"]) == ("s3cret", "2")
    first, second = sent(route)
    assert first == {
        "FeedbackType": "view",
        "UserId": "e.1",
        "ItemId": "tea-1",
        "Timestamp": first["Timestamp"],
    }
    assert second["ItemId"] == "cup 2" and second["Timestamp"] > first["Timestamp"]


async def test_gorse_is_asked_for_a_visitor_whom_it_knows(
    respx_mock: respx.MockRouter,
) -> None:
    url = f"{HOST}/api/recommend/e.1/tea%20%26%20cups?n=8"
    respx_mock.get(url).respond(json=[{"Id": "a", "Score": 0.5}])
    async with asking(GORSE + 'category = "tea & cups"\n') as gorse:
        assert [item.id for item in (await gorse.recommend(KNOWN)).items] == ["a"]
    respx_mock.get(f"{HOST}/api/recommend/e.1?n=8").respond(json=["a", "b"])
    async with asking(GORSE) as gorse:  # one that does not know of scores
        assert await gorse.recommend(KNOWN) == Answer(
            (Candidate("a", 1.0), Candidate("b", 0.5))
        )


async def test_gorse_is_not_asked_about_a_stranger_who_has_looked_at_nothing() -> None:
    async with asking(GORSE) as gorse:
        assert gorse.fetch(Context("e.1", 8)) is None


async def test_gorse_is_told_in_one_request(respx_mock: respx.MockRouter) -> None:
    route = respx_mock.put(f"{HOST}/api/feedback").respond(json={"RowAffected": 4})
    async with asking(GORSE + 'events = { viewed = "click", added = "" }\n') as gorse:
        await tell(gorse, deeds())
    assert [(one["FeedbackType"], one["ItemId"]) for one in sent(route)] == [
        *(("read", "a"), ("read", "b"), ("click", "b")),
        *(("purchase", "b"), ("purchase", "c")),
    ]
    assert sent(route)[0]["Timestamp"] == "2023-11-14T22:13:20.500Z"


# -- Metarank ------------------------------------------------------------------------------


async def test_metarank_proposes_by_a_model(respx_mock: respx.MockRouter) -> None:
    answer = {
        "took": 5,
        "items": [{"item": "a", "score": 2.0}, {"item": "b", "score": -2.0}],
    }
    route = respx_mock.post(f"{HOST}/recommend/similar").respond(json=answer)
    async with asking(METARANK + 'model = "similar"\n') as metarank:
        found = await metarank.recommend(SEEN)
    assert found.items == (Candidate("a", 1.0), Candidate("b", 0.0)) and found.id
    assert sent(route) == {"count": 8, "user": "e.1", "items": ["tea-1", "cup 2"]}


async def test_metarank_brings_the_shop_s_proposals_in_order(
    respx_mock: respx.MockRouter,
) -> None:
    answer = {"items": [{"item": "b", "score": 2.0}, {"item": "a", "score": 1.0}]}
    route = respx_mock.post(f"{HOST}/rank/xgboost").respond(json=answer)
    async with asking(METARANK + 'rank = "xgboost"\n') as metarank:
        assert metarank.adapter.reranks
        assert metarank.fetch(SEEN) is None  # nothing to bring in order
        found = await metarank.recommend(Context("e.1", 8, candidates=("a", "b")))
    assert [item.id for item in found.items] == ["b", "a"]
    asked = sent(route)
    assert asked["items"] == [{"id": "a"}, {"id": "b"}] and asked["user"] == "e.1"
    assert asked["id"] == found.id and int(asked["timestamp"]) > 1_700_000_000_000


async def test_metarank_is_told_rankings_and_interactions(
    respx_mock: respx.MockRouter,
) -> None:
    route = respx_mock.post(f"{HOST}/feedback").respond(json={"status": "ok"})
    async with asking(METARANK + 'model = "m"\n') as metarank:
        await tell(metarank, deeds())
    shown, viewed, added, *bought = sent(route)
    assert shown == {
        "event": "ranking",
        "id": "R-1",
        "timestamp": "1700000000500",
        "user": "e.1",
        "items": [{"id": "a"}, {"id": "b"}],
    }
    assert viewed == {
        "event": "interaction",
        "id": "v1",
        "ranking": "R-1",
        "timestamp": "1700000001500",
        "user": "e.1",
        "type": "click",
        "item": "b",
    }
    assert added["type"] == "cart" and "ranking" not in added
    assert [(one["id"], one["item"]) for one in bought] == [("o1", "b"), ("o1-1", "c")]


# -- Recombee ------------------------------------------------------------------------------


def signed(request: httpx.Request) -> str:
    """The path of a request whose signature is right."""
    target = request.url.raw_path
    path, _, sign = target.partition(b"&hmac_sign=")
    assert sign.decode() == hmac.new(b"s3cret", path, "sha1").hexdigest()
    assert parse_qs(urlsplit(path.decode()).query).keys() == {"hmac_timestamp"}
    return urlsplit(path.decode()).path


async def test_recombee_is_asked_with_a_signature(respx_mock: respx.MockRouter) -> None:
    answer = {"recommId": "R-9", "recomms": [{"id": "a"}, {"id": "b"}], "x": None}
    route = respx_mock.post(url__startswith=HOST).respond(json=answer)
    async with asking(RECOMBEE) as recombee:
        found = await recombee.recommend(SEEN)
    assert found == Answer((Candidate("a", 1.0), Candidate("b", 0.5)), "R-9")
    request = route.calls.last.request
    assert signed(request) == "/shop-prod/recomms/users/e.1/items/"
    assert sent(route) == {
        "count": 8,
        "scenario": "homepage",
        "cascadeCreate": True,
        "returnProperties": False,
    }


async def test_recombee_is_told_in_a_batch(respx_mock: respx.MockRouter) -> None:
    codes = [{"code": 201}, {"code": 409}, {"code": 404}, {"code": 200}]
    route = respx_mock.post(url__startswith=HOST).respond(json=codes)
    async with asking(RECOMBEE) as recombee:
        await tell(recombee, deeds())
        assert recombee.outbox._tally == {"recs refused": 1, "recs told": 3}
    assert signed(route.calls.last.request) == "/shop-prod/batch/"
    viewed, added, first, second = sent(route)["requests"]
    assert viewed == {
        "method": "POST",
        "path": "/detailviews/",
        "params": {
            "userId": "e.1",
            "itemId": "b",
            "timestamp": NOW + 1,
            "cascadeCreate": True,
            "recommId": "R-1",
        },
    }
    assert added["path"] == "/cartadditions/" and "recommId" not in added["params"]
    assert first["path"] == second["path"] == "/purchases/"
    assert (first["params"]["amount"], first["params"]["price"]) == (2, 10.0)
    assert second["params"]["recommId"] == "R-1"


# -- any other -----------------------------------------------------------------------------


async def test_any_engine_that_speaks_json_can_be_described(
    respx_mock: respx.MockRouter,
) -> None:
    rows = [
        {"sku": "a", "weight": 4, "why": "Goes with <Tea>"},
        {"sku": 7, "weight": 2},
    ]
    route = respx_mock.post(url__startswith=f"{HOST}/for/").respond(
        json={"result": {"rows": rows}, "request": 17}
    )
    odd = Context('e."1', 3, ('a"b', "c/d"), slot="home.shelf")
    async with asking(OWN) as own:
        found = await own.recommend(odd)
    assert found == Answer(
        (Candidate("a", 1.0, "Goes with <Tea>"), Candidate("7", 0.5)), "17"
    )
    request = route.calls.last.request
    assert request.url.raw_path == b"/for/e.%221?n=3&seen=a%22b,c%2Fd"
    assert request.headers["authorization"] == "s3cret"
    assert sent(route) == {
        "user": 'e."1',
        "last": "c/d",
        "seen": ['a"b', "c/d"],
        "n": 3,
        "at": "home.shelf",
    }
    # The page escapes what it prints, as it does with every text.
    assert Reason("engine", words=found.items[0].words).words == "Goes with <Tea>"


async def test_no_id_leads_to_another_path() -> None:
    text = f'kind = "json"\nurl = "{HOST}/like/{{item}}/of?seen={{items}}"\n'
    async with asking(text) as own:
        for id in ("..", ".", "../x", "a/b", "a\\b"):
            assert own.adapter.question(Context("e.1", 3, (id,)), NOW, "q") is None
        asked = own.adapter.question(Context("e.1", 3, ("a/b", "..c")), NOW, "q")
    assert asked is not None
    assert asked.url == f"{HOST}/like/..c/of?seen=a%2Fb,..c"


async def test_any_engine_can_be_told(respx_mock: respx.MockRouter) -> None:
    route = respx_mock.post(f"{HOST}/events").respond(204)
    async with asking(OWN) as own:
        await tell(own, deeds())
    shown, *_, bought = sent(route)["events"]
    assert shown["event"] == "shown" and shown["recommendation"] == "R-1"
    assert bought["items"] == ["b", "c"] and bought["user"] == "e.1"


async def test_an_answer_may_be_a_list_of_ids(respx_mock: respx.MockRouter) -> None:
    respx_mock.get(f"{HOST}/top").respond(json=["a", "b"])
    async with asking(f'kind = "json"\nurl = "{HOST}/top"\n') as own:
        assert [one.id for one in (await own.recommend(SEEN)).items] == ["a", "b"]


# -- what can be believed ------------------------------------------------------------------

HUGE_NUMBER = b"1" + b"0" * 400


@pytest.mark.parametrize(
    ("rows", "ids"),
    [
        (b'[{"sku":"a","weight":1},{"sku":"a","weight":2}]', ["a"]),
        (b'[{"sku":"a","weight":NaN}]', None),
        (b'[{"sku":"a","weight":1e999},{"sku":"b","weight":1}]', None),
        (b'[{"sku":"a","weight":' + HUGE_NUMBER + b'},{"sku":"b","weight":1}]', ["b"]),
        (b'[{"sku":"a","weight":"1"},{"sku":"b","weight":true}]', []),
        (b'[{"sku":"a"},{"sku":"b","weight":null},{"sku":"c","weight":0}]', ["c"]),
        (b'[{"sku":null},{"sku":true,"weight":1},{"sku":["a"],"weight":1},7,null]', []),
        (b'[{"sku":"' + b"x" * 201 + b'","weight":1}]', []),
        (b'[{"sku":1.5,"weight":1},{"sku":' + HUGE_NUMBER + b',"weight":1}]', []),
        (b'{"sku":"a"}', None),
        (b'"a"', None),
        (b"null", None),
        (b"[", None),
        (b"[" * 100_000, None),
        (b"\xff\xfe", None),
        (b"", None),
    ],
)
async def test_an_answer_may_be_anything(
    rows: bytes, ids: list[str] | None, respx_mock: respx.MockRouter
) -> None:
    body = b'{"result":{"rows":' + rows + b"}}" if rows else b""
    respx_mock.post(url__startswith=HOST).respond(content=body)
    async with asking(OWN) as own:
        found = await own.recommend(SEEN)
        assert [one.id for one in found.items] == (ids or [])
        assert all(0 <= one.score <= 1 for one in found.items)
        assert own._tally["recs error"] == (ids is None)


async def test_an_answer_has_its_bounds(respx_mock: respx.MockRouter) -> None:
    many = [{"sku": str(n), "weight": 1} for n in range(1_000)]
    respx_mock.post(url__startswith=HOST).respond(json={"result": {"rows": many}})
    async with asking(OWN) as own:
        assert len((await own.recommend(SEEN)).items) == 200
    body = b'{"result":{"rows":[]},"x":"' + b"x" * 300_000 + b'"}'
    respx_mock.post(url__startswith=HOST).respond(content=body)
    async with asking(OWN) as own:
        assert not (await own.recommend(SEEN)).items and own._tally["recs error"] == 1


@pytest.mark.parametrize("words", ["\x00", "a\nb", "‮evil", 7, ["x"], "x" * 300])
async def test_words_of_an_engine_are_short_plain_text(
    words: object, respx_mock: respx.MockRouter
) -> None:
    rows = [{"sku": "a", "weight": 1, "why": words}]
    respx_mock.post(url__startswith=HOST).respond(json={"result": {"rows": rows}})
    async with asking(OWN) as own:
        (found,) = (await own.recommend(SEEN)).items
    assert found.words == (
        words[:200] if isinstance(words, str) and words[0] == "x" else ""
    )


# -- asking once ---------------------------------------------------------------------------


async def test_the_same_question_is_asked_once_and_its_answer_kept(
    respx_mock: respx.MockRouter,
) -> None:
    route = respx_mock.post(url__startswith=HOST).respond(
        json=[{"Id": "a", "Score": 1}]
    )
    async with asking(GORSE) as gorse:
        first, second = gorse.fetch(SEEN), gorse.fetch(SEEN)
        assert isinstance(first, asyncio.Task) and second is first
        await first
        assert isinstance(gorse.fetch(SEEN), Answer)
        other = Context("e.2", 8, SEEN.session)
        assert isinstance(gorse.fetch(other), asyncio.Task)
        await gorse.recommend(other)
    assert route.call_count == 2


async def test_a_host_that_is_not_allowed_is_never_asked(
    caplog: pytest.LogCaptureFixture, respx_mock: respx.MockRouter
) -> None:
    made = Engine(settings(GORSE), frozenset({"crm.internal"}), Counter(), Counter())
    assert made.fetch(SEEN) is None
    await tell(made, deeds())
    assert "engine recs: its host 'recs.internal' is not in" in caplog.text
    assert not respx_mock.calls
    await made.close(0.1)


async def test_a_redirect_is_no_answer(respx_mock: respx.MockRouter) -> None:
    location = {"location": "http://169.254.169.254/"}
    respx_mock.post(url__startswith=HOST).respond(302, headers=location)
    async with asking(GORSE) as gorse:
        assert not (await gorse.recommend(SEEN)).items
        assert gorse._tally["recs error"] == 1
    assert respx_mock.calls.call_count == 1


async def test_neither_key_nor_visitor_stands_in_the_log(
    caplog: pytest.LogCaptureFixture, respx_mock: respx.MockRouter
) -> None:
    caplog.set_level(0)
    respx_mock.get(url__startswith=HOST).mock(side_effect=httpx.ConnectError("to e.1"))
    async with asking(GORSE) as gorse:
        await gorse.recommend(KNOWN)
        print(repr(gorse), repr(gorse.settings))
    said = caplog.text + repr(gorse.settings)
    assert "gave no answer" in said and "e.1" not in said and "s3cret" not in said


def test_a_breaker_opens_after_five_failures_in_ten_seconds() -> None:
    now = 0.0
    breaker = EngineBreaker(lambda: now)
    for _ in range(20):  # now and then is no reason
        breaker.failed()
        breaker.succeeded()
        now += 2.6
    assert breaker.allows() and not breaker.open
    now += 20.0
    for _ in range(5):
        assert not breaker.open
        breaker.failed()
        breaker.succeeded()  # nor does an answer make up for those
        now += 0.1
    assert breaker.open and not breaker.allows()
    now += 5.0
    assert breaker.allows() and not breaker.allows()  # one may try
    breaker.failed()
    assert not breaker.allows()
    now += 5.0
    assert breaker.allows()
    breaker.succeeded()
    breaker.failed()
    assert breaker.allows() and not breaker.open


# -- in batches ----------------------------------------------------------------------------


async def test_what_does_not_fit_is_dropped_and_counted_orders_last() -> None:
    told: list[Deed] = []

    async def send(batch: Sequence[Deed]) -> int:
        told.extend(batch)
        return 0

    tally: Counter[str] = Counter()
    outbox = Outbox("recs", send, tally)
    outbox.put(Deed("bought", "u", ("a",), 0.0, "order"))
    for n in range(QUEUED + 9):
        outbox.put(Deed("viewed", "u", ("a",), float(n), str(n)))
    assert len(outbox) == QUEUED and tally["recs dropped"] == 10
    await outbox.close(5.0)
    assert told[0].id == "order" and len(told) == QUEUED
    assert tally == {"recs dropped": 10, "recs told": QUEUED}


async def test_a_batch_is_told_again_and_then_given_up(
    respx_mock: respx.MockRouter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shopwindow.middleware.engines.outbox.INTERVAL", 0.01)
    monkeypatch.setattr("shopwindow.middleware.engines.outbox.LONGEST_PAUSE", 0.01)
    route = respx_mock.put(f"{HOST}/api/feedback")
    route.side_effect = [httpx.Response(500), httpx.Response(200)]
    async with asking(GORSE) as gorse:
        gorse.tell(deeds()[1])
        await asyncio.wait_for(_empty(gorse.outbox), 5)
        assert gorse.outbox._tally == {"recs told": 1} and route.call_count == 2
        route.side_effect = [httpx.Response(500)] * 9
        gorse.tell(deeds()[1])
        await asyncio.wait_for(_empty(gorse.outbox), 5)
        assert gorse.outbox._tally == {"recs told": 1, "recs failed": 1}
        assert route.call_count == 5
        route.side_effect = [httpx.Response(400)]
        gorse.tell(deeds()[1])
        await asyncio.wait_for(_empty(gorse.outbox), 5)
        assert gorse.outbox._tally["recs refused"] == 1 and route.call_count == 6


async def _empty(outbox: Outbox) -> None:
    task = outbox._task
    assert task is not None
    await task


async def test_many_deeds_do_not_wait_for_the_interval(
    respx_mock: respx.MockRouter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shopwindow.middleware.engines.outbox.INTERVAL", 60.0)
    route = respx_mock.put(f"{HOST}/api/feedback").respond(200)
    async with asking(GORSE) as gorse:
        for _ in range(BATCH):
            gorse.tell(deeds()[1])
        await asyncio.wait_for(_empty(gorse.outbox), 5)
    assert len(sent(route)) == BATCH


async def test_a_thread_may_tell(respx_mock: respx.MockRouter) -> None:
    route = respx_mock.put(f"{HOST}/api/feedback").respond(200)
    async with asking(GORSE) as gorse:
        await asyncio.to_thread(gorse.tell, deeds()[1])
        gorse.tell(deeds()[2])
        await asyncio.to_thread(gorse.tell, deeds()[2])
    assert [one["FeedbackType"] for one in sent(route)] == ["view", "cart", "cart"]


async def test_the_end_does_not_wait_for_an_engine_that_hangs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def hang(*_: object, **__: object) -> None:
        await asyncio.sleep(60)

    made = Engine(settings(GORSE), frozenset({"recs.internal"}), Counter(), Counter())
    monkeypatch.setattr(made._server, "ask", hang)
    for _ in range(BATCH + 20):
        made.tell(deeds()[1])
    began = asyncio.get_running_loop().time()
    await made.close(0.2)
    assert asyncio.get_running_loop().time() - began < 1.0
    tally = made.outbox._tally
    assert tally["recs failed"] + tally["recs dropped"] == BATCH + 20


# -- what is wrong with a site.toml --------------------------------------------------------


def found(text: str, environment: Mapping[str, str] = ENVIRONMENT) -> list[str]:
    document = Document("site.toml", text)
    read_engines(document.root.table("engines"), environment)
    return [f"{one.line}: {one.message} ({one.hint})" for one in document.findings]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[engines.a]\nkind = "gors"\nurl = "https://x.example"', '2: unknown kind "gors" (did you mean "gorse"?)'),
        ('[engines.a]\nurl = "https://x.example"', '1: the engine "a" needs a kind'),
        ('[engines.a]\nkind = "gorse"', '1: the engine "a" needs a url'),
        (f'[engines.a]\n{GORSE}modle = "x"', '5: unknown key "modle"'),
        ('[engines.a]\nkind = "gorse"\nurl = "ftp://x"', "3: a url starts with https://"),
        (f'[engines.a]\n{GORSE}timeout-ms = 0', '5: "timeout-ms" must be from 1 to'),
        (f'[engines.a]\n{GORSE}cache = "soon"', '5: "soon" is not a duration'),
        (f'[engines.a]\n{GORSE}events = {{ view = "x" }}', '5: unknown key "view" in [engines.a.events] (did you mean "viewed"?)'),
        ('[engines.a]\nkind = "gorse"\nurl = "https://x.example"\nkey = "abc"', "4: a key stands in the environment"),
        ('[engines.a]\nkind = "gorse"\nurl = "https://x.example"\nkey = "env:HOME"', "4: HOME cannot be read from here"),
        ('[engines.a]\nkind = "gorse"\nurl = "https://x.example/{user}"', "3: nothing is filled into the url"),
        (f'[engines.a]\n{METARANK}', "1: it needs a model, or rank, not both"),
        (f'[engines.a]\n{METARANK}model = "a"\nrank = "b"', "4: it needs a model, or rank, not both"),
        ('[engines.a]\nkind = "recombee"\nkey = "env:SHOPWINDOW_SOURCE_RECS"', "1: it needs a database"),
        ('[engines.a]\nkind = "recombee"\ndatabase = "x"', "1: it needs a key"),
        ('[engines.a]\nkind = "json"\nurl = "https://x.example/{who}"', '3: nothing fills "{who}"'),
        ('[engines.a]\nkind = "json"\nurl = "https://{user}.example/"', "3: the host cannot be a parameter"),
        ('[engines.a]\nkind = "json"\nurl = "https://x.example"\nbody = "{items"', "4: the body is no JSON"),
        ('[engines.a]\nkind = "json"\nurl = "https://x.example"\nitem = "sku"', '4: "sku" is not a JSON path'),
        ('[engines.a]\nkind = "json"\nurl = "https://x.example"\nmethod = "PUT"', '4: unknown method "PUT"'),
        ('[engines.a]\nkind = "json"\nurl = "https://x.example"\nfeedback = "x"', "4: a url starts with"),
        ('[engines."A b"]\nkind = "json"\nurl = "https://x.example"', "cannot be an engine's name"),
        ('[engines]\na = 1', '2: "a" must be a table'),
    ],
)  # fmt: skip
def test_what_is_wrong_is_found_with_its_line(text: str, words: str) -> None:
    messages = found(text)
    assert len(messages) == 1 and words in messages[0], messages


def test_engines_have_defaults() -> None:
    read = settings(GORSE)
    assert (read.connect, read.timeout, read.cache) == (0.02, 0.05, 30.0)
    assert settings('kind = "json"\nurl = "https://x.example"').feedback is False
    assert (
        found('[engines.a]\nkind = "gorse"\nurl = "env:SHOPWINDOW_SOURCE_X"', {}) == []
    )


# -- through the door ----------------------------------------------------------------------


async def test_a_name_cannot_lead_an_engine_s_question_inside(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def inside(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    monkeypatch.setattr(guarded, "look_up", inside)
    async with engine_host("a") as host:
        named = host.url.replace("127.0.0.1", "recs.internal")
        text = f'kind = "json"\nurl = "{named}/top"\nitems = "$.items"\ntimeout-ms = 2000\n'
        for hosts, ids in (
            (("recs.internal",), []),
            (("recs.internal", "127.0.0.0/8"), ["a"]),
        ):
            made = Engine(settings(text), frozenset(hosts), Counter(), Counter())
            found = await made.recommend(SEEN)
            assert [item.id for item in found.items] == ids
            await made.close(0.1)
        assert len(host.asked) == 1
    assert "put the address or its network into SHOPWINDOW_ALLOWED_HOSTS" in caplog.text


async def test_a_crowd_does_not_become_one_of_questions() -> None:
    async with engine_host("a") as host:
        host.manners = "hang"
        text = f'kind = "json"\nurl = "{host.url}/for/{{user}}"\nitems = "$.items"\n'
        async with asking(text) as own:
            crowd = [own.fetch(Context(f"e.{n}", 8)) for n in range(500)]
            asked = [one for one in crowd if isinstance(one, asyncio.Task)]
            assert len(asked) == MOST
            await asyncio.wait(asked)
            assert [one.result() for one in asked] == [None] * MOST
            assert own.breaker.open and own.fetch(SEEN) is None
            assert own._tally["recs refused"] == 500 - MOST + 1


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["Id", "Score", "item", "score", "id", "items", "recomms", "why"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


_PATHS = """
items = "$.items"
item = "$.id"
score = "$.score"
reason = "$.why"
id = "$.id"
"""
_ADAPTERS = [
    adapter_of(settings(text))
    for text in (
        GORSE,
        METARANK + 'model = "m"\n',
        RECOMBEE,
        f'kind = "json"\nurl = "{HOST}"\n{_PATHS}',
    )
]


@given(_JSON)
@limits(max_examples=60)
def test_no_answer_is_more_than_proposals(said: Any) -> None:
    body = json.dumps(said).encode()
    for adapter in _ADAPTERS:
        try:
            found = adapter.answer(body, "id")
        except Unreadable:
            continue
        ids = [item.id for item in found.items]
        assert len(ids) == len(set(ids)) and all(ids)
        assert all(0 <= item.score <= 1 for item in found.items)
        assert all(isinstance(item.words, str) for item in found.items)
