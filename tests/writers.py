"""Processes that write to one store at the same time, as the workers of a shop do."""

import subprocess
import sys
import time
from pathlib import Path

from tests.databases import Place

_SCRIPT = """
import sys
from pathlib import Path
from shopwindow.middleware.stores import IDENTIFIED
from shopwindow.middleware.stores.opening import Address, open_store
from shopwindow.rules import learning
from shopwindow.rules.facts import Event

def learn(profile, event):
    return learning.learn(profile, event, lambda kind, id: ((kind, id),))

store, events, me, count, batch = *sys.argv[1:4], int(sys.argv[4]), int(sys.argv[5])
store = open_store(Address(store, events, Path()))

def event(id, visitor, name="Product Viewed", /, **properties):
    properties = properties or {"product_id": "hay"}
    return Event(id, name, visitor, 1.8e9, 20778, properties)

print("ready", flush=True)
sys.stdin.readline()
for start in range(0, count, batch):
    mine = f"d{me}-{start}"  # somebody who looks once, and logs in as the same customer as all
    given = [event(f"{me}-{n:07}", "v1") for n in range(start, start + batch)]
    given += [
        event(f"{me}-{start:07}-a", mine),
        event(f"{me}-{start:07}-b", mine, IDENTIFIED, customer="c.anna", visitor=f"{mine}-in"),
        event(f"{me}-{start:07}-c", f"{mine}-in"),
    ]
    weights = {("product", "hay"): float(batch), ("brand", me): 1.0}
    store.commit(given, learn, weights)
    if start % (3 * batch) == 0:  # as after an answer that was lost
        store.commit(given, learn, {})
store.close()
"""


def write_at_once(place: Place, processes: int, count: int, batch: int) -> float:
    """Each of ``processes`` looks ``count`` times as visitor v1, ``batch`` times in a commit;
    with each commit somebody logs in as the customer c.anna, who looked before and after.
    Returns the seconds that it took once all were ready."""
    started = [
        subprocess.Popen(
            [
                sys.executable, "-c", _SCRIPT, place.store, place.events, f"p{number}",
                str(count), str(batch),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parent,
        )
        for number in range(processes)
    ]  # fmt: skip
    try:
        for one in started:
            assert one.stdout is not None
            one.stdout.readline()
        begin = time.perf_counter()
        for one in started:
            assert one.stdin is not None
            one.stdin.write("\n")
            one.stdin.flush()
        for one in started:
            _, said = one.communicate(timeout=600)
            assert one.returncode == 0, said
        return time.perf_counter() - begin
    finally:
        for one in started:
            one.kill()
            if one.stdin is not None and not one.stdin.closed:
                one.communicate()
