"""The demo company's judged questions: what people ask, which passage answers, and who may see it."""

import json
from dataclasses import dataclass
from typing import Any

from adapters.demo.sources import COMPANY

QUESTIONS = COMPANY / "questions.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One question and the verdict of whoever wrote the documents."""

    id: str  # q01 to q60 have an answer, n01 to n15 have none
    text: str
    asker: str  # e-mail address of somebody who may see the answer
    documents: tuple[str, ...]  # paths of documents that answer, best first; empty if nothing does
    quote: str  # words of the best document as kreuzberg extracts them, white space made single
    readers: tuple[str, ...]  # principals that may see the best document
    outdated: tuple[str, ...]  # documents that look like an answer and have been replaced
    absent: tuple[str, ...]  # for a question without an answer: terms of it that no document contains, in lower case

    @property
    def answerable(self) -> bool:
        """Whether some document answers."""
        return bool(self.documents)


def judged() -> tuple[Judged, ...]:
    """Read all judged questions, those with an answer first."""
    return tuple(_judged(json.loads(line)) for line in QUESTIONS.read_text(encoding="utf-8").splitlines())


def _judged(row: dict[str, Any]) -> Judged:
    return Judged(
        id=row["_id"],
        text=row["text"],
        asker=row["as"],
        documents=tuple(row.get("document", ())),
        quote=row.get("quote", ""),
        readers=tuple(row.get("readers", ())),
        outdated=tuple(row.get("outdated", ())),
        absent=tuple(row.get("absent", ())),
    )
