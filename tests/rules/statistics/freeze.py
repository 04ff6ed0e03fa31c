"""``python -m tests.rules.statistics.freeze``: ask GrowthBook's engine again, and keep its answers."""

import json
import sys

from tests.rules.statistics.compared import FROZEN, asked, engine
from tests.rules.statistics.generated import cases

if __name__ == "__main__":
    python = engine()
    if python is None:
        sys.exit(
            "It needs python3.11 with pip, and gbstats 0.8.0 from where pip looks."
        )
    drawn = cases(seed=1, count=200)
    lines = [
        json.dumps({"case": case, "answers": answers})
        for case, answers in zip(drawn, asked(python, drawn), strict=True)
    ]
    FROZEN.write_text("[\n" + ",\n".join(lines) + "\n]\n")
