"""What real servers have to reach."""

from rich.table import Table

from .contenders import BARE, BUFFERING, HANDWRITTEN, PERSONALISED
from .goals import Goal, pages_table
from .rounds import Timings
from .serverapps import ATTRIBUTES, UNRECORDED
from .serverpages import CACHED, JINJA, STATIC, STREAM
from .servers import NGINX, PAGE_CACHE, VARNISH, VARNISH_ALL, Servers

# (kind of page, dividend, divisor, at least; None: for information)
RATIOS = (
    (JINJA, BARE, PERSONALISED, 0.90),
    (JINJA, BARE, ATTRIBUTES, 0.80),
    (STATIC, BARE, UNRECORDED, 0.42),
    (STATIC, BARE, PERSONALISED, 0.35),
    (STATIC, BARE, ATTRIBUTES, None),
    (STREAM, BARE, PERSONALISED, 0.55),
    (STREAM, BARE, UNRECORDED, None),
    (JINJA, HANDWRITTEN, PERSONALISED, 1.05),
    (STATIC, HANDWRITTEN, PERSONALISED, 1.05),
    (STATIC, NGINX, PERSONALISED, 3.5),
    (JINJA, NGINX, PERSONALISED, 1.3),
    (STATIC, VARNISH, PERSONALISED, 5.0),
    (CACHED, BARE, PAGE_CACHE, 8.0),
    (CACHED, VARNISH_ALL, PAGE_CACHE, 0.8),
)
BUFFERING_SHARE = 0.5


def server_goals(servers: Servers) -> list[Goal]:
    """What could be measured of all that has to be reached."""
    goals = []
    for kind, dividend, divisor, least in RATIOS:
        timings = servers.pages.get(kind, Timings())
        if {dividend, divisor} <= timings.rounds.keys():
            name = f"served, {kind}: {dividend} / {divisor}"
            goals.append(Goal(name, timings.ratio(dividend, divisor), "", least=least))
    for kind in (STATIC, JINJA, STREAM):
        if kind in servers.pages:
            timings = servers.pages[kind]
            share = timings.added(PERSONALISED) / timings.added(BUFFERING)
            name = f"served, {kind}: added CPU / {BUFFERING}'s"
            goals.append(Goal(name, share, "", most=BUFFERING_SHARE))
    return goals


def servers_table(servers: Servers) -> Table:
    """CPU per request of everybody, and who could not be run."""
    table = pages_table(servers.pages)
    table.title = f"CPU per request on real servers, all processes (medians), load by {servers.load}"
    for name, why in servers.missing.items():
        table.add_row(name, f"could not be run: {why}", "", "", "")
    return table
