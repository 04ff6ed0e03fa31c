"""The rule tests of the example shops and of a new site: each file is run, each rule is shown."""

import time
from pathlib import Path

import pytest

import shopwindow.examples
import shopwindow.middleware.cli
from shopwindow.middleware.rehearsal import TESTS, read_rule_tests, rehearsal
from shopwindow.middleware.site import Site, check_site, read_files
from shopwindow.rules.rule_tests import RuleTest
from shopwindow.rules.testing import coverage, run

EXAMPLES = Path(shopwindow.examples.__file__).parent
SITES = {
    "fasteners": EXAMPLES / "fasteners" / "personalization",
    "petshop": EXAMPLES / "petshop" / "personalization",
    "recipes": EXAMPLES / "recipes",
    "new": Path(shopwindow.middleware.cli.__file__).parent / "starter",
}
FILES = [
    (name, path.relative_to(folder).as_posix())
    for name, folder in SITES.items()
    for path in sorted(folder.glob(f"{TESTS}*.yaml"))
]


@pytest.fixture(scope="module")
def shops() -> dict[str, tuple[Site, list[RuleTest]]]:
    """Each site with its tests, free of errors."""
    found = {}
    for name, folder in SITES.items():
        files, _ = read_files(folder)
        site, _ = check_site(folder, files)
        tests, findings = read_rule_tests(site, files, time.time())
        assert [str(finding) for finding in findings] == []
        found[name] = site, tests
    return found


@pytest.mark.parametrize(("name", "file"), FILES)
def test_the_rules_do_what_their_tests_say(
    name: str, file: str, shops: dict[str, tuple[Site, list[RuleTest]]]
) -> None:
    site, tests = shops[name]
    shop = rehearsal(site)
    failures = [
        "\n    ".join((f"{file}:{one.line}: {test.name}: {one}", *one.why))
        for test in tests
        if test.file == file
        for one in run(test, shop).failures
    ]
    assert not failures, "\n".join(failures)


@pytest.mark.parametrize("name", SITES)
def test_every_rule_is_shown_by_a_test(
    name: str, shops: dict[str, tuple[Site, list[RuleTest]]]
) -> None:
    site, tests = shops[name]
    shop = rehearsal(site)
    found = coverage((run(test, shop) for test in tests), site.rules)
    assert [f"{rule.file}:{rule.line} {rule.id}" for rule in found.never] == []
