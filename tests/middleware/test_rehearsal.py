"""Rule tests decide as the shop does: for every persona, on every page."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from shopwindow.examples.fasteners.app import SITE as FASTENERS
from shopwindow.examples.petshop.app import SITE as PETSHOP
from shopwindow.middleware.guise import decisions, disguised, everybody_sees
from shopwindow.middleware.rehearsal import TESTS, rehearsal
from shopwindow.middleware.site import check_site, read_files
from shopwindow.rules.personas import read_personas
from shopwindow.rules.visiting import Visitor, settled

RECIPES = PETSHOP.parents[1] / "recipes"
PERSONAS = {
    PETSHOP: "personas.yaml",
    FASTENERS: "personas.yaml",
    RECIPES: "recipes.yaml",
}
ADDRESSES = (
    "/",
    "/c/cat",
    "/p/fish-tank-20",
    "/?utm_campaign=rabbit-week",
    "/suche?q=x",
)


@pytest.mark.parametrize("folder", PERSONAS, ids=lambda folder: folder.parent.name)
@pytest.mark.parametrize("address", ADDRESSES)
def test_a_rule_test_shows_what_a_preview_shows(folder: Path, address: str) -> None:
    files, _ = read_files(folder)
    site, _ = check_site(folder, files)
    site = replace(site, rules=settled(site.rules))
    name = TESTS + PERSONAS[folder]
    read, _ = read_personas(
        name, files[name], site.vocabulary, site.catalog.relatives, 0.0
    )
    shop = rehearsal(site)
    path, _, query = address.partition("?")
    seen = set()
    for persona in read.personas.values():
        page = Visitor(persona, shop, read.now, address).open()
        guise = disguised(persona, read.now)
        context = guise.looks(site, path, query.encode())
        known = guise.facts(site, context, query.encode())
        expected = decisions(site, known, everybody_sees(site))
        if persona.consent:  # else a preview knows what no page would
            assert page.decisions == expected
        seen |= {each.reason for each in page.decisions.values()}
    assert "shown" in seen
