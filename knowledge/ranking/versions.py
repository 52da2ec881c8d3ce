"""Which of a document's versions comes first. Pure."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from knowledge.documents import Document, DocumentId, Hit

_SUPERSEDED = 0.8  # of the current version's best score, at most, for passages of an older version
_YEAR = re.compile(r"\b(?:19[89]|20\d)\d\b")
_EDITION = re.compile(rf"{_YEAR.pattern}|\b(?:v|version )\d+(?:\.\d+)*\b")  # of a title in lower case
_BETWEEN = str.maketrans(dict.fromkeys("()[]-\N{EN DASH}\N{EM DASH},.:", " "))  # what may stand around a number in a title


def current_first(hits: Sequence[Hit], query: str) -> list[Hit]:
    """`hits` with superseded documents behind those that replaced them; they stay, since a question may be about the past.

    Documents of one source whose titles differ in nothing but a year or version ("Travel policy 2023", "Travel policy (v2)") are
    versions of one another: the one with the highest year in its title, then the one changed last, is current. A question that
    names the year or version of an older one means that one, and nothing is moved.
    """
    best: dict[DocumentId, float] = {}
    families: dict[str, list[Document]] = {}
    for hit in hits:
        document = hit.passage.document
        if document.id not in best:
            families.setdefault(_family(document), []).append(document)
        best[document.id] = max(hit.score, best.get(document.id, hit.score))
    newest = {document.id: max(family, key=_age) for family in families.values() for document in family}
    asked = set(_EDITION.findall(query.casefold()))

    def placed(hit: Hit) -> Hit:
        document = hit.passage.document
        current = newest[document.id]
        if current.id == document.id or asked & set(_EDITION.findall(document.title.casefold())):
            return hit
        return replace(hit, score=min(hit.score, best[current.id] * _SUPERSEDED))

    return sorted(map(placed, hits), key=lambda hit: -hit.score)


def _family(document: Document) -> str:
    """What the titles of a document's versions have in common."""
    words = _EDITION.sub(" ", document.title.casefold()).translate(_BETWEEN).split()
    return " ".join((document.source, *words))


def _age(document: Document) -> tuple[int, bool, datetime]:
    """Sorts documents from old to new: by the year in the title, or else of the last change; then by that change."""
    changed = document.modified_at or datetime.min.replace(tzinfo=UTC)
    years = [int(year) for year in _YEAR.findall(document.title)]
    return max(years, default=changed.year), bool(years), changed
