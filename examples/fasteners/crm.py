"""A small CRM service, as another system of the company would run it.

``GET /customers/20417`` answers what sales knows about a customer, as JSON::

    {"segment": {"kind": "b2b"}, "account": true,
     "contact": {"name": "Fachberatung Holzbau"}}

The shop reads it over HTTP only; site.toml says which of it becomes an attribute.
"""

import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import anyio
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

Record = Mapping[str, Any]

RECORDS: Mapping[str, Record] = {
    "20417": {
        "segment": {"kind": "b2b"},
        "account": True,
        "contact": {"name": "Fachberatung Holzbau"},
    },
    "20533": {
        "segment": {"kind": "b2b"},
        "account": True,
        "contact": {"name": "Fachberatung Metallbau"},
    },
    "20688": {"segment": {"kind": "b2b"}, "account": False, "contact": None},
    "30102": {"segment": {"kind": "b2c"}, "account": False, "contact": None},
}


class Crm:
    """The service and its switches, which work while it runs.

    ``delay`` is in seconds and comes before every answer, ``broken`` makes every answer
    a 500. ``asked`` holds the customer numbers in the order in which they were asked for.
    """

    def __init__(
        self,
        records: Mapping[str, Record] = RECORDS,
        *,
        delay: float = 0.0,
        broken: bool = False,
    ) -> None:
        self.records = records
        self.delay = delay
        self.broken = broken
        self.asked: list[str] = []
        self.app = Starlette(routes=[Route("/customers/{number}", self.customer)])

    async def customer(self, request: Request) -> JSONResponse:
        number: str = request.path_params["number"]
        self.asked.append(number)
        if self.delay:
            await anyio.sleep(self.delay)
        if self.broken:
            return JSONResponse({"error": "maintenance"}, 500)
        if record := self.records.get(number):
            return JSONResponse(record)
        return JSONResponse({"error": "no such customer"}, 404)

    @contextmanager
    def serving(self) -> Iterator[str]:
        """Run the service on a free loopback port, in a thread of its own, until the
        block ends. Gives the address to look a customer up, with ``{customer}`` in it.
        """
        import uvicorn  # an extra, and only this needs it

        with socket.create_server(("127.0.0.1", 0)) as listener:
            port: int = listener.getsockname()[1]
            server = uvicorn.Server(
                uvicorn.Config(
                    self.app,
                    http="h11",
                    ws="none",
                    lifespan="off",
                    log_level="warning",
                    timeout_graceful_shutdown=1,
                )
            )
            thread = threading.Thread(
                target=server.run, args=([listener],), name="crm", daemon=True
            )
            thread.start()
            try:
                while not server.started and thread.is_alive():
                    time.sleep(0.005)
                yield f"http://127.0.0.1:{port}/customers/{{customer}}"
            finally:
                server.should_exit = True
                thread.join(10)


def surroundings(url: str) -> dict[str, str]:
    """The environment that site.toml needs: where the CRM is, and that it may be asked."""
    return {
        "SHOPWINDOW_SOURCE_CRM_URL": url,
        "SHOPWINDOW_ALLOWED_HOSTS": "127.0.0.1",
    }
