"""What it costs a process to import what shops mount."""

import subprocess
import sys
from pathlib import Path
from statistics import median

SCRIPT = """\
import time
before = time.process_time()
from shopwindow import PersonalizationMiddleware, Shopwindow
print(time.process_time() - before)
"""


def import_seconds(folder: Path, times: int = 5) -> float:
    """CPU seconds in a fresh process: the median after one that fills the caches.

    The processes run in ``folder``, so that nothing here is imported by accident.
    """
    seconds = []
    for _ in range(times + 1):
        ran = subprocess.run(
            [sys.executable, "-c", SCRIPT],
            cwd=folder,
            check=True,
            capture_output=True,
            text=True,
        )
        seconds.append(float(ran.stdout))
    return median(seconds[1:])
