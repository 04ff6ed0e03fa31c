"""A language server over stdio, spoken to as an editor does."""

import json
import queue
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

PATIENCE = 30  # seconds; Node.js takes one or two to start


class Editor:
    """One language server, and the files that are open in it. Lines and columns count from 1."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None and process.stdout is not None
        self._out = process.stdin
        self._heard: queue.Queue[dict[str, Any]] = queue.Queue()
        self._asked = 0
        self._findings: dict[str, list[dict[str, Any]]] = {}
        listen = threading.Thread(
            target=_listen, args=(process.stdout, self._heard), daemon=True
        )
        listen.start()

    def start(self, folder: Path, settings: dict[str, Any]) -> None:
        about: dict[str, Any] = {
            "processId": None,
            "rootUri": folder.as_uri(),
            "capabilities": {},
        }
        self._ask("initialize", about)
        self._tell("initialized", {})
        self._tell("workspace/didChangeConfiguration", {"settings": settings})

    def open(self, path: Path, text: str) -> None:
        """Open ``path`` as if ``text`` were just being typed into it."""
        document = {"uri": path.as_uri(), "languageId": "yaml", "version": 1}
        self._tell("textDocument/didOpen", {"textDocument": {**document, "text": text}})

    def completions(self, path: Path, line: int, column: int) -> list[dict[str, Any]]:
        """What is offered at a place; each has a ``label`` and an ``insertText``."""
        found = self._ask("textDocument/completion", _place(path, line, column))
        items: list[dict[str, Any]] = found["items"] if found else []
        return items

    def hover(self, path: Path, line: int, column: int) -> str:
        """The help for what stands at a place."""
        found = self._ask("textDocument/hover", _place(path, line, column))
        return str(found["contents"]["value"]) if found else ""

    def findings(self, path: Path) -> list[tuple[int, int, str]]:
        """Line, column and words of what is wrong with an open file."""
        while path.as_uri() not in self._findings:
            self._hear()
        return sorted(
            (start["line"] + 1, start["character"] + 1, finding["message"])
            for finding in self._findings[path.as_uri()]
            for start in [finding["range"]["start"]]
        )

    # -- the protocol --------------------------------------------------------------------

    def _ask(self, method: str, params: Any) -> Any:
        self._asked += 1
        self._send({"id": self._asked, "method": method, "params": params})
        while True:
            heard = self._hear()
            if heard.get("id") == self._asked and "method" not in heard:
                assert "error" not in heard, heard
                return heard["result"]

    def _tell(self, method: str, params: Any) -> None:
        self._send({"method": method, "params": params})

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._out.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self._out.flush()

    def _hear(self) -> dict[str, Any]:
        heard = self._heard.get(timeout=PATIENCE)
        if heard.get("method") == "textDocument/publishDiagnostics":
            told = heard["params"]
            self._findings[told["uri"]] = told["diagnostics"]
        elif "method" in heard and "id" in heard:  # a question to the editor
            self._send({"id": heard["id"], "result": None})
        return heard


@contextmanager
def editing(
    command: list[str], folder: Path, settings: dict[str, Any]
) -> Iterator[Editor]:
    """An editor with ``command`` as its language server, until the block ends."""
    with (folder / "language-server.log").open("wb") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log
        )
        with process:
            try:
                editor = Editor(process)
                editor.start(folder, settings)
                yield editor
            finally:
                process.kill()


def _place(path: Path, line: int, column: int) -> dict[str, Any]:
    position = {"line": line - 1, "character": column - 1}
    return {"textDocument": {"uri": path.as_uri()}, "position": position}


def _listen(source: IO[bytes], heard: queue.Queue[dict[str, Any]]) -> None:
    while header := source.readline():
        length = 0
        while header.strip():
            name, _, value = header.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
            header = source.readline()
        heard.put(json.loads(source.read(length)))
