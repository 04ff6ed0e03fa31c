"""Many questions at once: how many of the answers may be false."""

from collections.abc import Sequence


def adjusted(ps: Sequence[float]) -> list[float]:
    """The p of each question, raised so that of those below 5 % at most 5 % are false, expected.

    In the order that they came in; none for none. -> ValueError if one is not between 0 and 1.
    Source: Y. Benjamini, Y. Hochberg, "Controlling the False Discovery Rate" (1995).
    """
    for p in ps:
        if not 0 <= p <= 1:
            raise ValueError(f"{p!r} is no probability")
    found = [1.0] * len(ps)
    lowest = 1.0
    falling = sorted(range(len(ps)), key=ps.__getitem__, reverse=True)
    for place, question in enumerate(falling):
        lowest = min(lowest, ps[question] * len(ps) / (len(ps) - place))
        found[question] = lowest
    return found
