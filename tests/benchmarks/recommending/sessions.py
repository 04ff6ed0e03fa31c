"""What visitors look at next: ours through its public door, and who else answers that.

The data are ``sessions-train.jsonl.gz`` and ``sessions-test.jsonl.gz``: a session per line, and
[clicks so far, next click] per line. Everything is tuned on the training file alone.
"""

import gzip
import json
import random
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from shopwindow.fragments.recommendations import Recommender
from shopwindow.fragments.recommendations.training.part import Say
from shopwindow.fragments.recommendations.training.reading import read
from shopwindow.fragments.recommendations.training.train import train
from shopwindow.fragments.recommendations.writing import write

from ..goals import Goal
from .vstan import LIMIT, Question, Vstan, measured, questions_of, tune

FILES = ("sessions-train.jsonl.gz", "sessions-test.jsonl.gz")
#: What must be reached.
RECALL = 0.7
TIMES_POPULARITY = 30
#: It takes milliseconds for an answer in plain Python: every fourth question tells enough.
EVERY = 4
#: Of the last sessions of the training file so many questions tune VSTAN.
TAIL, TUNING = 0.05, 500
#: Another engine's similarities: so many per item, clicks losing weight as recommended for it.
SIMILAR, DECAY = 100, 1.5


class Found(NamedTuple):
    """One method's R@20 and MRR@20, of all questions and of those after one click."""

    recall: float
    reciprocal: float
    first: float


def goals(folder: Path | None, say: Say) -> list[Goal]:
    """The figures of all methods; none without the files, or without the other engine where that
    is not installed."""
    if folder is None or not all((folder / name).exists() for name in FILES):
        return []
    sessions: list[list[int]] = _lines(folder / FILES[0])
    questions: list[Question] = [
        (clicks, answer) for clicks, answer in _lines(folder / FILES[1])
    ]
    ranks = ours(sessions, questions, say)
    own, common = (
        found(ranks, questions),
        found(popularity(sessions, questions), questions),
    )
    rows = [
        Goal("sessions R@20", own.recall, "share", least=RECALL),
        Goal("sessions MRR@20", own.reciprocal, "share"),
        Goal("sessions R@20 after the first click", own.first, "share"),
        _times(own.first, common.first),
        Goal("sessions R@20 of popularity", common.recall, "share"),
    ]
    asked = questions[::EVERY]
    near = found(neighbours(sessions, asked, say), asked)
    rows += _compared("tuned VSTAN", found(ranks[::EVERY], asked), near)
    if (peer := tfidf(sessions, questions, say)) is not None:
        rows += _compared("implicit TF-IDF", own, found(peer, questions))
    return rows


def _times(own: float, popular: float) -> Goal:
    """How many times as many as popularity; a goal where so many are possible at all."""
    ceiling = 1 / max(popular, 1e-9)
    least = TIMES_POPULARITY if ceiling >= TIMES_POPULARITY else None
    name = f"first click R@20 / popularity's {popular:.4f} (all found: {ceiling:.1f})"
    return Goal(name, own * ceiling, "", least=least)


def _compared(name: str, own: Found, other: Found) -> list[Goal]:
    return [
        Goal(
            f"R@20 / {name}'s {other.recall:.4f}",
            own.recall / other.recall,
            "",
            least=1.0,
        ),
        Goal(
            f"MRR@20 / {name}'s {other.reciprocal:.4f}",
            own.reciprocal / other.reciprocal,
            "",
            least=1.0,
        ),
    ]


def ours(
    sessions: Sequence[Sequence[int]],
    questions: Sequence[Question],
    say: Say,
) -> list[int]:
    """Trained from a file of events, opened and asked as a shop does it."""
    with tempfile.TemporaryDirectory(prefix="shopwindow-sessions-") as name:
        source, out = Path(name) / "events.jsonl", Path(name) / "models"
        with source.open("w") as file:
            for number, session in enumerate(sessions):
                for item in session:
                    line = {"visitor": number, "session": number, "event": "viewed"}
                    file.write(json.dumps({**line, "product": str(item)}) + "\n")
        trained = train(read(source), say=say)
        out.mkdir()
        write(out, trained.keys, trained.arrays, trained.meta, datetime.now(UTC))
        recommender = Recommender.open(out)
        ranks = []
        for number, (clicks, answer) in enumerate(questions):
            named = recommender.recommend([str(item) for item in clicks], LIMIT)
            ids = [one.id for one in named]
            ranks.append(ids.index(str(answer)) + 1 if str(answer) in ids else 0)
            if number % 5_000 == 0:
                say("sessions", number, len(questions))
    return ranks


def popularity(
    sessions: Sequence[Sequence[int]], questions: Sequence[Question]
) -> list[int]:
    """The same items for everybody: what was clicked most."""
    counts = np.bincount([item for session in sessions for item in session])
    first = np.argsort(-counts, kind="stable")[:LIMIT].tolist()
    places = {item: place for place, item in enumerate(first, 1)}
    return [places.get(answer, 0) for _, answer in questions]


def neighbours(
    sessions: Sequence[Sequence[int]], questions: Sequence[Question], say: Say
) -> list[int]:
    """VSTAN, tuned on the end of the training file by the same measure as ours."""
    tail = int(len(sessions) * TAIL)
    asked = questions_of(sessions[-tail:])
    chosen = random.Random(20).sample(asked, min(TUNING, len(asked)))
    say("tuning VSTAN", 0, 1)
    settings = tune(Vstan(sessions[:-tail]), chosen)
    whole = Vstan(sessions)
    ranks = []
    for number, question in enumerate(questions):
        ranks.append(whole.rank(question, settings))
        if number % 5_000 == 0:
            say("VSTAN", number, len(questions))
    return ranks


def tfidf(
    sessions: Sequence[Sequence[int]], questions: Sequence[Question], say: Say
) -> list[int] | None:
    """implicit's item-item neighbours, if it is installed."""
    try:
        from implicit.nearest_neighbours import TFIDFRecommender
    except ImportError:
        return None
    size = 1 + max(
        max(max(session) for session in sessions),
        max(max(*clicks, answer) for clicks, answer in questions),
    )
    lengths = [len(session) for session in sessions]
    rows = np.repeat(np.arange(len(sessions)), lengths)
    items = np.concatenate([np.asarray(session) for session in sessions])
    clicked = csr_matrix(
        (np.ones(len(items)), (rows, items)), shape=(len(sessions), size)
    )
    model = TFIDFRecommender(K=SIMILAR, num_threads=1)
    model.fit(clicked, show_progress=False)
    ranks: list[int] = []
    for begin in range(0, len(questions), 2_000):
        say("implicit", begin, len(questions))
        some = questions[begin : begin + 2_000]
        ranks += _ranks(_weighed(some, size) @ model.similarity, some)
    return ranks


def _weighed(questions: Sequence[Question], size: int) -> csr_matrix:
    """The clicks of each question, the later ones with more weight."""
    triples = [
        (number, item, np.exp(-age / DECAY))
        for number, (clicks, _) in enumerate(questions)
        for age, item in enumerate(reversed(clicks))
    ]
    rows, columns, values = zip(*triples, strict=True)
    return csr_matrix((values, (rows, columns)), shape=(len(questions), size))


def _ranks(scores: Any, questions: Sequence[Question]) -> list[int]:
    ranks = []
    for number, (_, answer) in enumerate(questions):
        begin, end = scores.indptr[number], scores.indptr[number + 1]
        columns: NDArray[np.int32] = scores.indices[begin:end]
        values: NDArray[np.float64] = scores.data[begin:end]
        own = values[columns == answer]
        if not len(own) or own[0] <= 0:
            ranks.append(0)
            continue
        before = (values > own[0]) | ((values == own[0]) & (columns < answer))
        ranks.append(int(before.sum()) + 1 if before.sum() < LIMIT else 0)
    return ranks


def found(ranks: Sequence[int], questions: Sequence[Question]) -> Found:
    """What the ranks come to."""
    first = [
        rank
        for rank, (clicks, _) in zip(ranks, questions, strict=True)
        if len(clicks) == 1
    ]
    return Found(*measured(ranks), measured(first)[0])


def _lines(path: Path) -> list[Any]:
    with gzip.open(path, "rt") as file:
        return [json.loads(line) for line in file]
