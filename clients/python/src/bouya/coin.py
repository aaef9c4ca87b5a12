"""Money: whole numbers of the smallest unit, and decimal texts for people. Never floats."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from .errors import AmountError

MOST = 2**64 - 1


@dataclass(frozen=True)
class Coin:
    """A network's coin: what it is called, and how many digits stand behind the point."""

    symbol: str
    decimals: int

    def parse(self, amount: str | Decimal) -> int:
        """The amount in the smallest unit. Exact: what is finer than the coin is refused, never rounded."""
        if isinstance(amount, Decimal):
            # Databases pad their decimals: 12.50000000 is 12.5, and no finer than that.
            amount = format(amount, "f")
            amount = amount.rstrip("0").rstrip(".") if "." in amount else amount
        if not isinstance(amount, str):
            raise AmountError(f"{amount!r}: give coins as text or Decimal; a float is not exact, and an int says not of what")
        if not re.fullmatch(r"[0-9]+(\.[0-9]+)?", amount):
            raise AmountError(f"{amount[:60]!r} is not an amount: write digits and a point before the decimals, as in 12.5")
        whole, _, fraction = amount.partition(".")
        if len(fraction) > self.decimals:
            raise AmountError(f"{amount[:60]!r} has {len(fraction)} decimals, this network's coin has {self.decimals}")
        digits = (whole + fraction.ljust(self.decimals, "0")).lstrip("0")
        if len(digits) > 20 or (units := int(digits or "0")) > MOST:
            raise AmountError(f"{amount[:60]!r} is more than this ledger can count")
        return units

    def format(self, units: int) -> str:
        """The amount as people write it, without needless zeros: `1.5`, `20`."""
        digits = str(_checked(units)).rjust(self.decimals + 1, "0")
        whole, fraction = digits[: len(digits) - self.decimals], digits[len(digits) - self.decimals :].rstrip("0")
        return f"{whole}.{fraction}" if fraction else whole

    def decimal(self, units: int) -> Decimal:
        """The amount as a Decimal, for whoever computes with it: with all of the coin's digits."""
        # By the constructor, which is exact whatever the context's precision is.
        return Decimal(f"{_checked(units)}E-{self.decimals}")


def _checked(units: int) -> int:
    if isinstance(units, bool) or not isinstance(units, int) or not 0 <= units <= MOST:
        raise AmountError(f"{units!r} is not a whole number of smallest units")
    return units
