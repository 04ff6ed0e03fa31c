"""What was decided, sealed for whoever shows it: only that can be reported as shown."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from itsdangerous import BadData, URLSafeSerializer

from .keys import derive

LASTING = 3_600.0  # seconds in which something decided may still be shown


class Showing(msgspec.Struct, frozen=True):
    """Decisions that count once they are seen: slot -> what the event tells of it.

    ``everywhere`` is what the events of all slots tell.
    """

    at: float
    revision: str
    slots: Mapping[str, Mapping[str, Any]]
    token: str
    everywhere: Mapping[str, Any] = {}

    def properties(self, slot: str) -> dict[str, Any]:
        """Those of the event that says that ``slot`` was shown."""
        told = [dict(self.slots[slot])]
        return {"promotions": told, "revision": self.revision, **self.everywhere}

    def event_id(self, slot: str) -> str:
        """The same for the same showing, so that reporting it twice counts once: that of the
        decision, where there is one."""
        decision = self.slots.get(slot, {}).get("decision")
        if isinstance(decision, str):
            return decision.rpartition(".")[0]
        mark = hashlib.blake2b(f"{slot} {self.token}".encode(), digest_size=12)
        return f"{int(self.at * 1000):011x}{mark.hexdigest()}"


class Showings:
    """Seals decisions for one visitor, without naming them, and opens the seals again."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        # The oldest first: the last one signs.
        self._keys = [derive(key, "showing") for key in reversed(keys)]

    def _serializer(self, visitor: str) -> URLSafeSerializer:
        return URLSafeSerializer(
            self._keys,
            salt=visitor,  # of another visitor's seal the signature is wrong
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
        )

    def seal(
        self,
        visitor: str,
        at: float,
        revision: str,
        slots: Mapping[str, Mapping[str, Any]],
        everywhere: Mapping[str, Any] = {},
    ) -> str:
        """A text that says what ``visitor`` was to see at the time ``at``."""
        return self._serializer(visitor).dumps([at, revision, slots, everywhere])

    def open(self, token: str, visitor: str, now: float) -> Showing | None:
        """What a seal says; None if we did not make it, for this visitor, in the last hour."""
        try:
            # Of an older version there is nothing after the slots.
            at, revision, slots, *rest = self._serializer(visitor).loads(token)
        except BadData:
            return None
        if not -LASTING < now - at < LASTING:
            return None
        return Showing(at, revision, slots, token, *rest)
