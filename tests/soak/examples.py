"""All examples of the tests of which ``make test`` runs only some."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree

from .soaked import KEPT, Soaked

TESTS = Path(__file__).parents[1]
SIGNS = ("from hypothesis import", "from tests.sizes import")


def sized() -> list[Path]:
    """The files with tests that are as long as they are told to be."""
    return [
        path
        for path in sorted(TESTS.rglob("test_*.py"))
        if any(sign in path.read_text("utf-8") for sign in SIGNS)
    ]


def soak_examples(
    count: int, seed: int, step: Callable[[], None] = lambda: None
) -> Soaked:
    """Runs ``count`` percent of their examples. Raises RuntimeError if they cannot be run."""
    files = sized()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.xml")
        command = [sys.executable, "-m", "pytest", "-q", "-n0", f"--junitxml={report}"]
        command += [f"--hypothesis-seed={seed}", *map(str, files)]
        ran = subprocess.run(
            command,
            cwd=TESTS.parent,
            env={**os.environ, "SHOPWINDOW_TEST_PERCENT": str(count)},
            capture_output=True,
            text=True,
        )
        if ran.returncode not in (0, 1):  # there are none, or some failed
            raise RuntimeError(f"the tests did not run:\n{ran.stdout}{ran.stderr}")
        suite = next(ElementTree.parse(report).iter("testsuite"))
    for _ in range(count):
        step()
    faults = list(_faults(suite))
    figures = {"files": len(files), "tests": int(suite.get("tests", "0"))}
    return Soaked("examples", count, len(faults), figures, faults[:KEPT])


def _faults(suite: ElementTree.Element) -> Iterator[str]:
    for case in suite.iter("testcase"):
        for wrong in (*case.iter("failure"), *case.iter("error")):
            yield f"{case.get('classname')}.{case.get('name')}:\n{wrong.text}"
