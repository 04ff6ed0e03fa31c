"""``shopwindow test``, as editors and their pipelines use it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from shopwindow.examples.fasteners.app import SITE as FASTENERS
from shopwindow.examples.petshop.app import SITE as PETSHOP
from shopwindow.middleware.cli import main

STARTS = "rules/tests/start.yaml"


def run(*arguments: str | Path, code: int = 0) -> Result:
    result = CliRunner().invoke(main, ["test", *(str(each) for each in arguments)])
    assert result.exit_code == code, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A new site, as ``shopwindow new`` makes it."""
    folder = tmp_path / "shop"
    assert CliRunner().invoke(main, ["new", str(folder)]).exit_code == 0
    return folder


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))


def stricter(site: Path) -> None:
    """One more look is asked for than the tests say."""
    change(site / "rules/start.yaml", "at-least: 3", "at-least: 4")


# -- all is well -----------------------------------------------------------------------------


def test_the_tests_of_a_new_site_pass_and_show_every_rule(site: Path) -> None:
    result = run(site, "--strict")
    assert result.stdout == f"{site}: 5 tests, 0 failed; 2 of 2 rules shown (100%)\n"
    assert result.stderr == ""


@pytest.mark.parametrize("folder", [PETSHOP, FASTENERS])
def test_the_example_shops_show_every_rule(folder: Path) -> None:
    assert run(folder, "--strict").output.endswith("rules shown (100%)\n")


def test_without_a_folder_name_the_one_at_hand_is_tested(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(site)
    assert run().output.startswith(".: 5 tests, 0 failed")


# -- failures --------------------------------------------------------------------------------


def test_a_failure_names_its_line_and_the_nearest_miss(site: Path) -> None:
    stricter(site)
    lines = run(site, code=1).stdout.splitlines()
    assert lines == [
        f"{STARTS}:8: three looks at the garden bring it to the top: "
        "home.hero: expected category-hero, shown is default content",
        "    default content: no rule for this slot holds",
        "    not garden-hero (rules/start.yaml:6): viewed (line 10): "
        "wanted 4 x garden in 30 days, visitor has 3",
        f"{STARTS}:17: who has bought for the garden is left alone for three months: "
        "step 1, home.hero: expected category-hero, shown is default content",
        "    default content: no rule for this slot holds",
        "    not garden-hero (rules/start.yaml:6): viewed (line 10): "
        "wanted 4 x garden in 30 days, visitor has 3",
        "rules/start.yaml:6: no test shows garden-hero",
        f"{site}: 5 tests, 2 failed; 1 of 2 rules shown (50%)",
    ]


def test_json_says_the_same_for_programs(site: Path) -> None:
    stricter(site)
    said: dict[str, Any] = json.loads(run(site, "--format", "json", code=1).stdout)
    assert said["findings"] == []
    assert [test["passed"] for test in said["tests"]] == [
        False,
        True,
        False,
        True,
        True,
    ]
    assert {"name", "file", "line", "passed", "failures"} == said["tests"][0].keys()
    (failure,) = said["tests"][2]["failures"]
    assert failure.pop("why")[1].startswith("not garden-hero")
    assert failure == {
        "line": 17,
        "step": 1,
        "slot": "home.hero",
        "expected": "category-hero",
        "shown": "default content",
    }
    assert said["coverage"] == {
        "rules": 2,
        "shown": 1,
        "never": [{"rule": "garden-hero", "file": "rules/start.yaml", "line": 6}],
    }


# -- coverage --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ([], 0),
        (["--coverage-under", "50%"], 0),
        (["--coverage-under", "66.6%"], 0),
        (["--coverage-under", "67%"], 1),
        (["--strict"], 1),
    ],
)
def test_rules_that_no_test_shows_fail_only_where_it_is_asked_for(
    site: Path, options: list[str], code: int
) -> None:
    with (site / "rules/start.yaml").open("a") as rules:
        rules.write(
            "  - {id: never, slot: home.hero, when: [{visits: 99}], show: own-first}\n"
        )
    said = run(site, *options, code=code).output
    assert "rules/start.yaml:24: no test shows never\n" in said
    assert "2 of 3 rules shown (66%)" in said
    assert ("are asked for" in said) is (code == 1)


# -- which tests -----------------------------------------------------------------------------


def test_only_some_tests_are_run_and_say_nothing_of_the_rest(site: Path) -> None:
    assert run(site, "--name", "GARDEN").output == f"{site}: 2 tests, 0 failed\n"
    both = run(site, "--name", "two looks", "--name", "newcomer").output
    assert both == f"{site}: 2 tests, 0 failed\n"
    (site / "rules/tests/more.yaml").write_text(
        "tests: [{name: t, given: newcomer, expect: {home.hero: category-hero}}]\n"
    )
    assert run(site, site / STARTS).output == f"{site}: 5 tests, 0 failed\n"
    said = run(site, site / "rules/tests/more.yaml", code=1).output
    assert said.startswith("rules/tests/more.yaml:1: t: home.hero: expected")
    assert said.endswith("1 test, 1 failed\n")


@pytest.mark.parametrize(
    ("options", "hint"),
    [
        (["--name", "two looks are enough"], 'no test has "two looks are enough" in its name; did you mean "two looks are not enough"?'),
        (["--coverage-under", "80"], "write for example 80%"),
        (["--coverage-under", "101%"], "write for example 80%"),
        (["--strict", "--name", "garden"], "is only known when all tests are run"),
        (["--format", "xml"], "'text', 'json'"),
        (["none.yaml"], "'none.yaml' does not exist"),
        ([__file__], "is not in"),
    ],
)  # fmt: skip
def test_a_wrong_question_is_answered_with_what_there_is(
    site: Path, options: list[str], hint: str
) -> None:
    result = run(site, *options, code=2)
    assert hint in " ".join(result.stderr.split()) and result.stdout == ""


# -- what is faulty --------------------------------------------------------------------------


def test_an_error_in_a_test_is_shown_at_its_place_and_the_others_are_run(
    site: Path,
) -> None:
    change(site / STARTS, "because: garden-hero", "because: gardn-hero")
    said = run(site, code=1).output
    assert said.startswith(
        f'{STARTS}:9:14: error: unknown rule "gardn-hero": did you mean "garden-hero"?\n'
        "     9 |     because: gardn-hero\n"
        "       |              ^^^^^^^^^^\n"
    )
    assert "4 tests, 0 failed, 1 error in the files; 2 of 2 rules shown" in said
    found = json.loads(run(site, "--format", "json", code=1).output)["findings"]
    assert [(one["line"], one["column"]) for one in found] == [(9, 14)]


def test_an_error_in_a_persona_of_another_file_is_shown_with_the_file_asked_for(
    site: Path,
) -> None:
    change(site / "rules/tests/personas.yaml", "visits: 3", "visitts: 3")
    said = run(site, site / STARTS, code=1).output
    assert 'personas.yaml:6:5: error: unknown key "visitts"' in said
    assert said.endswith("1 test, 0 failed, 1 error in the files\n")


def test_check_finds_it_too(site: Path) -> None:
    change(site / STARTS, "because: garden-hero", "because: gardn-hero")
    checked = CliRunner().invoke(main, ["check", str(site)])
    assert checked.exit_code == 1
    assert f'{STARTS}:9:14: error: unknown rule "gardn-hero"' in checked.output


def test_an_error_in_a_rule_is_not_an_error_of_the_tests_that_name_it(
    site: Path,
) -> None:
    change(site / "rules/start.yaml", "at-least: 3", "at-leest: 3")
    checked = CliRunner().invoke(main, ["check", str(site)])
    assert checked.output.endswith("1 error, 0 warnings\n")
    result = run(site, code=1)
    assert "rules/start.yaml:10:36: error" in result.stderr and result.stdout == ""


def test_a_page_that_is_kept_as_it_is_cannot_be_tested(site: Path) -> None:
    change(
        site / "site.toml", "[slots]", '[pages]\nexclude = ["/checkout/*"]\n\n[slots]'
    )
    change(
        site / STARTS,
        "    given: newcomer\n",
        "    given: newcomer\n    path: /checkout/pay?step=1\n",
    )
    said = run(site, code=1).output
    assert (
        f"{STARTS}:24:1: error: site.toml keeps /checkout/pay?step=1 as it is" in said
    )


def test_where_nothing_is_tested_that_is_said(site: Path) -> None:
    (site / STARTS).unlink()
    said = run(site, code=1).output
    assert "0 tests, 0 failed; 0 of 2 rules shown (0%)\n" in said
    assert said.endswith("`shopwindow test --help` shows how tests look.\n")


def test_a_folder_that_is_not_there_is_an_error_not_a_traceback(tmp_path: Path) -> None:
    said = run(tmp_path / "nowhere", code=1).output
    assert "nowhere:1:1: error: there is no such folder" in said


# -- as in the shop --------------------------------------------------------------------------


def test_the_pages_own_view_counts_as_site_toml_says(site: Path) -> None:
    (site / STARTS).write_text(
        "tests:\n"
        "  - name: the third look\n"
        "    given: gardener\n"
        "    but: {events: [{viewed: {category: garden}, at: 2 days ago, times: 2}]}\n"
        "    path: /p/watering-can\n"
        "    because: garden-hero\n"
    )
    assert run(site, "--name", "third").output.endswith("1 test, 0 failed\n")
    change(site / STARTS, "/p/watering-can", "/p/tea-towel")
    run(site, "--name", "third", code=1)


def test_a_campaign_may_stand_in_the_address(site: Path) -> None:
    with (site / "rules/start.yaml").open("a") as rules:
        rules.write(
            "  - {id: mail, slot: home.hero, when: [{campaign: spring}], show: own-first}\n"
        )
    (site / STARTS).write_text(
        "tests:\n"
        "  - {name: mail, given: newcomer, path: '/?utm_campaign=spring', because: mail}\n"
        "  - {name: none, given: newcomer, path: /, expect: {home.hero: default}}\n"
    )
    assert run(site, "--name", "m", "--name", "none").output.endswith(
        "2 tests, 0 failed\n"
    )


def test_progress_is_for_terminals_alone(site: Path) -> None:
    command = [sys.executable, "-m", "shopwindow", "test", str(site)]
    ran = subprocess.run(command, capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (0, "")
