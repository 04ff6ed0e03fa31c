"""How far adaptive experiments and roll-outs have come: looked up beside the pages, for them."""

import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from ..rules.experiments import Allocations

if TYPE_CHECKING:
    from .site import Site

log = logging.getLogger("shopwindow")

POLL = 5.0  # seconds between two looks
AWAY = 60.0  # the longest time until a store that is away is asked again


class Warn(Protocol):
    def __call__(self, about: str, message: str, *arguments: object) -> None: ...


def moves(site: "Site") -> bool:
    """Whether the site has an experiment whose weights or share may change."""
    splits = (rule.split for rule in site.rules.rules if not rule.off)
    return any(split and (split.adapt or split.rollout) for split in splits)


class Allotting:
    """Reads what ``shopwindow measure`` has decided, and hands it over.

    ``read`` gives the allocations as they are kept, and may raise whatever a store raises;
    ``bring`` gets them where they have changed. Both are called on the thread that looks. While
    the store is away, the last ones known stay.
    """

    def __init__(
        self,
        read: Callable[[], Allocations],
        bring: Callable[[Allocations], None],
        warn: Warn,
    ) -> None:
        self._read, self._bring, self._warn = read, bring, warn
        self._known: Allocations | None = None
        self._pause = POLL
        self._stopped = threading.Event()
        self._looked = threading.Event()

    def start(self) -> None:
        """Look for the first time at once, then every :data:`POLL` seconds, in a thread."""
        threading.Thread(
            target=self._run, name="shopwindow-allotting", daemon=True
        ).start()

    def stop(self) -> None:
        """Stop soon; does not wait for a store that is being asked."""
        self._stopped.set()

    def wait(self, seconds: float) -> bool:
        """Wait for the first look; whether it is over."""
        return self._looked.wait(seconds)

    def _run(self) -> None:
        while True:
            self.look()
            self._looked.set()
            if self._stopped.wait(self._pause):
                return

    def look(self) -> None:
        """Look once; raises nothing."""
        try:
            found = self._read()
            if found != self._known:
                self._bring(found)
                self._known = found
                log.info("weights and roll-outs are %s now", _told(found))
        except Exception as error:
            # A store of any kind may fail in any way: pages go on as they were.
            self._pause = min(AWAY, self._pause * 2)
            self._warn("allocations", "weights and roll-outs cannot be read: %s", error)
        else:
            self._pause = POLL


def _told(allocations: Allocations) -> str:
    parts = [f"{name} {share:.4g}" for name, share in allocations.shares.items()]
    for name, contexts in allocations.weights.items():
        weights = (
            f"{arm} {weight:.3g}" for arm, weight in contexts.get("", {}).items()
        )
        parts.append(f"{name} ({', '.join(weights)})")
    return "; ".join(parts) or "as written"
