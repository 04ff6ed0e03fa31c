"""The personas that stand beside the rules, in ``rules/tests``."""

from ..rules.personas import Persona, read_personas
from .site import Site

FOLDER = "rules/tests"


def read_tested(site: Site, now: float) -> dict[str, tuple[Persona, float]]:
    """The personas of a site by name, each with the moment that it is made for.

    ``now`` counts for files that name none. Of one name the first one counts; a file that
    cannot be read, and a persona with errors, are left out: `shopwindow check` tells of them.
    """
    found: dict[str, tuple[Persona, float]] = {}
    folder = site.settings.folder / FOLDER
    for path in sorted([*folder.rglob("*.yaml"), *folder.rglob("*.yml")]):
        try:
            text = path.read_text("utf-8-sig")
        except (OSError, UnicodeDecodeError):
            continue
        relatives = site.catalog.relatives
        read, _ = read_personas(path.name, text, site.vocabulary, relatives, now)
        for name, persona in read.personas.items():
            found.setdefault(name, (persona, read.now))
    return found
