"""Eight processes write to one store of each kind, most of it about one visitor."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests import databases
from tests.databases import Place
from tests.stores import logged, open_at, views
from tests.writers import write_at_once

from .soaked import Soaked

PROCESSES = 8
BATCH = 10


@contextmanager
def _places() -> Iterator[dict[str, Place]]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        postgresql = stack.enter_context(databases.postgresql())
        port = stack.enter_context(databases.redis_server())
        ports = stack.enter_context(databases.redis_cluster())
        nodes = ",".join(f"127.0.0.1:{each}" for each in ports)
        yield {
            "SQLite": Place(f"sqlite:///{folder}/a.db"),
            "PostgreSQL": Place(postgresql),
            "Redis": Place(f"redis://127.0.0.1:{port}", f"sqlite:///{folder}/r.db"),
            "Redis Cluster": Place(
                f"redis+cluster://{nodes}", f"sqlite:///{folder}/c.db"
            ),
        }


def soak_writers(count: int, seed: int, advance: Callable[[], None]) -> Soaked:
    """``count`` events about one visitor, on each kind of store, and as many logins of one
    customer as there are commits: none is lost, none counts twice."""
    faults: list[str] = []
    figures: dict[str, int] = {}
    each = max(BATCH, count // PROCESSES // BATCH * BATCH)
    with _places() as places:
        for name, place in places.items():
            open_at(place).close()
            seconds = write_at_once(place, PROCESSES, each, BATCH)
            store = open_at(place)
            total, commits = PROCESSES * each, PROCESSES * each // BATCH
            told = {
                "views": (views(store, "v1"), total),
                "views of the customer": (views(store, "dp0-0-in"), 2 * commits),
                "logged": (len(logged(store)), total + 2 * commits),
                "traffic": (store.traffic()["product", "hay"], float(total)),
            }
            store.close()
            for what, (is_, should) in told.items():
                if is_ != should:
                    faults.append(f"{name}: {what} {is_}, not {should}")
            figures[f"events a second on {name}"] = int((total + 3 * commits) / seconds)
    for _ in range(count):
        advance()
    return Soaked("writers", count, len(faults), figures, faults)
