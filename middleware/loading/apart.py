"""Rules read so that the shop's pages go on: large sets are checked in another process.

A thread is not enough for them: while it walks through ten thousand rules, the event loop
gets its turn only every few milliseconds, and the garbage collector stops it for longer. So a
child checks, and what is left here comes in steps of a few milliseconds, with pauses.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from threading import Timer
from typing import Any, BinaryIO

import msgspec

from ...findings import Finding
from ...rules.compiling import Checked, compiling
from ...rules.ruleset import EMPTY, RuleSet
from ...rules.vocabulary import Vocabulary
from .checker import GREETING
from .frames import Shared, receive, send
from .pacing import paced

LARGE = (
    200_000  # characters; what is smaller is checked sooner than a process has started
)
LONGEST = 60.0  # seconds for a child

# What Python, its time zones and the system's libraries may need; no secret of the shop's.
_ENVIRONMENT = frozenset(
    "PATH SYSTEMROOT WINDIR TEMP TMP TMPDIR LANG LC_ALL LC_CTYPE LD_LIBRARY_PATH "
    "DYLD_LIBRARY_PATH PYTHONHOME PYTHONTZPATH PYTHONUTF8 PYTHONDONTWRITEBYTECODE "
    "__PYVENV_LAUNCHER__".split()
)

_COMMAND = ("-m", "shopwindow.middleware.loading.checker")


class Unread(Exception):
    """Rules could not be read, through no fault of theirs; says why."""


class _NoChild(Exception):
    """Here is no Python that could be started."""


def read_rules_apart(
    files: Mapping[str, str], vocabulary: Vocabulary
) -> tuple[RuleSet, list[Finding]]:
    """As :func:`read_rules`, from a thread that may take its time.

    If there are errors the set is empty. Raises :class:`Unread`.
    """
    if sum(map(len, files.values())) >= LARGE and python() is not None:
        try:
            return _by_child(files, vocabulary)
        except _NoChild:
            pass  # slower for the pages, but not for ever
    from ...rules.reading import check_rules  # YAML, in small shops' processes too

    checked, findings = check_rules(files, vocabulary)
    return _rules(checked, findings), findings


def python() -> str | None:
    """The Python that runs us; None in a program that has it built in."""
    return None if getattr(sys, "frozen", False) else sys.executable or None


def _rules(checked: Checked, findings: list[Finding]) -> RuleSet:
    if any(finding.severity == "error" for finding in findings):
        return EMPTY
    return paced(compiling(checked))


def _by_child(
    files: Mapping[str, str], vocabulary: Vocabulary
) -> tuple[RuleSet, list[Finding]]:
    """Raises :class:`Unread` when the child does not come to an end, :class:`_NoChild`."""
    child = _start()
    limit = Timer(LONGEST, child.kill)
    limit.daemon = True
    limit.start()
    ours = False
    try:
        source, target = _pipes(child)
        ours = source.read(len(GREETING)) == GREETING
        if not ours:
            raise EOFError("it speaks another language")
        send(target, vocabulary)
        for file in files.items():
            send(target, file)
        send(target, None)
        target.close()
        shared = Shared(vocabulary)
        bare, findings = receive(source, shared)
        drafts = _drafts(source, shared)
        return _rules(msgspec.structs.replace(bare, drafts=drafts), findings), findings
    except (EOFError, OSError) as error:
        code = child.wait()
        if not ours and code >= 0:
            raise _NoChild from error  # it never was ours: a server with Python inside
        said = f"the process that checks them ended with code {code}"
        raise Unread(f"the rules could not be read: {said}") from error
    finally:
        limit.cancel()
        child.kill()
        child.wait()
        for pipe in _pipes(child):
            try:
                pipe.close()
            except OSError:
                pass  # what it did not want to hear any more


def _drafts(source: BinaryIO, shared: Shared) -> Iterator[Any]:
    while (batch := receive(source, shared)) is not None:
        yield from batch


def _start() -> "subprocess.Popen[bytes]":
    environment = {
        name: value
        for name, value in os.environ.items()
        if name.upper() in _ENVIRONMENT
    }
    # The child finds what we found, and nothing that lies in the folder it starts in.
    environment["PYTHONPATH"] = os.pathsep.join(entry for entry in sys.path if entry)
    command = [str(python()), "-P", *_COMMAND]
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except OSError as error:
        raise _NoChild from error


def _pipes(child: "subprocess.Popen[bytes]") -> tuple[BinaryIO, BinaryIO]:
    """From the child, and to it."""
    assert child.stdout is not None and child.stdin is not None
    return child.stdout, child.stdin  # type: ignore[return-value]  # IO[bytes], and binary
