import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from shopwindow.middleware.experimenting import ExperimentSettings
from shopwindow.middleware.reporting import notifying
from shopwindow.middleware.reporting.notifying import FILE, SECRET, notify
from shopwindow.middleware.settings import Settings
from shopwindow.middleware.sources.signature import genuine, key_of, read_message
from shopwindow.rules.reporting.notices import Alert

SILENT = Alert("silent", "slot", "hero", "Slot hero has shown nothing since yesterday.")
BROKEN = Alert("guardrail", "experiment", "tone", "Bounces rose.")
NOW = 1_795_000_000.0


class Receiver(ThreadingHTTPServer):
    """Keeps what it was told; answers with ``statuses``, then with 200."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.told: list[tuple[dict[str, str], bytes]] = []
        self.statuses: list[int] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/alerts?key=17"

    def alerts(self, number: int = -1) -> list[tuple[str, str]]:
        body: Any = msgspec.json.decode(self.told[number][1])
        return [(one["name"], one["state"]) for one in body["alerts"]]


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.told.append((headers, body))
        status = self.server.statuses.pop(0) if self.server.statuses else 200
        self.send_response(status)
        if status == 302:
            self.send_header("location", "/elsewhere")
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notifying, "PAUSES", (0.0, 0.0))


def settings(folder: Path, url: str, *hosts: str) -> Settings:
    allowed = frozenset(hosts or ("127.0.0.1",))
    experiments = ExperimentSettings(webhook=url)
    return Settings(folder, "Shop", experiments=experiments, allowed_hosts=allowed)


def test_each_alert_is_sent_once_until_it_is_over(
    tmp_path: Path, receiver: Receiver
) -> None:
    site = settings(tmp_path, receiver.url)

    assert notify(site, [SILENT], NOW, {}) == ""
    assert notify(site, [SILENT], NOW + 60, {}) == ""
    assert notify(site, [replace(SILENT, words="Still.")], NOW + 120, {}) == ""
    assert len(receiver.told) == 1
    assert notify(site, [SILENT, BROKEN], NOW + 180, {}) == ""
    assert receiver.alerts() == [("tone", "raised")]
    assert notify(site, [BROKEN], NOW + 240, {}) == ""
    assert receiver.alerts() == [("hero", "cleared")]
    assert notify(site, [BROKEN, SILENT], NOW + 300, {}) == ""
    assert receiver.alerts() == [("hero", "raised")]
    assert len(receiver.told) == 4


def test_the_message_says_what_and_since_when(
    tmp_path: Path, receiver: Receiver
) -> None:
    site = settings(tmp_path, receiver.url)
    notify(site, [SILENT], NOW, {})
    notify(site, [], NOW + 60, {})
    body: Any = msgspec.json.decode(receiver.told[-1][1])

    assert receiver.told[-1][0]["content-type"] == "application/json"
    assert body == {
        "site": "Shop",
        "time": NOW + 60,
        "alerts": [
            {
                "code": "silent",
                "kind": "slot",
                "name": "hero",
                "words": SILENT.words,
                "since": NOW,
                "state": "cleared",
            }
        ],
    }


def test_it_is_signed_with_every_secret(tmp_path: Path, receiver: Receiver) -> None:
    secrets = ("the-first-of-the-secrets", "the-second-of-the-secrets")
    notify(
        settings(tmp_path, receiver.url), [SILENT], NOW, {SECRET: ", ".join(secrets)}
    )
    headers, body = receiver.told[0]
    names = ("webhook-id", "webhook-timestamp", "webhook-signature")
    message = read_message(*(headers[name].encode() for name in names))

    assert message is not None
    for secret in secrets:
        assert genuine(message, body, [key_of(secret)])
    assert not genuine(message, body + b" ", [key_of(secrets[0])])


def test_without_a_secret_it_is_not_signed(tmp_path: Path, receiver: Receiver) -> None:
    notify(settings(tmp_path, receiver.url), [SILENT], NOW, {})

    assert "webhook-signature" not in receiver.told[0][0]


def test_a_secret_that_anybody_could_guess_is_refused(
    tmp_path: Path, receiver: Receiver
) -> None:
    why = notify(settings(tmp_path, receiver.url), [SILENT], NOW, {SECRET: "short"})

    assert "at least 16 bytes" in why and not receiver.told


def test_it_is_tried_again_with_the_same_id_and_then_by_the_next_run(
    tmp_path: Path, receiver: Receiver
) -> None:
    site = settings(tmp_path, receiver.url)
    receiver.statuses = [503, 429]
    assert notify(site, [SILENT], NOW, {}) == ""
    assert len({headers["webhook-id"] for headers, _ in receiver.told}) == 1
    assert len(receiver.told) == 3

    receiver.statuses = [500, 500, 500]
    assert "status 500" in notify(site, [SILENT, BROKEN], NOW + 60, {})
    assert len(receiver.told) == 6
    assert notify(site, [SILENT, BROKEN], NOW + 120, {}) == ""
    assert receiver.alerts() == [("tone", "raised")]


@pytest.mark.parametrize("status", [302, 400, 404])
def test_what_waiting_does_not_change_is_not_tried_again(
    tmp_path: Path, receiver: Receiver, status: int
) -> None:
    receiver.statuses = [status] * 3

    assert f"status {status}" in notify(
        settings(tmp_path, receiver.url), [SILENT], NOW, {}
    )
    assert len(receiver.told) == 1  # nor is a redirect followed


def test_only_allowed_hosts_are_told(tmp_path: Path, receiver: Receiver) -> None:
    why = notify(settings(tmp_path, receiver.url, "hooks.example"), [SILENT], NOW, {})

    assert "not in SHOPWINDOW_ALLOWED_HOSTS" in why
    assert not receiver.told and not (tmp_path / FILE).exists()


def test_a_name_that_leads_into_the_own_network_is_not_told(
    tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    from shopwindow.middleware.remote import guarded

    async def inward(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    monkeypatch.setattr(guarded, "look_up", inward)
    url = receiver.url.replace("127.0.0.1", "hooks.example")
    why = notify(settings(tmp_path, url, "hooks.example"), [SILENT], NOW, {})

    assert "no public address" in why
    assert "key=17" not in why  # such addresses are often secrets
    assert not receiver.told


def test_nobody_there_is_no_reason_to_fail(tmp_path: Path) -> None:
    why = notify(settings(tmp_path, "http://127.0.0.1:9/x"), [SILENT], NOW, {})

    assert why.startswith("the alerts' webhook was not told: ")


def test_without_a_webhook_nothing_is_kept(tmp_path: Path) -> None:
    assert notify(settings(tmp_path, ""), [SILENT], NOW, {}) == ""
    assert not (tmp_path / FILE).exists()


@pytest.mark.parametrize(
    "content", [b"{", b'{"k": {"alert": {"code": "silent", "kind": "\xff"}}}']
)
def test_a_file_that_cannot_be_read_sends_again(
    tmp_path: Path,
    receiver: Receiver,
    caplog: pytest.LogCaptureFixture,
    content: bytes,
) -> None:
    (tmp_path / FILE).write_bytes(content)

    assert notify(settings(tmp_path, receiver.url), [SILENT], NOW, {}) == ""
    assert receiver.alerts() == [("hero", "raised")]
    assert "cannot be read" in caplog.text


def test_a_file_that_cannot_be_written_is_said(
    tmp_path: Path, receiver: Receiver
) -> None:
    (tmp_path / f"{FILE}.new").mkdir()

    why = notify(settings(tmp_path, receiver.url), [SILENT], NOW, {})
    assert "cannot be written" in why and len(receiver.told) == 1
