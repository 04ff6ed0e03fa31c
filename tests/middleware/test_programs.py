"""Programs are nobody: whatever they agree to or bring along, no profile comes of it."""

import time

import pytest

from shopwindow.middleware.stores.memory import MemoryStore
from shopwindow.middleware.visitor import new_visitor
from shopwindow.rules.facts import PURPOSES
from tests.asgi import ask
from tests.middleware.agents import BOTS
from tests.middleware.crawlers import CRAWLERS
from tests.shop import HERO, by_attribute, events_of, mounted, open_window, page, whole

pytestmark = pytest.mark.anyio
SHOP = whole(lambda: page(by_attribute))
FORM = (b"content-type", b"application/x-www-form-urlencoded")
RULE = '[consent]\nprovider = { cookie = "agreed", granted-when = "equals:yes" }\n'
CONSENT = "/-/shopwindow/consent"


@pytest.mark.parametrize("site", ["", RULE], ids=["our form", "a tool"])
async def test_three_hundred_programs_leave_no_profile(site: str) -> None:
    async with open_window(MemoryStore(), site=site) as window:
        app = mounted(SHOP, window)
        for agent in (*BOTS, *CRAWLERS):
            known = new_visitor(frozenset(PURPOSES), time.time())
            cookies = b"agreed=yes; shopwindow=" + window.cookie.value(known)
            headers = [
                (b"user-agent", agent.encode()),
                (b"cookie", cookies),
                (b"sec-fetch-dest", b"document"),
            ]
            agreed = await ask(
                app, CONSENT, "POST", [*headers, FORM], b"choice=granted"
            )
            assert agreed.all(b"set-cookie") == []
            for path in ("/p/tea-1", "/", "/"):
                seen = await ask(app, path, headers=headers)
                assert seen.all(b"set-cookie") == [] and HERO not in seen.body, agent
        assert events_of(window) == [] and window.journal.accepted == 0
        assert isinstance(window.store, MemoryStore) and not window.store.profiles
