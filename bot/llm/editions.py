"""Editions of one document: which are replaced by a newer one, and which a question asks for by year. Pure."""

import re
from collections.abc import Iterable
from datetime import datetime

from knowledge.documents import Document, DocumentId
from knowledge.terms import terms

_EDITION = re.compile(r"\b(?:19|20)\d\d\b|\bv(?:ersion)?[ .]*\d+(?:\.\d+)*\b", re.IGNORECASE)
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_LAST_YEAR = re.compile(r"\blast year\b", re.IGNORECASE)
_SAYS_OLD = re.compile(r"\b(superseded|outdated|obsolete|archived?|deprecated|expired)\b", re.IGNORECASE)


def superseded(documents: Iterable[Document], query: str = "", asked_at: datetime | None = None) -> frozenset[DocumentId]:
    """Those of `documents` of which another is a newer edition: the same title but for year or version, and newer.

    A title that says so itself counts too. An edition whose year the question names is never superseded.
    """
    editions: dict[tuple[str, ...], list[Document]] = {}
    for document in {document.id: document for document in documents}.values():
        editions.setdefault(tuple(terms(_EDITION.sub(" ", _SAYS_OLD.sub(" ", document.title)))), []).append(document)
    asked = years(query, asked_at)
    return frozenset(
        document.id
        for same in editions.values()
        for document in same
        if not asked & set(_YEAR.findall(document.title))
        and (_SAYS_OLD.search(document.title) or (len(same) > 1 and _edition(document) < max(map(_edition, same))))
    )


def years(query: str, asked_at: datetime | None = None) -> frozenset[str]:
    """The years that a question names, as numbers or as "last year"."""
    last = [str(asked_at.year - 1)] if asked_at and _LAST_YEAR.search(query) else []
    return frozenset((*last, *_YEAR.findall(query)))


def of_years(documents: Iterable[Document], asked: frozenset[str]) -> frozenset[DocumentId]:
    """Those of `documents` whose title has one of the years `asked`."""
    return frozenset(document.id for document in documents if asked and not asked.isdisjoint(_YEAR.findall(document.title)))


def _edition(document: Document) -> tuple[str, float]:
    """What editions are compared by: the year in the title, else that of the last change; then the last change."""
    changed = document.modified_at
    return max(_YEAR.findall(document.title), default=str(changed.year) if changed else ""), changed.timestamp() if changed else 0.0
