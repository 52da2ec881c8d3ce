"""An answer without a model: up to three verbatim pieces of the sources, best first, each with its footnote. Pure.

A piece is chosen by relevance (the question's terms weighted by their rarity among the candidates, terms that stand in title
or heading, the passage's rank, a number where one was asked for) and by novelty (it says something that the pieces before
it do not). One to two milliseconds: nothing is embedded.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

from bot.llm.candidates import Candidate, candidates
from bot.llm.cues import ABOUT_ITSELF, ALL_OTHERS, fit, spans
from bot.llm.layout import laid_out
from bot.llm.wanted import Wanted
from bot.quotes import Cited
from bot.sentences import Kind
from knowledge.documents import Hit

MOST_PIECES: Final = 3
MOST_PASSAGES: Final = 5
"""Passages that are read; of more, none was quoted more aptly on the demo company's questions, and each costs .4 ms."""

# Parts of a candidate's score; coverage of the question's weighted terms counts 1.
_TITLE: Final = 0.7  # of a term that only title or heading has
_HEADER: Final = 0.7  # of a term that only the header of its table has
_NEAR: Final = 0.35  # of a term that only the sentences beside it have
_PRIOR: Final = 0.6  # its passage was found first
_PAIRS: Final = 0.2  # has the question's pairs of terms side by side
_SUBJECT: Final = 0.2  # its first terms, or first cell, are what the question is about
_FIT: Final = 0.25  # looks like what was asked for: a duration, a date, an amount …
_SPANS: Final = 0.5  # a range in it holds the question's amount
_OPENS: Final = 0.05  # is what its passage says first
_SHORT: Final = -0.25  # fewer than three terms, or two if one is a number
_LONG: Final = -0.15  # more than sixty words
_DANGLING: Final = -0.2  # starts with a word that points at what was left out
_SPOKEN: Final = -0.25  # notes of a slide
_ABOUT_ITSELF: Final = -0.3  # when its document is valid and what it replaces
_SUPERSEDED: Final = -0.5  # a newer document of the same name was found
_OTHER_ROW: Final = -0.5  # a table row that has no term of the question of its own
_ALL_OTHERS: Final = -0.1  # the same, for the row that stands for all others

_SUBJECT_TERMS: Final = 2
_LABELLED: Final = frozenset({Kind.ROW, Kind.FIELD})
_AT_LEAST: Final = 0.75  # of the best score, for a further piece
_STRONG: Final = 0.9  # of the best score, for a further piece that covers nothing new of the question
_AS_CLOSE: Final = 0.6  # of what the best piece covers of the question, for a further piece
_MOST_OVERLAP: Final = 0.6  # share of a piece's terms that pieces before it may have
_DIGIT = re.compile(r"\d")


def extracts(query: str, hits: Sequence[Hit], asked_at: datetime, *, most: int = MOST_PIECES) -> Cited:
    """Up to `most` verbatim pieces of the first `MOST_PASSAGES` hits; empty only if there is no text in them.

    Sources older than eighteen months at `asked_at`, or superseded by another hit, are dated in the sentence.
    """
    found, wanted = candidates(hits, query, asked_at, MOST_PASSAGES)
    scored = sorted((_scored(wanted, c) for c in found), key=lambda one: (-one.score, one.candidate.order))
    return laid_out(_chosen(wanted, scored, most))


class _Scored(NamedTuple):
    score: float
    covered: float  # share of the question
    candidate: Candidate


def _scored(question: Wanted, candidate: Candidate) -> _Scored:
    words = candidate.quote.text
    covered = question.covered(
        (candidate.terms, 1.0), (candidate.header_terms, _HEADER), (candidate.title_terms, _TITLE), (candidate.near_terms, _NEAR)
    )
    score = covered + _PRIOR * candidate.prior + _PAIRS * question.paired(candidate.ordered) + _FIT * fit(question.asked, words)
    if candidate.kind in _LABELLED:
        score += _SUBJECT * question.covered((frozenset(candidate.ordered[:_SUBJECT_TERMS]), 1.0))
    spanned = spans(question.amounts, words)
    foreign = candidate.row is not None and not spanned and question.accepted.keys().isdisjoint(candidate.terms)
    conditions = (
        (_SPANS, spanned),
        (_OPENS, candidate.opens),
        (_SHORT, len(candidate.terms) < (2 if _DIGIT.search(words) else 3) and not candidate.row),  # said at _SHORT
        (_LONG, candidate.words > 60),  # noqa: PLR2004  said at _LONG
        (_DANGLING, candidate.dangling),
        (_SPOKEN, candidate.spoken),
        (_ABOUT_ITSELF, bool(ABOUT_ITSELF.match(words))),
        (_SUPERSEDED, candidate.superseded),
        (_ALL_OTHERS if ALL_OTHERS.match(words) else _OTHER_ROW, foreign),
    )
    return _Scored(score + sum(part for part, holds in conditions if holds), covered, candidate)


def _chosen(question: Wanted, scored: Sequence[_Scored], most: int) -> list[Candidate]:
    chosen: list[Candidate] = []
    said: frozenset[str] = frozenset()
    for one in scored:
        best = scored[0]
        if len(chosen) == most or (chosen and one.score < _AT_LEAST * best.score):
            break
        if not chosen or (one.covered >= _AS_CLOSE * best.covered and _adds(question, one, said, best)):
            chosen.append(one.candidate)
            said |= one.candidate.all_terms
    return chosen


def _adds(question: Wanted, one: _Scored, said: frozenset[str], best: _Scored) -> bool:
    strong, candidate = one.score >= _STRONG * best.score, one.candidate
    if candidate.row:
        return strong
    new = candidate.terms - said
    if not candidate.terms or 1 - len(new) / len(candidate.terms) > _MOST_OVERLAP:
        return False
    return (strong and question.rare(candidate.terms)) or question.rare(new)
