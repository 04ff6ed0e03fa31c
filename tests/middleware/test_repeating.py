"""What goes on until it is told to end, ends."""

import os
import signal

import pytest

from shopwindow.middleware.cli.repeating import every


class Freed:
    """Is told to end while Python frees it, where nothing that is raised comes out."""

    def __del__(self) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        sum(range(100_000))


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_signal_is_not_lost_in_what_is_freed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    calls = []

    def work() -> None:
        calls.append(1)
        if len(calls) > 1:
            raise KeyboardInterrupt
        Freed()

    before = signal.getsignal(signal.SIGTERM)
    every(1, work)
    assert len(calls) == 1
    assert "stopped" in capsys.readouterr().err
    assert signal.getsignal(signal.SIGTERM) is before
