"""``python -m tests.fuzz``: inputs that a fuzzer makes up, guided by the code that they reach."""

import importlib.util
import platform
import re
import subprocess
import sys
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

HARNESSES = (
    *("rewriter", "selectors", "visitor_cookie", "consent_cookie"),
    *("tc_string", "consent_tools"),
)
FOLDER = Path("build/fuzz")  # inputs that reached something new, and those that failed
_DONE = re.compile(r"Done (\d+) runs in (\d+) second")
_COVERED = re.compile(r"cov: (\d+)")


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--seconds",
    type=click.IntRange(min=len(HARNESSES)),
    default=3600,
    show_default=True,
    help="For all of them together, one after the other.",
)
@click.option("--only", type=click.Choice(HARNESSES), help="Leave the others out.")
def main(seconds: int, only: str | None) -> None:
    """Look for inputs that break the rewriter or the readers of cookies; exit code 1 if there is one."""
    if importlib.util.find_spec("atheris") is None:
        click.echo(
            f"the fuzzer atheris is not installed, and there may be none for Python {platform.python_version()} "
            f"on {platform.system()}: use CPython 3.11 to 3.14 on Linux, and `make fuzz`",
            err=True,
        )
        raise SystemExit(2)
    names = (only,) if only else HARNESSES
    table = Table(title="fuzzing")
    for column in ("harness", "executions", "seconds", "branches", "fault"):
        table.add_column(column, justify="left" if column == "fault" else "right")
    broken = False
    for name in names:
        fault, output = _fuzz(name, max(1, seconds // len(names)))
        done = _DONE.search(output)
        covered = _COVERED.findall(output)
        table.add_row(
            name,
            f"{int(done[1]):,}" if done else "?",
            done[2] if done else "?",
            covered[-1] if covered else "?",
            fault,
        )
        if fault:
            broken = True
            click.echo(output[-4000:], err=True)
    Console().print(table)
    raise SystemExit(1 if broken else 0)


def _fuzz(name: str, seconds: int) -> tuple[str, str]:
    """What went wrong, empty for nothing, and all that the fuzzer said."""
    found, failed = FOLDER / name / "found", FOLDER / name / "failed"
    for folder in (found, failed):
        folder.mkdir(parents=True, exist_ok=True)
    before = set(failed.iterdir())
    command = [sys.executable, "-m", f"tests.fuzz.{name}", str(found)]
    command += [f"-max_total_time={seconds}", f"-artifact_prefix={failed}/"]
    # An input that takes longer than 10 s, or 2 GB, is a fault as well.
    command += ["-max_len=4096", "-timeout=10", "-rss_limit_mb=2048"]
    ran = subprocess.run(
        [*command, "-print_final_stats=1"], capture_output=True, text=True
    )
    output = ran.stderr + ran.stdout
    new = sorted(set(failed.iterdir()) - before)
    if new:
        return f"python -m tests.fuzz.{name} {new[0]}", output
    return (f"exit code {ran.returncode}" if ran.returncode else ""), output


main()
