"""JSON Schemas of one site, so that an editor completes and checks its files while typing.

They are for people at a keyboard: ``shopwindow check`` stays the judge. What depends on more
than one file or on counting, such as a rule id used twice, only the check finds.
"""

from .file import schema_of_rules
from .testing import schema_of_tests

__all__ = ["schema_of_rules", "schema_of_tests"]
