"""The ``shopwindow`` command, as people at a terminal and in a pipeline use it."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import httpx
import pytest
from click.testing import CliRunner

from shopwindow.examples.fasteners.app import SITE as FASTENERS
from shopwindow.examples.petshop.app import SITE as PETSHOP
from shopwindow.middleware.cli import main
from tests.asgi import BROWSER
from tests.commands import PERSONAS, change, run
from tests.servers import free_port, wait_for_port


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A new site, as ``shopwindow new`` makes it."""
    folder = tmp_path / "shop"
    run("new", folder)
    return folder


# -- help ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "taught"),
    [
        ([], ["A first round:", "shopwindow new personalization", "check", "explain"]),
        (["new"], ["DIR", "passes `shopwindow check`", "overwritten"]),
        (
            ["check"],
            [
                *("DIR", "file, line and column", "Exits with 0", "with 2"),
                *("--strict", "can never win", "same priority", "--format json"),
            ],
        ),
        (["explain"], ["which rule of DIR wins", "--visitor", "2026-11-21T10:00"]),
        (["decide"], ["what every slot of DIR shows", "--persona", "holdout", "json"]),
        (
            ["preview"],
            [
                "nothing is counted",
                "module:attribute",
                "--link",
                "15 minutes",
                "--open",
            ],
        ),
        (
            ["test"],
            ["DIR/rules/tests", "given: carpenter", "sequence:", "Exits with 0"],
        ),
        (
            ["schema"],
            ["DIR", "# yaml-language-server: $schema=", "JetBrains", "--check"],
        ),
        (
            ["segments"],
            ["surely in, surely out, or unknown", "Only counts", "--store"],
        ),
        (
            ["replay"],
            ["--against REV|DIR2", "2026-11-20T08:00", "Not in the log are", "unless"],
        ),
        (
            ["doctor"],
            [
                "Two visitors agree",
                "both are erased",
                "--visit",
                "Fastly",
                "Exits with 0",
            ],
        ),
        (["demo"], ["Pawfields", "--port", "8000", "temporary folder", "--no-seed"]),
    ],
)
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_teaches(command: list[str], taught: list[str], option: str) -> None:
    text = " ".join(run(*command, option).output.split())
    for words in taught:
        assert words in text


def test_every_command_and_option_says_what_it_is_for() -> None:
    assert isinstance(main, click.Group)
    context = click.Context(main)
    for name in main.list_commands(context):
        command = main.get_command(context, name)
        assert command is not None and command.help, name
        short = command.get_short_help_str()
        assert short.endswith(".") and "..." not in short, "cut off in the list"
        for each in command.params:
            assert not isinstance(each, click.Option) or each.help, (name, each)


@pytest.mark.parametrize(
    "command", [["shopwindow"], [sys.executable, "-m", "shopwindow"]]
)
def test_the_command_and_the_module_are_the_same(command: list[str]) -> None:
    if command == ["shopwindow"]:
        command = [str(Path(sys.executable).with_name("shopwindow"))]
    asked = subprocess.run([*command, "--version"], capture_output=True, text=True)
    assert asked.returncode == 0
    assert re.fullmatch(
        r"(shopwindow|python -m shopwindow), version [\d.]+\n", asked.stdout
    )
    wrong = subprocess.run([*command, "chekc"], capture_output=True, text=True)
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert 'unknown command "chekc": did you mean "check"?' in wrong.stderr


# -- new -------------------------------------------------------------------------------


def test_a_new_site_passes_its_check_and_says_what_comes_next(tmp_path: Path) -> None:
    folder = tmp_path / "made" / "here"
    said = run("new", folder).output
    assert f"shopwindow check {folder}" in said and "PersonalizationMiddleware" in said
    names = {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}
    made = {"site.toml", "rules/start.yaml", PERSONAS, "catalog/products.csv"}
    assert made | {"rules/tests/start.yaml"} <= names
    assert f"shopwindow test {folder}" in said
    assert run("check", folder, "--strict").output.endswith("all is well\n")


def test_the_personas_of_a_new_site_explain(site: Path) -> None:
    said = run("explain", site, "--personas", site / PERSONAS).output
    gardener, newcomer = said.split("newcomer on /")
    assert "gardener on /" in gardener
    assert "shown garden-hero (rules/start.yaml:6)" in gardener
    assert "default content" in newcomer and "shown" not in newcomer


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    run("new", tmp_path)
    assert (tmp_path / "site.toml").exists()


@pytest.mark.parametrize("what", ["folder", "file"])
def test_nothing_is_ever_overwritten(tmp_path: Path, what: str) -> None:
    target = tmp_path / "shop"
    kept = target / "notes.txt" if what == "folder" else target
    kept.parent.mkdir(exist_ok=True)
    kept.write_text("mine")
    result = run("new", target, code=1)
    assert f"{target} exists and is not empty" in result.stderr
    assert kept.read_text() == "mine"
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == [kept]


def test_where_no_folder_can_be_made_new_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = run("new", tmp_path / "file" / "shop", code=1)
    assert "cannot be written: Not a directory" in result.stderr


# -- check -----------------------------------------------------------------------------


@pytest.mark.parametrize("folder", [PETSHOP, FASTENERS])
def test_the_example_shops_pass(folder: Path) -> None:
    said = run("check", folder, "--strict").output
    assert re.search(r": \d+ slots, \d+ rules, all is well\n$", said)


BROKEN_RULES = """version: 1
rules:
  - id: garden-hero
    slot: home.hero
    when:
      - viewed: {category: gardn, at-leest: 3, within: 30 tage}
    show: category-hero
    show: product-shelf
  - id: shelf
    slot: home.shlef
    when:
      - visits: {at-least: 2}
        orders: {at-least: 1}
    show: no-such-fragment
"""
# file:line:column -> words of what stands there
PLANTED = {
    "catalog/articles.csv:2:1": "not UTF-8",
    "catalog/products.csv:2:68": '"cheap" is not a price',
    "fragments/banner.html:2:1": "unexpected",
    "rules/start.yaml:6:28": 'unknown category "gardn": did you mean "garden"?',
    "rules/start.yaml:6:35": 'unknown key "at-leest" in "viewed": did you mean "at-least"?',
    "rules/start.yaml:6:56": '"30 tage" is not a duration',
    "rules/start.yaml:8:5": '"show" is written twice',
    "rules/start.yaml:10:11": 'unknown slot "home.shlef": did you mean "home.shelf"?',
    "rules/start.yaml:13:9": "two conditions in one list item",
    "rules/start.yaml:14:11": 'unknown fragment "no-such-fragment"',
    "site.toml:6:1": 'unknown key "timezne" in [site]: did you mean "timezone"?',
}


@pytest.fixture
def broken(site: Path) -> Path:
    change(site / "site.toml", "timezone =", "timezne =")
    change(site / "catalog/products.csv", "14.90", "cheap")
    (site / "catalog/articles.csv").write_bytes(
        b"id,title,url,image\na,\xfcber,/a,/b\n"
    )
    (site / "fragments").mkdir()
    (site / "fragments/banner.html").write_text("fine\n<p>{{ headline </p>\n")
    (site / "rules/start.yaml").write_text(BROKEN_RULES)
    return site


def test_every_error_of_a_site_is_reported_at_its_place(broken: Path) -> None:
    said = run("check", broken, code=1).output
    found = re.findall(r"^(\S+:\d+:\d+): error: (.*)$", said, re.MULTILINE)
    for place, words in PLANTED.items():
        assert any(words in text for at, text in found if at == place), place
    assert said.endswith(f"{broken}: {len(found)} errors, 0 warnings\n")
    # "category-hero needs a category" follows from the line before; no more than that.
    assert len(found) <= len(PLANTED) + 1


def test_an_error_shows_its_line_and_points_at_the_word(broken: Path) -> None:
    said = run("check", broken, code=1).output
    assert (
        "     6 |       - viewed: {category: gardn, at-leest: 3, within: 30 tage}\n"
        "       |                                   ^^^^^^^^\n"
    ) in said


def test_a_site_toml_that_is_no_toml_is_told_of_alone(site: Path) -> None:
    path = site / "site.toml"
    path.write_text(path.read_text().replace('"My shop"', "My shop"))
    result = CliRunner().invoke(main, ["check", str(site)])
    assert result.exit_code == 1
    assert "site.toml:5:8: error: this is not valid TOML" in result.output
    assert "1 error, 0 warnings" in result.output


def test_json_says_the_same_for_programs(broken: Path, site: Path) -> None:
    findings = json.loads(run("check", broken, "--format", "json", code=1).output)[
        "findings"
    ]
    places = {f"{f['file']}:{f['line']}:{f['column']}" for f in findings}
    assert places >= PLANTED.keys()
    assert {f["severity"] for f in findings} == {"error"}
    (one,) = [f for f in findings if f["column"] == 35]
    assert one["hint"] == 'did you mean "at-least"?' and one["length"] == len(
        "at-leest"
    )


def test_json_of_a_good_site_has_no_findings(site: Path) -> None:
    said = run("check", site, "--format", "json").output
    assert json.loads(said) == {
        "findings": [],
        "counts": {"errors": 0, "warnings": 0},
    }


def test_warnings_fail_the_check_only_when_it_is_strict(site: Path) -> None:
    with (site / "rules/start.yaml").open("a") as rules:
        rules.write(
            "  - {id: always, slot: home.shelf, priority: 10, show: notice,"
            " with: {headline: Hi}}\n"
        )
    said = run("check", site).output
    assert 'warning: rule "shelf" can never win: "always" (rules/start.yaml:' in said
    assert said.endswith("0 errors, 1 warning\n")
    assert run("check", site, "--strict", code=1).output == said


DOUBTFUL = """\
  - id: sunny
    slot: home.shelf
    priority: 5
    when:
      - weekday: sat
      - "weekday": {is-not: sat}   # größer
    show: notice
    with: {headline: "You looked at it 7 times"}
  - {id: a, slot: home.hero, show: notice, with: {headline: x}, when: [hour: 1]}
  - {id: b, slot: home.hero, show: notice, with: {headline: x}, when: [device: mobile]}
"""


def test_warnings_have_their_line_their_code_and_their_file(site: Path) -> None:
    rules = site / "rules/start.yaml"
    rules.write_text(rules.read_text() + DOUBTFUL)
    site_toml = site / "site.toml"
    change(site_toml, "[consent]", 'left = { type = "text" }\n\n[consent]')
    said = run("check", site).output
    assert said == (
        'rules/start.yaml:24:5: warning: "7 times" tells visitors that they are counted: '
        "say what is in it for them, not what was counted\n"
        "    24 |   - id: sunny\n"
        "       |     ^^^^^^^^^\n"
        'rules/start.yaml:29:9: warning: rule "sunny" can never win: `weekday is sat` and '
        "`weekday is not sat` exclude each other\n"
        '    29 |       - "weekday": {is-not: sat}   # größer\n'
        "       |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n"
        "\n"
        "site.toml:31:1: warning: no rule, segment or fragment uses the attribute "
        '"left": what is not needed should not be collected\n'
        '    31 | left = { type = "text" }\n'
        "       | ^^^^\n"
        "\n"
        f"{site}: 0 errors, 3 warnings\n"
    )
    answer = json.loads(
        run("check", site, "--strict", "--format", "json", code=1).output
    )
    assert answer["counts"] == {"errors": 0, "warnings": 4}
    codes = [(f["file"], f["line"], f["code"]) for f in answer["findings"]]
    assert codes == [
        ("rules/start.yaml", 24, "counting"),
        ("rules/start.yaml", 29, "contradiction"),
        ("rules/start.yaml", 33, "tie"),
        ("site.toml", 31, "unused"),
    ]
    keys = {"file", "line", "column", "severity", "code", "message", "hint"}
    assert all(keys <= finding.keys() for finding in answer["findings"])


def test_where_a_rule_cannot_be_read_attributes_are_not_called_unused(
    site: Path,
) -> None:
    change(site / "rules/segments.yaml", "cart-value", "cart-valeu")
    said = run("check", site, code=1).output
    assert "unused" not in said and "uses the attribute" not in said
    assert said.endswith("1 error, 0 warnings\n")


def test_colours_are_for_terminals_alone(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = site / "rules/start.yaml"
    rules.write_text(rules.read_text() + DOUBTFUL)
    arguments = ["check", str(site)]
    assert "\x1b[" not in run(*arguments).output
    coloured = CliRunner().invoke(main, arguments, color=True).output
    assert "\x1b[33m" in coloured and click.unstyle(coloured) == run(*arguments).output
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in CliRunner().invoke(main, arguments, color=True).output


def test_a_command_that_is_written_wrong_exits_with_2(site: Path) -> None:
    run("check", site, "--format", "xml", code=2)
    run("check", site, "--strickt", code=2)


def test_a_rule_whose_time_has_passed_is_warned_of(site: Path) -> None:
    with (site / "rules/start.yaml").open("a") as rules:
        rules.write(
            "  - {id: past, slot: home.shelf, priority: 10, show: notice,"
            " with: {headline: Hi}, schedule: {until: 2020-01-01}}\n"
        )
    said = run("check", site).output
    assert 'rule "past" can never win again: its schedule has ended' in said
    assert said.endswith("0 errors, 1 warning\n")


def test_without_a_folder_name_the_one_at_hand_is_checked(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(site)
    assert run("check").output == ".: 2 slots, 2 rules, all is well\n"


@pytest.mark.parametrize("command", ["check", "explain"])
def test_a_folder_that_is_not_there_is_an_error_not_a_traceback(
    tmp_path: Path, command: str
) -> None:
    personas = ["--personas", str(tmp_path)] if command == "explain" else []
    said = run(command, tmp_path / "nowhere", *personas, code=1).output
    assert "nowhere:1:1: error: there is no such folder" in said
    said = run(command, tmp_path, *personas, code=1).output
    assert "has no site.toml" in said and "shopwindow new" in said


def test_files_of_other_editors_are_read_too(site: Path) -> None:
    """Windows line ends and a byte order mark change nothing, not even the columns."""
    for path in [p for p in site.rglob("*") if p.is_file()]:
        text = path.read_bytes().replace(b"\n", b"\r\n")
        path.write_bytes(b"\xef\xbb\xbf" + text)
    assert run("check", site, "--strict").output.endswith("all is well\n")
    said = run("explain", site, "--personas", site / PERSONAS).output
    assert "shown garden-hero (rules/start.yaml:6)" in said

    rules = site / "rules/start.yaml"
    rules.write_bytes(rules.read_bytes().replace(b"at-least: 3", b"at-leest: 3"))
    said = run("check", site, code=1).output
    assert "rules/start.yaml:10:36: error" in said and "\r" not in said
    assert said.splitlines()[2].index("^") == said.splitlines()[1].index("at-leest")


def test_rules_that_are_no_utf8_are_named_with_their_line(site: Path) -> None:
    rules = site / "rules/start.yaml"
    rules.write_bytes(rules.read_bytes().replace(b"Whoever", b"Wer f\xfcr"))
    said = run("check", site, code=1).output
    assert "rules/start.yaml:5:1: error: not UTF-8: save the file as UTF-8" in said


# -- explain ---------------------------------------------------------------------------


def explained(folder: Path, *options: str) -> dict[str, dict[str, Any]]:
    """persona -> slot -> what the JSON says."""
    said = run(
        "explain", folder, "--personas", folder / PERSONAS, "--format", "json", *options
    ).output
    lines = [json.loads(line) for line in said.splitlines()]
    return {line["persona"]: line["slots"] for line in lines}


def test_explain_says_who_wins_and_what_the_others_wanted() -> None:
    said = run(
        "explain", PETSHOP, "--personas", PETSHOP / PERSONAS,
        "--persona", "rabbit-friend", "--slot", "home.hero",
    ).output  # fmt: skip
    lines = said.splitlines()
    assert lines[:2] == ["rabbit-friend on /", "  home.hero"]
    assert lines[2].startswith("    shown rabbit-hero (rules/hero.yaml:")
    assert "viewed 3 x rabbit in 30 days" in lines[2] or "rabbit-friend" in lines[2]
    assert all(line.startswith("    not ") for line in lines[3:])
    assert any("dog-hero" in line and "visitor has 0" in line for line in lines[3:])
    assert "newcomer" not in said and "home.advice" not in said


def test_explain_in_json_has_a_line_for_every_persona() -> None:
    found = explained(PETSHOP)
    assert list(found)[:2] == ["newcomer", "rabbit-friend"] and len(found) == 7
    hero = found["rabbit-friend"]["home.hero"]
    assert (hero["rule"], hero["fragment"], hero["reason"]) == (
        "rabbit-hero",
        "category-hero",
        "shown",
    )
    assert hero["with"] == {"category": "rabbit"}
    assert {"rule", "file", "line", "reason", "why"} == set(hero["misses"][0])
    plain = found["says-no"]["home.hero"]
    assert plain["rule"] is None and plain["reason"] == "consent"


def test_explain_takes_the_page_and_the_moment(site: Path) -> None:
    rules = site / "rules/start.yaml"
    change(
        rules,
        "    priority: 100\n    when:\n",
        "    priority: 100\n    when:\n      - path: /sale\n      - weekday: sat\n",
    )
    for options, rule in {
        ("--path", "/sale", "--now", "2026-11-21T10:00"): "garden-hero",
        ("--path", "/", "--now", "2026-11-21T10:00"): None,
        ("--path", "/sale", "--now", "2026-11-20T10:00"): None,
        # the moment is meant in the shop's time zone, which is an hour before UTC
        ("--path", "/sale", "--now", "2026-11-20T23:30"): None,
        ("--path", "/sale", "--now", "2026-11-20T23:30+00:00"): "garden-hero",
    }.items():
        found = explained(site, "--persona", "gardener", *options)
        assert found["gardener"]["home.hero"]["rule"] == rule, options


def test_the_slots_of_a_persona_share_one_page(site: Path) -> None:
    (site / "rules/start.yaml").write_text(
        "rules:\n"
        "  - {id: one, slot: home.hero, show: notice, with: {headline: Hi}}\n"
        "  - id: two\n    slot: home.shelf\n    split:\n      experiment: e\n"
        "      variants: [{name: a, show: notice, with: {headline: Hi}}]\n"
    )
    change(site / "site.toml", "[slots]", '[experiments]\nholdout = "100%"\n\n[slots]')
    free = explained(site, "--persona", "gardener")["gardener"]
    assert [free[slot]["reason"] for slot in free] == ["shown", "shown"]
    assert [free[slot]["variant"] for slot in free] == [None, "a"]
    change(site / "site.toml", "[slots]", "[pages]\nat-most = 1\n\n[slots]")
    full = explained(site, "--persona", "gardener", "--slot", "home.shelf")["gardener"]
    assert full["home.shelf"]["reason"] == "budget"


@pytest.mark.parametrize(
    ("options", "hint"),
    [
        (["--persona", "nobody"], 'no persona "nobody"; there are: gardener, newcomer'),
        (["--slot", "home.her"], 'unknown slot "home.her"; there are: home.hero, home.shelf'),
        (["--now", "yesterday"], "write it like 2026-11-21T10:00"),
        (["--now", "0001-01-01"], "write it like 2026-11-21T10:00"),
        (["--format", "xml"], "'text', 'json'"),
        (["--personas", "none.yaml"], "none.yaml cannot be read: No such file"),
        (["--persona"], "requires an argument"),
    ],
)  # fmt: skip
def test_a_wrong_question_is_answered_with_what_there_is(
    site: Path, options: list[str], hint: str
) -> None:
    result = run("explain", site, "--personas", site / PERSONAS, *options, code=2)
    assert hint in result.stderr and result.stdout == ""


def test_check_reads_the_personas_too(site: Path) -> None:
    change(site / PERSONAS, "visits: 3", "visitts: 3")
    said = run("check", site, code=1).output
    assert re.search(r"^rules/tests/personas.yaml:6:5: error: .*visitts", said)


@pytest.mark.parametrize("command", ["explain", "decide"])
def test_personas_are_those_beside_the_rules_if_no_file_is_named(
    site: Path, command: str
) -> None:
    named = run(command, site, "--personas", site / PERSONAS).output
    assert run(command, site).output == named
    assert "gardener on /" in named


def test_personas_beside_the_rules_that_cannot_be_read_are_said(site: Path) -> None:
    (site / PERSONAS).write_text("personas:\n  anna: {visitts: 3}\n")
    said = run("explain", site, code=2).stderr
    assert "has no persona that can be read" in said
    assert "shopwindow check" in said


def test_personas_that_are_no_utf8_are_refused(site: Path) -> None:
    (site / PERSONAS).write_bytes(b"personas:\n  m\xfcller: {}\n")
    said = run("explain", site, "--personas", site / PERSONAS, code=2).stderr
    assert "it is not UTF-8" in said


def test_errors_in_the_rules_or_the_personas_are_shown_instead(site: Path) -> None:
    change(site / PERSONAS, "visits: 3", "visitts: 3")
    result = run("explain", site, "--personas", site / PERSONAS, code=1)
    assert re.search(r"personas.yaml:\d+:\d+: error: .*visitts", result.stderr)
    change(site / "rules/start.yaml", "at-least: 3", "at-leest: 3")
    result = run("explain", site, "--personas", site / PERSONAS, code=1)
    assert 'rules/start.yaml:10:36: error: unknown key "at-leest"' in result.stderr
    assert result.stdout == ""


# -- demo ------------------------------------------------------------------------------


class Demo:
    """A running demo and what it says."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
        self.process = process
        self.url = f"http://127.0.0.1:{port}"
        self.port = port
        self._log = log

    @property
    def said(self) -> str:
        return self._log.read_text()


@contextmanager
def demo(folder: Path, *options: str) -> Iterator[Demo]:
    """``shopwindow demo`` with its temporary folder below ``folder``."""
    port, log = free_port(), folder / "log"
    command = [
        sys.executable,
        "-m",
        "shopwindow",
        "demo",
        "--port",
        str(port),
        *options,
    ]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdout=output,
            stderr=output,
            env={**os.environ, "TMPDIR": str(folder), "PYTHONUNBUFFERED": "1"},
        )
        try:
            wait_for_port(port, process, log)
            yield Demo(process, port, log)
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()


def test_the_demo_opens_says_what_to_try_and_leaves_nothing_behind(
    tmp_path: Path,
) -> None:
    with demo(tmp_path) as running:
        page = httpx.get(running.url, headers={"user-agent": BROWSER.decode()})
        assert page.status_code == 200 and "Be somebody else:" in page.text
        assert f"Pawfields is open: {running.url}" in running.said
        for words in ("Say yes", "/c/rabbit", "Log in", "strip", "Ctrl+C"):
            assert words in running.said
        assert [each.name for each in tmp_path.glob("shopwindow-demo-*/demo.db")]

        second = CliRunner().invoke(main, ["demo", "--port", str(running.port)])
        assert second.exit_code == 1 and second.exception.__class__ is SystemExit
        hint = f"somebody else uses port {running.port} already: choose another one with --port"
        assert hint in second.stderr and second.stdout == ""

        running.process.send_signal(signal.SIGINT)
        assert running.process.wait(10) == 0
        assert "Traceback" not in running.said and "Error" not in running.said
    assert [each.name for each in tmp_path.iterdir()] == ["log"]


def test_a_demo_that_is_told_to_end_tidies_up_as_well(tmp_path: Path) -> None:
    with demo(tmp_path, "--no-seed") as running:
        assert [*tmp_path.glob("shopwindow-demo-*")]
        running.process.send_signal(signal.SIGTERM)
        running.process.wait(10)
        assert "Traceback" not in running.said
    assert [each.name for each in tmp_path.iterdir()] == ["log"]


@pytest.mark.parametrize(
    ("options", "hint", "code"),
    [
        (["--port", "70000"], "70000 is not in the range 1<=x<=65535", 2),
        (["--port", "many"], "'many' is not a valid integer", 2),
        (["--host", "192.0.2.1"], "on 192.0.2.1 cannot be used", 1),
    ],
)
def test_an_address_that_cannot_be_served_is_explained(
    options: list[str], hint: str, code: int
) -> None:
    result = run("demo", *options, code=code)
    assert hint in result.stderr and result.stdout == ""


def test_the_port_may_come_from_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PORT", "70000")
    assert "70000 is not in the range" in run("demo", code=2).stderr
