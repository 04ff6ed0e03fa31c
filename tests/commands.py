"""The ``shopwindow`` command, run in this process."""

from pathlib import Path

from click.testing import CliRunner, Result

from shopwindow.middleware.cli import main

PERSONAS = "rules/tests/personas.yaml"


def run(*arguments: str | Path, code: int | None = 0) -> Result:
    """What the command printed, which has to end with ``code``; None: with whatever."""
    result = CliRunner().invoke(main, [str(each) for each in arguments])
    assert code in (None, result.exit_code), result.output
    assert "Traceback" not in result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))
