"""What only the shop can say in its register of processing activities: the table [register]."""

from collections.abc import Mapping

import msgspec

from ...rules.facts import PURPOSES
from ..toml import Section


class Register(msgspec.Struct, frozen=True):
    """What Article 30 of the GDPR asks for and no configuration knows; empty: not written.

    ``legal_basis`` maps a purpose to what the shop stands on. ``recipients`` and ``measures``
    are added to what is found in the configuration.
    """

    controller: str = ""
    contact: str = ""
    representative: str = ""
    officer: str = ""
    legal_basis: Mapping[str, str] = {}
    recipients: tuple[str, ...] = ()
    transfers: str = ""
    measures: tuple[str, ...] = ()


def read_register(section: Section) -> Register:
    """The table [register] of site.toml; what is wrong with it is a finding of ``section``."""
    bases = section.table("legal-basis")
    legal_basis: dict[str, str] = {
        purpose: text for purpose in PURPOSES if (text := bases.text(purpose))
    }
    bases.finish()
    register = Register(
        controller=section.text("controller"),
        contact=section.text("contact"),
        representative=section.text("representative"),
        officer=section.text("data-protection-officer"),
        legal_basis=legal_basis,
        recipients=section.texts("recipients"),
        transfers=section.text("transfers"),
        measures=section.texts("measures"),
    )
    section.finish()
    return register
