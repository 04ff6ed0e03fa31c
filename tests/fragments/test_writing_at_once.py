"""Several trainings into one folder: CURRENT always names a model that is there."""

import subprocess
import sys
import time
from pathlib import Path

from shopwindow.fragments.recommendations.model import Model, ModelError, current_name

WRITER = """
import sys
from array import array
from datetime import UTC, datetime
from pathlib import Path
from random import random
from shopwindow.fragments.recommendations.writing import write
while True:
    popular = array("f", [random(), random()])
    write(Path(sys.argv[1]), ["a", "b"], {"popular": popular}, {}, datetime.now(UTC))
"""


def test_writers_do_not_tidy_each_others_models_away(tmp_path: Path) -> None:
    """Also while some of them are killed."""
    command = [sys.executable, "-c", WRITER, str(tmp_path)]
    writers = [subprocess.Popen(command) for _ in range(3)]
    sound, gone = 0, []
    try:
        end = time.monotonic() + 20
        while sound < 150 and time.monotonic() < end:
            time.sleep(0.005)
            if sound % 50 == 49:
                writers[0].kill()
                writers[0].wait()
                writers.append(subprocess.Popen(command))
                writers.pop(0)
            name = ""  # at first there is none
            try:
                name = current_name(tmp_path)
                Model.open(tmp_path / name)
            except ModelError as error:
                # It may have been replaced, and removed, since we looked.
                if (tmp_path / "CURRENT").exists() and current_name(tmp_path) == name:
                    gone.append(str(error))
            else:
                sound += 1
    finally:
        for writer in writers:
            writer.kill()
            writer.wait()
    assert not gone
    assert sound == 150
    assert Model.open(tmp_path / current_name(tmp_path)).size == 2
