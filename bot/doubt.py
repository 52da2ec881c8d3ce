"""How likely it is that nothing found answers the question, without a model. Pure.

Three signals that `facts/retrieval.md` measured, in one logistic: top cosine, words score, and the share of the question's
rare terms that the best sentences and titles cover. Ranking by it carries over to other corpora; a fixed threshold does
not, so it is soft: `NEAREST_FROM` only changes how an answer is introduced, and `REFUSE_FROM` is extreme.
"""

import math
from collections import Counter
from collections.abc import Sequence
from typing import Final

from bot.messages import Outcome
from knowledge.documents import Hit
from knowledge.terms import terms

NEAREST_FROM: Final = 0.5
"""From this doubt on, an answer is introduced as the nearest that was found."""
REFUSE_FROM: Final = 0.93
"""From this doubt on, nothing is shown as an answer."""

_BIAS: Final = 4.6
_COSINE: Final = -5.0  # per 1 of cosine; MiniLM gives answers .5 to .8, strangers .1 to .4
_WORDS: Final = -1.0  # per full words score
_COVERED: Final = -3.5  # per full coverage
_FULL_WORDS: Final = 4.0  # BM25 per question term that counts as a full score
_LOOKED_AT: Final = 5  # hits whose sentences may cover
_STRETCH: Final = 30  # terms, stop words left out
_TITLE_COUNTS: Final = 0.8  # a term that stands in a title or heading only


def doubt(query: str, hits: Sequence[Hit]) -> float:
    """0 to 1, higher when it is less likely that `hits` answer `query`; 1 without hits. Order of `hits` does not matter."""
    if not hits:
        return 1.0
    wanted = frozenset(terms(query))
    cosine = max(hit.cosine for hit in hits)
    words = max(hit.words for hit in hits) / (_FULL_WORDS * max(1, len(wanted)))
    score = _BIAS + _COSINE * cosine + _WORDS * min(1.0, max(0.0, words)) + _COVERED * coverage(wanted, hits)
    return 1 / (1 + math.exp(-score))


def coverage(wanted: frozenset[str], hits: Sequence[Hit]) -> float:
    """The share of the rare terms of `wanted` that the best stretch of text covers, with the titles above it; 0 to 1.

    A stretch is `_STRETCH` terms long, about two sentences.

    A term weighs log(1 + (n + 1) / (df + .5)) over the n hits, so a term that no hit has weighs most. Without terms .5.
    """
    if not wanted:
        return 0.5
    best = sorted(hits, key=lambda hit: -hit.score)
    texts = [terms(hit.passage.text) for hit in best]
    counts = Counter(term for text in texts for term in wanted.intersection(text))
    weights = {term: math.log(1 + (len(hits) + 1) / (counts[term] + 0.5)) for term in wanted}
    covered = max(_covered(weights, hit, text) for hit, text in zip(best[:_LOOKED_AT], texts, strict=False))
    return covered / sum(weights.values())


def outcome(value: float) -> Outcome:
    """What to do at this doubt."""
    if value >= REFUSE_FROM:
        return Outcome.REFUSAL
    return Outcome.NEAREST if value >= NEAREST_FROM else Outcome.ANSWER


def _covered(weights: dict[str, float], hit: Hit, text: Sequence[str]) -> float:
    """The weight of the terms in the best stretch of `text`, plus those that only title and headings have."""
    titles = frozenset(terms(" ".join((hit.passage.document.title, *hit.passage.heading)))) & weights.keys()
    places = [(place, term) for place, term in enumerate(text) if term in weights]
    stretches = {frozenset(t for p, t in places[i : i + _STRETCH] if p < place + _STRETCH) for i, (place, _) in enumerate(places)}
    return max(
        sum(weights[t] for t in stretch) + _TITLE_COUNTS * sum(weights[t] for t in titles - stretch)
        for stretch in [*stretches, frozenset[str]()]
    )
