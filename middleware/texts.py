"""The files of a site as texts, by their name below its folder."""

from collections.abc import Mapping
from hashlib import blake2b

Texts = Mapping[str, str]


def below(folder: str, texts: Texts) -> dict[str, str]:
    """Those in a ``folder`` such as ``rules/``."""
    return {name: text for name, text in texts.items() if name.startswith(folder)}


def revision(texts: Texts) -> str:
    """What changes when one of them does."""
    digest = blake2b(digest_size=8)
    for name, text in sorted(texts.items()):
        for part in (name, text):
            encoded = part.encode("utf-8", "surrogatepass")
            digest.update(len(encoded).to_bytes(8, "big") + encoded)
    return digest.hexdigest()
