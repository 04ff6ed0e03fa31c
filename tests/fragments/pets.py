"""A small pet shop's catalogue for tests of the fragments room."""

from collections.abc import Mapping
from functools import lru_cache

from shopwindow.findings import Finding
from shopwindow.fragments.catalog import Catalog, read_catalog
from shopwindow.fragments.library import Library, read_library

CATEGORIES = """\
id,title,url,image,headline,parent,title.en
pets,Haustiere,/c/pets,,,,Pets
rabbit,Hasen & Co,/c/rabbit,/i/rabbit.svg,Alles für Hasen,pets,Rabbits
dog,Hunde,/c/dog,,,pets,Dogs
"""
PRODUCTS = """\
id,title,url,image,price,category,brand,tags,in-stock,repurchase-days,added,title.en,colour
hay,Häu 1 kg,/p/hay,/i/hay.svg,12.90,rabbit,Wiese,hay dry,yes,30,2026-01-01,Hay 1 kg,green
straw,Stroh,/p/straw,,5,rabbit,Wiese,dry,yes,,2026-02-01,,yellow
bone,Knochen,/p/bone,,1234.5,Hunde,,,yes,,2026-03-01,Bone,
ball,Ball,/p/ball,,3,dog,,toy;round,no,,2026-04-01,,red
"""
ARTICLES = """\
id,title,url,image,category,tags
care,Hasen pflegen,/advice/care,,rabbit,care
"""
FILES = {
    "catalog/categories.csv": CATEGORIES,
    "catalog/products.csv": PRODUCTS,
    "catalog/articles.csv": ARTICLES,
}


def catalog(files: Mapping[str, str] = FILES) -> Catalog:
    found, findings = read_catalog(files)
    assert findings == []
    return found


def library(
    templates: Mapping[str, str] | None = None, language: str = "de"
) -> Library:
    """The shipped fragments and ``templates``: name, or name and language -> text."""
    return _compiled(tuple((templates or {}).items()), language)


@lru_cache
def _compiled(templates: tuple[tuple[str, str], ...], language: str) -> Library:
    """Once for all tests: a library does not change."""
    found, findings = read(dict(templates), language)
    assert findings == [], "\n".join(map(str, findings))
    return found


def read(
    templates: Mapping[str, str], language: str = "de"
) -> tuple[Library, list[Finding]]:
    files = {f"fragments/{name}.html": text for name, text in templates.items()}
    return read_library(files, catalog(), language)
