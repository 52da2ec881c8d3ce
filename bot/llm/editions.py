"""Editions of one document: which do not hold any more, and which a question asks for. Decided in `knowledge.ranking.versions`. Pure."""

from collections.abc import Iterable
from datetime import date, datetime

from knowledge.documents import Document, DocumentId
from knowledge.ranking import editions


def superseded(documents: Iterable[Document], query: str = "", asked_at: datetime | None = None) -> frozenset[DocumentId]:
    """Those of `documents` that a newer edition replaces, or that say that they do not hold; but for those the question means."""
    marks = editions(documents, query, asked_at)
    return frozenset(one for one, mark in marks.items() if (mark.replaced_by or mark.standing) and not mark.meant)


def day_of(document: Document) -> date | None:
    """From when a document holds, or when it was changed last."""
    return document.edition.valid_from or (document.modified_at and document.modified_at.date())


def asked_for(documents: Iterable[Document], query: str, asked_at: datetime | None = None) -> frozenset[DocumentId]:
    """Those of `documents` that the question means, by year, by version or by their time."""
    return frozenset(one for one, mark in editions(documents, query, asked_at).items() if mark.meant)
