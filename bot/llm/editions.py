"""Editions of one document: which do not hold any more, and which a question asks for. Decided in `knowledge.ranking.versions`. Pure.

And what two sources that both hold may do: disagree.
"""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from datetime import datetime

from knowledge.documents import Document, DocumentId
from knowledge.ranking import editions

_ALIKE = 0.75  # of the terms but numbers, from which two statements are about one thing


def superseded(documents: Iterable[Document], query: str = "", asked_at: datetime | None = None) -> frozenset[DocumentId]:
    """Those of `documents` that a newer edition replaces, or that say that they do not hold; but for those the question means."""
    marks = editions(documents, query, asked_at)
    return frozenset(one for one, mark in marks.items() if (mark.replaced_by or mark.standing) and not mark.meant)


def asked_for(documents: Iterable[Document], query: str, asked_at: datetime | None = None) -> frozenset[DocumentId]:
    """Those of `documents` that the question means, by year, by version or by their time."""
    return frozenset(one for one, mark in editions(documents, query, asked_at).items() if mark.meant)


def disagree(one: AbstractSet[str], other: AbstractSet[str]) -> bool:
    """Whether two statements, as their terms, say the same of something but for its numbers: each has one that the other has not."""
    numbers, others = ({term for term in terms if term[:1].isdigit()} for terms in (one, other))
    words = (one - numbers, other - others)
    common = len(words[0] & words[1])
    return bool(numbers - others and others - numbers) and common >= _ALIKE * max(1, *map(len, words))
