"""Fixtures for all rooms."""

import pytest
from hypothesis import settings

# How long an example takes says more about the machine than about the code.
settings.register_profile("shopwindow", deadline=None)
settings.load_profile("shopwindow")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"
