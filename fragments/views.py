"""What passes between a fragment and those who show it."""

import msgspec


class FragmentError(Exception):
    """A fragment that cannot be shown; the slot keeps its default content.

    ``reason`` is the decision's then.
    """

    def __init__(self, fragment: str, why: str, reason: str = "error") -> None:
        self.fragment = fragment
        self.why = why
        self.reason = reason
        super().__init__(f"{fragment}: {why}")


class VisitorView(msgspec.Struct, frozen=True):
    """What templates may know about the visitor; the name only when logged in."""

    first_name: str | None = None
    language: str | None = None


NOBODY = VisitorView()
