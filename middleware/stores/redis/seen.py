"""What was read or written lately, and need not be decoded or learned again."""

from ....rules.facts import Profile

MOST = 500


class Seen:
    """Profiles by owner, with the token that says whether they are still what is stored.

    Two generations, so that forgetting takes no time. Assignments only: threads need no lock.
    """

    def __init__(self) -> None:
        self._new: dict[str, tuple[bytes, Profile | None]] = {}
        self._old: dict[str, tuple[bytes, Profile | None]] = {}

    def add(self, owner: str, token: bytes, profile: Profile | None) -> None:
        if len(self._new) >= MOST:
            self._old, self._new = self._new, {}
        self._new[owner] = (token, profile)

    def profile(self, owner: str, token: bytes) -> tuple[bool, Profile | None]:
        """Whether it is known what ``owner`` is with ``token``, and it."""
        found = self._new.get(owner) or self._old.get(owner)
        if found is None or found[0] != token:
            return False, None
        return True, found[1]


class Aliases:
    """Which customer a mark stood for lately, so that both can be asked for in one go.

    Never believed: the mark itself is asked as well.
    """

    def __init__(self) -> None:
        self._new: dict[str, str] = {}
        self._old: dict[str, str] = {}

    def get(self, mark: str) -> str | None:
        return self._new.get(mark) or self._old.get(mark)

    def add(self, mark: str, customer: str) -> None:
        if len(self._new) >= MOST * 20:
            self._old, self._new = self._new, {}
        self._new[mark] = customer

    def drop(self, mark: str) -> None:
        self._new.pop(mark, None)
        self._old.pop(mark, None)
