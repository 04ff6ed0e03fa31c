"""What a visitor looked at and bought, as plain lists of product ids."""

from collections.abc import Collection

from .facts import Profile


def recently_viewed(profile: Profile, limit: int = 12) -> list[str]:
    """The ids of the products viewed, the latest first, at most ``limit``."""
    viewed = profile.counts.get("viewed product")
    if not viewed:
        return []
    last = {id: counter.last for id, counter in viewed.items()}
    # Within a second the one noted later comes first.
    return sorted(reversed(last), key=last.__getitem__, reverse=True)[:limit]


def bought(profile: Profile) -> Collection[str]:
    """The ids of the products bought."""
    return profile.counts.get("bought product", {}).keys()
