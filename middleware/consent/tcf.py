"""The cookie of a consent tool that follows IAB Europe's TCF 2.2 or later.

The cookie's name was fixed for version 2 as ``euconsent-v2`` (specification as in :mod:`.tcstring`, "How
should a global TC string be formatted for storage?"); where a tool keeps the string of one shop is up to the
tool, so that the name can be configured, and some keep it in local storage only.

What makes a string count here:

- its last change is at most [consent] days old and not in the future;
- every purpose that is asked for was agreed to. Legitimate interest never counts: 2.2 took it away for
  personalisation (purposes 3 to 6), and shopwindow needs consent to store anything (purpose 1);
- TcfPolicyVersion is 4 (TCF 2.2) or later: "a new policy version invalidates existing strings". 2.3 has 5;
- it was made for this shop (IsServiceSpecific) by a registered tool (the numbers begin with 2), or by the
  one that is configured;
- with a ``vendor``: the visitor agreed to that vendor, the shop does not restrict it, and it was disclosed;
- changed since 1 March 2026, it has the segment of disclosed vendors: mandatory since TCF 2.3, whose period
  of transition ended on 28 February 2026; strings of before remain valid without it (IAB Europe, "All you
  need to know about the transition to TCF v2.3"; Didomi and Termly document the same).
"""

from collections.abc import Mapping

from .settings import TcfSettings
from .tcstring import TcString, Unreadable, decode
from .told import Parse, Told, answered

FIRST_TOOL = 2  # the numbers below are nobody's
DISCLOSED_SINCE = 1_772_323_200  # 2026-03-01T00:00:00Z


def reading(settings: TcfSettings) -> Parse:
    """Reads TC strings as ``settings`` wants it."""
    wanted: Mapping[str, frozenset[int]] = {
        purpose: frozenset(numbers) for purpose, numbers in settings.purposes.items()
    }

    def parse(value: str) -> Told | None:
        try:
            string = decode(value)
        except Unreadable:
            return None
        if not _counts(string, settings) or not _asked(string, settings.vendor):
            return None
        agreed = _agreed(string, settings.vendor)
        purposes = (name for name, numbers in wanted.items() if numbers <= agreed)
        return answered(frozenset(purposes), int(string.updated))

    return parse


def _counts(string: TcString, settings: TcfSettings) -> bool:
    """Whether this is a string that anybody may rely on."""
    if settings.cmp:
        known = string.cmp == settings.cmp
    else:
        known = string.cmp >= FIRST_TOOL
    disclosing = string.disclosed is not None or string.updated < DISCLOSED_SINCE
    return (
        known
        and string.policy >= settings.policy
        and string.service_specific
        and 0 < string.created <= string.updated
        and disclosing
    )


def _asked(string: TcString, vendor: int) -> bool:
    """Whether the visitor was asked about ``vendor``: if not, this is no answer, and no refusal either."""
    if not vendor or vendor in string.vendors:
        return True
    return string.disclosed is not None and vendor in string.disclosed


def _agreed(string: TcString, vendor: int) -> frozenset[int]:
    """The purposes that may be relied on, by ``vendor`` if it is not 0."""
    if not vendor:
        return string.purposes
    disclosed = string.disclosed is None or vendor in string.disclosed
    if vendor not in string.vendors or not disclosed:
        return frozenset()
    return frozenset(
        one for one in string.purposes if not string.restricts(vendor, one)
    )
