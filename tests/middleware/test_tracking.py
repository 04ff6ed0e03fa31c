"""Which addresses say something about the visitor."""

import pytest

from shopwindow.middleware.settings import Track
from shopwindow.middleware.tracking import Sighting, Tracks

TRACKS = [
    Track("/p/{product}", "Product Viewed"),
    Track("/c/{category}", "Product List Viewed"),
    Track("/{shop}/c/{category}/all", "Product List Viewed"),
    Track("/suche", "Products Searched", {"q": "query", "begriff": "query"}),
    Track("/ratgeber/{article}", "Article Viewed"),
    Track("/item", "Product Viewed", {"id": "product"}),
]


def known(kind: str, id: str) -> bool:
    return kind == "query" or not id.startswith("unknown")


def seen(path: str, query: str = "", tracks: list[Track] | None = None) -> object:
    sighting = Tracks(TRACKS if tracks is None else tracks, known).sighting(
        path, query.encode()
    )
    return sighting and (sighting.name, sighting.properties)


@pytest.mark.parametrize(
    ("path", "query", "event"),
    [
        ("/p/hay", "", ("Product Viewed", {"product_id": "hay"})),
        ("/p/hay/", "", ("Product Viewed", {"product_id": "hay"})),
        ("/p/hay", "utm_source=x", ("Product Viewed", {"product_id": "hay"})),
        ("/p/Größe 8", "", ("Product Viewed", {"product_id": "Größe 8"})),
        ("/c/rabbit", "", ("Product List Viewed", {"category": "rabbit"})),
        ("/at/c/rabbit/all", "", ("Product List Viewed", {"category": "rabbit"})),
        ("/ratgeber/heu", "", ("Article Viewed", {"article_id": "heu"})),
        ("/suche", "q=heu", ("Products Searched", {"query": "heu"})),
        ("/suche", "q=+heu%20gras+", ("Products Searched", {"query": "heu gras"})),
        ("/suche", "q=heu&q=gras", ("Products Searched", {"query": "gras"})),
        ("/suche", "begriff=h%C3%B6hle", ("Products Searched", {"query": "höhle"})),
        ("/item", "id=hay", ("Product Viewed", {"product_id": "hay"})),
        ("/", "", None),
        ("/p", "", None),
        ("/p/", "", None),
        ("/p/hay/reviews", "", None),
        ("/at/x/rabbit/all", "", None),
        ("/at/c/rabbit/one", "", None),
        ("/P/hay", "", None),
        ("/suche", "", None),
        ("/suche", "q=", None),
        ("/suche", "q=%20", None),
        ("/p/unknown-thing", "", None),
        ("/p/ ", "", None),
        ("", "", None),
        ("//", "", None),
    ],
)
def test_an_address_stands_for_an_event_or_for_none(
    path: str, query: str, event: object
) -> None:
    assert seen(path, query) == event


def test_a_search_on_the_start_page_is_one_on_the_start_page_only() -> None:
    tracks = [Track("/", "Products Searched", {"s": "query"})]
    assert seen("/", "s=hay", tracks) == ("Products Searched", {"query": "hay"})
    assert seen("/about", "s=hay", tracks) is None


def test_flat_addresses_are_told_apart_by_the_catalogue() -> None:
    tracks = [
        Track("/{product}", "Product Viewed"),
        Track("/{category}", "Product List Viewed"),
    ]
    ids = {("product", "hay"), ("category", "rabbit")}
    both = Tracks(tracks, lambda kind, id: (kind, id) in ids)
    assert both.sighting("/hay", b"") == Sighting(
        "Product Viewed", {"product_id": "hay"}
    )
    assert both.sighting("/rabbit", b"") == Sighting(
        "Product List Viewed", {"category": "rabbit"}
    )
    assert both.sighting("/imprint", b"") is None


def test_a_written_segment_comes_before_a_hole() -> None:
    tracks = [
        Track("/{product}/x", "Product Viewed"),
        Track("/c/{category}", "Product List Viewed"),
    ]
    assert seen("/c/x", "", tracks) == ("Product List Viewed", {"category": "x"})


def test_what_a_visitor_types_is_cut() -> None:
    sighting = Tracks(TRACKS, known).sighting("/suche", b"q=" + b"x" * 5_000)
    assert sighting is not None
    assert sighting.properties == {"query": "x" * 200}


@pytest.mark.parametrize("query", [b"\xff\xfe=%ff", b"q=%", b"&&=&=", b"q=%00%0a"])
def test_no_query_string_raises(query: bytes) -> None:
    Tracks(TRACKS, known).sighting("/suche", query)
