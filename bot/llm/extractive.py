"""An answer without a model: up to three verbatim pieces of the sources, each with its footnote. Pure.

A piece is chosen by relevance (the question's terms weighted by their rarity among the candidates, where they stand, how well
the passage did in the search, whether the piece looks like what was asked for) and, after the first, by novelty: it must be
nearly as good and say something that the pieces before it do not. Documents come best first, the pieces of each in its own order. What a
window's end cuts (steps, a list under its line, a sentence that points back) goes on in the passage beside it, under a footnote of its own.
Two to four milliseconds of one core on the 18F handbook's questions: nothing is embedded.

Measured (`tests.quality.sentences`): how near a piece's tokens are to the question's, added to its score, makes F1 on scifact's
rationales .41 instead of .36 where the abstract is given, but changes nothing (.34) where it has to be found, and IoU on chroma's spans
by .01: not enough to carry states of tokens up to here.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Final, NamedTuple

from bot.llm.candidates import Candidate, candidates
from bot.llm.cues import ABOUT_ITSELF, ALL_OTHERS, DENIES, OPTIONAL, fit, spans
from bot.llm.disagreement import disagree
from bot.llm.editions import day_of
from bot.llm.layout import laid_out
from bot.llm.wanted import Wanted, names_row
from bot.quotes import Cited
from bot.sentences import Kind
from knowledge.documents import Hit

MOST_PIECES: Final = 3
MOST_PASSAGES: Final = 5
"""Passages that are read; of more, none was quoted more aptly on the demo company's questions, and each costs .4 ms."""

# Parts of a candidate's score; coverage of the question's weighted terms counts 1. Set by hand on the demo company's judged
# questions, checked on the 18F handbook's own and with `tests.quality.sentences`; .05 more or less moves one question in sixty.
_HEADING: Final = 0.9  # of a term that only its heading has
_TITLE: Final = 0.7  # of a term that only its document's title or an outer heading has
_HEADER: Final = 0.9  # of a term that only the header of its table has
_NEAR: Final = 0.35  # of a term that only the sentences beside it have
_PRIOR: Final = 0.7  # its passage was found first
_PRIOR_UNTOLD: Final = 1.4  # the same, where no piece covers a quarter of the question: then its words do not tell which it is
_PAIRS: Final = 0.2  # has the question's pairs of terms side by side
_SUBJECT: Final = 0.1  # its first terms, or first cell, are what the question is about
_FIT: Final = 0.25  # looks like what was asked for: a duration, a date, an amount …
_SPANS: Final = 0.5  # has the question's amount, or a range that holds it; less where the range has one end
_NAMED: Final = 0.2  # is the row of what the question names
_PART: Final = 0.3  # is a row or an item, for a question of several: of what its header, heading and title have of it
_STEPS: Final = 0.15  # steps, for a question of how, or a trouble
_DENIES: Final = 0.2  # says that something is not so, for a question of that
_ASKS: Final = -0.5  # is a question itself
_OPENS: Final = 0.05  # is what its passage says first
_SHORT: Final = -0.25  # fewer than three terms, or two if one is a number
_DANGLING: Final = -0.2  # starts with a word that points at what its heading has to say
_ASTRAY: Final = -0.4  # more, where its heading does not say it
_SPOKEN: Final = -0.25  # notes of a slide
_ABOUT_ITSELF: Final = -0.3  # when its document is valid and what it replaces
_OPTIONAL: Final = -0.15  # for those who want something else
_SUPERSEDED: Final = -0.8  # a newer document of the same name was found
_NAMED_YEAR: Final = 0.5  # the question names its document's year
_OTHER_ROW: Final = -0.5  # a table row that has no term of the question of its own, nor stands for all others

_TOLD: Final = 0.25  # share of the question
_SUBJECT_TERMS: Final = 2
_LABELLED: Final = frozenset({Kind.ROW, Kind.FIELD})
_AT_LEAST: Final = 0.78  # of the best score, for a further piece
_STRONG: Final = 0.9  # of the best score, for a further piece that covers nothing new of the question
_AS_CLOSE: Final = 0.7  # of what the best piece covers of the question, for a further piece
ENOUGH: Final = 60
"""Words, after which no further piece is quoted."""
_MOST_WORDS: Final = 110  # of the whole answer, with any further piece but a list
_MOST_OVERLAP: Final = 0.6  # share of a piece's terms that pieces before it may have
_DIGIT = re.compile(r"\d")


def extracts(query: str, hits: Sequence[Hit], asked_at: datetime, *, most: int = MOST_PIECES) -> Cited:
    """Up to `most` verbatim pieces of the first `MOST_PASSAGES` hits; empty only if there is no text in them.

    Sources older than eighteen months at `asked_at`, or superseded by another hit, are dated in the sentence.
    """
    return laid_out(chosen(query, hits, asked_at, most=most))


def chosen(query: str, hits: Sequence[Hit], asked_at: datetime, *, most: int = MOST_PIECES) -> Sequence[Candidate]:
    """What `extracts` quotes, the best first."""
    found, wanted = candidates(hits, query, asked_at, MOST_PASSAGES)
    covered = [_covered(wanted, candidate) for candidate in found]
    prior = _PRIOR if max(covered, default=0.0) >= _TOLD else _PRIOR_UNTOLD
    every = (_scored(wanted, candidate, share, prior) for candidate, share in zip(found, covered, strict=True))
    scored = sorted(every, key=lambda one: (-one.score, one.candidate.order))
    if wanted.wants_all and scored:
        scored = _parts_first(scored)
    return _with_others(wanted, _chosen(wanted, scored, most), scored, asked_at.date(), most)


class _Scored(NamedTuple):
    score: float
    covered: float  # share of the question
    fit: float  # how much it looks like what was asked for
    candidate: Candidate


def _covered(question: Wanted, candidate: Candidate) -> float:
    """The share of the question that the piece has, in its place."""
    return question.covered(
        (candidate.terms, 1.0),
        (candidate.header_terms, _HEADER),
        (candidate.heading_terms, _HEADING),
        (candidate.title_terms, _TITLE),
        (candidate.near_terms, _NEAR),
    )


def _scored(question: Wanted, candidate: Candidate, covered: float, prior: float) -> _Scored:
    words = candidate.text
    fits = fit(question.asked, words)
    score = covered + prior * candidate.prior + _PAIRS * question.paired(candidate.ordered) + _FIT * fits
    if candidate.kind in _LABELLED:
        score += _SUBJECT * question.covered((frozenset(candidate.ordered[:_SUBJECT_TERMS]), 1.0))
    if question.wants_all and candidate.is_part:
        score += _PART * question.covered((candidate.header_terms, 1.0), (candidate.heading_terms, 1.0), (candidate.title_terms, _TITLE))
    return _Scored(score + _corrections(question, candidate, words), covered, fits, candidate)


def _corrections(question: Wanted, candidate: Candidate, words: str) -> float:
    """The sum of the parts whose condition holds."""
    spanned = spans(question.amounts, words)
    foreign = candidate.row is not None and not spanned and question.accepted.keys().isdisjoint(candidate.terms)
    conditions = (
        (_NAMED, _is_named(question, candidate)),
        (_OPENS, candidate.opens),
        (_SHORT, len(candidate.terms) < (2 if _DIGIT.search(words) else 3) and not candidate.row),  # said at _SHORT
        (_STEPS, question.wants_steps and candidate.kind is Kind.STEP),
        (_DENIES, question.wants_denial and bool(DENIES.search(words))),
        (_ASKS, candidate.asks),
        (_DANGLING, candidate.dangling),
        (_ASTRAY, candidate.astray),
        (_SPOKEN, candidate.spoken),
        (_OPTIONAL, bool(OPTIONAL.search(words))),
        (_ABOUT_ITSELF, bool(ABOUT_ITSELF.match(words))),
        (_SUPERSEDED, candidate.superseded),
        (_NAMED_YEAR, candidate.asked_for),
        (_OTHER_ROW, foreign and not question.wants_all and not ALL_OTHERS.match(words)),
    )
    return sum(part for part, holds in conditions if holds) + _SPANS * spanned


def _is_meant(question: Wanted, candidate: Candidate) -> bool:
    """Whether it is the row of what the question names, or of its amount."""
    return _is_named(question, candidate) or (candidate.row is not None and spans(question.amounts, candidate.text) > 0)


def _is_named(question: Wanted, candidate: Candidate) -> bool:
    row, about = candidate.row, candidate.header_terms | candidate.heading_terms | candidate.title_terms
    return row is not None and names_row(question.words, row.cells, row.header, about)


def _parts_first(scored: Sequence[_Scored]) -> list[_Scored]:
    """The best part of a table or list first, if only a line about it is better: one that stands under the same heading."""
    best = scored[0].candidate.quote.passage
    part = next((one for one in scored if one.candidate.is_part), scored[0])
    passage = part.candidate.quote.passage
    if (passage.document.id, passage.heading) != (best.document.id, best.heading) or part.covered < _AS_CLOSE * scored[0].covered:
        return list(scored)
    return [part._replace(score=scored[0].score), *(one for one in scored if one is not part)]


def _chosen(question: Wanted, scored: Sequence[_Scored], most: int) -> list[Candidate]:
    chosen: list[Candidate] = []
    said: frozenset[str] = frozenset()
    for one in scored:
        best = scored[0]
        words = sum(candidate.words for candidate in chosen)
        if len(chosen) == most or words >= ENOUGH or (chosen and one.score < _AT_LEAST * best.score):
            break
        fits = words + one.candidate.words <= _MOST_WORDS or one.candidate.kind is Kind.STEP
        alike = one.covered >= _AS_CLOSE * best.covered and one.fit >= best.fit and fits
        if not chosen or (alike and _may_stand(one, best) and _adds(question, one, said, best)):
            chosen.append(one.candidate)
            said |= one.candidate.all_terms
    return chosen


def _with_others(question: Wanted, pieces: list[Candidate], scored: Sequence[_Scored], today: date, most: int) -> list[Candidate]:
    """`pieces`, but where sources that hold today give other answers than the best piece: that, those, and the newest of them first."""
    others: list[Candidate] = []
    for one in scored if most > 1 else ():
        holds = (one.candidate.quote.passage.document.edition.valid_from or today) <= today
        if holds and len(others) + 1 < most and all(disagree(one.candidate, known, question) for known in (pieces[0], *others)):
            others.append(one.candidate)
    if not others:
        return pieces
    days = [day_of(piece.quote.passage.document) for piece in (pieces[0], *others)]
    first, *rest = (pieces[0], *others)
    if all(days):
        by_age = sorted(zip(days, (first, *rest), strict=True), key=lambda pair: pair[0] or today, reverse=True)
        first, *rest = (replace(piece, as_of=None) for _, piece in by_age)  # what leads in to the older ones says of when they are
    apart = {piece.quote.passage.document.id for piece in rest}
    kept = [one for one in pieces if one.place != first.place and one.quote.passage.document.id not in apart]
    return [first, *kept[: most - 1 - len(rest)], *(replace(piece, against=first) for piece in rest)]


def _may_stand(one: _Scored, best: _Scored) -> bool:
    """Not if it only says something of its document, nor before the best piece, which answers, unless it is nearly as good."""
    place, answer = one.candidate.place, best.candidate.place
    before = place[0] == answer[0] and place < answer
    return not ABOUT_ITSELF.match(one.candidate.text) and (not before or one.score >= _STRONG * best.score)


def _adds(question: Wanted, one: _Scored, said: frozenset[str], best: _Scored) -> bool:
    strong, candidate = one.score >= _STRONG * best.score, one.candidate
    new = candidate.terms - said
    if candidate.row:  # one of another table would mostly say the same again
        table = best.candidate.row and best.candidate.row.table
        meant = question.wants_several or _is_meant(question, candidate) or not _is_meant(question, best.candidate)
        return strong and meant and (candidate.row.table == table or question.rare(new))
    if not candidate.terms or 1 - len(new) / len(candidate.terms) > _MOST_OVERLAP:
        return False
    return (strong and question.rare(candidate.terms)) or question.rare(new)
