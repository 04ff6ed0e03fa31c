"""A real shop before servers that behave badly: its pages are whole, and in time."""

import sys
import time
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import median

import httpx
import pytest

from tests.asgi import BROWSER
from tests.elsewhere import FAULTS, elsewhere, teaser
from tests.servers import free_port, serving
from tests.shop import KEYS, TEASER, by_attribute, page, site_folder

pytestmark = pytest.mark.anyio

DEADLINE = 0.05  # the default of [deadlines] fragments-ms
RUNS = 3
ROOT = Path(__file__).parents[2]
DEFAULT = page(by_attribute, teaser=TEASER.decode())


def fragment(name: str, url: str, behave: str) -> str:
    return (
        f'[fragments.{name}]\nurl = "{url}/{behave}/{{what}}"\nparameters = ["what"]\n'
    )


def rule(name: str, what: str) -> str:
    return (
        f"  - {{id: {name}-{what}, slot: home.hero, when: [path: /p/{name}-{what}], "
        f'show: {name}, with: {{what: "{what}"}}}}\n'
    )


async def test_the_page_is_whole_and_in_time_whatever_another_server_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = {behave: behave.replace("_", "-") for behave in ("good", "slow", *FAULTS)}
    async with AsyncExitStack() as stack:
        # One for each, so that no breaker spares it a question.
        there = {
            behave: await stack.enter_async_context(elsewhere()) for behave in names
        }
        site = site_folder(
            tmp_path / "site",
            site="".join(fragment(names[b], there[b].url, b) for b in names),
            rules="version: 1\nrules:\n"
            "  - {id: hello, slot: home.teaser, show: banner, with: {text: Hello}}\n"
            + "".join(rule(names[b], str(n)) for b in names for n in range(RUNS)),
        )
        monkeypatch.setenv("SHOP_SITE", str(site))
        monkeypatch.setenv("SHOPWINDOW_SECRET_KEYS", KEYS[0].decode())
        monkeypatch.setenv("SHOPWINDOW_ALLOWED_HOSTS", "127.0.0.1")
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")
        port = free_port()
        command = [sys.executable, "-m", "uvicorn", "tests.serve:app"]
        command += ["--app-dir", str(ROOT), "--port", str(port), "--no-access-log"]
        alone: list[float] = []
        took: dict[str, list[float]] = {behave: [] for behave in names}
        with serving(command, port, tmp_path / "log"):
            client = await stack.enter_async_context(
                httpx.AsyncClient(
                    base_url=f"http://127.0.0.1:{port}",
                    headers={"user-agent": BROWSER.decode()},
                    trust_env=False,
                )
            )
            for what in range(RUNS):
                for behave, name in names.items():
                    for path, times in (
                        ("/", alone),
                        (f"/p/{name}-{what}", took[behave]),
                    ):
                        began = time.perf_counter()
                        answer = await client.get(path)
                        times.append(time.perf_counter() - began)
                        assert answer.status_code == 200
                        if path == "/" or behave in FAULTS:
                            assert answer.content == DEFAULT, path
            assert len((await client.get("/")).content) == len(DEFAULT)
            # What is kept costs nothing.
            for what in range(RUNS):
                answer = await client.get(f"/p/good-{what}")
                assert teaser(f"/good/{what}") in answer.content
                assert "content-length" in answer.headers
    for behave, server in there.items():
        assert len(server.asked) == RUNS, behave
    control = median(alone)
    for behave in FAULTS:
        more = median(took[behave]) - control
        print(f"{behave:10} {more * 1000:6.1f} ms more than {control * 1000:.1f} ms")
        assert more < DEADLINE + 0.1, behave  # of few runs, on a busy machine
    everything = [seconds for behave in FAULTS for seconds in took[behave]]
    assert median(everything) < control + DEADLINE + 0.01
    patient = [min(took[behave]) for behave in ("hang", "drip", "drip_head")]
    assert DEADLINE * 0.9 < min(patient) < control + DEADLINE + 0.01
