"""A folder as git remembers it."""

from pathlib import Path

import pytest

from shopwindow.middleware.revisions import RevisionError, at_revision
from tests.repositories import git


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder below the top of a repository, with two commits; the last one is tagged."""
    made = tmp_path / "Läden" / "site one"
    (made / "rules").mkdir(parents=True)
    git(tmp_path, "init", "--quiet")
    for text in ("old\r\n", "new\r\n"):
        (made / "rules" / "größe.yaml").write_bytes(text.encode())
        (tmp_path / "beside.txt").write_text(text)
        git(tmp_path, "add", ".")
        git(tmp_path, "commit", "--quiet", "-m", text)
    git(tmp_path, "tag", "frühling")
    (made / "rules" / "größe.yaml").write_text("not committed")
    return made


@pytest.mark.parametrize(
    ("revision", "text"), [("HEAD", "new\r\n"), ("frühling", "new\r\n"), ("HEAD~1", "old\r\n")]
)  # fmt: skip
def test_the_folder_alone_comes_as_it_was(
    folder: Path, revision: str, text: str
) -> None:
    with at_revision(folder, revision) as copy:
        files = [p for p in copy.rglob("*") if p.is_file()]
        assert [p.relative_to(copy).as_posix() for p in files] == ["rules/größe.yaml"]
        assert files[0].read_bytes().decode() == text
    assert not copy.exists()


def test_the_folder_may_be_the_top_of_its_repository(folder: Path) -> None:
    with at_revision(folder.parents[1], "HEAD") as copy:
        assert (copy / "Läden" / "site one" / "rules").is_dir()
        assert (copy / "beside.txt").is_file()


def test_it_is_found_where_one_stands(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    with at_revision(Path(), "HEAD") as copy:
        assert (copy / "rules").is_dir()


def test_a_hook_says_nothing_about_where_the_folder_is(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", str(folder.parents[1] / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", "elsewhere")
    with at_revision(folder, "HEAD") as copy:
        assert (copy / "rules").is_dir()


@pytest.mark.parametrize(
    "revision", ["HEAD~9", "summer", "--output=x", "", "HEAD:rules"]
)
def test_a_revision_that_git_does_not_know(folder: Path, revision: str) -> None:
    with pytest.raises(RevisionError, match="git knows no revision"):
        with at_revision(folder, revision):
            pass


def test_a_folder_that_came_later(folder: Path) -> None:
    new = folder.parent / "new"
    new.mkdir()
    with pytest.raises(RevisionError, match="new is not in revision HEAD"):
        with at_revision(new, "HEAD"):
            pass


def test_a_folder_outside_of_git(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(RevisionError, match="is not in a git repository"):
        with at_revision(tmp_path, "HEAD"):
            pass


def test_a_machine_without_git(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(RevisionError, match="git is not installed"):
        with at_revision(folder, "HEAD"):
            pass
