"""The personas that stand beside the rules, in ``rules/tests``."""

from time import time

from ..rules.personas import Persona, read_personas
from .rehearsal import TESTS
from .site import Site


def read_tested(
    site: Site, moment: float | None = None
) -> dict[str, tuple[Persona, float]]:
    """The personas of a site by name, each with the moment that it is made for.

    That is ``moment``, else the file's own now, else this moment. Of one name the first one counts; a file that
    cannot be read, and a persona with errors, are left out: `shopwindow check` tells of them.
    """
    found: dict[str, tuple[Persona, float]] = {}
    folder = site.settings.folder / TESTS
    for path in sorted([*folder.rglob("*.yaml"), *folder.rglob("*.yml")]):
        if not path.is_file():
            continue  # whoever opens a pipe waits for somebody to write
        try:
            text = path.read_text("utf-8-sig")
        except (OSError, UnicodeDecodeError):
            continue
        relatives = site.catalog.relatives
        read, _ = read_personas(
            path.name, text, site.vocabulary, relatives, time(), moment
        )
        for name, persona in read.personas.items():
            found.setdefault(name, (persona, read.now))
    return found
