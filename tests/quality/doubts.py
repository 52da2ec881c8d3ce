"""How well doubt knows what nothing answers: `make quality SETS=doubts`; what it comes to stands in `results.md`.

On mtrag the last turn of every conversation that is labelled answerable or unanswerable, by itself; on scifact the claims with and without
evidence. First the AUROC of doubt, and the shares that are doubted (shown as the nearest, or refused) and refused: with the usual
thresholds, and with those that a company learns from 20 judged questions, 14 of them with an answer; of 200 seeded draws the mean, over the
questions that were not drawn. Then the same questions as people wrap them, where the usual thresholds are what counts: the whole message
searched and doubted as it is, and only the part of it that asks, as the product does.

A third of mtrag's last turns lean on what was said before ("How long does it take?"); by themselves they are asked with the whole story,
which may be what they lean on.
"""

import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

from bot.calibration import Judged, learned
from bot.doubt import USUAL, Thresholds, doubt
from bot.intents.asked_part import asked_part
from knowledge.embedding.minilm import MiniLM
from tests.quality import followups, sentences
from tests.quality.parts import WHOLE
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

    def figures(self, asked: Sequence[Asked]) -> dict[str, float]:
        """By name, with how many of `asked` have an answer and how many have none."""
        names = ("doubted, answerable", "refused, answerable", "doubted, unanswerable", "refused, unanswerable")
        return {**dict(zip(names, self, strict=True)), **counts(asked)}


def counts(asked: Sequence[Asked]) -> dict[str, int]:
    """How many questions have an answer, and how many have none."""
    return {"answerable": sum(one.answerable for one in asked), "unanswerable": sum(not one.answerable for one in asked)}


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


async def measured(shared: Path, embedder: MiniLM, cache: Path) -> dict[str, dict[str, dict[str, float]]]:
    """The tables `auroc` and `shares`; what is encoded is kept in `cache`: mtrag's takes minutes, scifact's many more."""
    certain: dict[str, dict[str, float]] = {}
    shares: dict[str, dict[str, float]] = {}
    for name, read in (("mtrag", mtrag), ("scifact", scifact)):
        texts, asked = read(shared / name)
        found = await corpus(texts, name, embedder, cache)
        bare = await judged(found, [one._replace(text=asked_part(one.text)) for one in asked])
        certain[name] = {"auroc": auroc(bare), **counts(asked)}
        shares[f"{name}, usual thresholds"] = row(bare, USUAL).figures(asked)
        shares[f"{name}, with 20 judged questions"] = with_judged(bare).figures(asked)
        for way, wrapped in WRAPPED.items():
            messages = [one._replace(text=wrapped.format(one.text)) for one in asked]
            parts = [one._replace(text=asked_part(one.text)) for one in messages]
            for what, questions in ((WHOLE, messages), ("what it asks", parts)):
                shares[f"{name}, {way}, {what}"] = row(await judged(found, questions), USUAL).figures(asked)
    return {"auroc": certain, "shares": shares}
