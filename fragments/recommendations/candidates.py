"""What somebody else proposes for a shelf: an engine of the shop's, asked over HTTP."""

from typing import NamedTuple

#: What strategies of other engines begin with, in rules: ``strategy: [engine:NAME, trending]``.
ENGINE = "engine:"


class Candidate(NamedTuple):
    """One product that is proposed; whether the shelf takes it is decided here.

    ``score`` (0 to 1) is comparable within one answer. ``words`` say why, where the engine has
    any: they are plain text of another server.
    """

    id: str
    score: float
    words: str = ""
