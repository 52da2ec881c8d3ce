"""Answers and traces as JSON and back. Pure; what comes back equals what went in."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from bot.messages import Answer, Citation, Outcome, Trace
from knowledge.documents import DocumentId, PassageId, Span


def from_answer(answer: Answer) -> dict[str, Any]:
    """An answer as plain JSON values."""
    row = asdict(answer)
    row["citations"] = [_from_citation(citation) for citation in answer.citations]
    return row


def to_answer(row: dict[str, Any]) -> Answer:
    """The answer that `from_answer` wrote; fields added since then take their defaults."""
    return Answer(
        outcome=Outcome(row["outcome"]),
        text=row["text"],
        citations=tuple(_to_citation(citation) for citation in row["citations"]),
        doubt=row["doubt"],
        withheld=row["withheld"],
        notice=row["notice"],
        written=row["written"],
        silent=row.get("silent", False),
    )


def from_trace(trace: Trace) -> dict[str, Any]:
    """A trace as plain JSON values."""
    return asdict(trace)


def _from_citation(citation: Citation) -> dict[str, Any]:
    moment = citation.modified_at
    return {**asdict(citation), "heading": list(citation.heading), "modified_at": moment.isoformat() if moment else None}


def _to_citation(row: dict[str, Any]) -> Citation:
    moment = row["modified_at"]
    own = {
        "document": DocumentId(row["document"]),
        "passage": PassageId(row["passage"]),
        "heading": tuple(row["heading"]),
        "span": Span(row["span"]["start"], row["span"]["end"]),
        "modified_at": datetime.fromisoformat(moment) if moment else None,
    }
    return Citation(**(row | own))
