"""A real browser without a window, driven over the pipe that Chromium has for it."""

import fcntl
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.asgi import BROWSER
from tests.servers import absent

PATIENCE = 20.0  # seconds for anything that a page does
_CTRL = 2  # as the protocol numbers it


def found() -> str | None:
    """The program, if there is one."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((path for name in names if (path := shutil.which(name))), None)


def command() -> str:
    """The program; the test is skipped, or fails, where there is none."""
    return found() or absent("chromium", "apt-get install chromium")


class Chromium:
    """One tab of it. ``events`` are all that the browser has told so far."""

    def __init__(self, sends: int, hears: int) -> None:
        self._sends, self._hears = sends, hears
        self._rest = b""
        self._numbers = 0
        self._session = ""
        self.events: list[dict[str, Any]] = []
        tab = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=tab, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """What the browser answers. Raises :class:`RuntimeError` with what it refuses."""
        self._numbers += 1
        asked: dict[str, Any] = {"id": self._numbers, "method": method}
        asked["params"] = parameters
        if self._session:
            asked["sessionId"] = self._session
        os.write(self._sends, json.dumps(asked).encode() + b"\0")
        while True:
            told = self._next()
            if told.get("id") == self._numbers:
                if "error" in told:
                    raise RuntimeError(f"{method}: {told['error']}")
                answer: dict[str, Any] = told["result"]
                return answer
            self.events.append(told)

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._hears], [], [], PATIENCE)
            part = os.read(self._hears, 1 << 16) if ready else b""
            if not part:
                raise RuntimeError("the browser says nothing any more")
            self._rest += part
        one, _, self._rest = self._rest.partition(b"\0")
        told: dict[str, Any] = json.loads(one)
        return told

    def run(self, script: str) -> Any:
        """The value of an expression of JavaScript on the page; promises are awaited."""
        answer = self.call(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        if "exceptionDetails" in answer:
            raise RuntimeError(str(answer["exceptionDetails"]))
        return answer["result"].get("value")

    def until(self, script: str) -> Any:
        """Wait until an expression is true on the page; its value."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                if found := self.run(script):
                    return found
            except RuntimeError:
                pass  # the page is being left
            time.sleep(0.05)
        raise RuntimeError(f"never true: {script}")

    def open(self, url: str) -> None:
        self.call("Page.navigate", url=url)
        here = (
            f"location.href == {json.dumps(url)} && document.readyState == 'complete'"
        )
        self.until(here)

    def click(self, selector: str, button: str = "left", ctrl: bool = False) -> None:
        """Press and release a button of the mouse in the middle of an element."""
        box = self.run(
            f"(r => [r.x + r.width / 2, r.y + r.height / 2])"
            f"(document.querySelector({json.dumps(selector)}).getBoundingClientRect())"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.call(
                "Input.dispatchMouseEvent",
                type=kind,
                x=box[0],
                y=box[1],
                button=button,
                clickCount=1,
                modifiers=_CTRL if ctrl else 0,
            )

    def enter(self, selector: str) -> None:
        """Go to an element and press the key that follows a link."""
        self.run(f"document.querySelector({json.dumps(selector)}).focus()")
        key = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13}
        self.call("Input.dispatchKeyEvent", type="keyDown", text="\r", **key)
        self.call("Input.dispatchKeyEvent", type="keyUp", **key)

    def press(self, key: str, code: int) -> None:
        """Press and release a key that writes nothing."""
        named = {"key": key, "code": key, "windowsVirtualKeyCode": code}
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, **named)

    def complaints(self) -> list[str]:
        """What the browser's console says went wrong, as what a page's policy forbids."""
        return [
            event["params"]["entry"]["text"]
            for event in self.events
            if event.get("method") == "Log.entryAdded"
            and event["params"]["entry"]["level"] == "error"
        ]


def _pipe() -> tuple[int, int]:
    """A pipe whose ends are neither 3 nor 4: these are what the browser calls its own."""
    ends = os.pipe()
    high = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ends]
    for end in ends:
        os.close(end)
    return high[0], high[1]


@contextmanager
def chromium() -> Iterator[Chromium]:
    """A browser with an empty profile of its own, ended by its own pid."""
    program = command()
    (to_browser, sends), (hears, from_browser) = _pipe(), _pipe()
    with tempfile.TemporaryDirectory(prefix="shopwindow-chromium-") as profile:
        script = (
            f'exec "$0" "$@" 3<&{to_browser} 4>&{from_browser} '
            f"{to_browser}<&- {from_browser}>&- 2>/dev/null"
        )
        process = subprocess.Popen(
            [
                *("bash", "-c", script, program, "--headless=new", "--no-sandbox"),
                *("--remote-debugging-pipe", f"--user-data-dir={profile}"),
                *("--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"),
                *("--disable-background-networking", "--disable-popup-blocking"),
                f"--user-agent={BROWSER.decode()}",
                "about:blank",
            ],
            pass_fds=(to_browser, from_browser),
        )
        os.close(to_browser)
        os.close(from_browser)
        try:
            yield Chromium(sends, hears)
        finally:
            os.close(sends)
            os.close(hears)
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
