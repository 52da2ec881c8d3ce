"""What words and the cosine alone tell of whether what was found answers the question. Pure.

The top cosine, the share of the question's rare terms that the best sentences and titles cover, and the share that nothing found has
at all. Fitted on the demo company's judged questions and on the 18F handbook's own ones, each with strangers' questions, and rounded.
It is what is left where nothing is known of tokens; late interaction tells more (AUROC on mtrag and scifact .752 and .761).
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from bot.llm.cues import without_amounts
from bot.llm.wanted import Accepted, accepted_for, content, importance
from knowledge.documents import Hit
from knowledge.terms import terms

_BIAS: Final = 2.9
_COSINE: Final = -5.5  # per 1 of cosine; MiniLM gives answers .5 to .8, strangers .1 to .4
_COVERED: Final = -2.0  # per full coverage
_MISSING: Final = 1.7  # if nothing has any of the question's terms
_LOOKED_AT: Final = 5  # hits whose sentences may cover
_STRETCH: Final = 30  # terms, stop words left out
_TITLE_COUNTS: Final = 0.8  # a term that stands in a title or heading only
_NO_TERMS: Final = 0.5  # coverage of a question without terms


class _Text(NamedTuple):
    """What a hit says, in terms."""

    words: list[str]
    titles: list[str]


def log_odds(query: str, hits: Sequence[Hit], cosine: float) -> float:
    """That `hits` do not answer, where `cosine` is the highest of them. Their order does not matter."""
    texts = [_text(hit) for hit in sorted(hits, key=lambda hit: -hit.score)]
    covered, missing = _coverage(query, texts)
    return _BIAS + _COSINE * cosine + _COVERED * covered + _MISSING * missing


def _coverage(query: str, texts: Sequence[_Text]) -> tuple[float, float]:
    """The shares of the question's rare terms that the best stretch of text covers with the titles above it, and that no text has.

    A stretch is `_STRETCH` terms long, about two sentences. A term weighs log(1 + (n + 1) / (df + .5)) over the n texts, so a
    term that none has weighs most; words of the same meaning count for it in part.
    """
    said = content(without_amounts(query)[0])
    if not said:
        return _NO_TERMS, 0.0
    accepted = accepted_for(said)
    whole = [(_counted(accepted, text.titles), _counted(accepted, text.words)) for text in texts]
    counts = Counter(own for titles, words in whole for own in titles.keys() | words.keys())
    weights = {term: importance(term) * math.log(1 + (len(texts) + 1) / (counts[term] + 0.5)) for term in said}
    total, covered = sum(weights.values()), 0.0
    for text, (titles, words) in zip(texts[:_LOOKED_AT], whole, strict=False):
        if _weight(weights, titles, words) > covered:  # its best stretch cannot cover more than all of it
            covered = max(covered, *(_weight(weights, titles, _counted(accepted, part)) for part in _stretches(text.words, accepted)))
    return covered / total, sum(weight for term, weight in weights.items() if not counts[term]) / total


def _text(hit: Hit) -> _Text:
    return _Text(terms(hit.passage.text), terms(" ".join((hit.passage.document.title, *hit.passage.heading))))


def _counted(accepted: Accepted, found: Iterable[str]) -> dict[str, float]:
    """The question's terms that `found` counts for, and how much."""
    best: dict[str, float] = {}
    for term in accepted.keys() & frozenset(found):
        for own, share in accepted[term]:
            best[own] = max(share, best.get(own, 0.0))
    return best


def _stretches(words: Sequence[str], accepted: Accepted) -> set[frozenset[str]]:
    """What stretches of a text have of the terms that count; an empty one among them."""
    places = [(place, term) for place, term in enumerate(words) if term in accepted]
    found = {frozenset([t for p, t in places[i : i + _STRETCH] if p < place + _STRETCH]) for i, (place, _) in enumerate(places)}
    return found | {frozenset()}


def _weight(weights: dict[str, float], titles: dict[str, float], words: dict[str, float]) -> float:
    own = titles.keys() | words.keys()
    return sum(weights[term] * max(_TITLE_COUNTS * titles.get(term, 0.0), words.get(term, 0.0)) for term in own)
