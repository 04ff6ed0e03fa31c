"""``shopwindow schema``, and the schemas of whole sites."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft7Validator

from shopwindow.examples.fasteners.app import SITE as FASTENERS
from shopwindow.examples.petshop.app import SITE as PETSHOP
from shopwindow.findings import Finding
from shopwindow.middleware.cli import main
from shopwindow.middleware.cli.schema import RULES, TESTS, schemas
from shopwindow.middleware.site import read_site
from shopwindow.rules.document import Document

MODELINES = {
    RULES: "# yaml-language-server: $schema=../.schema/rules.schema.json",
    TESTS: "# yaml-language-server: $schema=../../.schema/tests.schema.json",
}


def run(*arguments: str | Path, code: int = 0) -> Result:
    result = CliRunner().invoke(main, [str(each) for each in arguments])
    assert result.exit_code == code, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    run("new", folder)
    return folder


def edit(path: Path, change: Callable[[str], str]) -> None:
    text = path.read_text()
    assert change(text) != text
    path.write_text(change(text))


def enum(site: Path, definition: str) -> list[Any]:
    schema = json.loads((site / RULES).read_text())
    found: list[Any] = schema["definitions"][definition]["enum"]
    return found


# -- the command -----------------------------------------------------------------------


def test_a_new_site_comes_with_schemas_that_are_up_to_date(site: Path) -> None:
    assert run("schema", site, "--check").output == ""
    said = run("schema", site).output
    assert said == f"up to date: {site / RULES}\nup to date: {site / TESTS}\n"


def test_a_new_site_can_be_made_where_another_store_is_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOPWINDOW_STORE", "no-such-store://")
    run("new", tmp_path / "made")
    assert (tmp_path / "made" / RULES).exists()


def test_only_what_has_changed_is_written(site: Path) -> None:
    before = (site / TESTS).stat().st_mtime_ns
    edit(
        site / "rules/start.yaml",
        lambda text: text + "\nsegments: {mine: [{visits: 1}]}\n",
    )
    said = run("schema", site).output
    assert said == f"wrote {site / RULES}\nup to date: {site / TESTS}\n"
    assert (site / TESTS).stat().st_mtime_ns == before


def test_new_names_are_in_the_schema_after_the_next_run(site: Path) -> None:
    row = "roof,Roof,/c/roof,,,\n"
    edit(site / "catalog/categories.csv", lambda text: text.rstrip("\n") + "\n" + row)
    edit(
        site / "site.toml",
        lambda text: text.replace("[slots]", '[slots]\n"a.b" = "New"'),
    )
    said = run("schema", site, "--check", code=1).output
    assert f"{site / RULES} is not up to date\n" in said
    assert f"shopwindow schema {site}" in said
    assert "a.b" not in enum(site, "slot")
    run("schema", site)
    assert "a.b" in enum(site, "slot")
    assert {"roof", "Roof"} <= set(enum(site, "category"))
    run("schema", site, "--check")


def test_a_missing_or_broken_schema_is_not_up_to_date(site: Path) -> None:
    (site / RULES).unlink()
    (site / TESTS).write_bytes(b"\xff")
    said = run("schema", site, "--check", code=1).output
    assert RULES in said and TESTS in said
    assert not (site / RULES).exists(), "--check writes nothing"
    run("schema", site)
    run("schema", site, "--check")


def test_one_of_them_can_be_printed(site: Path) -> None:
    for name, file in (("rules", RULES), ("tests", TESTS)):
        text = (site / file).read_text()
        (site / file).unlink()
        assert run("schema", site, "--stdout", name).output == text
        assert not (site / file).exists()


def test_mistakes_in_rules_are_no_obstacle(site: Path) -> None:
    """An editor wants completion most while a file is half typed."""
    edit(
        site / "rules/start.yaml", lambda text: text.replace("slot: home.hero", "slot:")
    )
    run("check", site, code=1)
    run("schema", site)


def test_where_names_are_missing_nothing_is_written(site: Path) -> None:
    before = (site / RULES).read_text()
    edit(
        site / "site.toml",
        lambda text: text.replace('type = "number"', 'type = "nmber"'),
    )
    result = run("schema", site, code=1)
    assert "site.toml:" in result.stderr and "nmber" in result.stderr
    assert (site / RULES).read_text() == before


def test_what_is_no_site_is_said(tmp_path: Path) -> None:
    assert "no site.toml" in run("schema", tmp_path, code=1).stderr
    assert not (tmp_path / ".schema").exists()


def test_a_folder_that_cannot_be_written_is_said(site: Path) -> None:
    (site / RULES).unlink()
    (site / RULES).mkdir()
    assert "cannot be written" in run("schema", site, code=1).stderr


def test_check_and_stdout_exclude_each_other(site: Path) -> None:
    said = run("schema", site, "--check", "--stdout", "rules", code=2).stderr
    assert "exclude each other" in said


def test_git_leaves_the_schemas_alone(site: Path) -> None:
    subprocess.run(["git", "init", "--quiet", site], check=True)
    listed = ["git", "-C", str(site), "status", "--porcelain", "--untracked-files=all"]
    seen = subprocess.run(listed, check=True, capture_output=True, text=True).stdout
    assert "rules/start.yaml" in seen and ".schema" not in seen


def test_who_wants_them_in_git_keeps_them_there(site: Path) -> None:
    (site / ".schema/.gitignore").unlink()
    (site / RULES).unlink()
    run("schema", site)
    assert not (site / ".schema/.gitignore").exists()


# -- whole sites -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "example", [PETSHOP, FASTENERS, None], ids=["pets", "screws", "new"]
)
def test_every_file_of_a_site_is_as_its_schema_says(
    example: Path | None, site: Path
) -> None:
    folder = example or site
    texts = schemas(read_site(folder))
    for path in folder.rglob("rules/**/*.yaml"):
        name = TESTS if path.parent.name == "tests" else RULES
        text = path.read_text()
        assert text.splitlines()[0] == MODELINES[name], path
        schema = json.loads(texts[name])
        Draft7Validator.check_schema(schema)
        wrong = [e.message for e in Draft7Validator(schema).iter_errors(data(text))]
        assert wrong == [], path


def data(text: str) -> Any:
    findings: list[Finding] = []
    document = Document("f", text, findings)
    assert document.root is not None and not findings
    return document.data(document.root)
