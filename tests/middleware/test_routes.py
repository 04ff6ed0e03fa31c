"""Which paths have slots: what site.toml says and what the last page showed."""

import pytest

from shopwindow.middleware.routes import REMEMBERED, Routes, excluded, included
from tests.shop import site_of


@pytest.mark.parametrize(
    ("patterns", "path", "hit"),
    [
        ('"/"', "/", True),
        ('"/"', "/a", False),
        ('"/c/*"', "/c/tea", True),
        ('"/c/*"', "/c/tea/green", True),
        ('"/c/*"', "/c/", True),
        ('"/c/*"', "/c", False),
        ('"/c/*"', "/x/c/tea", False),
        ('"/c/*"', "/c/line\nfeed", True),
        ('"/*"', "/anything", True),
        ('"/a.b"', "/axb", False),  # a dot is a dot
        ('"/(a|b)+[c]$^"', "/(a|b)+[c]$^", True),
        ('"/", "/de/*"', "/de/", True),
        ('"/käse/*"', "/käse/gouda", True),
    ],
)
def test_patterns_mean_what_they_look_like(patterns: str, path: str, hit: bool) -> None:
    assert included(path, site_of(pages=f"[pages]\ninclude = [{patterns}]\n")) is hit
    assert excluded(path, site_of(pages=f"[pages]\nexclude = [{patterns}]\n")) is hit


def test_without_patterns_no_page_is_named_and_none_is_left_out() -> None:
    assert not included("/", site_of()) and not excluded("/", site_of())


def test_exclude_wins_and_include_leaves_out_the_rest() -> None:
    site = site_of(pages='[pages]\ninclude = ["/a*"]\nexclude = ["/ab"]\n')
    assert [
        path for path in ("/a", "/ab", "/abc", "/b") if not excluded(path, site)
    ] == ["/a", "/abc"]


def test_the_last_page_of_a_path_counts() -> None:
    routes, site = Routes(), site_of()
    assert not routes.has_slots("/", site) and not routes.has_none("/")
    routes.learn("/", True)
    assert routes.has_slots("/", site) and not routes.has_none("/")
    routes.learn("/", False)
    assert not routes.has_slots("/", site) and routes.has_none("/")


def test_a_path_that_site_toml_names_has_slots_whatever_was_seen() -> None:
    routes, site = Routes(), site_of(pages='[pages]\ninclude = ["/"]\n')
    routes.learn("/", False)
    assert routes.has_slots("/", site)


def test_only_so_many_paths_are_remembered_and_those_with_slots_stay() -> None:
    routes, site = Routes(), site_of()
    routes.learn("/", True)
    for number in range(REMEMBERED + 100):
        routes.learn(f"/nothing/{number}", False)
        routes.has_slots("/", site)
    assert routes.has_slots("/", site)
    assert not routes.has_none("/nothing/0")
    assert len(routes._without) == REMEMBERED
