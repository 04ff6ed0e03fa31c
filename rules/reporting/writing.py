"""Numbers in sentences, as readers of the shop's language write them; the words are English."""

from collections.abc import Callable

import msgspec

_GAP = "\N{NO-BREAK SPACE}"  # a number is not torn from its unit
_MINUS = "\N{MINUS SIGN}"


class Writing(msgspec.Struct, frozen=True):
    """How numbers are written: ``money`` writes an amount in the shop's currency."""

    money: Callable[[float], str] = "{:,.2f}".format
    comma: bool = False

    def _local(self, digits: str) -> str:
        digits = digits.replace("-", _MINUS)
        return (
            digits.translate({ord(","): ".", ord("."): ","}) if self.comma else digits
        )

    def count(self, number: float) -> str:
        """A whole number."""
        return self._local(f"{number:,.0f}")

    def number(self, number: float, places: int = 2) -> str:
        return self._local(f"{number:,.{places}f}")

    def chance(self, p: float) -> str:
        """A p, which is never nothing."""
        return f"< {self.number(0.001, 3)}" if p < 0.001 else self.number(p, 3)

    def bare(self, share: float, places: int = 1, *, signed: bool = False) -> str:
        """A share in hundredths, without its sign of per cent."""
        written = f"{share * 100:{'+' if signed else ''},.{places}f}"
        if not float(written.replace(",", "")):
            written = written.lstrip("+-")  # nothing has no sign
        return self._local(written)

    def percent(self, share: float, places: int = 1, *, signed: bool = False) -> str:
        return f"{self.bare(share, places, signed=signed)}{_GAP}%"

    def between(self, low: float, high: float, *, signed: bool = False) -> str:
        """Two shares: ``0.9 to 7.4 %``."""
        return f"{self.bare(low, signed=signed)} to {self.percent(high, signed=signed)}"

    def value(self, value: float | None, kind: str, measure: str) -> str:
        """A metric's value: a share or a ratio, money, seconds, or a mean."""
        if value is None:
            return "–"
        if measure == "money":
            return self.money(value)
        if measure == "seconds":
            return f"{self.number(value, 0)}{_GAP}s"
        if kind == "share":
            return self.percent(value, 2)
        return self.number(value)

    def days(self, days: float) -> str:
        whole = max(1, round(days))
        return "1 day" if whole == 1 else f"{self.count(whole)} days"
