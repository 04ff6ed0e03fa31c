"""Why an engine gave no answer, in words that can stand in a log."""

from ..remote.outgoing import told
from .reading import Unreadable


class Status(Exception):
    """An answer with a status that is none; its number is no secret."""


def why(error: BaseException) -> str:
    """What went wrong; clients put addresses, and so visitors, into their words."""
    if isinstance(error, (Status, Unreadable)):
        return str(error)
    return told(error) if isinstance(error, Exception) else type(error).__name__
