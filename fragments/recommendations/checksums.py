"""Checksums of files, each file read once by a process as long as nobody touches it."""

import os
import time
from hashlib import file_digest
from pathlib import Path

_KEPT = 1000  # files that are remembered
# A file that was changed so recently may be changed again without its times telling.
_FRESH_NS = 100_000_000

_State = tuple[int, int, int, int, int]
_seen: dict[_State, str] = {}


def checksum(path: Path, state: os.stat_result) -> str:
    """The SHA-256 of ``path``, whose state is ``state``; remembered. Raises OSError.

    Read, not mapped: what only the checksum needs is no memory of this process.
    """
    key = (
        state.st_dev,
        state.st_ino,
        state.st_size,
        state.st_mtime_ns,
        state.st_ctime_ns,
    )
    found = _seen.get(key)
    if found is not None:
        return found
    started = time.time_ns()
    with path.open("rb", buffering=0) as file:
        digest = file_digest(file, "sha256").hexdigest()
    if started - max(state.st_mtime_ns, state.st_ctime_ns) > _FRESH_NS:
        if len(_seen) >= _KEPT:
            _seen.clear()
        _seen[key] = digest
    return digest
