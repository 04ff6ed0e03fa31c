"""``shopwindow report``, over a log that made-up visitors have filled."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from shutil import copytree
from typing import Any

import jsonschema
import pytest

from shopwindow.examples.petshop.app import SITE
from shopwindow.middleware.reporting.notifying import FILE
from tests.commands import change, run


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of a log."""
    folder = tmp_path_factory.mktemp("kept")
    url = f"sqlite:///{folder / 'kept.db'}"
    run("simulate", "--events", "6000", "--days", "40", "--into", url)
    run("report", SITE, "--store", url)  # counted once for all
    return url


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The pet shop's site, to be changed."""
    return Path(copytree(SITE, tmp_path / "site"))


def told(*arguments: str | Path, code: int = 0) -> Any:
    return json.loads(run("report", *arguments, "--format", "json", code=code).stdout)


def test_it_says_what_was_shown_and_what_came_of_it(kept: str) -> None:
    text = run("report", SITE, "--store", kept).stdout

    assert "\x1b" not in text
    for words in ("hero-tone", "greeting", "shelf-level", "Hypothesis", "home.hero"):
        assert words in text
    assert max(len(line.rstrip()) for line in text.splitlines()) <= 80


def test_json_is_what_the_schema_says(kept: str) -> None:
    report = told(SITE, "--store", kept, "--no-update")
    schema = json.loads(run("report", SITE, "--format", "schema").stdout)

    jsonschema.validate(report, schema)
    counts = json.loads(run("stats", SITE, "--store", kept, "--format", "json").stdout)
    viewed = sum(counts["events-by-day"]["Promotion Viewed"].values())
    total = report["total"]["response"]
    assert 0 < viewed <= total["impressions"] + total["held"]
    tone = next(one for one in report["experiments"] if one["name"] == "hero-tone")
    assert [arm["name"] for arm in tone["arms"]] == ["control", "plain", "cosy"]
    assert tone["arms"][0]["counts"]["impressions"] == 0
    assert tone["arms"][1]["counts"]["impressions"] > 0


def test_the_page_is_written_whole(kept: str, tmp_path: Path) -> None:
    target = tmp_path / "report.html"
    run(
        "report", SITE, "--store", kept, "--no-update", "--format", "html", "-o", target
    )
    page = target.read_text("utf-8")

    assert page.startswith("<!doctype html>") and page.rstrip().endswith("</html>")
    assert "hero-tone" in page and not list(tmp_path.glob("*.new"))


def test_days_experiments_and_metrics_can_be_chosen(kept: str) -> None:
    every = told(SITE, "--store", kept, "--no-update")
    # Just after midnight nobody has come yet today.
    day = (date.fromisoformat(every["until"]) - timedelta(days=1)).isoformat()
    chosen = told(
        *(SITE, "--store", kept, "--no-update", "--since", day, "--until", day),
        *("--experiment", "hero-tone", "--metric", "add-to-cart"),
    )

    assert (chosen["since"], chosen["until"]) == (day, day)
    assert [one["name"] for one in chosen["experiments"]] == ["hero-tone"]
    assert chosen["experiments"][0]["metric"] == "add-to-cart"
    assert not chosen["slots"] and chosen["experiment"] == "hero-tone"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--metric", "conversion"), 'did you mean "conversion-rate"?'),
        (("--experiment", "hero-ton"), 'did you mean "hero-tone"?'),
        (("--since", "yesterday"), "write a day like 2026-11-01"),
        (("--since", "2026-11-02", "--until", "2026-11-01"), "after the last day"),
        (("--notify", "--metric", "leads"), "the whole site as it is now"),
    ],
)
def test_wrong_usage_says_what_is_meant(
    kept: str, arguments: tuple[str, ...], words: str
) -> None:
    answer = run("report", SITE, "--store", kept, "--no-update", *arguments, code=2)

    assert words in answer.output


def test_without_a_store_it_says_what_to_do(folder: Path) -> None:
    answer = run("report", folder, "--store", f"sqlite:///{folder}/none.db", code=1)

    assert "the shop makes it when it starts" in answer.output


def test_days_without_anybody_say_what_to_do(kept: str) -> None:
    answer = run(
        *("report", SITE, "--store", kept, "--no-update"),
        *("--since", "2020-01-01", "--until", "2020-01-31"),
    )

    flat = " ".join(answer.stdout.split())
    assert "Nobody was shown anything from 2020-01-01 to 2020-01-31" in flat
    assert "Earlier days: --since" in flat


class _Receiver(BaseHTTPRequestHandler):
    told: list[bytes] = []

    def do_POST(self) -> None:
        self.told.append(self.rfile.read(int(self.headers["content-length"])))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def webhook() -> Iterator[str]:
    _Receiver.told = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Receiver)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/alerts"
    server.shutdown()
    server.server_close()
    thread.join()


def test_an_alert_ends_it_with_1_and_goes_to_the_webhook_once(
    kept: str, folder: Path, webhook: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Of the visitors as they were drawn, far fewer than half are in the holdout.
    change(folder / "site.toml", 'holdout = "2%"', 'holdout = "50%"')
    monkeypatch.setenv("SHOPWINDOW_ALERTS_WEBHOOK", webhook)
    monkeypatch.setenv("SHOPWINDOW_ALLOWED_HOSTS", "127.0.0.1")
    arguments = ("report", folder, "--store", kept, "--no-update")
    for _ in range(2):
        answer = run(*arguments, "--notify", code=1)

    assert "Do not read this" in " ".join(answer.stdout.split())
    assert [one["code"] for one in json.loads(_Receiver.told[0])["alerts"]] == [
        "sample-ratio"
    ]
    assert len(_Receiver.told) == 1 and (folder / FILE).exists()
    change(folder / "site.toml", 'holdout = "50%"', 'holdout = "2%"')
    run(*arguments, "--notify")
    assert json.loads(_Receiver.told[1])["alerts"][0]["state"] == "cleared"


def test_what_is_not_the_experiments_own_does_not_end_its_report_with_1(
    kept: str, folder: Path
) -> None:
    change(folder / "site.toml", 'holdout = "2%"', 'holdout = "50%"')
    arguments = (folder, "--store", kept, "--no-update")

    assert told(*arguments, code=1)["alerts"]
    assert not told(*arguments, "--experiment", "hero-tone")["alerts"]


def test_a_webhook_that_may_not_be_told_ends_it_with_1(
    kept: str, folder: Path, webhook: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(folder / "site.toml", 'holdout = "2%"', 'holdout = "50%"')
    monkeypatch.setenv("SHOPWINDOW_ALERTS_WEBHOOK", webhook)
    answer = run("report", folder, "--store", kept, "--no-update", "--notify", code=1)

    assert "SHOPWINDOW_ALLOWED_HOSTS is not set" in answer.output
    assert not _Receiver.told


def test_it_starts_without_what_only_training_needs(kept: str) -> None:
    script = (
        "import sys; from shopwindow.middleware.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        "print(sorted({'numpy', 'scipy', 'pandas'} & set(sys.modules)))"
    )
    for form in ("text", "html"):
        done = subprocess.run(
            [
                sys.executable,
                "-c",
                script,
                "report",
                SITE,
                "--store",
                kept,
                "--format",
                form,
            ],
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.splitlines()[-1] == "[]", done.stdout[-300:]
