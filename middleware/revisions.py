"""A folder as it was at a git revision."""

import io
import os
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory


class RevisionError(Exception):
    """There is no such folder at that revision; the text says why."""


# Of a hook's surroundings: git would look there, and not where the folder is.
_ELSEWHERE = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX")


@contextmanager
def at_revision(folder: Path, revision: str) -> Iterator[Path]:
    """A temporary copy of ``folder`` as it was at ``revision`` (a branch, a tag, HEAD~3, ...).

    Nothing in the repository changes. Raises :class:`RevisionError`.
    """
    try:
        where = _git(folder, "rev-parse", "--show-toplevel", "--show-prefix")
    except RevisionError as error:
        raise RevisionError(f"{folder} is not in a git repository: {error}") from None
    try:
        wanted = f"{revision}^{{commit}}"
        found = _git(folder, "rev-parse", "--verify", "--end-of-options", wanted)
    except RevisionError:
        raise RevisionError(f'git knows no revision "{revision}"') from None
    top, prefix = where.decode().split("\n")[:2]
    tree = f"{found.decode().strip()}:{prefix.rstrip('/')}"
    try:
        # From the top: elsewhere git looks for the folder inside of the tree once more.
        packed = _git(Path(top), "archive", "--format=tar", tree)
    except RevisionError:
        raise RevisionError(f"{folder} is not in revision {revision}") from None
    with TemporaryDirectory(prefix="shopwindow-") as copy:
        with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
            archive.extractall(copy, filter="data")
        yield Path(copy)


def _git(folder: Path, *arguments: str) -> bytes:
    """What git says, run in ``folder``; raises :class:`RevisionError` with its complaint."""
    kept = {key: text for key, text in os.environ.items() if key not in _ELSEWHERE}
    try:
        return subprocess.run(
            ["git", "-C", str(folder), *arguments],
            check=True,
            capture_output=True,
            env=kept,
        ).stdout
    except FileNotFoundError:
        raise RevisionError("git is not installed") from None
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace").strip().splitlines()
        raise RevisionError(said[0] if said else "git failed") from None
