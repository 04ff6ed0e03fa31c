"""What the shop's own code says about keeping pages: :class:`PageCache`."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache

from ..routes import LONGEST as LONGEST_PATH
from .storable import Lifetime

MAX_BYTES = 33_554_432
WAIT = 2.0


class PageCache:
    """Keeps the pages of an app as everybody sees them, so that the app need not make them again.

    What is kept is the app's answer to somebody who was never here before, cut at its slots;
    each visitor's slots are filled anew. A page is kept that ``paths`` names, with seconds:
    ``{"/": 60, "/c/*": 30}``, the first pattern that fits counts, 0 is never; or whose answer
    says ``Surrogate-Control: max-age=60`` or ``CDN-Cache-Control: max-age=60``. It is kept
    per worker, in at most ``max_bytes``.

    A request with Authorization, with a header in which a proxy says who is logged in
    (X-Forwarded-User and its like), or with a cookie that is neither ours nor one of
    ``ignore_cookies`` ("_ga", "_ga_*"), goes to the app. So a cookie that the app itself
    reads must not be named there: it never sees those that are.

    ``stale_while_revalidate`` and ``stale_if_error``: seconds that a page may be shown after
    its time, while another one is fetched or while that fails; what an answer says of itself
    comes first. ``wait``: the most seconds for which a request waits for an answer that
    another one has asked for.

    ``counters`` count requests: "hit" and "stale" were answered from here, "passed" by the app;
    "waited" for another one's answer. "filled" counts the pages that were kept. Raises
    :class:`ValueError` for what cannot be meant.
    """

    def __init__(
        self,
        paths: Mapping[str, float] | None = None,
        *,
        ignore_cookies: Sequence[str] = (),
        max_bytes: int = MAX_BYTES,
        stale_while_revalidate: float = 0.0,
        stale_if_error: float = 0.0,
        wait: float = WAIT,
    ) -> None:
        if isinstance(ignore_cookies, str):
            raise ValueError('ignore_cookies is a list of names: ("_ga", "_ga_*")')
        for name, number in (
            ("max_bytes", max_bytes),
            ("stale_while_revalidate", stale_while_revalidate),
            ("stale_if_error", stale_if_error),
            ("wait", wait),
            *((f"paths[{path!r}]", fresh) for path, fresh in (paths or {}).items()),
        ):
            if not number >= 0:
                raise ValueError(f"{name} is not negative, and a number: {number!r}")
        self._paths: list[tuple[re.Pattern[str], Lifetime]] = []
        for path, fresh in (paths or {}).items():
            if not path.startswith("/"):
                raise ValueError(f"{path!r} is not a path: a path starts with /")
            given = Lifetime(fresh, stale_while_revalidate, stale_if_error)
            self._paths.append((re.compile(_pattern(path), re.DOTALL), given))
        names = "|".join(_pattern(name) for name in ignore_cookies)
        self._ignored = re.compile((names or "(?!)").encode())
        self.max_bytes = max_bytes
        self.wait = wait
        self.counters: Counter[str] = Counter()
        self._found = lru_cache(4096)(self._find)

    def __repr__(self) -> str:
        return f"<PageCache {dict(self.counters)}>"

    def lifetime(self, path: str) -> Lifetime | None:
        """What ``paths`` say of a path; None: nothing."""
        return self._found(path) if len(path) <= LONGEST_PATH else self._find(path)

    def _find(self, path: str) -> Lifetime | None:
        for pattern, given in self._paths:
            if pattern.fullmatch(path):
                return given
        return None

    def ignores(self, cookie: bytes) -> bool:
        """Whether the app's pages do not depend on the cookie of this name."""
        return self._ignored.fullmatch(cookie) is not None


def _pattern(text: str) -> str:
    return re.escape(text).replace(r"\*", ".*")
