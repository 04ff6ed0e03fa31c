"""Our own small collection in the forms of the public ones, which shows that their readers work."""

import json
from pathlib import Path

import pytest

from . import replacing, tokenizing
from .collected import files

TEXTS = files(Path(__file__).parent / "own")


def test_our_own_tokenizer_cases() -> None:
    found = tokenizing.run(TEXTS)
    assert (len(found.passed), found.failed, found.skipped) == (39, [], {})
    reference = tokenizing.run_reference(TEXTS)
    assert (len(reference.passed), reference.failed) == (36, [])


def test_our_own_replacement_cases() -> None:
    found = replacing.run(TEXTS)
    assert (len(found.passed), found.failed, found.skipped) == (8, [], {})


def test_a_wrong_case_is_told_from_a_right_one() -> None:
    file = "tokenizer/slots.test"
    data = json.loads(TEXTS[file])
    data["tests"][1]["output"][0][2]["class"] = "other"
    found = tokenizing.run_reference({file: json.dumps(data)})
    assert found.failed == [f"{file} 1 Data state: a price"]
    file = "element_content_replacement/nested.expected0.html"
    texts = {**TEXTS, file: TEXTS[file].replace("4", "5")}
    assert replacing.run(texts).failed == ["nested.expected0 div"]


def test_a_rewriter_that_reads_comments_as_markup_is_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = tokenizing._found_by_lol_html
    monkeypatch.setattr(tokenizing, "_found_by_lol_html", lambda page: not found(page))
    assert len(tokenizing.run(TEXTS).failed) == 39
