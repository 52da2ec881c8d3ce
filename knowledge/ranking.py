"""From two lists of proposals to one order. Pure functions, each a step of the recipe in `facts/retrieval.md`.

Steps 1 to 3 are here, with the z-scores of step 5 in place of the convex combination. The late interaction (step 4) belongs between
`fuse` and the live check: it orders the candidates that are kept anew, with its score as a third.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from knowledge.documents import Document, DocumentId, Hit, PassageId
from knowledge.index.port import Proposal
from knowledge.terms import terms

LIST_LENGTH = 50
"""Proposals asked of words and of vectors each.

Of 100: nDCG@10 on handbook_18f_faq .568 for .577, on cranfield .437 for .431, on scifact .729 for .725, and 4 ms more at 50,000 passages.
"""
CANDIDATES = 24
"""Kept after fusion: eight passages, and room for doubles and old versions. Of 50, nDCG@10 is the same."""
WORDS_SHARE, COSINE_SHARE = 0.8, 0.7
PASSAGES_A_DOCUMENT = 3  # shown of one document, as long as others have something to say
SAME_TEXT = 0.9  # share of terms in common from which a passage says nothing new
_SUPERSEDED = 0.8  # of the current version's best score, at most, for passages of an older version
_YEAR = re.compile(r"\b(?:19[89]|20\d)\d\b")
_EDITION = re.compile(rf"{_YEAR.pattern}|\b(?:v|version )\d+(?:\.\d+)*\b")  # of a title in lower case
_BETWEEN = str.maketrans(dict.fromkeys("()[]-\N{EN DASH}\N{EM DASH},.:", " "))  # what may stand around a number in a title
_WEIGHT_OF_TITLES = 3  # times that title and heading terms stand in the field of terms


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A proposed passage, before anybody has asked whether it may be shown."""

    passage: PassageId
    score: float  # 0 to 1
    words: float
    cosine: float


def searchable_terms(title: str, heading: Sequence[str], body: str) -> list[str]:
    """The one field that words are searched over: title and headings count three times."""
    return terms(" ".join((title, *heading))) * _WEIGHT_OF_TITLES + terms(body)


def fuse(words: Sequence[Proposal], vectors: Sequence[Proposal], keep: int = CANDIDATES) -> list[Candidate]:
    """The best `keep` of both lists, by the sum of both scores, each in standard deviations among all that were proposed; best first.

    A passage that words did not find has a word score of 0; one that the vector did not find is given the list's lowest cosine. On
    handbook_18f_faq this is .012 nDCG@10 better than the convex combination, on cranfield .003 worse. Scores are stretched to 0 to 1.
    """
    by_words = {proposal.passage: proposal.score for proposal in words}
    by_vector = {proposal.passage: proposal.score for proposal in vectors}
    proposed = list(dict.fromkeys([*by_vector, *by_words]))
    if not proposed:
        return []
    lowest = min(by_vector.values(), default=0.0)
    word_scores = np.array([by_words.get(passage, 0.0) for passage in proposed])
    cosines = np.array([by_vector.get(passage, lowest) for passage in proposed])
    scores = _stretched(WORDS_SHARE * _standardised(word_scores) + COSINE_SHARE * _standardised(cosines))
    best = np.argsort(-scores, kind="stable")[:keep]
    return [Candidate(passage=proposed[i], score=float(scores[i]), words=float(word_scores[i]), cosine=float(cosines[i])) for i in best]


def _stretched(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The values as shares of the way from the lowest to the highest; all 1 where they are all the same."""
    width = np.ptp(values)
    return (values - values.min()) / width if width else np.ones_like(values)


def _standardised(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each value in standard deviations from the mean; all 0 where they are all the same."""
    deviation = values.std()
    return (values - values.mean()) / deviation if deviation else np.zeros_like(values)


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


def diversify(hits: Iterable[Hit], limit: int) -> list[Hit]:
    """The best `limit` hits of which no two say the same.

    Hits beyond `PASSAGES_A_DOCUMENT` of one document wait until all others have spoken; then they take the room that is left, best first.
    """
    chosen: list[Hit] = []
    said: list[frozenset[str]] = []
    spoken: Counter[DocumentId] = Counter()
    waiting: list[Hit] = []
    for queue, most in ((hits, PASSAGES_A_DOCUMENT), (waiting, math.inf)):
        for hit in queue:
            if len(chosen) == limit:
                return chosen
            words = frozenset(hit.passage.text.split())
            if spoken[hit.passage.document.id] >= most:
                waiting.append(hit)
            elif not any(_overlap(words, other) >= SAME_TEXT for other in said):
                chosen.append(hit)
                said.append(words)
                spoken[hit.passage.document.id] += 1
    return chosen


def _overlap(one: frozenset[str], other: frozenset[str]) -> float:
    """Jaccard similarity, 0 to 1."""
    common = len(one & other)
    return common / (len(one) + len(other) - common or 1)
