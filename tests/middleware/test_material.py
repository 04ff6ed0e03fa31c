"""The catalogue and the fragments are read again only where they changed."""

from pathlib import Path

import pytest

from shopwindow.middleware.site import check_site, read_files, read_site
from tests.shop import FILES, site_folder

RULES = FILES["rules/start.yaml"]
FRAGMENT = FILES["fragments/banner.html"]
PRODUCTS = FILES["catalog/products.csv"]
TOML = FILES["site.toml"]


@pytest.mark.parametrize(
    ("name", "text", "catalog_stays", "library_stays"),
    [
        ("rules/start.yaml", RULES.replace("Hello", "Welcome"), True, True),
        ("site.toml", TOML + "\n# nothing new\n", True, True),
        ("fragments/banner.html", FRAGMENT + "<hr>\n", True, False),
        ("fragments/other.html", "<hr>\n", True, False),
        ("catalog/products.csv", PRODUCTS + "new-1,New,/p/new-1,,,,,\n", False, True),
        ("site.toml", TOML.replace("[site]", '[site]\nlanguage = "fr"'), True, False),
    ],
)
def test_what_has_not_changed_stays(
    tmp_path: Path, name: str, text: str, catalog_stays: bool, library_stays: bool
) -> None:
    folder = site_folder(tmp_path)
    before = read_site(folder)
    (folder / name).write_text(text)
    after = read_site(folder, before=before)
    assert after.revision != before.revision
    assert (after.catalog is before.catalog) is catalog_stays
    assert (after.library is before.library) is library_stays
    assert (after.material is before.material) is (catalog_stays and library_stays)


def test_a_column_that_only_the_new_catalogue_has_is_known_to_fragments(
    tmp_path: Path,
) -> None:
    folder = site_folder(tmp_path)
    before = read_site(folder)
    lines = PRODUCTS.splitlines()
    wider = [f"{lines[0]},grain", *(f"{line},fine" for line in lines[1:])]
    (folder / "catalog/products.csv").write_text("\n".join(wider) + "\n")
    after = read_site(folder, before=before)
    assert "grain" in after.catalog.extra
    assert after.library is not before.library


def test_what_is_wrong_is_said_again_though_it_is_not_read_again(
    tmp_path: Path,
) -> None:
    folder = site_folder(tmp_path)
    (folder / "fragments/banner.html").write_text("{% if %}")
    (folder / "catalog/products.csv").write_text(PRODUCTS + "too,short\n")
    files, _ = read_files(folder)
    before, found = check_site(folder, files)
    files["rules/start.yaml"] = RULES.replace("Hello", "Welcome")
    after, again = check_site(folder, files, before=before)
    assert after.material is before.material
    assert again == found
    assert {one.file for one in found} >= {
        "catalog/products.csv",
        "fragments/banner.html",
    }
