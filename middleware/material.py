"""What rules can show: the catalogue and the fragments, read again only where they changed.

Most edits are of rules. A large catalogue takes longer to read than most sets of rules.
"""

from collections.abc import Sequence

import msgspec

from ..findings import Finding
from ..fragments.catalog import Catalog, read_catalog
from ..fragments.library import Library, read_library
from .texts import Texts, below, revision


class Material(msgspec.Struct, frozen=True, eq=False):
    """A catalogue and a library, each with what was found in it and its texts' revision."""

    catalog: Catalog
    library: Library
    found: tuple[Sequence[Finding], Sequence[Finding]]
    revisions: tuple[str, str]

    @property
    def findings(self) -> list[Finding]:
        """Everything that is wrong or doubtful about it."""
        return [finding for part in self.found for finding in part]


def read_material(
    texts: Texts, language: str, before: Material | None = None
) -> Material:
    """The material of a site in its ``language``, with whatever is the same as ``before``."""
    files = below("catalog/", texts), below("fragments/", texts)
    revisions = revision(files[0]), revision(files[1])
    if before is not None and before.revisions[0] == revisions[0]:
        catalog, goods = before.catalog, before.found[0]
    else:
        catalog, goods = read_catalog(files[0])
    if (
        before is not None
        and before.revisions[1] == revisions[1]
        and before.library.language == language
        and before.catalog.extra == catalog.extra
    ):
        library, pieces = before.library, before.found[1]
    else:
        library, pieces = read_library(files[1], catalog, language)
    if before is not None and library is before.library and catalog is before.catalog:
        return before
    return Material(catalog, library, (goods, pieces), revisions)
