"""No two passages that say the same, and no document too often. Pure."""

import re
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from knowledge.documents import DocumentId, Hit

PASSAGES_A_DOCUMENT = 3  # shown of one document, as long as others have something to say
NEARLY_AS_GOOD = 0.6
"""Of a passage's score, from which one of another document goes before it. Where the answers are in few long documents that is worth .07 of
recall in the first eight (`tests.bench.long_documents`, Chroma's spans: .851 to .922); on handbook_18f_faq it costs none.
"""
SAME_TEXT = 0.9  # share of terms in common from which a passage says nothing new, unless it names another number
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")


class _Said(NamedTuple):
    words: frozenset[str]
    numbers: frozenset[str]


def diversify(hits: Iterable[Hit], limit: int) -> list[Hit]:
    """The best `limit` hits, best first, of which no two say the same.

    Two passages that agree in all but a number disagree: both are shown. Hits beyond `PASSAGES_A_DOCUMENT` of one document let others speak
    first that are `NEARLY_AS_GOOD`; the room that is left then is theirs too.
    """
    chosen = _Chosen()
    waiting: deque[Hit] = deque()
    for hit in hits:
        while waiting and hit.score < NEARLY_AS_GOOD * waiting[0].score:
            chosen.add(waiting.popleft())
        if chosen.spoken[hit.passage.document.id] < PASSAGES_A_DOCUMENT:
            chosen.add(hit)
        else:
            waiting.append(hit)
        if len(chosen.hits) >= limit:
            break
    for hit in waiting:
        if len(chosen.hits) >= limit:
            break
        chosen.add(hit)
    return chosen.hits[:limit]


@dataclass(slots=True)
class _Chosen:
    hits: list[Hit] = field(default_factory=list)
    said: list[_Said] = field(default_factory=list)
    spoken: Counter[DocumentId] = field(default_factory=Counter)

    def add(self, hit: Hit) -> None:
        """Unless its words were said before."""
        text = hit.passage.text
        one = _Said(frozenset(text.split()), frozenset(_NUMBER.findall(text)))
        if not any(_same(one, other) for other in self.said):
            self.hits.append(hit)
            self.said.append(one)
            self.spoken[hit.passage.document.id] += 1


def _same(one: _Said, other: _Said) -> bool:
    return one.numbers == other.numbers and _overlap(one.words, other.words) >= SAME_TEXT


def _overlap(one: frozenset[str], other: frozenset[str]) -> float:
    """Jaccard similarity, 0 to 1."""
    common = len(one & other)
    return common / (len(one) + len(other) - common or 1)
