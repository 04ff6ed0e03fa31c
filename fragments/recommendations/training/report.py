"""One page about a new model: how good it is, whom it prefers, and what it says of well-known items."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from ...catalog import Catalog
from ...reportpages import page, put
from ..model import kind_and_id
from ..scoring import VIEWED, Parameters
from .charts import bars, columns, line
from .curve import closer
from .part import Say

if TYPE_CHECKING:
    from .reading import Read
    from .train import Trained

#: Examples: so many categories, items of each, and what goes with them.
CATEGORIES, OF_EACH, BESIDE = 12, 3, 5


class Meaning(NamedTuple):
    """A measure: its key in the metrics, its name, whether it is a share, and plain words."""

    key: str
    name: str
    share: bool
    words: str


MEANINGS = (
    Meaning(
        "R@20",
        "R@20",
        True,
        "So often the next thing that a visitor looked at is among the 20 recommended ones.",
    ),
    Meaning(
        "MRR@20",
        "MRR@20",
        False,
        "How near the first place it is: 1 if it is always the first, 0.5 if the second.",
    ),
    Meaning(
        "NDCG@10",
        "NDCG@10",
        False,
        "The same among the first 10; later places lose their worth more slowly.",
    ),
    Meaning(
        "first click R@20",
        "R@20 after the first click",
        True,
        "For a visitor of whom nothing is known but the one click.",
    ),
    Meaning(
        "popularity R@20",
        "R@20 of popularity",
        True,
        "To compare with: showing everybody the 20 most viewed products.",
    ),
    Meaning(
        "popularity first click R@20",
        "R@20 of popularity after the first click",
        True,
        "The same, for a visitor's first click.",
    ),
    Meaning(
        "coverage",
        "Coverage",
        True,
        "The share of all viewed products that is recommended to anybody in this measurement.",
    ),
    Meaning(
        "popularity bias",
        "Popularity bias",
        False,
        "How many times as popular recommended products are as those that visitors chose "
        "themselves. Above 1, the model prefers what is popular anyway.",
    ),
)


class Example(NamedTuple):
    """Who looked at ``title`` sees ``others``."""

    title: str
    others: list[str]


class Group(NamedTuple):
    """Examples of one category."""

    title: str
    examples: list[Example]


def write(
    path: Path,
    trained: "Trained",
    read: "Read",
    catalog: Catalog | None = None,
    say: Say | None = None,
) -> None:
    """Write the page, which needs nothing but itself, to ``path``.

    ``read`` is what ``trained`` was learned from; titles are the catalogue's. Learns several
    times again, from parts of the history. Raises OSError if it cannot be written.
    """
    put(path, html(trained, read, catalog, say))


def html(
    trained: "Trained",
    read: "Read",
    catalog: Catalog | None = None,
    say: Say | None = None,
) -> str:
    """The page."""
    metrics = trained.meta["metrics"]
    parameters = msgspec.convert(trained.meta["parameters"], Parameters)
    look = closer(read.events, parameters, say)
    return page(__package__, "report.html").render(
        counts=trained.meta["counts"],
        until=_day(trained.meta["until"]),
        measures=[
            (one, _written(metrics[one.key], one.share))
            for one in MEANINGS
            if one.key in metrics
        ],
        questions=metrics.get("questions", 0),
        lot=min(1.0, 20 / max(1, trained.meta["counts"]["items"])),
        left_out=metrics.get("left out", ""),
        found=_found(metrics),
        curve=None
        if look is None
        else line([(one.share, one.recall) for one in look.points]),
        points=[] if look is None else look.points,
        bias=None
        if look is None
        else columns([(one.views, one.named) for one in look.tenths]),
        tenths=[] if look is None else look.tenths,
        groups=list(_various(_groups(trained, catalog))),
        parameters=trained.meta["parameters"],
        percent=percent,
    )


def percent(share: float) -> str:
    """A share as it is read: 12.3 %."""
    return f"{share * 100:.1f} %"


def _written(value: float, share: bool) -> str:
    return percent(value) if share else f"{value:.3f}"


def _found(metrics: dict[str, Any]) -> Any:
    names = {
        "R@20": "recommended",
        "first click R@20": "recommended, first click",
        "popularity R@20": "most popular",
        "popularity first click R@20": "most popular, first click",
    }
    rows = [(name, metrics[key]) for key, name in names.items() if key in metrics]
    return bars(rows) if rows else None


def _day(until: str | None) -> str:
    if until is None:
        return ""
    return f"{datetime.fromisoformat(until):%Y-%m-%d %H:%M} UTC"


def _various(groups: Iterable[Group]) -> Iterator[Group]:
    """Those that say something, and not just what one before said: so do the only category
    below another, and this one."""
    said: list[list[Example]] = []
    for group in groups:
        if group.examples and group.examples not in said:
            said.append(group.examples)
            yield group


def _groups(trained: "Trained", catalog: Catalog | None) -> Iterator[Group]:
    """By category, the largest first; without a catalogue what is viewed most."""
    arrays, names = trained.arrays, trained.meta.get("categories", [])
    if catalog is None or not names:
        popular = arrays["popular-order"][: CATEGORIES * OF_EACH].tolist()
        yield Group("Most viewed", _examples(trained, catalog, popular, len(popular)))
        return
    ptr, idx = arrays["category.ptr"], arrays["category.idx"]
    weight = arrays["trending"]
    sums = [weight[idx[ptr[n] : ptr[n + 1]]].sum() for n in range(len(names))]
    largest = sorted(range(len(names)), key=lambda n: (-sums[n], n))[:CATEGORIES]
    for number in largest:
        items = idx[ptr[number] : ptr[number + 1]].tolist()
        category = catalog.item("category", names[number])
        title = names[number] if category is None else str(category)
        yield Group(title, _examples(trained, catalog, items, OF_EACH))


def _examples(
    trained: "Trained", catalog: Catalog | None, items: list[int], most: int
) -> list[Example]:
    ptr = trained.arrays[f"{VIEWED}.ptr"]
    idx = trained.arrays[f"{VIEWED}.idx"]
    found = []
    for item in items:
        others = (trained.keys[n] for n in idx[ptr[item] : ptr[item + 1]].tolist())
        seen = (key for key in others if _offered(key, catalog))
        titles = [_title(key, catalog) for key in islice(seen, BESIDE)]
        if titles:
            found.append(Example(_title(trained.keys[item], catalog), titles))
        if len(found) == most:
            break
    return found


def _offered(key: str, catalog: Catalog | None) -> bool:
    """Whether a shelf shows it, if its rule does not ask for articles."""
    kind, id = kind_and_id(key)
    item = None if catalog is None else catalog.item(kind, id)
    return kind == "product" and (
        catalog is None or (item is not None and item.in_stock)
    )


def _title(key: str, catalog: Catalog | None) -> str:
    kind, id = kind_and_id(key)
    item = None if catalog is None else catalog.item(kind, id)
    return id if item is None else str(item)
