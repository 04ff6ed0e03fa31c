"""What hostile files cost before they are refused, measured in processes of their own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.hostiletexts import CSV, JSON, LARGER, TOML, VISITS, YAML, content

ROOT = Path(__file__).parents[2]
SECONDS, BYTES = 0.05, 20_000_000


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork on Windows")
@pytest.mark.parametrize(
    ("kind", "texts"),
    [
        ("rules", YAML),
        ("tests", YAML),
        ("site", TOML),
        ("csv", CSV),
        ("lines", JSON | LARGER),
        ("answer", JSON | LARGER),
        ("message", JSON | LARGER),
        ("visits", VISITS),
    ],
)
def test_hostile_files_are_refused_before_they_cost_anything(
    tmp_path: Path, kind: str, texts: dict[str, str]
) -> None:
    paths: list[Path] = []
    for name, text in texts.items():
        paths.append(tmp_path / str(len(paths)))
        paths[-1].write_bytes(content(name, text))
    ran = subprocess.run(
        [sys.executable, "-m", "tests.hostile", kind, *map(str, paths)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    measured = dict(zip(texts, map(json.loads, ran.stdout.splitlines()), strict=True))
    assert not [name for name, one in measured.items() if not one["found"]]
    dear = {
        name: one
        for name, one in measured.items()
        if one["time"] > SECONDS or one["memory"] > BYTES
    }
    assert not dear
