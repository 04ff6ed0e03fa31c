"""Click links lead where we said, and nowhere else."""

import random
import string

import pytest

from shopwindow.middleware.clicks import PREFIX, ClickLinks

KEY, OTHER = b"the first key of the shop", b"another key of the shop"
LINKS = ClickLinks((KEY,))
ALPHABET = string.ascii_letters + string.digits + "-_.=+/ \u2000"


def token(fragment: str = "hero", url: str = "/c/hay") -> str:
    return LINKS.link(fragment, url).removeprefix(PREFIX)


@pytest.mark.parametrize(
    "url",
    [
        "/c/hay",
        "/",
        "/suche?q=a%20b&x=1#top",
        "/ä/ö",
        "https://shop.example/x",
        "/a\nb",
    ],
)
def test_a_link_opens_to_what_went_in(url: str) -> None:
    link = LINKS.link("category-hero", url)
    assert link.startswith(PREFIX)
    assert "/" not in link.removeprefix(PREFIX)  # one segment of a path
    assert LINKS.open(link.removeprefix(PREFIX)) == ("category-hero", url)


def altered(good: str, chance: random.Random) -> str:
    at = chance.randrange(len(good))
    letter = chance.choice(ALPHABET)
    match chance.randrange(5):
        case 0:
            return good[:at] + letter + good[at + 1 :]
        case 1:
            return good[:at] + letter + good[at:]
        case 2:
            return good[:at] + good[at + 1 :]
        case 3:
            other = token("hero", f"/c/{chance.randrange(50)}")
            return good.split(".")[0] + "." + other.split(".")[1]
        case _:
            return good[:at]


def test_none_of_ten_thousand_altered_links_opens() -> None:
    chance = random.Random(3)
    tried: set[str] = set()
    while len(tried) < 10_000:
        bad = altered(token(url=f"/p/{len(tried)}"), chance)
        if bad != token(url=f"/p/{len(tried)}"):
            tried.add(bad)
    assert [bad for bad in tried if LINKS.open(bad) is not None] == []


def test_a_link_has_one_spelling_only() -> None:
    content, signature = token(url="/c/hay1").split(".")
    twins = [content[:-1] + letter for letter in string.ascii_letters]
    opened = {f"{t}.{signature}" for t in twins if LINKS.open(f"{t}.{signature}")}
    assert opened <= {f"{content}.{signature}"}
    assert LINKS.open(f"{content}=.{signature}") is None
    assert LINKS.open(f"{content[:4]}!{content[4:]}.{signature}") is None


@pytest.mark.parametrize("nonsense", ["", ".", "a", "\udcff.x", "ä.ö", "a" * 100_000])
def test_nonsense_is_refused_and_does_not_raise(nonsense: str) -> None:
    assert LINKS.open(nonsense) is None


def test_links_of_an_old_key_still_open_and_those_of_a_removed_one_do_not() -> None:
    old = token()
    assert ClickLinks((OTHER, KEY)).open(old) == ("hero", "/c/hay")
    assert ClickLinks((OTHER,)).open(old) is None


def test_the_same_link_is_made_only_once() -> None:
    assert LINKS.link("hero", "/c/hay") is LINKS.link("hero", "/c/hay")
