"""Every visitor gets the page of their own, whatever the app and the caches do about it."""

from itertools import product

import httpx
import pytest

from tests.asgi import BROWSER
from tests.caches.proxies import Caches
from tests.caches.shop import COUNTRIES, HEADER_SETS, TASTES, seen

USUAL = {"user-agent": BROWSER.decode(), "accept": "text/html"}
BEHIND = {"x-forwarded-proto": "https"}  # as every proxy says it: cookies are __Host-
OBEDIENT = ["varnish builtin", "varnish careless", "nginx valid", "nginx careless"]


@pytest.fixture(scope="session")
def people(caches: Caches) -> dict[str, str]:
    """The cookies of somebody who looked at tea, at cups, and of nobody: taste -> Cookie."""
    found = {"any": ""}
    shop = caches["none"]["ours"]
    for taste, looked in zip(TASTES, ("tea-1", "cup-1"), strict=True):
        with httpx.Client(base_url=shop, headers=USUAL | BEHIND) as client:
            said = client.post("/-/shopwindow/consent", data={"choice": "granted"})
            cookie = said.headers["set-cookie"].partition(";")[0]
            found[taste] = f"{cookie}; taste={taste}"
            headers = {"cookie": found[taste]}
            client.get(f"/p/{looked}", headers=headers)
            for _ in range(500):  # what was looked at is written after the answer
                if seen(client.get("/", headers=headers).text)[0] == taste:
                    break
    return found


def leaks(shop: str, path: str, people: dict[str, str]) -> set[str]:
    """In what a page was somebody else's, of all that everybody got, who asked twice in turn."""
    found = set()
    with httpx.Client(base_url=shop, headers=USUAL) as client:
        for _, country, taste in product(range(2), COUNTRIES, people):
            headers = {"cf-ipcountry": country}
            if people[taste]:
                headers["cookie"] = people[taste]
            answer = client.get(path, headers=headers)
            assert answer.status_code == 200
            got = seen(answer.text)
            if got[0] != taste:
                found.add("cookie")
            if got[1] != country:
                found.add("country")
    return found


@pytest.mark.parametrize("cache", OBEDIENT)
def test_nobody_gets_somebody_elses_page(
    caches: Caches, people: dict[str, str], cache: str
) -> None:
    shop = caches[cache]["ours"]
    leaked = {name: leaks(shop, f"/{name}", people) for name in HEADER_SETS}
    assert leaked == {name: set() for name in HEADER_SETS}


@pytest.mark.parametrize("cache", OBEDIENT)
def test_no_part_and_no_validator_of_one_page_is_good_for_another(
    caches: Caches, people: dict[str, str], cache: str
) -> None:
    shop = caches[cache]["ours"]
    with httpx.Client(base_url=shop, headers=USUAL) as client:
        for taste, cookie in people.items():
            headers = {"cookie": cookie, "if-none-match": '"1"'} if cookie else {}
            answer = client.get("/validators", headers=headers)
            assert answer.status_code == 200 and seen(answer.text)[0] == taste
            assert "etag" not in answer.headers
            assert answer.headers.get("age", "0") == "0"  # Varnish always says one


COOKIE, COUNTRY, BOTH = {"cookie"}, {"country"}, {"cookie", "country"}
SAFE = {"private", "cdn", "cloudflare", "accel", "set-cookie"}
SHARED = HEADER_SETS.keys() - SAFE
# Where the naive app leaks, and what: without that the tests above would prove nothing.
CONTROL: dict[str, dict[str, set[str]]] = {
    "varnish builtin": dict.fromkeys(SHARED, COUNTRY),
    "varnish careless": dict.fromkeys(SHARED, BOTH) | {"vary": COUNTRY},
    "nginx valid": dict.fromkeys(SHARED - {"surrogate"}, BOTH) | {"vary": COUNTRY},
    "nginx careless": dict.fromkeys(HEADER_SETS, BOTH),
}


@pytest.mark.parametrize("cache", OBEDIENT)
def test_the_naive_app_leaks_there(
    caches: Caches, people: dict[str, str], cache: str
) -> None:
    shop = caches[cache]["naive"]
    leaked = {name: leaks(shop, f"/{name}", people) for name in HEADER_SETS}
    assert {name: what for name, what in leaked.items() if what} == CONTROL[cache]


def test_a_cache_that_listens_to_nobody_leaks(
    caches: Caches, people: dict[str, str]
) -> None:
    """What no header can help; ``shopwindow doctor`` finds it."""
    assert leaks(caches["nginx stubborn"]["ours"], "/", people) == BOTH
    # Varnish still heeds Vary: Cookie.
    assert leaks(caches["varnish stubborn"]["ours"], "/", people) == COUNTRY
