"""How likely it is that nothing found answers the question, without a model. Pure.

Four signals in one logistic: the top cosine, the share of the question's rare terms that the best sentences and titles cover,
the share that nothing found has at all, and numbered names ("Heron 4") that stand nowhere. Weights are fitted on the demo
company's judged questions and on the 18F handbook's own ones, each with strangers' questions, and rounded; ranking by it
carries over (AUC .88 and .98), a threshold less, so it is soft: `NEAREST_FROM` only changes how an answer is introduced, and
`REFUSE_FROM` is extreme.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final, NamedTuple

from bot.llm.cues import MONTH, without_amounts
from bot.llm.wanted import Accepted, accepted_for, content, importance
from bot.messages import Outcome
from knowledge.documents import Hit
from knowledge.terms import terms

NEAREST_FROM: Final = 0.5
"""From this doubt on, an answer is introduced as the nearest that was found."""
REFUSE_FROM: Final = 0.9
"""From this doubt on, nothing is shown as an answer."""

_BIAS: Final = 2.9
_COSINE: Final = -5.5  # per 1 of cosine; MiniLM gives answers .5 to .8, strangers .1 to .4
_COVERED: Final = -2.0  # per full coverage
_MISSING: Final = 1.7  # if nothing has any of the question's terms
_UNNUMBERED: Final = 3.5  # a name with a number that nothing has
_LOOKED_AT: Final = 5  # hits whose sentences may cover
_STRETCH: Final = 30  # terms, stop words left out
_USUAL_COSINE: Final = 0.5
_TITLE_COUNTS: Final = 0.8  # a term that stands in a title or heading only
_NO_TERMS: Final = 0.5  # coverage of a question without terms
_NO_NAMES = f"(?:From|Since|After|Before|Until|Levels?|Grade|Band|Section|Chapter|Page|Step|Phase|Week|Day|Quarter|{MONTH})"
_NUMBERED = re.compile(rf"\b(?!{_NO_NAMES} )[A-Z]\w+ (?!(?:19|20)\d\d\b)\d+\b")


class _Text(NamedTuple):
    """What a hit says, in terms."""

    words: list[str]
    titles: list[str]


def doubt(query: str, hits: Sequence[Hit]) -> float:
    """0 to 1, higher when it is less likely that `hits` answer `query`; 1 without hits. Order of `hits` does not matter."""
    if not hits:
        return 1.0
    texts = [_text(hit) for hit in sorted(hits, key=lambda hit: -hit.score)]
    covered, missing = _coverage(query, texts)
    score = _BIAS + _COSINE * max(hit.cosine for hit in hits) + _COVERED * covered + _MISSING * missing
    return 1 / (1 + math.exp(-score - _UNNUMBERED * _unnumbered(query, texts)))


def of_words(query: str, hits: Sequence[Hit]) -> float:
    """The doubt where only words were searched for, and no cosine is known: soft whatever it is, for words alone refuse nothing."""
    usual = [replace(hit, cosine=_USUAL_COSINE) for hit in hits]
    return min(max(doubt(query, usual), NEAREST_FROM), math.nextafter(REFUSE_FROM, 0)) if hits else 1.0


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


def outcome(value: float) -> Outcome:
    """What to do at this doubt."""
    if value >= REFUSE_FROM:
        return Outcome.REFUSAL
    return Outcome.NEAREST if value >= NEAREST_FROM else Outcome.ANSWER


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


def _unnumbered(query: str, texts: Sequence[_Text]) -> bool:
    """Whether the question has a name with a number that stands in no text: there is a Heron 3, but no Heron 4."""
    named = [pair for pair in (tuple(terms(name)) for name in _NUMBERED.findall(query)) if len(pair) > 1]
    known = {pair for text in texts for words in text for pair in pairwise(words)} if named else set()
    return any(pair not in known for name in named for pair in pairwise(name))
