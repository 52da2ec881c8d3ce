"""What a question looks for, weighed against what was found. Pure."""

import math
import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Final

from bot.evidence import NUMBER_WORDS
from bot.llm.codes import Codes
from bot.llm.cues import WANTS_ALL, WANTS_DENIAL, WANTS_STEPS, asked_for, without_amounts
from knowledge.terms import terms

_SAME: Final = """
holiday vacation leave
cost price fee charge
pay price cost
pay paid salary wage
spend spent
laptop computer device
phone mobile device
lost lose left stolen missing
ill sick illness sickness
dentist dental
doctor medical
baby birth born newborn
maternity paternity parental birth parent
boss manager supervisor
approve approval sign authorise authorize
buy bought purchase
trip travel journey
refund reimburse reimbursement
announce notify tell notice
gift present offered
recommend refer referral
course training learning
money budget allowance
spend limit budget allowance
decide decision outcome result
choose pick select
wifi internet
remote remotely home
abroad overseas foreign
begin start
return back
close end finish
replace replacement change
meal food lunch dinner
flight fly plane
quit resign resignation
safe safety danger
deadline due
job role position
employee staff colleague
"""
"""One line each: words that people ask with and words that documents answer with."""
SAME_COUNTS: Final = 0.7
"""Share of a term's weight that a word of the same line has."""
WEAK_COUNTS: Final = 0.3
"""Share of the weight of a term that is in many questions and says little of what they are about."""
_WEAK: Final = """
get give take need want have know say tell mean happen anything everything something someone somebody please still just also come
go make find let use much many long often far now thing way one there here some any must shall allowed company each every
too very stand meaning deadline ahead whether what's allow case possible
"""
_BETWEEN: Final = (" and ", " or ", " both ", " versus ", " vs ")
_SEVERAL: Final = 2  # spaces in front of, between and behind words of which there are not several
_WORD: Final = re.compile(r"\w+")
_LETTER: Final = re.compile(r"[^\W\d_]")
_CONTRACTED: Final = re.compile(r"['\u2019](?:m|s|re|ve|ll|d|t)\b", re.IGNORECASE)

Accepted = dict[str, tuple[tuple[str, float], ...]]
"""Term of a text -> terms of the question that it counts for, and how much."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The question's terms by their rarity among the pieces that were found."""

    weights: dict[str, float]  # term -> log(1 + (n + 1) / (df + .5)) over the n pieces; less for weak ones
    total: float  # their sum; 1 for a question without terms
    accepted: Accepted
    pairs: frozenset[tuple[str, str]]  # terms that stand side by side in the question
    asked: re.Pattern[str] | None  # what an answer looks like
    wants_steps: bool
    wants_all: bool  # asks for several things of a kind
    wants_denial: bool  # asks for what is not so
    amounts: tuple[str, ...]  # sums and percentages of the question
    words: str  # all of them, `spaced`

    @property
    def wants_several(self) -> bool:
        """Whether it names more than one thing: parents and carers, Berlin or Oslo."""
        return any(word in self.words for word in _BETWEEN)

    @classmethod
    def among(cls, query: str, pieces: Collection[frozenset[str]]) -> "Wanted":
        """`query` weighed against the term sets of `pieces`."""
        plain, amounts = without_amounts(query)
        said = content(plain)
        accepted = accepted_for(said)
        accepted |= {code: tuple((part, 1.0) for part in apart) for apart, code in Codes.of(said).apart.items() if code not in said}
        counts = Counter(term for piece in pieces for term in piece.intersection(said))
        weights = {term: importance(term) * math.log(1 + (len(pieces) + 1) / (counts[term] + 0.5)) for term in said}
        pairs = frozenset(pair for pair in pairwise(said) if pair[0] != pair[1] and weak().isdisjoint(pair))
        steps, several, denial = (bool(cue.search(query)) for cue in (WANTS_STEPS, WANTS_ALL, WANTS_DENIAL))
        return cls(weights, sum(weights.values()) or 1.0, accepted, pairs, asked_for(query), steps, several, denial, amounts, spaced(query))

    def covered(self, *zones: tuple[frozenset[str], float]) -> float:
        """The weighted share of the question's terms in `zones`, 0 to 1; a term counts where it counts most."""
        best: dict[str, float] = {}
        for found, factor in zones:
            for term in self.accepted.keys() & found:
                for own, share in self.accepted[term]:
                    if share * factor > best.get(own, 0.0):
                        best[own] = share * factor
        return sum(self.weights[term] * share for term, share in best.items()) / self.total

    def rare(self, found: frozenset[str]) -> bool:
        """Whether `found` has a term that counts for one of the question's rarer ones."""
        least = self.total / max(1, len(self.weights))
        return any(self.weights[own] >= least for term in self.accepted.keys() & found for own, _ in self.accepted[term])

    def paired(self, ordered: Sequence[str]) -> float:
        """The share of the question's pairs that stand side by side in a text too, 0 to 1."""
        return len(self.pairs.intersection(pairwise(ordered))) / len(self.pairs) if self.pairs else 0.0


def spaced(text: str) -> str:
    """The words of `text` in small letters, a space before and after each."""
    return f" {' '.join(_WORD.findall(text.casefold()))} "


def names_row(said: str, cells: Sequence[str], header: Sequence[str], about: frozenset[str]) -> bool:
    """Whether a question whose words are `said`, spaced, has all of a row's first cell, or of another of several words, as it stands there.

    Numbers alone count where they are said to be of the first column ("level 4"), or else they may be of anything; the terms `about` that
    all of the table is do not count.
    """
    first = cells[0] if cells else ""
    number = re.search(rf"{re.escape(spaced(header[0]))}(\d+) ", said) if header else None
    if number and f" {number[1]} " in spaced(first):
        return True
    named = (cell for cell in cells if spaced(cell) in said and _LETTER.search(cell) and not about.issuperset(terms(cell)))
    return any(cell == first or spaced(cell).count(" ") > _SEVERAL for cell in named)


def content(query: str) -> list[str]:
    """The terms of a question, without what an apostrophe leaves: no `s` of "what's"."""
    return terms(_CONTRACTED.sub(" ", query))


def importance(term: str) -> float:
    """1, or `WEAK_COUNTS`."""
    return WEAK_COUNTS if term in weak() else 1.0


def accepted_for(said: Collection[str]) -> Accepted:
    """The terms that count for the terms `said`: themselves, and those of the same line for a part."""
    found: dict[str, dict[str, float]] = {}
    for term in said:
        for other in _alike().get(term, ()):
            found.setdefault(other, {})[term] = SAME_COUNTS
    for term in said:
        found.setdefault(term, {})[term] = 1.0
    return {term: tuple(counts.items()) for term, counts in found.items()}


@cache
def weak() -> frozenset[str]:
    """The terms that say little of what a question is about."""
    return frozenset(terms(_WEAK))


@cache
def _alike() -> dict[str, frozenset[str]]:
    numbers = (f"{word} {digits}" for word, digits in NUMBER_WORDS.items())
    lines = [frozenset(terms(line)) for line in (*_SAME.splitlines(), *numbers)]
    every = frozenset[str]().union(*lines)
    return {term: frozenset[str]().union(*(line for line in lines if term in line)) - {term} for term in every}
