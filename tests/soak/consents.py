"""TC strings as accidents and attackers leave them, against a slow reading of the specification."""

from collections.abc import Callable
from random import Random

from shopwindow.middleware.consent.settings import TcfSettings
from shopwindow.middleware.consent.tcf import reading
from shopwindow.middleware.consent.told import ToolCookie
from tests.middleware.tcstrings import agreed, changed, some

from .soaked import KEPT, Soaked

NOW, DAY, DAYS = 1_795_300_000.0, 86_400, 180
WANTED = {"personalization": (1, 5, 6), "statistics": (1, 8)}
POOL = 400  # strings that are changed
EVERY = 20  # runs, in which also what was not granted is compared


def soak_tc_strings(
    count: int, seed: int, advance: Callable[[], None] = lambda: None
) -> Soaked:
    """Read so many strings: no exception, and no grant that the specification does not give."""
    chance = Random(seed)
    pool = [some(chance, NOW) for _ in range(POOL)]
    cookies = {
        vendor: ToolCookie("euconsent-v2", reading(TcfSettings("", WANTED, vendor)))
        for vendor in (0, 8)
    }
    figures = {"granted something": 0, "compared with the oracle": 0, "exceptions": 0}
    faults: list[str] = []
    for number in range(count):
        text = chance.choice(pool)
        if number % 50:
            text = changed(text, chance)
        vendor = 8 * (number % 2)
        # As a browser sends it: what would end the value ends it, and Latin-1 is read as such.
        sent = text.replace(";", "").replace("%", "").encode()
        try:
            told = cookies[vendor].read(b"euconsent-v2=" + sent)
        except Exception as error:
            # Whatever it is: a consent tool's cookie never raises.
            figures["exceptions"] += 1
            faults.append(f"{text!r}: {error!r}")
            continue
        fresh = NOW - DAYS * DAY < told.at <= NOW + 300
        granted = told.purposes if fresh else frozenset[str]()
        figures["granted something"] += bool(granted)
        if granted or number % EVERY == 0:
            figures["compared with the oracle"] += 1
            said = agreed(sent.decode().strip('"'), NOW, DAYS, vendor) or set()
            right = {name for name, numbers in WANTED.items() if said >= set(numbers)}
            if granted != right:
                faults.append(f"{text!r}: {sorted(granted)}, and not {sorted(right)}")
        advance()
    return Soaked("TC strings", count, len(faults), figures, faults[:KEPT])
