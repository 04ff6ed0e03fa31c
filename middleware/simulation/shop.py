"""The demo shop in a process of its own, which is started and stopped again."""

import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .crowd import Address

LOOPBACK = "127.0.0.1"
_OPENS, _CLOSES = 30.0, 30.0  # seconds that it may take


class NoShop(Exception):
    """A demo shop that did not open; the words say what it said."""


@contextmanager
def demo(store: str, workers: int = 1) -> Iterator[Address]:
    """The demo on a free port, in so many processes, with their store at the URL ``store``; when
    it ends, all is in there.

    Raises :class:`NoShop` if it does not open.
    """
    port = _free_port()
    command = [sys.executable, "-m", "shopwindow", "demo", "--no-seed"]
    command += ["--port", str(port), "--store", store, "--workers", str(workers)]
    with tempfile.NamedTemporaryFile(prefix="shopwindow-shop-") as log:
        shop = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            _wait(port, shop, Path(log.name))
            yield Address(LOOPBACK, port)
        finally:
            shop.send_signal(signal.SIGTERM)
            try:
                shop.wait(_CLOSES)
            except subprocess.TimeoutExpired:
                shop.kill()
                shop.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def _wait(port: int, shop: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + _OPENS
    while time.monotonic() < until and shop.poll() is None:
        with socket.socket() as probe:
            probe.settimeout(0.2)
            if probe.connect_ex((LOOPBACK, port)) == 0:
                return
        time.sleep(0.05)
    said = log.read_text(errors="replace").strip()[-2_000:]
    raise NoShop(f"the demo shop does not open:\n{said}")
