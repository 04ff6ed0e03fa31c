"""All that is known about somebody, told to them."""

import msgspec
from hypothesis import given

from shopwindow.rules.answers import never
from shopwindow.rules.events import SAYS, told
from shopwindow.rules.facts import DAY, Answer, Interest, Profile, Told
from shopwindow.rules.known import NOT_SHOWN, TOPICS, all_known
from tests.rules.profiles import PROFILES
from tests.rules.shop import NOW, event, lived

SOMEBODY = lived(
    [
        event("Visited", 3, path="/c/wood"),
        event("Product Viewed", 3, product_id="p1"),
        event("Product Viewed", 1, product_id="p1"),
        event("Products Searched", 1, query="Big screws"),
        event("Product Added", 1, product_id="p2", quantity=2),
        event("Attributes Set", 2, **told({"customer-type": "b2b"}, "webhook:crm")),
        event("Attributes Set", 1, **told({"size": "L"}, "preference")),
        event("Attributes Set", 1, **told({"gone": None}, "import:till")),
        event("Preference Set", 1, dimension="tag", key="sale", answer="never"),
    ]
)


def words(hidden: tuple[str, ...] = ()) -> list[str]:
    def title(dimension: str, key: str) -> str:
        return f"{dimension} {key.upper()}"

    return [entry.words(NOW) for entry in all_known(SOMEBODY, NOW, title, hidden)]


def test_each_thing_is_told_with_its_source_and_age() -> None:
    assert {
        "number of visits: 1 (observed, 1 day ago)",
        "first seen: 2026-11-18 10:00 UTC (observed, 3 days ago)",
        "entry-page: /c/wood (observed)",
        "product P2: 2 (observed, 1 day ago)",
        "tag SALE: never (preference, 1 day ago)",
        "customer-type: b2b (webhook:crm, 2 days ago)",
        "size: L (preference, 1 day ago)",
        "gone: taken back (import:till, 1 day ago)",
        "product P1: 2 (observed, 1 day ago)",
        "query BIG SCREWS: 1 (observed, 1 day ago)",
        "brand SPAX: 1.91 (derived, 1 day ago)",
    } <= set(words())


def test_an_editor_does_not_see_what_is_hidden() -> None:
    hidden = f"customer-type: {NOT_SHOWN} (webhook:crm, 2 days ago)"
    assert hidden in words(hidden=("customer-type",))
    assert not any("b2b" in line for line in words(hidden=("customer-type",)))


def test_topics_come_in_order_and_the_latest_first() -> None:
    entries = all_known(SOMEBODY, NOW)
    order = list(TOPICS)
    ranks = [(order.index(entry.topic), -entry.time) for entry in entries]
    assert ranks == sorted(ranks)
    assert {says.verbs[0] for says in SAYS.values()} <= set(order)


def test_nothing_is_known_of_nobody() -> None:
    assert all_known(Profile(), NOW) == []


def test_what_has_no_source_says_so_with_nothing() -> None:
    (entry,) = all_known(Profile(attributes={"size": "L"}), NOW)
    assert (entry.source, entry.time, entry.words(NOW)) == ("", 0.0, "size: L")
    (entry,) = all_known(
        Profile(attributes={"size": "L"}, told={"size": Told("app", NOW + DAY)}), NOW
    )
    assert entry.words(NOW) == "size: L (app, less than a minute ago)"


@given(PROFILES)
def test_nothing_is_left_out(profile: Profile) -> None:
    entries = all_known(profile, NOW)
    assert len(msgspec.json.decode(msgspec.json.encode(entries))) == len(entries)
    found = {(entry.topic, entry.dimension, entry.key) for entry in entries}
    wanted = {("cart", "product", key) for key in profile.cart}
    wanted |= {("attributes", "", name) for name in profile.attributes}
    wanted |= {("attributes", "", name) for name in profile.told}
    wanted |= {("visit", "", name) for name in profile.visit}
    for topic, tables in (
        ("interests", profile.interests),
        ("answers", profile.answers),
    ):
        wanted |= {(topic, name, key) for name in tables for key in tables[name]}
    wanted -= {("interests", *thing) for thing in unwanted(profile)}
    assert wanted <= found


def test_what_they_never_want_to_see_is_nothing_that_they_seem_to_like() -> None:
    liked = {"tag": {"hay": Interest(9.0, NOW), "oak": Interest(1.0, NOW)}}
    for wish, keys in (("less", ["hay", "oak"]), ("never", ["oak"])):
        answers = {"tag": {"hay": Answer(wish, NOW)}}
        entries = all_known(Profile(interests=liked, answers=answers), NOW)
        assert [one.key for one in entries if one.topic == "interests"] == keys
        assert [one.value for one in entries if one.topic == "answers"] == [wish]


def unwanted(profile: Profile) -> set[tuple[str, str]]:
    return {(name, key) for name, keys in never(profile).items() for key in keys}
