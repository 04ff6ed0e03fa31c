"""The public collections, as a whole: every case that can be asked is right."""

import os
from pathlib import Path

import pytest

from . import replacing, tokenizing
from .collected import files

FOLDER = Path(os.environ["SHOPWINDOW_ORACLES"])


def test_the_tokenizer_cases_of_html5lib(capsys: pytest.CaptureFixture[str]) -> None:
    texts = files(FOLDER / "html5lib-tokenizer.tar.gz")
    found = tokenizing.run(texts)
    reference = tokenizing.run_reference(texts)
    with capsys.disabled():
        print(f"\nhtml5lib, slots as lol-html finds them: {found}")
        print(f"html5lib, the reference: {reference}")
    assert not found.failed and not reference.failed
    assert len(found.passed) > 7_000


def test_the_replacement_cases_of_lol_html(capsys: pytest.CaptureFixture[str]) -> None:
    found = replacing.run(files(FOLDER / "lol-html-tests.tar.gz"))
    with capsys.disabled():
        print(f"\nlol-html, replaced content: {found}")
    assert not found.failed
    assert len(found.passed) > 500
