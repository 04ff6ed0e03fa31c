"""What this package says of cases, beside what GrowthBook's engine said."""

import json
import math
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from shopwindow.rules.statistics.sequences import Sequential
from shopwindow.rules.statistics.uplift import uplift
from tests.rules.statistics.generated import samples

HERE = Path(__file__).parent
FROZEN = HERE / "growthbook.json"
ENGINE = Path(__file__).parents[3] / ".venv" / "gbstats"
CLOSE = 1e-9
NEARLY_NONE = 1e-12  # of a p: the engine takes it from 1


def differences(case: dict[str, Any], answers: dict[str, Any]) -> list[str]:
    """In which both differ; empty if they say the same."""
    found = uplift(
        *samples(case),
        confidence=1 - case["alpha"],
        sequential=None
        if case["units"] is None
        else Sequential(case["units"], least=0),
        adjusted=case["adjusted"],
    )
    relative, absolute = answers["relative"], answers["absolute"]
    if found is None or relative is None or absolute is None:
        said = [one is not None for one in (found, relative, absolute)]
        return [] if not any(said) else [f"{said} said something of {case}"]
    if found.control < 0:  # there, more is below 0
        low, high = -relative["high"], -relative["low"]
        relative = {**relative, "effect": -relative["effect"], "low": low, "high": high}
    pairs = {
        "relative": (found.relative, relative["effect"]),
        "low": (found.low, relative["low"]),
        "high": (found.high, relative["high"]),
        "p": (found.p, relative["p"]),
        "absolute": (found.absolute, absolute["effect"]),
        "absolute_low": (found.absolute_low, absolute["low"]),
        "absolute_high": (found.absolute_high, absolute["high"]),
    }
    widths = {
        "relative": found.high - found.low,
        "absolute": found.absolute_high - found.absolute_low,
    }
    return [
        f"{name} {ours!r}, not {theirs!r}, of {case}"
        for name, (ours, theirs) in pairs.items()
        if not math.isclose(
            ours,
            theirs,
            rel_tol=CLOSE,
            abs_tol=NEARLY_NONE
            if name == "p"
            else CLOSE * widths["absolute" if "absolute" in name else "relative"],
        )
    ]


def engine() -> Path | None:
    """The interpreter that has GrowthBook's engine, made if need be; None if it cannot be."""
    python = ENGINE / "bin" / "python"
    if not (ENGINE / "installed").exists():
        maker = shutil.which("python3.11")
        if maker is None:
            return None
        for command in (
            [maker, "-m", "venv", str(ENGINE)],
            [str(python), "-m", "pip", "install", "--quiet", "gbstats==0.8.0"],
            [str(python), "-c", "import gbstats.frequentist.tests"],
        ):
            if subprocess.run(command, capture_output=True).returncode:
                return None
        (ENGINE / "installed").touch()
    return python


def asked(python: Path, cases: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The engine's answers."""
    ran = subprocess.run(
        [str(python), str(HERE / "growthbook.py")],
        input=json.dumps(cases),
        capture_output=True,
        text=True,
        check=True,
    )
    answers: list[dict[str, Any]] = json.loads(ran.stdout)
    return answers
