"""Watching the editors' folder: what is saved there goes live, all of it or nothing.

One thread of each process looks after names, times and sizes four times a second, which
takes microseconds, and is woken earlier by ``watchfiles`` where that is installed (``[watch]``). What
it finds is read here too, away from the pages; only the swap is the event loop's.
"""

import logging
import os
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from math import inf
from pathlib import Path
from time import monotonic
from typing import NamedTuple, Protocol

from ..findings import Finding, SiteError
from .cut import QUIET, Doubt, doubts
from .site import read_files
from .texts import revision

log = logging.getLogger("shopwindow")

POLL = 0.25  # seconds between two looks
STEP_MS = (
    125  # milliseconds that watchfiles sleeps: each time it asks for the interpreter
)
STEP = 0.05  # the same, while something changes
AGAIN = (
    30.0  # seconds until a reload that failed for no fault of the files is tried again
)
SHOWN = 20  # findings of one reload in the log
PARTS = ("rules", "fragments", "catalog", "pages")

Look = Mapping[str, tuple[int, int, int]]


class Reload(Protocol):
    """What a watcher does with files that have come to rest."""

    def __call__(self, files: Mapping[str, str], findings: Sequence[Finding]) -> None:
        """Make them live. Raises :class:`SiteError`, or anything if it could not be done."""


def look(folder: Path) -> Look:
    """Time of change, size and number of each file of a site, by its path."""
    found: dict[str, tuple[int, int, int]] = {}

    def note(path: str) -> None:
        try:
            state = os.stat(path)
        except OSError:
            return  # gone between two calls
        found[path] = (state.st_mtime_ns, state.st_size, state.st_ino)

    note(os.path.join(folder, "site.toml"))
    for part in PARTS:
        for where, _, names in os.walk(folder / part):
            for name in names:
                if not name.startswith("."):
                    note(os.path.join(where, name))
    return found


class _Found(NamedTuple):
    files: dict[str, str]
    findings: list[Finding]
    doubts: list[Doubt]


class Watcher:
    """Watches ``folder`` and calls ``reload`` with what has come to rest in it.

    ``live`` is the revision that is live at first. ``count`` is told ``reload``,
    ``reload refused`` and ``reload failed``; each text is refused once.
    """

    def __init__(
        self,
        folder: Path,
        live: str,
        reload: Reload,
        count: Callable[[str], None],
    ) -> None:
        self.folder = folder
        self._reload = reload
        self._count = count
        self._live = live
        self._texts: dict[str, bytes] = {}  # of what was live, packed
        self._refused = ""
        self._settled: Look | None = None  # what was dealt with
        self._seen: Look = {}
        self._since = 0.0
        self._found: _Found | None = None
        self._told: tuple[str, ...] = ()
        self._again: float | None = None

    def step(self, now: float) -> bool:
        """Look once; ``now`` is in seconds. Whether something is on its way."""
        if self._again is not None and now >= self._again:
            self._settled = self._again = None
        seen = look(self.folder)
        if seen == self._settled:
            return False
        if seen != self._seen:
            self._seen, self._since = seen, now
            self._found = None
            return True
        still = now - self._since
        if still < QUIET:
            return True
        if self._found is None:
            files, findings = read_files(self.folder)
            if look(self.folder) != seen:
                return True
            self._found = _Found(files, findings, doubts(self._old(), files))
        found = self._found
        wait = max((doubt.seconds for doubt in found.doubts), default=0.0)
        if still < wait:
            self._tell(found.doubts)
            if wait < inf:
                return True
        self._settled, self._found = seen, None
        if wait < inf:
            self._take(found.files, found.findings, now)
        return False

    def _take(
        self, files: Mapping[str, str], findings: Sequence[Finding], now: float
    ) -> None:
        # Findings count, too: what cannot be read is in no file.
        fresh = revision(
            {**files, **{f"!{number}": str(f) for number, f in enumerate(findings)}}
        )
        if fresh == self._live:
            self._keep(files)
        elif fresh != self._refused:
            self._try(files, findings, fresh, now)

    def _try(
        self,
        files: Mapping[str, str],
        findings: Sequence[Finding],
        fresh: str,
        now: float,
    ) -> None:
        try:
            self._reload(files, findings)
        except SiteError as error:
            self._refused = fresh
            self._count("reload refused")
            log.error(
                "%s was changed but cannot be used, the last good one stays:\n%s",
                self.folder,
                _shown(error.findings),
            )
        except Exception as error:
            # Our own fault or the machine's, whatever it is: pages go on as they were.
            self._again = now + AGAIN
            self._count("reload failed")
            log.error("%s was changed but could not be read: %r", self.folder, error)
        else:
            self._live, self._refused = fresh, ""
            self._keep(files)
            self._count("reload")

    def _tell(self, waiting: Sequence[Doubt]) -> None:
        told = tuple(doubt.finding.show() for doubt in waiting if doubt.finding)
        if told and told != self._told:
            self._count("reload refused")
            log.error(
                "%s was changed, the last good one stays:\n%s",
                self.folder,
                "\n".join(told),
            )
        self._told = told

    def _keep(self, files: Mapping[str, str]) -> None:
        self._told = ()
        self._texts = {
            name: zlib.compress(text.encode("utf-8", "surrogatepass"), 1)
            for name, text in files.items()
        }

    def _old(self) -> dict[str, str]:
        return {
            name: zlib.decompress(packed).decode("utf-8", "surrogatepass")
            for name, packed in self._texts.items()
        }


def _shown(findings: Sequence[Finding]) -> str:
    """The errors for the log, where thousands would help nobody."""
    errors = [finding.show() for finding in findings if finding.severity == "error"]
    if len(errors) > SHOWN:
        more = f"and {len(errors) - SHOWN} more: see `shopwindow check`"
        errors = [*errors[:SHOWN], more]
    return "\n".join(errors)


class Watching:
    """A thread with a :class:`Watcher` in it, until :meth:`stop`."""

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher
        self._stopped = threading.Event()
        self._thread = threading.Thread(
            target=self._run, name="shopwindow-watch", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop soon; does not wait for a reload that is under way."""
        self._stopped.set()

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def _run(self) -> None:
        step = self._watcher.step
        for _ in self._wakes():
            try:
                while step(monotonic()) and not self._stopped.wait(STEP):
                    pass
            except Exception as error:
                # Whatever a file system may do: the next look may go well.
                log.error("watching %s failed: %r", self._watcher.folder, error)

    def _wakes(self) -> Iterator[None]:
        yield  # what changed before we began
        try:
            yield from self._woken()
        except ImportError:
            pass
        except Exception as error:
            # No such folder, no watches left, a broken build: polling needs none of it.
            log.warning("watchfiles cannot watch, looking by ourselves: %r", error)
        while not self._stopped.wait(POLL):
            yield

    def _woken(self) -> Iterator[None]:
        from watchfiles import watch

        # Not the folder itself: the store may stand there, and is written all the time.
        # Its own files, such as site.toml, are found by looking.
        parts = [self._watcher.folder / part for part in PARTS]
        for _ in watch(
            *[part for part in parts if part.is_dir()],
            debounce=STEP_MS,
            step=STEP_MS,
            stop_event=self._stopped,
            rust_timeout=int(POLL * 1000),
            yield_on_timeout=True,
            raise_interrupt=False,
        ):
            yield
