"""No two passages that say the same, and no document too often. Pure."""

import math
from collections import Counter
from collections.abc import Iterable

from knowledge.documents import DocumentId, Hit

PASSAGES_A_DOCUMENT = 3  # shown of one document, as long as others have something to say
SAME_TEXT = 0.9  # share of terms in common from which a passage says nothing new


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
