"""A process of its own that checks rules: texts in, sound rules and findings out.

``python -m shopwindow.middleware.loading.checker`` speaks :mod:`.frames` on its pipes, see
:mod:`.apart`. It reads no file and knows no secret.
"""

import gc
import os
import sys
from typing import BinaryIO

import msgspec

from ...rules.reading import check_rules
from ...rules.ruleset import order
from ...rules.vocabulary import Vocabulary
from .frames import Shared, receive, send

GREETING = b"shopwindow checks rules\n"
BATCH = 20  # rules in one frame: unpacking it takes a fraction of a millisecond


def check(source: BinaryIO, target: BinaryIO) -> None:
    """Answer one question.

    It is a :class:`Vocabulary`, then files as (name, text), then None. The answer is a
    greeting, then the :class:`Checked` without its drafts and the findings, then the drafts
    in batches, in the order in which rules are asked, then None.
    """
    target.write(GREETING)
    target.flush()
    vocabulary: Vocabulary = receive(source)
    files: dict[str, str] = {}
    while (file := receive(source)) is not None:
        files.update([file])
    checked, findings = check_rules(files, vocabulary)
    shared = Shared(vocabulary)
    bare = msgspec.structs.replace(checked, drafts=())
    send(target, (bare, findings), shared)
    drafts = sorted(checked.drafts, key=order)  # here, where it holds nobody up
    for first in range(0, len(drafts), BATCH):
        send(target, drafts[first : first + BATCH], shared)
    send(target, None)
    target.flush()


def main() -> None:
    gc.disable()  # a short life; passes over millions of nodes would take most of it
    # What somebody prints must not come between the frames.
    source, target = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr
    try:
        check(source, target)
    except (EOFError, BrokenPipeError):
        os._exit(1)  # the server is gone; nobody is left to be told
    os._exit(0)  # tidying up millions of nodes would take longer than all of this


if __name__ == "__main__":
    main()
