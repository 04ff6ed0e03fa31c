"""What there is to look at, and to act on."""

from collections.abc import Mapping
from typing import Literal

import msgspec


class Coverage(msgspec.Struct, frozen=True):
    """How often each slot showed something in each lifecycle stage: ``rows`` by slot."""

    stages: tuple[str, ...]
    rows: Mapping[str, tuple[int, ...]]
    gaps: tuple[tuple[str, str], ...]


class Remark(msgspec.Struct, frozen=True):
    """Something to look at. ``code`` stays when the words change."""

    code: Literal["unseen", "unclicked", "tired", "uncovered", "review"]
    kind: str
    name: str
    words: str


class Alert(msgspec.Struct, frozen=True):
    """Something to act on now: ``shopwindow report`` ends with 1. ``key`` names it for good."""

    code: Literal["silent", "sample-ratio", "errors", "guardrail"]
    kind: str
    name: str
    words: str

    @property
    def key(self) -> str:
        return f"{self.code}:{self.kind}:{self.name}"
