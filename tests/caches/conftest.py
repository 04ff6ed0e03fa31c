"""The shop, personalised by us and by a naive wrapper, behind every cache."""

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.caches.proxies import Caches, nginx, varnish
from tests.servers import free_ports, serving
from tests.shop import KEYS

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def caches(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Caches]:
    """The addresses of both apps behind every cache, and of the apps themselves as "none"."""
    folder = tmp_path_factory.mktemp("caches")
    environment = {
        **os.environ,
        "SHOP_SITE": str(folder / "site"),
        "SHOPWINDOW_SECRET_KEYS": KEYS[0].decode(),
    }
    apps = {"ours": "make_ours", "naive": "make_naive"}
    ports = dict(zip(apps, free_ports(len(apps)), strict=True))
    with ExitStack() as stack:
        for app, port in ports.items():
            command = [sys.executable, "-m", "uvicorn", "--factory"]
            command += [f"tests.caches.shop:{apps[app]}", "--app-dir", str(ROOT)]
            command += ["--port", str(port), "--no-access-log"]
            stack.enter_context(
                serving(command, port, folder / f"{app}.log", environment)
            )
        found: Caches = {
            "none": {app: f"http://127.0.0.1:{port}" for app, port in ports.items()}
        }
        found |= stack.enter_context(varnish(folder / "varnish", ports))
        found |= stack.enter_context(nginx(folder / "nginx", ports))
        yield found
