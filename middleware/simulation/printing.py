"""The books as tables in a terminal."""

from rich.console import Console
from rich.table import Table

from .agreement import Agreement
from .books import Books, Row
from .planted import PLANTED, effect

SHOWN = 20  # differences that are printed


def print_books(books: Books, agreement: Agreement | None) -> None:
    """What the visitors did, and whether ``agreement`` was found; None: nobody could look."""
    console = Console()
    who = ", ".join(f"{n:,} {name}" for name, n in sorted(books.visitors.items()))
    console.print(f"{books.visitors.total():,} visitors: {who}")
    console.print(f"{books.requests:,} requests")
    table = Table(box=None)
    table.add_column("experiment", no_wrap=True)
    table.add_column("arm", no_wrap=True)
    for column in ("units", "shown", "clicks", "ordered", "revenue", "left"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("planted")
    for name, arms in sorted(books.experiments.items()):
        for arm, row in sorted(arms.items()):
            table.add_row(name, arm, *_cells(row), _planted(name, arm))
    for arm, row in sorted(books.site.items()):
        table.add_row("all of it", arm, *_cells(row), "")
    console.print()
    console.print(table)
    console.print()
    if agreement is None:
        console.print("Nothing to compare with: name the shop's store with --store")
        return
    for one in agreement.effects:
        if one.planted:
            sign = "" if one.covered else ", which is NOT between"
            console.print(f"{one}{sign}", markup=False, highlight=False)
    console.print()
    if not agreement.differing:
        console.print(
            f"All {agreement.compared:,} numbers are what shopwindow counted."
        )
        return
    console.print(
        f"{len(agreement.differing):,} of {agreement.compared:,} numbers are not what "
        "shopwindow counted:"
    )
    for difference in agreement.differing[:SHOWN]:
        console.print(f"  {difference}", markup=False)


def print_planted() -> None:
    """What the arms of all experiments do: what a report has to find."""
    table = Table(box=None)
    for column in ("experiment", "arm", "planted"):
        table.add_column(column, no_wrap=True)
    for name, arms in sorted(PLANTED.items()):
        for arm in arms:
            table.add_row(name, arm, _planted(name, arm))
    Console().print(table)


def _cells(row: Row) -> tuple[str, ...]:
    shown = row["impressions"] + row["held"]
    numbers = (row["units"], shown, row["clicks"], row["ordered"])
    return (
        *(f"{number:,}" for number in numbers),
        f"{row['revenue'] / 100:,.2f}",
        f"{row['opt-outs']:,}",
    )


def _planted(experiment: str, arm: str) -> str:
    planted = effect(experiment, arm)
    told = [
        f"{what} x {factor}"
        for what, factor in (("orders", planted.orders), ("clicks", planted.clicks))
        if factor != 1
    ]
    return ", ".join(told) or "nothing"
