"""The soak of the cookies in small: what ``make soak`` does a million times."""

import pytest

from tests.soak.consents import soak_tc_strings
from tests.soak.cookies import soak_bad_cookies
from tests.soak.strangers import soak_cookieless, soak_strangers

TOOLS = {
    "shopwindow": "",
    "tcf": "[consent]\nprovider = 'tcf'\n",
    "cookiebot": "[consent]\nprovider = 'cookiebot'\n",
}


def test_no_bad_cookie_is_believed() -> None:
    found = soak_bad_cookies(8_000, 7)
    assert found.examples == []


def test_no_tc_string_grants_what_the_specification_does_not() -> None:
    found = soak_tc_strings(2_500, 5)
    assert found.examples == []
    assert found.figures["granted something"] > 40


@pytest.mark.parametrize("provider", TOOLS.values(), ids=TOOLS.keys())
def test_without_consent_nothing_is_kept_asked_or_set(provider: str) -> None:
    count = 1_400 if not provider else 700
    found = soak_strangers(count, 3, provider=provider)
    assert found.examples == []
    assert found.figures["pages by context alone"] > count / 5  # rules go on


def test_who_keeps_no_cookies_leaves_no_row() -> None:
    assert soak_cookieless(400, 3).examples == []
