"""``shopwindow train --report``: a page beside the model."""

import json
from pathlib import Path

import pytest

from shopwindow.fragments.recommendations.model import Model
from tests.commands import run
from tests.fragments.clicks import walks


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "clicks.jsonl"
    with path.open("w") as lines:
        for number, clicks in enumerate(walks(800)):
            for item in clicks:
                event = {"visitor": number, "session": number, "event": "view"}
                lines.write(json.dumps({**event, "product": f"p-{item}"}) + "\n")
    return path


def test_a_page_tells_of_the_model(file: Path, tmp_path: Path) -> None:
    out, page = tmp_path / "models", tmp_path / "out.html"

    run("train", "--events", file, "--out", out, "--report", page)

    text = page.read_text("utf-8")
    assert text.startswith("<!doctype html>")
    found = Model.current(out).meta["metrics"]["R@20"]
    assert f"{found * 100:.1f} %" in text
    assert "Who looked at" in text


def test_a_page_that_cannot_be_written_costs_no_model(
    file: Path, tmp_path: Path
) -> None:
    out, page = tmp_path / "models", tmp_path / "nowhere" / "out.html"

    ran = run("train", "--events", file, "--out", out, "--report", page, code=1)

    assert f"the report cannot be written to {page}" in ran.stderr
    assert Model.current(out).size > 0
