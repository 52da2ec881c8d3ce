"""An answer without a model: up to three verbatim pieces of the sources, best first, each with its footnote. Pure.

A piece is chosen by relevance (the question's terms weighted by their rarity among the candidates, terms that stand in title
or heading, the passage's rank, a number where one was asked for) and by novelty (it says something that the pieces before
it do not). One to two milliseconds: nothing is embedded.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from bot.llm.candidates import Candidate, candidates
from bot.llm.layout import laid_out
from bot.llm.wanted import Wanted
from bot.quotes import Cited
from knowledge.documents import Hit

MOST_PIECES: Final = 3
MOST_PASSAGES: Final = 5
"""Passages that are read; of more, none was quoted more aptly on the demo company's questions, and each costs .4 ms."""

# Parts of a candidate's score; coverage of the question's weighted terms counts 1.
_TITLE: Final = 0.5  # for terms that title or heading has and the piece has not
_HEADER: Final = 0.4  # for terms that only the header of its table has
_NEAR: Final = 0.4  # for terms that only the sentences beside it have
_RANK: Final = 0.6  # for the first passage …
_FALL: Final = 0.75  # … and this share of it for each next one
_QUANTITY: Final = 0.15  # has a number where one was asked for
_SHORT: Final = -0.25  # fewer than four terms, or two if one is a number
_LONG: Final = -0.15  # more than sixty words
_DANGLING: Final = -0.2  # starts with a word that points at what was left out
_SUPERSEDED: Final = -0.5  # a newer document of the same name was found
_OTHER_ROW: Final = -0.5  # a table row that has no term of the question of its own

_AT_LEAST: Final = 0.6  # of the best score, for a further piece
_STRONG: Final = 0.85  # of the best score, for a further piece that covers nothing new of the question
_MOST_OVERLAP: Final = 0.6  # share of a piece's terms that pieces before it may have
_DIGIT = re.compile(r"\d")


def extracts(query: str, hits: Sequence[Hit], asked_at: datetime, *, most: int = MOST_PIECES) -> Cited:
    """Up to `most` verbatim pieces of the first `MOST_PASSAGES` hits; empty only if there is no text in them.

    Sources older than eighteen months at `asked_at`, or superseded by another hit, are dated in the sentence.
    """
    found, wanted = candidates(hits, query, asked_at, MOST_PASSAGES)
    scored = sorted(((_score(wanted, c), c) for c in found), key=lambda pair: (-pair[0], pair[1].order))
    return laid_out(_chosen(wanted, scored, most))


def _score(question: Wanted, candidate: Candidate) -> float:
    score = question.covered(candidate.terms) + _HEADER * question.covered(candidate.header_terms - candidate.terms)
    score += _NEAR * question.covered(candidate.near_terms - candidate.all_terms)
    score += _TITLE * question.covered(candidate.title_terms - candidate.near_terms)
    score += _RANK * _FALL**candidate.rank
    has_number = bool(_DIGIT.search(candidate.quote.text))
    conditions = (
        (_QUANTITY, question.asks_number and has_number),
        (_SHORT, len(candidate.terms) < (2 if has_number else 4) and not candidate.row),  # said at _SHORT
        (_LONG, candidate.words > 60),  # noqa: PLR2004  said at _LONG
        (_DANGLING, candidate.dangling),
        (_SUPERSEDED, candidate.superseded),
        (_OTHER_ROW, candidate.row is not None and not candidate.terms & question.weights.keys()),
    )
    return score + sum(part for part, holds in conditions if holds)


def _chosen(question: Wanted, scored: Sequence[tuple[float, Candidate]], most: int) -> list[Candidate]:
    chosen: list[Candidate] = []
    said: frozenset[str] = frozenset()
    best = scored[0][0] if scored else 0.0
    for score, candidate in scored:
        if len(chosen) == most or (chosen and score < _AT_LEAST * best):
            break
        if not chosen or _adds(question, candidate, said, strong=score >= _STRONG * best):
            chosen.append(candidate)
            said |= candidate.all_terms
    return chosen


def _adds(question: Wanted, candidate: Candidate, said: frozenset[str], *, strong: bool) -> bool:
    if candidate.row:
        return strong
    new = candidate.terms - said
    if not candidate.terms or 1 - len(new) / len(candidate.terms) > _MOST_OVERLAP:
        return False
    return strong or bool(new & question.weights.keys())
