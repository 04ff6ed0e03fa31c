"""Services that many shops have, asked by name: the very questions that they understand."""

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import respx

from shopwindow.middleware.settings import SourceSettings, read_settings
from shopwindow.middleware.sources.http import HttpSource

pytestmark = pytest.mark.anyio

ATTRIBUTES = """
[attributes]
tier = { type = "text", from = "source:cdp" }
age = { type = "number", from = "source:cdp" }
segments = { type = "list", from = "source:cdp" }
"""
UNOMI = """
[sources.cdp]
preset = "unomi"
url = "https://cdp.example/"
key = "env:SHOPWINDOW_SOURCE_CDP"
map = { tier = "loyaltyTier", age = "$.profileProperties.age", segments = "$.profileSegments" }
"""
SEGMENT = """
[sources.cdp]
preset = "segment"
space = "spa_1"
key = "env:SHOPWINDOW_SOURCE_CDP"
map = { tier = "loyalty_tier", age = "$.traits.age" }
"""
ENVIRONMENT = {"SHOPWINDOW_SOURCE_CDP": "k3y"}
HOSTS = frozenset({"cdp.example", "profiles.segment.com"})


def settings_of(text: str) -> SourceSettings:
    settings, findings = read_settings(Path(), ATTRIBUTES + text, ENVIRONMENT)
    assert findings == []
    (source,) = settings.sources
    return source


async def fetched(text: str, customer: str = "10 017/ä") -> Mapping[str, Any]:
    source = HttpSource(settings_of(text), HOSTS)
    try:
        values = source.fetch(customer)
        return values if isinstance(values, dict) else await values  # type: ignore[misc]
    finally:
        await source.close()


async def test_unomi_is_asked_for_a_profile(respx_mock: respx.MockRouter) -> None:
    answer = {
        "profileId": "10 017/ä",
        "sessionId": "s",
        "profileProperties": {"loyaltyTier": "gold", "age": 40, "email": "x"},
        "profileSegments": ["vip", "new"],
    }
    route = respx_mock.post(host="cdp.example").respond(
        json=answer, headers={"set-cookie": "context-profile-id=somebody; Path=/"}
    )
    assert await fetched(UNOMI) == {
        "tier": "gold",
        "age": 40,
        "segments": ["vip", "new"],
    }
    request = route.calls.last.request
    assert request.url.path == "/cxs/context.json"
    assert request.url.params["sessionId"] == "shopwindow-10 017/ä"
    assert request.headers["x-unomi-api-key"] == "k3y"
    assert request.headers["content-type"] == "application/json"
    assert json.loads(request.content) == {
        "source": {"itemId": "shopwindow", "itemType": "site", "scope": "shopwindow"},
        "profileId": "10 017/ä",
        "sessionId": "shopwindow-10 017/ä",
        "requiredProfileProperties": ["age", "loyaltyTier"],
        "requireSegments": True,
    }


async def test_no_cookie_of_unomi_s_comes_along_with_the_next_question(
    respx_mock: respx.MockRouter,
) -> None:
    route = respx_mock.post(host="cdp.example").respond(
        json={}, headers={"set-cookie": "context-profile-id=somebody; Path=/"}
    )
    source = HttpSource(settings_of(UNOMI), HOSTS)
    for customer in "12":
        await source.fetch(customer)  # type: ignore[misc]
    await source.close()
    assert "cookie" not in route.calls.last.request.headers


async def test_a_customer_s_id_stays_within_its_text(
    respx_mock: respx.MockRouter,
) -> None:
    route = respx_mock.post(host="cdp.example").respond(json={})
    await fetched(UNOMI, 'x", "requireSegments": false, "y": "')
    said = json.loads(route.calls.last.request.content)
    assert said["profileId"] == 'x", "requireSegments": false, "y": "'
    assert said["requireSegments"] is True and "y" not in said


async def test_segment_is_asked_for_traits(respx_mock: respx.MockRouter) -> None:
    answer = {"traits": {"loyalty_tier": "gold", "age": "x"}, "cursor": {}}
    route = respx_mock.get(host="profiles.segment.com").respond(json=answer)
    assert await fetched(SEGMENT) == {"tier": "gold"}
    request = route.calls.last.request
    path = (
        "/v1/spaces/spa_1/collections/users/profiles/user_id:10%20017%2F%C3%A4/traits"
    )
    assert request.url.raw_path.partition(b"?")[0] == path.encode()
    assert dict(request.url.params) == {"limit": "200", "include": "age,loyalty_tier"}
    basic = base64.b64encode(b"k3y:").decode()
    assert request.headers["authorization"] == f"Basic {basic}"


async def test_a_key_is_no_part_of_what_is_shown() -> None:
    for text in (UNOMI, SEGMENT):
        assert "k3y" not in repr(HttpSource(settings_of(text), HOSTS))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "preset = 'unomy'\nurl = 'https://x/'",
            'unknown preset "unomy": did you mean',
        ),
        ("preset = 'unomi'", 'the source "cdp" needs a url'),
        ("preset = 'segment'", "needs the id of a space"),
        ("preset = 'segment'\nspace = 's'\nspaces = 1", 'unknown key "spaces"'),
        (
            "url = 'https://x/'\nmap = { tear = '$.x' }",
            'does not declare "tear": did you',
        ),
        ("url = 'https://x/'\nmap = { tier = '$.x[' }", '"$.x[" is not a JSON path'),
        ("url = 'https://x/'\nstale = 'long'", '"long" is not a duration'),
    ],
)
def test_a_mistake_is_said_with_what_would_be_right(text: str, said: str) -> None:
    _, findings = read_settings(Path(), f"{ATTRIBUTES}[sources.cdp]\n{text}", {})
    assert any(said in str(finding) for finding in findings), findings
