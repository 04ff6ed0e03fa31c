"""``shopwindow doctor`` asks real caches: it finds every leak, and nothing where there is none."""

import json
from typing import Any

import pytest
from click.testing import CliRunner

from shopwindow.middleware.cli import main
from shopwindow.middleware.doctor import comparison
from tests.caches.proxies import Caches

VISITS = ["--visit", "/p/tea-1"]
TASTES = ["--cookie", "taste=tea", "--cookie", "taste=cups"]


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparison, "PAUSE", 0)


def doctor(url: str, *arguments: str, code: int) -> dict[str, Any]:
    """What the command says as JSON."""
    command = ["doctor", url, *arguments, "--format", "json"]
    result = CliRunner().invoke(main, command)
    assert result.exit_code == code, result.output
    said: dict[str, Any] = json.loads(result.stdout)
    return said


def codes(said: dict[str, Any]) -> set[str]:
    return {each["code"] for each in said["findings"]}


@pytest.mark.parametrize(
    "cache",
    ["none", "varnish builtin", "varnish careless", "nginx valid", "nginx careless"],
)
def test_ours_is_well(caches: Caches, cache: str) -> None:
    said = doctor(f"{caches[cache]['ours']}/public", *VISITS, code=0)
    assert said["findings"] == [] and said["counts"]["errors"] == 0
    server = cache.partition(" ")[0]
    assert said["present"] == [{"varnish": "Varnish"}.get(server, server)] * (
        server != "none"
    )


@pytest.mark.parametrize("cache", ["varnish careless", "nginx valid", "nginx careless"])
def test_the_leak_of_the_naive_app_is_found(caches: Caches, cache: str) -> None:
    said = doctor(f"{caches[cache]['naive']}/public", *TASTES, code=1)
    assert {"leak", "public"} <= codes(said)
    leak = said["findings"][0]
    assert leak["message"].startswith("the second visitor")
    assert list(leak["remedies"]) == said["present"]


def test_a_leak_to_come_is_found(caches: Caches) -> None:
    """Without a cache, or with one that heeds cookies, headers tell what the next one will do."""
    for cache in ("none", "varnish builtin"):
        said = doctor(f"{caches[cache]['naive']}/public", *TASTES, code=1)
        assert "public" in codes(said)


def test_a_cache_that_listens_to_nobody_is_found(caches: Caches) -> None:
    said = doctor(f"{caches['nginx stubborn']['ours']}/", *VISITS, code=1)
    assert {"leak", "decide-cached"} <= codes(said)
    said = doctor(f"{caches['varnish stubborn']['ours']}/", *VISITS, code=1)
    assert codes(said) == {"cached"}


def test_it_is_found_even_if_all_see_the_same(caches: Caches) -> None:
    said = doctor(f"{caches['nginx stubborn']['ours']}/", code=1)
    assert "decide-cached" in codes(said)


def test_people_read_what_was_found_where_and_what_to_do(caches: Caches) -> None:
    url = f"{caches['varnish careless']['naive']}/public"
    result = CliRunner().invoke(main, ["doctor", url, *TASTES])
    assert result.exit_code == 1
    said = result.output
    assert "error: the second visitor" in said and "[leak]" in said
    assert f"    where: {url}?shopwindow-doctor=" in said
    assert "    seen: cache-control: public, max-age=60" in said
    assert said.count("    Varnish: no return (hash)") == 1
    assert "by way of Varnish: " in said and "0 warnings" in said


def test_what_cannot_be_examined_is_explained(caches: Caches) -> None:
    shop = caches["none"]["naive"]
    for url, words in {
        f"{shop}/": "no shopwindow there: ",
        f"{shop}/no/such/page": "is no page: 404",
        shop.replace("http:", "https:"): "the certificate or the TLS of 127.0.0.1",
    }.items():
        result = CliRunner().invoke(main, ["doctor", url])
        assert result.exit_code == 2
        assert words in result.stderr and result.stdout == ""
