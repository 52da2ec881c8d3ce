"""How well pieces of several sizes find the exact spans that answer: `python -m tests.bench.chunking --data PATH`.

PATH holds `corpora/*.md` and `questions.jsonl` (`question`, `references` with `start_index` and `end_index`), as the Chroma
chunking evaluation does. All corpora are searched as one, by cosine of MiniLM alone. Per question, over the characters of the
top pieces (characters of the documents, each counted once):

    recall     share of the reference's characters that were retrieved
    precision  share of the retrieved characters that are the reference's
    IoU        intersection over union of the two

in the five best pieces, and recall again in as many of the best pieces as fill 4,000 characters, so that sizes compare fairly.
"""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import gettempdir

import numpy as np
from numpy.typing import NDArray

from knowledge.chunking import cut, embedding_text
from knowledge.documents import Piece
from knowledge.embedding.minilm import MiniLM

TOP = 5
CHARACTERS = 4_000
ROWS = [  # budget, overlap
    (50, 0),
    (100, 0),
    (150, 0),
    (150, 40),
    (200, 0),
    (200, 50),
]


@dataclass(frozen=True, slots=True)
class Question:
    """A question and the spans that answer it."""

    text: str
    corpus: str
    spans: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Placed:
    """A piece and the corpus it is of."""

    corpus: str
    piece: Piece


Cutter = Callable[[str], Sequence[Piece]]


def questions(folder: Path) -> list[Question]:
    """The questions, with non-empty spans."""
    rows = (json.loads(line) for line in (folder / "questions.jsonl").read_text(encoding="utf-8").splitlines() if line.strip())
    return [
        Question(row["question"], row["corpus_id"], tuple((each["start_index"], each["end_index"]) for each in row["references"]))
        for row in rows
    ]


def placed(folder: Path, cutter: Cutter) -> Iterator[Placed]:
    """All pieces of all corpora."""
    for path in sorted((folder / "corpora").glob("*.md")):
        for piece in cutter(path.read_text(encoding="utf-8")):
            yield Placed(path.stem, piece)


def characters(spans: Sequence[tuple[int, int]]) -> set[int]:
    """The positions that spans cover."""
    return {position for start, end in spans for position in range(start, end)}


def found(pieces: Sequence[Placed], order: NDArray[np.int64], corpus: str, enough: Callable[[int, int], bool]) -> tuple[set[int], int]:
    """Positions of `corpus` in the best pieces, and how many characters were retrieved in all; `enough(pieces, characters)` ends it."""
    positions: set[int] = set()
    elsewhere = 0
    for rank, index in enumerate(order):
        if enough(rank, len(positions) + elsewhere):
            break
        span = pieces[index].piece.span
        if pieces[index].corpus == corpus:
            positions.update(range(span.start, span.end))
        else:
            elsewhere += span.end - span.start
    return positions, len(positions) + elsewhere


def scores(asked: Sequence[Question], pieces: Sequence[Placed], similar: NDArray[np.float32]) -> list[float]:
    """Mean recall, precision and IoU at `TOP`, and mean recall within `CHARACTERS`."""
    rows = []
    for question, row in zip(asked, similar, strict=True):
        order = np.argsort(-row)[:200]
        wanted = characters(question.spans)
        positions, total = found(pieces, order, question.corpus, lambda rank, _: rank >= TOP)
        hit = len(positions & wanted)
        fixed, _ = found(pieces, order, question.corpus, lambda _, characters: characters >= CHARACTERS)
        rows.append((hit / len(wanted), hit / total, hit / (total + len(wanted) - hit), len(fixed & wanted) / len(wanted)))
    return [float(mean) for mean in np.mean(rows, axis=0)]


async def measure(folder: Path, models: Path) -> None:
    """Print one row per way of cutting."""
    embedder = MiniLM(models, threads=1)
    asked = questions(folder)
    vectors = np.stack([(await embedder.query(question.text)).vector for question in asked])
    report(f"| budget | overlap | pieces | characters a piece | recall@{TOP} | precision@{TOP} | IoU@{TOP} | recall in {CHARACTERS} | s |")
    report("| ---: " * 9 + "|")
    for budget, overlap in ROWS:
        before = time.perf_counter()
        pieces = list(placed(folder, partial(cut, count=embedder.count, budget=budget, overlap=overlap)))
        made = await embedder.passages([embedding_text("", each.piece.heading, each.piece.text) for each in pieces])
        means = scores(asked, pieces, vectors @ made.vectors.T)
        size = np.mean([len(each.piece.text) for each in pieces])
        cells = " | ".join(f"{mean:.3f}" for mean in means)
        report(f"| {budget} | {overlap} | {len(pieces)} | {size:.0f} | {cells} | {time.perf_counter() - before:.0f} |")


def report(line: str) -> None:
    """One line, at once: a row takes a minute or two."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    """Read the arguments and measure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with corpora/ and questions.jsonl")
    parser.add_argument(
        "--models", type=Path, default=Path(gettempdir()) / "footnote-bench-models", help="where the graph of MiniLM is kept"
    )
    given = parser.parse_args()
    asyncio.run(measure(given.data, given.models))


if __name__ == "__main__":
    main()
