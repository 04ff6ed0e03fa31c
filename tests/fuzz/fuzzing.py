"""How a harness is run: with the code of the project watched, and a folder of inputs to begin with."""

import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import atheris


def fuzz(test: Callable[[bytes], None], words: Iterable[bytes]) -> None:
    """Run ``test`` with the inputs that the command line asks for. Never returns.

    ``words`` are what inputs are likely to be made of; where the folder of inputs is empty, each of them is the
    first input in it.
    """
    words = list(words)
    folders = [Path(one) for one in sys.argv[1:] if Path(one).is_dir()]
    arguments = list(sys.argv)
    for folder in folders[:1]:
        if not any(folder.iterdir()):
            for number, word in enumerate(words):
                (folder / f"word-{number}").write_bytes(b"\0" * 4 + word)
        dictionary = folder.parent / "words"
        dictionary.write_text(
            "".join(f'"{_escaped(word)}"\n' for word in words if len(word) < 60)
        )
        arguments.append(f"-dict={dictionary}")
    atheris.Setup(arguments, test)
    atheris.Fuzz()


def _escaped(word: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word)
