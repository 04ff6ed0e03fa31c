"""Plates: the same bytes as `render`, for less."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from shopwindow.fragments.plates import WHOLE
from shopwindow.fragments.recommendations.reasons import Reason, Recommendation
from shopwindow.fragments.render import FragmentError, Renderer, VisitorView
from tests.fragments.pets import catalog, library

ANNA, BEN = VisitorView("Anna", "de"), VisitorView("Ben", "de")
AGAIN, POPULAR = Reason("viewed-again"), Reason("trending")
CHOSEN = [("hay", AGAIN), ("bone", Reason("similar", "hay"))]
TEMPLATES = {
    "tile": "<li>{{ item }}</li>",
    "tiles": '<ul>{{ cards(items, "tile") }}</ul>',
    "loop": "{% for item in items %}{{ item }}: {{ item.reason }}{% endfor %}",
    "hello": "Hallo {{ visitor.first_name }}",
    "says": "{{ a }}",
    "joins": '{{ a|join(" ") }}',
    "greeted": '{{ visitor.first_name }}{{ cards(items, "tile") }}',
}
CASES: list[tuple[str, Mapping[str, Any]]] = [
    ("category-hero", {"category": "dog"}),
    ("product-shelf", {"headline": "Für Sie"}),
    ("tiles", {}),
    ("loop", {}),
    ("hello", {}),
    ("says", {"a": 1.5}),
    ("says", {"a": "Hallo {visitor.first_name}"}),
    ("joins", {"a": ["Hallo", "{visitor.first_name}"]}),
    ("greeted", {}),
]


def renderer(**options: Any) -> Renderer:
    return Renderer(library(TEMPLATES), catalog(), **options)


def click(name: str, url: str) -> str:
    return f"/go{url}?{name}"


def served(
    shop: Renderer,
    name: str,
    parameters: Mapping[str, Any],
    chosen: Sequence[tuple[str, Reason]] = (),
    visitor: VisitorView = ANNA,
    language: str = "de",
    charset: str = "utf-8",
) -> bytes:
    plate = shop.plate(name, parameters, language, charset)
    ids, reasons = [id for id, _ in chosen], [reason for _, reason in chosen]
    return shop.serve(plate, ids, reasons, visitor)


def rendered(
    shop: Renderer,
    name: str,
    parameters: Mapping[str, Any],
    chosen: Sequence[tuple[str, Reason]] = (),
    visitor: VisitorView = ANNA,
    language: str = "de",
    charset: str = "utf-8",
) -> bytes:
    items = [Recommendation(id, 1.0, reason) for id, reason in chosen]
    return shop.render(
        name,
        parameters,
        items=items,
        visitor=visitor,
        language=language,
        charset=charset,
    )


@pytest.mark.parametrize("cache_bytes", [0, 1 << 24])
@pytest.mark.parametrize(("name", "parameters"), CASES)
def test_a_plate_gives_the_bytes_that_render_gives(
    name: str, parameters: Mapping[str, Any], cache_bytes: int
) -> None:
    shop = renderer(cache_bytes=cache_bytes, click=click)
    for visitor in (ANNA, BEN, ANNA):
        for chosen in (CHOSEN, CHOSEN[::-1], [*CHOSEN, ("gone", AGAIN)]):
            for where in (("de", "utf-8"), ("en-GB", "ascii"), ("xx", "latin-1")):
                wanted = rendered(renderer(click=click), name, parameters, chosen, visitor, *where)  # fmt: skip
                given = (parameters, chosen, visitor, *where)
                assert served(shop, name, *given) == wanted
                assert rendered(shop, name, *given) == wanted


def test_only_what_is_the_same_for_everybody_has_content() -> None:
    shop = renderer()
    same = {"category-hero": True, "product-shelf": False, "loop": False}
    parameters = {"category": "dog", "headline": "x"}
    for name, content in same.items():
        plate = shop.plate(name, parameters)
        assert (plate.content is not None, plate.personal) == (content, False)
    assert shop.plate("hello", {}).personal
    assert shop.plate("joins", {"a": ["{visitor.first_name}"]}).personal


def test_a_name_within_a_list_is_shown_to_nobody_else() -> None:
    shop = renderer()
    parameters = {"a": ["Hallo", "{visitor.first_name}"]}
    for visitor, name in ((ANNA, b"Anna"), (BEN, b"Ben")):
        assert rendered(shop, "joins", parameters, (), visitor) == b"Hallo " + name


def test_the_same_mapping_is_prepared_once() -> None:
    shop = renderer()
    parameters = {"category": "dog"}
    plate = shop.plate("category-hero", parameters, "de", "utf-8")
    assert shop.plate("category-hero", parameters, "de", "utf-8") is plate
    others = [
        shop.plate("category-hero", dict(parameters), "de", "utf-8"),
        shop.plate("category-hero", parameters, "en", "utf-8"),
        shop.plate("category-hero", parameters, "de", "ascii"),
    ]
    assert len({id(one) for one in (plate, *others)}) == 4
    assert others[0].content == plate.content
    assert shop.runs == 3


def test_mappings_that_came_and_went_are_never_mistaken() -> None:
    # Python gives the id of a mapping that is gone to the next one.
    shop = renderer(cache_bytes=40_000)
    for number in range(300):
        assert served(shop, "says", {"a": str(number)}) == str(number).encode()
    assert len(shop._plates) > 5
    assert shop._plates.currsize <= 5_000


def test_a_shelf_for_everybody_is_joined_once() -> None:
    shop = renderer()
    plate = shop.plate("tiles", {})
    ids, reasons = ("hay", "bone"), (POPULAR, POPULAR)
    whole = shop.serve(plate, ids, reasons)
    assert shop.serve(plate, ids, reasons) is whole
    assert shop.serve(plate, ("bone",), (POPULAR,)) != whole
    listed, told = list(ids), list(reasons)
    assert shop.serve(plate, listed, told) == whole
    listed.reverse()
    assert shop.serve(plate, listed, told) != whole


def test_a_shelf_that_tells_reasons_is_kept_with_its_reasons() -> None:
    shop = renderer()
    plate = shop.plate("product-shelf", {"headline": "x"}, "de")
    ids = ("hay",)
    assert b"Beliebt" in shop.serve(plate, ids, (POPULAR,))
    assert b"Zuletzt" in shop.serve(plate, ids, (AGAIN,))
    assert b"Beliebt" in shop.serve(plate, ids, (POPULAR,))


def test_the_shelf_of_one_visitor_is_kept_for_nobody() -> None:
    shop = renderer()
    plate = shop.plate("greeted", {})
    ids, reasons = ("hay",), (POPULAR,)
    assert shop.serve(plate, ids, reasons, ANNA).startswith(b"Anna")
    assert shop.serve(plate, ids, reasons, BEN).startswith(b"Ben")


LINKS = {
    "none": "{{ a }}",
    "one": '<a href="{{ click(a) }}">go</a>',
    "two": '<a href="{{ click(a) }}"></a> and <a href="{{ click(a) }}"></a>',
    "tile": '<li><a href="{{ click(item.url) }}">{{ item }}</a></li>',
    "bare": "<li>{{ item }}</li>",
    "shelf": '<a href="{{ click(a) }}"></a>{{ cards(items, "tile") }}',
    "mixed": '{{ cards(items, "bare") }}{{ cards(items, "tile") }}{{ a }}',
    "greeted": '{{ visitor.first_name }}{{ cards(items, "tile") }}',
}


@pytest.mark.parametrize("name", ["none", "one", "two", "shelf", "mixed", "greeted"])
@pytest.mark.parametrize("charset", ["utf-8", "cp1252"])
@pytest.mark.parametrize("lead", [b"/go/", b"/shop/go/~1a.0/"])
def test_links_begin_as_the_page_wants_and_all_else_stays(
    name: str, charset: str, lead: bytes
) -> None:
    shop = Renderer(
        library(LINKS), catalog(), click=lambda _, url: f"/go/{url[1:]}", lead="/go/"
    )
    plate = shop.plate(name, {"a": "/gö"} if name != "greeted" else {}, "", charset)
    ids, reasons = ("hay", "bone"), (POPULAR, POPULAR)
    for _ in range(2):  # made, and from what is kept
        plain = shop.serve(plate, ids, reasons, ANNA)
        led = shop.serve(plate, ids, reasons, ANNA, lead)
        assert led == plain.replace(b'"/go/', b'"' + lead)
    assert plain.count(b'"/go/') == {"none": 0, "one": 1, "two": 2, "shelf": 3}.get(
        name, 2
    )


def test_a_long_shelf_is_not_kept_whole() -> None:
    shop = Renderer(
        library({**TEMPLATES, "tile": "<li>{{ item }}</li>" + "x" * WHOLE}), catalog()
    )
    plate = shop.plate("tiles", {})
    ids, reasons = ("hay",), (POPULAR,)
    assert shop.serve(plate, ids, reasons) is not shop.serve(plate, ids, reasons)


def test_a_card_that_had_to_go_is_made_again() -> None:
    shop = renderer(cache_bytes=1_000)
    first = served(shop, "tiles", {}, CHOSEN)
    deck = next(iter(shop._cards))[0]
    assert len(shop._cards) == len(deck.ready) == 1
    runs = shop.runs
    assert served(shop, "tiles", {}, CHOSEN) == first
    assert shop.runs > runs


FAULTS: list[tuple[str, Mapping[str, Any], Sequence[tuple[str, Reason]]]] = [
    ("nothing", {}, CHOSEN),
    ("own-first", {}, CHOSEN),
    ("category-hero", {}, ()),
    ("category-hero", {"category": "cow"}, ()),
    ("tiles", {}, ()),
    ("tiles", {}, [("gone", AGAIN)]),
    ("loop", {}, ()),
]


@pytest.mark.parametrize(("name", "parameters", "chosen"), FAULTS)
def test_what_cannot_be_shown_says_so_every_time(
    name: str, parameters: Mapping[str, Any], chosen: Sequence[tuple[str, Reason]]
) -> None:
    shop = renderer()
    for _ in range(2):
        with pytest.raises(FragmentError) as raised:
            served(shop, name, parameters, chosen)
        assert raised.value.fragment == name
