"""Fixtures for all rooms."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests import databases
from tests.sizes import runs

# How long an example takes says more about the machine than about the code.
settings.register_profile("shopwindow", deadline=None, max_examples=runs(100, 40))
settings.load_profile("shopwindow")


# Rooms whose tests wait more than they work. At the end nothing would run beside them.
WAITING = ("faults", "wire", "caches", "walks")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.parent.name not in WAITING)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The URL of a running PostgreSQL."""
    with databases.postgresql() as url:
        yield url


@pytest.fixture(scope="session")
def redis_port() -> Iterator[int]:
    """The port of a running redis-server."""
    with databases.redis_server() as port:
        yield port


@pytest.fixture(scope="session")
def redis_cluster() -> Iterator[list[int]]:
    """The ports of a running cluster of three."""
    with databases.redis_cluster() as ports:
        yield ports
