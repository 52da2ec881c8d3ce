"""What a text claims, as far as a cheap check can see: its terms, its numbers, its names. Pure.

The check does not understand. It finds invented footnotes, wrong numbers, foreign names and sentences about something else.
It does not find a swapped subject, a lost negation or a wrong relation between right words.
"""

import re
from dataclasses import dataclass
from functools import cached_property

from knowledge.documents import Passage
from knowledge.terms import is_stop_word, terms

EACH_SHARES = 0.2
"""Least share of a claim's content terms in each passage it cites; a passage below it loses its footnote."""
ALL_SHARE = 0.5
"""Least share of a claim's content terms in the passages it cites taken together.

Set by hand on paraphrases of policy text: faithful rewordings share .5 to .9, sentences about another matter under .35.
"""

_OPENERS = " \n*_\"'\u201c\u2018\u00ab(|-"  # what may stand before a sentence's first word
_NUMBER = re.compile(r"\d+(?:[.,'\u2019\u00a0\u202f]\d+)*")
_THOUSANDS = re.compile(r"(?<=\d)[,.'\u2019\u00a0\u202f](?=\d{3}(?!\d))")
_WORDS = re.compile(r"[^\W\d_]+")
_NAME = re.compile(r"(?<![\w.])[A-ZÀ-ÖØ-ÞΑ-ΩА-Я][\w’'&-]*\w|(?<![\w.])[A-Z]{2,}\b")  # noqa: RUF001  capitals of three scripts
_TENS = "thirty forty fifty sixty seventy eighty ninety hundred"
_MONTH_NAMES = "january february march april may june july august september october november december"
_ONES = "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty"
NUMBER_WORDS = {word: str(n) for n, word in enumerate(_ONES.split(), start=2)} | {
    word: str(n * 10) for n, word in enumerate(_TENS.split(), start=3)
}
_MONTHS = {name: str(n) for n, name in enumerate(_MONTH_NAMES.split(), start=1)}


@dataclass(frozen=True)
class Evidence:
    """One text, seen as the check sees it."""

    text: str

    @cached_property
    def terms(self) -> frozenset[str]:
        """Its content terms."""
        return frozenset(terms(self.text))

    @cached_property
    def numbers(self) -> frozenset[str]:
        """Its numbers, in digits: `1,000` and `1000`, `twelve` and `12`, `March` and `03` are the same."""
        words = {word.lower() for word in _WORDS.findall(self.text)}
        named = {NUMBER_WORDS.get(word) or _MONTHS.get(word) for word in words}
        return self.written_numbers | {number for number in named if number}

    @cached_property
    def written_numbers(self) -> frozenset[str]:
        """Its numbers that stand in digits."""
        return frozenset(_normal(match) for match in _NUMBER.findall(self.text))

    @classmethod
    def of(cls, passage: Passage) -> "Evidence":
        """What a passage can support: its text, its headings, its document's title and date."""
        changed = passage.document.modified_at
        date = changed.strftime("%d/%m/%Y") if changed else ""
        return cls("\n".join((passage.document.title, *passage.heading, date, passage.text)))


def shared(claim: Evidence, source: Evidence) -> float:
    """The share of the claim's content terms that `source` has; 1 for a claim without any."""
    numbers = claim.written_numbers
    wanted = {term for term in claim.terms if term not in numbers}
    return len(wanted & source.terms) / len(wanted) if wanted else 1.0


def missing_number(claim: Evidence, sources: list[Evidence]) -> str | None:
    """A number of the claim that none of `sources` has."""
    known = frozenset[str]().union(*(source.numbers for source in sources))
    months = {number for word, number in _MONTHS.items() if f"{word} " in claim.text.lower() and word != "may"}
    words = {word.lower() for word in _WORDS.findall(claim.text)}
    wanted = claim.written_numbers | months | {NUMBER_WORDS[word] for word in words & NUMBER_WORDS.keys()}
    return min(wanted - known, default=None)


def missing_name(claim: Evidence, sources: list[Evidence]) -> str | None:
    """A name of the claim that none of `sources` has.

    A name is a capitalised word that does not start a sentence, or any word of two capitals or more. Months are numbers.
    """
    known = frozenset[str]().union(*(source.terms for source in sources))
    return next((name for name in _names(claim.text) if not known.issuperset(terms(name))), None)


def _names(text: str) -> list[str]:
    found = []
    for match in _NAME.finditer(text):
        word = match[0]
        before = text[: match.start()].rstrip(_OPENERS)
        starts = not before or before[-1] in ".!?:…"
        acronym = sum(c.isupper() for c in word) > 1
        if (acronym or not starts) and not is_stop_word(word) and word.lower() not in _MONTHS:
            found.append(word)
    return found


def _normal(number: str) -> str:
    whole = _THOUSANDS.sub("", number).replace(",", ".")
    head, dot, tail = whole.partition(".")
    head = head.lstrip("0") or "0"
    tail = tail.rstrip("0") if "." not in tail else tail
    return f"{head}{dot}{tail}" if tail else head
