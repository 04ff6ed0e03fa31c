"""The model that a worker serves: a newer one is noticed, opened and put in place beside the pages."""

import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Protocol

from ..findings import Finding
from ..fragments.recommendations.model import (
    CURRENT,
    Model,
    ModelError,
    current_name,
    folders,
)
from ..fragments.recommendations.recommender import parameters
from .recommendations import VARIABLE
from .settings import Settings
from .toml import Document

log = logging.getLogger("shopwindow")

POLL = 1.0  # seconds between two looks
AGAIN = (1.0, 60.0)  # seconds until what was refused is tried again: first, longest
FIRST = 1.0  # seconds that a start waits for the first model

_Seen = tuple[Path, tuple[int, int, int] | None]


class Warn(Protocol):
    def __call__(self, about: str, message: str, *arguments: object) -> None: ...


class Models:
    """Looks after the current model in a folder and hands over what is to be served.

    ``where`` says the folder, which a site's settings may change; ``bring`` gets each
    :class:`Model` that goes live, on the thread that looks. ``count`` is told what happened: "live",
    "refused" (corrupt, or not there), "failed". Nothing is ever taken away: while the current one
    cannot be used, the last good one stays, else the newest sound one in the folder goes live.
    """

    def __init__(
        self,
        where: Callable[[], Path],
        bring: Callable[[Model], None],
        count: Callable[[str], None],
        warn: Warn,
    ) -> None:
        self._where, self._bring, self._count, self._warn = where, bring, count, warn
        self._model: Model | None = None
        self._before: Model | None = (
            None  # kept for a look: pages do not have to free it
        )
        self._seen: _Seen | None = None
        self._again = (0.0, 0.0)  # when, and how long was waited; 0: all is well
        self._told = ""
        self._stopped = threading.Event()
        self._looked = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Look for the first time at once, then every second, in a thread."""
        self._thread = threading.Thread(
            target=self._run, name="shopwindow-models", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop soon; does not wait for a model that is being opened."""
        self._stopped.set()

    def wait(self, seconds: float) -> bool:
        """Wait for the first look; whether it is over."""
        return self._looked.wait(seconds)

    def _run(self) -> None:
        while True:
            self.look(monotonic())
            self._looked.set()
            if self._stopped.wait(POLL):
                return

    def look(self, now: float) -> None:
        """Look once; raises nothing. One question to the file system if nothing has changed."""
        self._before = None
        when, waited = self._again
        try:
            seen = _seen(self._where())
            if seen == self._seen and not (waited and now >= when):
                return
            if seen != self._seen:
                waited = 0.0
            self._seen = seen
            fine = self._take(*seen)
        except Exception as error:
            # Our own fault or the machine's (no memory, no descriptors): pages go on.
            self._tell("failed", f"a model could not be opened: {error!r}")
            fine = False
        first, longest = AGAIN
        waited = 0.0 if fine else min(longest, waited * 2 or first)
        self._again = now + waited, waited

    def _take(self, out: Path, current: tuple[int, int, int] | None) -> bool:
        """Whether there is nothing to be tried again."""
        if current is None and self._model is None and not folders(out):
            return True  # nobody has trained one: a shop may live without
        try:
            name = current_name(out)
            if self._model is None or self._model.folder != out / name:
                self._serve(_opened(out / name))
        except ModelError as error:
            self._refuse(out, str(error))
            return False
        self._told = ""
        return True

    def _refuse(self, out: Path, error: str) -> None:
        if self._model is None:
            for folder in folders(out):
                try:
                    self._serve(_opened(folder))
                    break
                except ModelError:
                    continue
        instead = (
            f"{self._model.name} stays" if self._model else "popular products go on"
        )
        self._tell("refused", f"{error} ({instead} meanwhile)")

    def _serve(self, model: Model) -> None:
        self._bring(model)
        self._model, self._before = model, self._model
        self._count("live")
        log.info("recommendations are of %r now", model)

    def _tell(self, what: str, message: str) -> None:
        if message != self._told:
            self._told = message
            self._count(what)
            self._warn("model", "%s", message)


def _opened(folder: Path) -> Model:
    """The model in ``folder``, nothing of which is left to fail on a page. Raises ModelError."""
    model = Model.open(folder)
    parameters(model)
    return model


def _seen(out: Path) -> _Seen:
    """What tells one CURRENT from another; None: there is none."""
    try:
        state = os.stat(out / CURRENT)
    except (FileNotFoundError, NotADirectoryError):
        return out, None
    return out, (state.st_ino, state.st_size, state.st_mtime_ns)


def unusable(settings: Settings, text: str) -> list[Finding]:
    """Warnings about the model of a site whose site.toml is ``text``: missing, or not to be read.

    Reads all of it. A site that names no model, and has none, is none to be warned about.
    """
    out = settings.model
    told = settings.recommendations.model
    document = Document("site.toml", text)
    try:
        if told or (out / CURRENT).exists() or folders(out):
            _opened(out / current_name(out))
    except ModelError as error:
        hint = "" if os.environ.get(VARIABLE) != told else f"{VARIABLE} names it"
        path = ("recommendations", "model")
        document.report(path, str(error), hint, "warning", "model")
    return document.findings
