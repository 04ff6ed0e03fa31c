"""``python -m tests.soak``: long runs that look for what nobody thought of."""

import sys
import time
from collections.abc import Callable
from functools import partial

import click
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from .adapting import soak_adapting
from .cancels import soak_cancels
from .consents import soak_tc_strings
from .cookies import soak_bad_cookies
from .crowd import soak_crowd
from .cuts import soak_cuts
from .examples import soak_examples
from .faults import soak_faults, soak_full, soak_kills, soak_mixed, soak_sinks
from .judging import soak_decisions
from .leaving import soak_leaving
from .pages import soak_pages
from .profiles import soak_profiles
from .purging import soak_purge
from .reportpage import soak_report_page
from .rollouts import soak_rollouts
from .rulefiles import soak_rule_files
from .simulated import soak_simulated
from .soaked import Soaked
from .statistics import soak_effect, soak_growthbook, soak_no_effect
from .stories import soak_stories
from .strangers import soak_cookieless, soak_strangers
from .swaps import soak_swaps
from .writers import soak_writers

Soak = Callable[[int, int, Callable[[], None]], Soaked]

SOAKS: tuple[tuple[str, Soak, int], ...] = (
    ("fuzzed profiles", soak_profiles, 100_000),
    ("judged decisions", soak_decisions, 100_000),
    ("damaged rule files", soak_rule_files, 10_000),
    ("stories told again", soak_stories, 9_000),
    ("cancelled awaits", soak_cancels, 5_000),
    ("cut connections", soak_cuts, 5_000),
    ("pages", soak_pages, 100_000),
    ("bad cookies", soak_bad_cookies, 1_000_000),
    ("TC strings", soak_tc_strings, 1_000_000),
    ("strangers", soak_strangers, 10_000),
    ("cookieless pages", soak_cookieless, 1_000_000),
    ("processes that write", soak_writers, 10_000),
    ("pages of reports", soak_report_page, 5),
    ("pages beside a purge", soak_purge, 1_000_000),
    ("events while hundreds leave", soak_leaving, 2_000_000),
    ("visitors before shelves", soak_crowd, 10_000),
    ("made-up visitors", soak_simulated, 20_000),
    ("swapped models", soak_swaps, 1_000),
    ("percent of all examples", soak_examples, 100),
    ("faults of stores", soak_faults, 36),
    ("killed writers", soak_kills, 140),
    ("adaptive experiments", soak_adapting, 50),
    ("roll-outs", soak_rollouts, 1_000),
    ("seconds without a store", soak_sinks, 60),
    ("seconds of mixed load", soak_mixed, 60),
    ("seconds of a full disk", soak_full, 10),
    ("experiments without an effect", soak_no_effect, 20_000),
    ("experiments with an effect", soak_effect, 20_000),
    ("cases beside GrowthBook's engine", soak_growthbook, 20_000),
)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--percent",
    type=click.FloatRange(0, 1000, min_open=True),
    default=100.0,
    show_default=True,
    help="How much of the full size.",
)
@click.option(
    "--seed",
    default=1,
    show_default=True,
    help="Another seed, other visitors and files.",
)
@click.option("--only", default="", help="Those whose names hold this.")
def main(percent: float, seed: int, only: str) -> None:
    """Look for faults in many runs; exit code 1 if there is one."""
    table = Table(title=f"soak, seed {seed}")
    for column in ("soak", "runs", "faults", "seconds", "of these"):
        table.add_column(column, justify="left" if column == "of these" else "right")
    faults: list[str] = []
    errors = Console(stderr=True)
    with Progress(console=errors, disable=not errors.is_terminal) as progress:
        for name, soak, full in SOAKS:
            if only not in name:
                continue
            count = max(1, int(full * percent / 100))
            task = progress.add_task(name, total=count)

            started = time.perf_counter()
            found = soak(count, seed, partial(progress.advance, task))
            seconds = f"{time.perf_counter() - started:.1f}"
            figures = "\n".join(
                f"{number:,} {what}" for what, number in sorted(found.figures.items())
            )
            table.add_row(name, f"{count:,}", f"{found.faults:,}", seconds, figures)
            faults += found.examples
    Console().print(table)
    for fault in faults:
        print(fault, file=sys.stderr)
    raise SystemExit(1 if faults else 0)


main()
