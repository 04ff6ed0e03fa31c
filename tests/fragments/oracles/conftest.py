"""Public collections of cases are only looked at where SHOPWINDOW_ORACLES names the folder that holds them."""

import os

collect_ignore = [] if os.environ.get("SHOPWINDOW_ORACLES") else ["test_public.py"]
