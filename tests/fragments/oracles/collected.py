"""Cases that others wrote: files by name, from a folder or a .tar.gz; and what became of them."""

import tarfile
from collections import Counter
from pathlib import Path
from typing import NamedTuple


def files(place: Path) -> dict[str, str]:
    """The texts below ``place``, by their path in it; a .tar.gz is read without unpacking."""
    found: dict[str, str] = {}
    if place.is_dir():
        for path in sorted(place.rglob("*")):
            if path.is_file():
                found[path.relative_to(place).as_posix()] = path.read_bytes().decode()
        return found
    with tarfile.open(place) as archive:
        for member in archive:
            content = archive.extractfile(member)
            if content is not None:
                found[member.name.removeprefix("./")] = content.read().decode()
    return found


class Tally(NamedTuple):
    """What became of the cases of a collection; ``failed`` names the cases, ``skipped`` counts by reason."""

    passed: list[str]
    failed: list[str]
    skipped: "Counter[str]"

    def __str__(self) -> str:
        cases = len(self.passed) + len(self.failed) + self.skipped.total()
        parts = [f"{cases:,} cases, {len(self.passed):,} passed"]
        if self.failed:
            parts.append(f"{len(self.failed):,} FAILED")
        parts += [f"{n:,} skipped ({why})" for why, n in sorted(self.skipped.items())]
        return ", ".join(parts)


def tally() -> Tally:
    return Tally([], [], Counter())
