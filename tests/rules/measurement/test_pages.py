"""Pages that decided the same are read once; what tells them apart is kept."""

import msgspec
import pytest

from shopwindow.rules.facts import DAY
from shopwindow.rules.measurement.contributions import Contribution, contribution_of
from shopwindow.rules.measurement.pages import ID, page_of_json
from shopwindow.rules.measurement.rows import UNREADABLE

from .stories import BEGIN, PLAN, quantities

ONE, OTHER = "1a059e31f2000000000000100250001", "1a059e336900000000000005f7a0001"


def written(id: str, slot: str = "home.hero") -> str:
    entry = {"promotion_id": "hero", "slot": slot, "rule": "tall"}
    listed = [entry | {"decision": f"{id}.{place}"} for place in range(2)]
    return msgspec.json.encode({"promotions": listed, "stage": "new"}).decode()


def clicked(decision: str) -> str:
    return msgspec.json.encode({"decision": decision}).decode()


def counted(*rows: tuple[float, str, str]) -> Contribution:
    told = [
        (BEGIN + seconds, f"Promotion {name}", text) for seconds, name, text in rows
    ]
    return contribution_of(told, PLAN, BEGIN + DAY)


def test_pages_that_differ_in_decisions_alone_are_one() -> None:
    (page, id), (same, other) = page_of_json(written(ONE)), page_of_json(written(OTHER))
    assert page is same
    assert (id, other) == (ONE, OTHER)
    spaced = written(ONE).replace('":', '": ')
    assert page_of_json(spaced)[1] == ONE
    assert page_of_json(written(ONE, "home.shelf"))[0] is not page


def test_each_showing_keeps_its_own_clicks() -> None:
    made = counted(
        (0, "Viewed", written(ONE)),
        (0, "Viewed", written(OTHER)),  # in the same moment
        (9, "Clicked", clicked(f"{OTHER}.1")),
        (9, "Clicked", clicked(f"{OTHER}.1")),
        (9, "Clicked", clicked(f"{ONE}.1")),
        (9, "Clicked", clicked(f"{ID}.1")),  # nobody's
    )
    told = quantities(made)
    assert told is not None and (told["impressions"], told["clicks"]) == (4, 2)


def test_clicks_without_a_decision_belong_to_the_showing_that_has_clicks_with_one() -> (
    None
):
    made = counted(
        (0, "Viewed", written(ONE)),
        (9, "Clicked", clicked(f"{ONE}.1")),
        (9, "Clicked", '{"promotion_id": "hero"}'),
    )
    told = quantities(made)
    assert told is not None and told["clicks"] == 1


@pytest.mark.parametrize(
    "text",
    [written(ID * 9), written("short"), written("an id, in words"), written("\\u0001")],
)
def test_what_is_no_id_stays_as_it_is(text: str) -> None:
    page, id = page_of_json(text)
    assert id == ""
    assert [entry.decision for entry in page.promotions] == [
        entry["decision"] for entry in msgspec.json.decode(text)["promotions"]
    ]


def test_decisions_with_other_ids_keep_them() -> None:
    text = written(ONE).replace(f"{ONE}.1", f"{OTHER}.1")
    page, id = page_of_json(text)
    assert id == ONE
    assert [entry.decision for entry in page.promotions] == [f"{ID}.0", f"{OTHER}.1"]


@pytest.mark.parametrize("cut", ["promotions", '"hero"', "}"])
def test_what_cannot_be_read_is_passed_over(cut: str) -> None:
    broken = (
        written(ONE).replace(cut, "", 1) if cut != "promotions" else ID + written(ONE)
    )
    with pytest.raises(UNREADABLE):
        page_of_json(broken)
    made = counted((0, "Viewed", broken), (1, "Viewed", written(ONE)))
    assert made.skipped == 1
    raw = written(ONE).replace(f"{ONE}.1", f"{ID}.1")
    assert counted((0, "Viewed", raw)).skipped == 1


def test_any_number_of_pages_can_differ() -> None:
    pages = [page_of_json(written(ONE, f"slot{n}"))[0] for n in range(1_500)]
    assert [page.promotions[0].slot for page in pages] == [
        f"slot{n}" for n in range(1_500)
    ]
