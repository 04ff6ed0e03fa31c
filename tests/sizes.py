"""How much of a long test runs: some of it in ``make test``, all of it in ``make soak``.

SHOPWINDOW_TEST_PERCENT says how much of all of it, if it is not to be the little of ``make test``.
"""

import os

_PERCENT = float(os.environ.get("SHOPWINDOW_TEST_PERCENT", "0"))
FULL = _PERCENT >= 100
"""Whether all of it runs."""


def runs(full: int, small: int) -> int:
    """How many examples, rounds ...: ``small`` of them, unless asked for a share of ``full``."""
    return max(1, round(full * _PERCENT / 100)) if _PERCENT else small
