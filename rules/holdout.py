"""The holdout: visitors who never see anything personalised, so that all of it can be compared."""

from .experiments import position

EVERYTHING = "*"
"""What all rules together are called where a profile says what was seen first ..."""
HOLDOUT = "holdout"
"""... and what it says of those who never see anything of them."""


def held_out(share: float, visitor: str | None) -> bool:
    """Whether the visitor is one of those who never see anything personalised."""
    return (
        bool(visitor)
        and share > 0
        and position("holdout", f"visitor:{visitor}") < share
    )
