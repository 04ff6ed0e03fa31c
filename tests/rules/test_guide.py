"""The editors' guide: what it shows is what the shop of recipes holds, and that works."""

import re
from pathlib import Path

import pytest

from shopwindow.middleware.site import check_site, read_files

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "rules" / "GUIDE.md").read_text("utf-8")
RECIPES = ROOT / "examples" / "recipes"
SHOWN = dict(
    re.findall(
        r"`examples/recipes/(rules/[\w-]+\.yaml)`\n\n```yaml\n(.*?)```",
        GUIDE,
        re.DOTALL,
    )
)


def test_the_guide_has_ten_recipes() -> None:
    assert len(SHOWN) == 10


@pytest.mark.parametrize("name", SHOWN)
def test_a_recipe_stands_in_the_guide_as_in_its_file(name: str) -> None:
    assert SHOWN[name] == (RECIPES / name).read_text("utf-8")


def test_every_file_of_recipes_stands_in_the_guide() -> None:
    files = {
        path.relative_to(RECIPES).as_posix() for path in RECIPES.glob("rules/*.yaml")
    }
    assert files == SHOWN.keys()


def test_the_recipes_are_free_of_errors_and_warnings() -> None:
    files, findings = read_files(RECIPES)
    _, found = check_site(RECIPES, files)
    assert [str(finding) for finding in (*findings, *found)] == []


def test_links_within_the_guide_lead_somewhere() -> None:
    headings = {
        re.sub(r"[^\w\- ]", "", line.lstrip("# ").lower()).replace(" ", "-")
        for line in GUIDE.splitlines()
        if line.startswith("#")
    }
    links = set(re.findall(r"\]\(#([\w-]+)\)", GUIDE))
    assert links <= headings, links - headings
