"""How well doubt knows what nothing answers: `python -m tests.quality.doubts --shared ../shared [--cache FOLDER]`.

On mtrag the last turn of every conversation that is labelled answerable or unanswerable, by itself; on scifact the claims with and without
evidence. First the AUROC of doubt, and the shares, in per cent, that are doubted (shown as the nearest, or refused) and refused: with the
usual thresholds, and with those that a company learns from 20 judged questions, 14 of them with an answer; of 200 seeded draws the mean,
over the questions that were not drawn. Then the same questions as people wrap them, where the usual thresholds are what counts: the whole
message searched and doubted as it is, and only the part of it that asks, as the product does. Passages are encoded once if there is a
`--cache`: mtrag's take minutes, scifact's many more.

                                             doubted     refused     doubted     refused
                                                  with an answer             without one
mtrag, AUROC 0.875
  usual thresholds                              14.4         2.3        68.8        20.8
  with 20 judged questions                      13.4         2.1        67.1        19.7
  a greeting, the whole message                 83.3         0.0       100.0         0.0
  a greeting, what it asks                      14.4         2.3        70.8        20.8
  a story, the whole message                    75.0         0.0       100.0         0.0
  a story, what it asks                         32.6         0.0        77.1         6.2
  politeness, the whole message                 28.8         0.0        70.8         0.0
  politeness, what it asks                      18.9         3.8        70.8        20.8
  for a friend, the whole message               62.1         0.0        97.9         0.0
  for a friend, what it asks                    20.5         1.5        72.9        16.7
  an e-mail, the whole message                  84.8         0.0       100.0         0.0
  an e-mail, what it asks                       25.0         0.0        75.0         6.2
scifact, AUROC 0.814
  usual thresholds                               4.8         1.1        34.8         3.6
  with 20 judged questions                       6.7         1.4        40.1         5.6
  a greeting, the whole message                 70.2         0.0        94.6         0.0
  a greeting, what it asks                       4.8         1.1        34.8         3.6
  a story, the whole message                    71.3         0.0        96.4         0.0
  a story, what it asks                          5.3         1.1        35.7         3.6
  politeness, the whole message                 29.8         0.0        65.2         0.0
  politeness, what it asks                       4.8         1.1        36.6         3.6

A third of mtrag's last turns lean on what was said before ("How long does it take?"); by themselves they are asked with the whole story,
which may be what they lean on.
"""

import asyncio
import json
import random
import sys
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

from bot.calibration import Judged, learned
from bot.doubt import USUAL, Thresholds, doubt
from bot.intents.asked_part import asked_part
from knowledge.embedding.minilm import MiniLM
from tests.quality import followups, sentences
from tests.quality.sentences import Corpus, Text, corpus

ANSWERED, UNANSWERED = 14, 6  # of 20 judged questions
DRAWS = 200
WRAPPED = {
    "a greeting": "Hi everyone, hope your week is going well. {} Thank you so much!",
    "a story": "I have only been here for a month and my manager is away until Thursday, so I could not ask her: {}",
    "politeness": "Sorry if this has been asked before. Could someone please let me know: {} I would really appreciate it.",
    "for a friend": "A colleague of mine is too busy to write this herself, so I am asking for her. {}",
    "an e-mail": "Dear colleagues,\n\nI am writing because I went through all the folders that I know of and found nothing.\n\n{}\n\n"
    "With kind regards,\nRobin Marsh\nOperations, second floor\n+44 1632 960 001",
}


class Asked(NamedTuple):
    """A question, and whether anything answers it."""

    text: str
    answerable: bool


class Row(NamedTuple):
    """Shares, 0 to 1, of the questions with and without an answer."""

    doubted: float
    refused: float
    doubted_unanswerable: float
    refused_unanswerable: float

    def __str__(self) -> str:
        """In columns, in per cent."""
        return "".join(f"{100 * share:12.1f}" for share in self)


def mtrag(folder: Path) -> tuple[list[Text], list[Asked]]:
    """Its corpus, and its last turns."""
    rows = map(json.loads, (folder / "corpus.jsonl").read_text(encoding="utf-8").splitlines())
    labels = {"ANSWERABLE": True, "UNANSWERABLE": False}
    asked = [Asked(task.last, labels[task.answerability]) for task in followups.tasks(folder) if task.answerability in labels]
    return [Text(row["_id"], row["title"], row["text"]) for row in rows], asked


def scifact(folder: Path) -> tuple[list[Text], list[Asked]]:
    """Its abstracts, and its claims."""
    rows = map(json.loads, (folder / "rationales_dev.jsonl").read_text(encoding="utf-8").splitlines())
    return sentences.scifact(folder)[0], [Asked(row["claim"], row["answerable"]) for row in rows]


async def judged(found: Corpus, asked: Sequence[Asked]) -> list[Judged]:
    """Every question with its doubt."""
    return [Judged(doubt(one.text, await found.findings(one.text)), one.answerable) for one in asked]


def auroc(questions: Sequence[Judged]) -> float:
    """How often a question without an answer is doubted more than one with an answer is, ties counting half."""
    with_, without = ([one.doubt for one in questions if one.answerable is kind] for kind in (True, False))
    return fmean((high > low) + (high == low) / 2 for high in without for low in with_)


def row(questions: Sequence[Judged], thresholds: Thresholds) -> Row:
    """What these thresholds come to."""
    kinds = ([one.doubt for one in questions if one.answerable is kind] for kind in (True, False))
    return Row(*(fmean(one >= least for one in kind) for kind in kinds for least in (thresholds.nearest, thresholds.refuse)))


def with_judged(questions: Sequence[Judged]) -> Row:
    """The mean of what is learned from draws of 20 comes to, over those that were not drawn."""
    rows = [row(rest, learned(drawn) or USUAL) for drawn, rest in _draws(questions)]
    return Row(*map(fmean, zip(*rows, strict=True)))


def _draws(questions: Sequence[Judged]) -> Iterator[tuple[list[Judged], list[Judged]]]:
    choose = random.Random(1)  # noqa: S311  a sample, no secret
    for _ in range(DRAWS):
        with_, without = (choose.sample(kind, len(kind)) for kind in _kinds(questions))
        yield with_[:ANSWERED] + without[:UNANSWERED], with_[ANSWERED:] + without[UNANSWERED:]


def _kinds(questions: Sequence[Judged]) -> tuple[list[Judged], list[Judged]]:
    return [one for one in questions if one.answerable], [one for one in questions if not one.answerable]


async def main() -> None:
    """Print the tables."""
    parser = ArgumentParser()
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--models", type=Path, default=Path(".footnote/models"))
    options = parser.parse_args()
    embedder = MiniLM(options.models)
    print(f"{'':40}{'doubted':>12}{'refused':>12}{'doubted':>12}{'refused':>12}\n{'':40}{'with an answer':>24}{'without one':>24}")
    for name, read in (("mtrag", mtrag), ("scifact", scifact)):
        texts, asked = read(options.shared / "data" / name)
        found = await corpus(texts, name, embedder, options.cache)
        bare = await judged(found, [one._replace(text=asked_part(one.text)) for one in asked])
        print(f"{name}, AUROC {auroc(bare):.3f}")
        print(f"{'  usual thresholds':40}{row(bare, USUAL)}\n{'  with 20 judged questions':40}{with_judged(bare)}")
        for way, wrapped in WRAPPED.items():
            messages = [one._replace(text=wrapped.format(one.text)) for one in asked]
            parts = [one._replace(text=asked_part(one.text)) for one in messages]
            for what, questions in (("the whole message", messages), ("what it asks", parts)):
                print(f"{f'  {way}, {what}':40}{row(await judged(found, questions), USUAL)}", flush=True)
    embedder.close()


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
