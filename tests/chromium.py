"""A Chromium of this machine, told what to do over a pair of pipes."""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome")


def found() -> str | None:
    """The program, if there is one."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Tab:
    """A page; :meth:`call` is a method of the DevTools protocol."""

    def __init__(self, there: int, back: int) -> None:
        self._there, self._back = there, back
        self._rest, self._last, self._session = b"", 0, ""

    def open(self, url: str) -> None:
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        self.call("Page.enable")
        self.call("Page.navigate", url=url)
        while self._next().get("method") != "Page.loadEventFired":
            pass

    def call(self, method: str, **parameters: Any) -> Any:
        self._last += 1
        message: dict[str, Any] = {"id": self._last, "method": method}
        if self._session:
            message["sessionId"] = self._session
        told = json.dumps(message | {"params": parameters}).encode()
        os.write(self._there, told + b"\0")
        while (answer := self._next()).get("id") != self._last:
            pass
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def ask(self, script: str) -> Any:
        """What an expression comes to."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True)
        return answer["result"].get("value")

    def press(self, key: str, code: int) -> None:
        for kind in ("keyDown", "keyUp"):
            self.call(
                *("Input.dispatchKeyEvent",),
                type=kind, key=key, code=key, windowsVirtualKeyCode=code,
            )  # fmt: skip

    def _next(self) -> Any:
        while b"\0" not in self._rest:
            part = os.read(self._back, 1 << 20)
            if not part:
                raise RuntimeError("Chromium has ended")
            self._rest += part
        message, _, self._rest = self._rest.partition(b"\0")
        return json.loads(message)


@contextmanager
def tab(program: str, url: str) -> Iterator[Tab]:
    """A page at ``url`` in a Chromium of its own, which ends with it."""
    theirs, there = os.pipe()
    back, ours = os.pipe()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        shell = f'exec "$0" "$@" 3<&{theirs} 4>&{ours}'
        flags = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run")
        process = subprocess.Popen(
            [
                *("bash", "-c", shell, program, *flags),
                *(f"--user-data-dir={profile}", "--remote-debugging-pipe"),
            ],
            pass_fds=(theirs, ours),
            stderr=subprocess.DEVNULL,
        )
        os.close(theirs)
        os.close(ours)
        try:
            page = Tab(there, back)
            page.open(url)
            yield page
        finally:
            process.terminate()
            process.wait(10)
            os.close(there)
            os.close(back)
