"""When a question could be about several things that the documents keep apart, and which of them is meant then. Pure."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from bot.evidence import Evidence
from bot.intents.pointing import LAST, pointed_at
from bot.intents.subject import content
from bot.llm.extractive import extracts
from bot.messages import Citation
from bot.words import words
from knowledge.documents import Hit
from knowledge.terms import terms

MOST_CHOICES: Final = 4
_CLOSE: Final = 0.5  # of the best score, for a passage that may be meant as well
_OWN_WORDS: Final = 3  # by which a label differs from the other, at most: siblings differ by a country, a role
_COVERED: Final = 0.8  # share of the question's terms that a candidate has, in its place
_EDITION = re.compile(
    r"\b(?:(?:19|20)\d\d|v(?:ersion)?[ .]*\d+(?:\.\d+)*|superseded|outdated|obsolete|archived?|deprecated|expired|old|new|draft|final|copy|"
    r"updated?|current)\b",
    re.IGNORECASE,
)

_ONE = re.compile(r"\bone\b", re.IGNORECASE)


_ANSWERS: Final = words("yes yeah yep sure thanks thank pls ok okay sorry course based live work working located")  # beside a name
_MEANT = re.compile(r"^\W*(?:\w+\W+){0,2}?i mean", re.IGNORECASE)


class _Candidate(NamedTuple):
    """A passage that may be meant, with the words that would answer."""

    citation: Citation
    title: frozenset[str]  # its terms, editions aside
    headings: frozenset[str]
    nearest: frozenset[str]  # of the last heading
    covered: frozenset[str]  # terms of the question that its label and words have
    numbers: frozenset[str]

    @property
    def label(self) -> frozenset[str]:
        """What it stands under."""
        return self.title | self.headings


def choices(query: str, hits: Sequence[Hit], asked_at: datetime, subject: str = "") -> tuple[Citation, ...]:
    """What a question may be about, if that is several: up to `MOST_CHOICES` passages, best first; empty if it is clear enough.

    They stand under labels (title and headings) that are alike but for a few words, of which the question has none; they answer it about
    as well as the best does; and they answer it with other numbers. Editions of one document are no choice: the newest counts.
    What `subject` says, the thread has told already.
    """
    asked = frozenset(terms(" ".join(content(query))))
    if not hits or not asked:
        return ()
    found = [_candidate(asked, query, hit, asked_at) for hit in hits if hit.score >= _CLOSE * hits[0].score]
    candidates = [one for one in found if one is not None]
    if not candidates or len(candidates[0].covered) < _COVERED * len(asked):
        return ()
    best = candidates[0]
    told = asked | frozenset(terms(subject))
    others = [one for one in candidates[1:] if _is_sibling(best, one, told)]
    labels: dict[frozenset[str], _Candidate] = {}
    for one in (best, *others):
        labels.setdefault(one.label, one)
    return tuple(one.citation for one in labels.values())[:MOST_CHOICES] if others else ()


def chosen(text: str, offered: Sequence[Citation], asked: str = "") -> Citation | None:
    """Which of the choices `text` names, by number or by words that only it has; None if it names none, or several.

    What says more than the labels and the question that was `asked` do is another question, unless it says that it is what was meant.
    """
    number = pointed_at(text)
    if number is not None:
        place = len(offered) if number == LAST else number
        return offered[place - 1] if 0 < place <= len(offered) else None
    known = frozenset(terms(asked)).union(*(terms(" ".join(label(citation))) for citation in offered))
    if not (_said_besides(text) <= known or (_MEANT.search(text) and "?" not in text)):
        return None
    return named(text, offered)


def named(text: str, offered: Sequence[Citation]) -> Citation | None:
    """Which of several choices `text` has most words of that not all of them have; None if it has none, or as many of another."""
    said = frozenset(terms(text))
    labels = [frozenset(terms(" ".join(label(citation)))) for citation in offered]
    common = frozenset.intersection(*labels) if labels else frozenset()
    shares = [len(said & (own - common)) for own in labels]
    best = max(shares, default=0)
    return offered[shares.index(best)] if best and shares.count(best) == 1 else None


def label(citation: Citation) -> tuple[str, ...]:
    """What a choice is called: its document's title and its headings."""
    return (citation.title, *citation.heading)


def apart(offered: Sequence[Citation]) -> list[str]:
    """The names of the choices, without headings that all of them have."""
    labels = [label(citation) for citation in offered]
    same = {part for part in labels[0] if all(part in other for other in labels)} if labels else set()
    return [" › ".join([part for part in one if part not in same] or one) for one in labels]  # noqa: RUF001  as in the interface


def _candidate(asked: frozenset[str], query: str, hit: Hit, asked_at: datetime) -> _Candidate | None:
    cited = extracts(query, [hit], asked_at, most=1).citations
    if not cited:
        return None
    title, headings = _plain([hit.passage.document.title]), _plain(hit.passage.heading)
    own = frozenset(terms(cited[0].quote))
    return _Candidate(
        cited[0], title, headings, _plain(hit.passage.heading[-1:]), asked & (title | headings | own), _numbers(cited[0].quote)
    )


def _said_besides(text: str) -> frozenset[str]:
    """The terms of what carries the subject of an answer to a question of ours."""
    return frozenset(terms(" ".join(word for word in content(text) if word.lower() not in _ANSWERS)))


def _numbers(said: str) -> frozenset[str]:
    """What `Evidence` counts, and "one month": beside "four weeks" it is a number."""
    return Evidence(said).numbers | ({"1"} if _ONE.search(said) else set())


def _plain(said: Iterable[str]) -> frozenset[str]:
    return frozenset(terms(_EDITION.sub(" ", " ".join(said))))


def _is_sibling(best: _Candidate, other: _Candidate, told: frozenset[str]) -> bool:
    own, others = best.label - other.label, other.label - best.label
    same = best.citation.document == other.citation.document
    alike = (best.nearest & other.nearest if same else best.label & other.label) and 0 < len(own) <= _OWN_WORDS >= len(others) > 0
    edition = best.title == other.title and not same
    open_ = told.isdisjoint(own | others)
    as_well = len(other.covered) >= len(best.covered)
    disagree = bool(best.numbers and other.numbers) and not (best.numbers <= other.numbers or other.numbers <= best.numbers)
    return bool(alike) and not edition and open_ and as_well and disagree
