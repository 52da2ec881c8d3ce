"""No two passages that say the same, and no document too often. Pure."""

import math
import re
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from knowledge.documents import DocumentId, Hit

PASSAGES_A_DOCUMENT = 3  # shown of one document, as long as others have something to say
SAME_TEXT = 0.9  # share of terms in common from which a passage says nothing new, unless it names another number
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")


class _Said(NamedTuple):
    words: frozenset[str]
    numbers: frozenset[str]


def diversify(hits: Iterable[Hit], limit: int) -> list[Hit]:
    """The best `limit` hits of which no two say the same.

    Two passages that agree in all but a number disagree: both are shown. Hits beyond `PASSAGES_A_DOCUMENT` of one document wait until
    all others have spoken; then they take the room that is left, best first.
    """
    chosen: list[Hit] = []
    said: list[_Said] = []
    spoken: Counter[DocumentId] = Counter()
    waiting: list[Hit] = []
    for queue, most in ((hits, PASSAGES_A_DOCUMENT), (waiting, math.inf)):
        for hit in queue:
            if len(chosen) == limit:
                return chosen
            text, document = hit.passage.text, hit.passage.document.id
            one = _Said(frozenset(text.split()), frozenset(_NUMBER.findall(text)))
            if spoken[document] >= most:
                waiting.append(hit)
            elif not any(_same(one, other) for other in said):
                chosen.append(hit)
                said.append(one)
                spoken[document] += 1
    return chosen


def _same(one: _Said, other: _Said) -> bool:
    return one.numbers == other.numbers and _overlap(one.words, other.words) >= SAME_TEXT


def _overlap(one: frozenset[str], other: frozenset[str]) -> float:
    """Jaccard similarity, 0 to 1."""
    common = len(one & other)
    return common / (len(one) + len(other) - common or 1)
