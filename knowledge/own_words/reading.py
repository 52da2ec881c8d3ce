"""A question with what its words also mean. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from knowledge.documents import Passage, Span
from knowledge.own_words.acronyms import short_form
from knowledge.own_words.keys import WORD, is_ordinary, key_of
from knowledge.own_words.meaning import Meaning, agreed, by_short, is_common
from knowledge.ranking.signals import unsaid
from knowledge.terms import terms

LONGEST_FORM = 8  # words
_MOST_WORDS = 64  # of a question that are looked at
_JOINED_BEFORE, _JOINED_AFTER = re.compile(r"\w[-/&]$"), re.compile(r"[-/&]\w")  # CSF is no word of G-CSF
_MOST = 5  # forms that are added to one question


class Added(NamedTuple):
    """A form that is searched for besides the one that was said."""

    said: str  # as in the question
    also: str


@dataclass(frozen=True, slots=True)
class Reading:
    """How a question is read."""

    query: str  # as it was asked
    added: tuple[Added, ...] = ()
    other: str = ""  # the question with the other forms in their place; empty: there are none

    @property
    def ways(self) -> tuple[str, ...]:
        """The one or two ways to ask it. A passage counts by the one that suits it better."""
        return (self.query, self.other) if self.other else (self.query,)

    def unsaid(self, passages: Sequence[Passage]) -> frozenset[str]:
        """The terms of the question that stand in no passage, and none of whose other forms does either."""
        lacking = unsaid(self.query, passages)
        said = [one.said for one in self.added if lacking.intersection(terms(one.said)) and not unsaid(one.also, passages)]
        return lacking.difference(*map(terms, said))


def forms(query: str) -> dict[str, Span]:
    """The keys of everything in `query` that might be a form, each with where it first stands; of the first words of a long one."""
    words = [match.span() for match in WORD.finditer(query)][:_MOST_WORDS]
    found: dict[str, Span] = {}
    for first in range(len(words)):
        for start, end in ((words[first][0], last[1]) for last in words[first : first + LONGEST_FORM]):
            if not (_JOINED_BEFORE.search(query, 0, start) or _JOINED_AFTER.match(query, end)):
                found.setdefault(key_of(query[start:end]), Span(start, end))
    return found


def read(query: str, found: Mapping[str, Span], meanings: Iterable[Meaning]) -> Reading:
    """`query`, in which `forms` found these, with what `meanings` say of them.

    `meanings`: all that may be known of the short forms found, and of those that have a long form found. A short form that they
    disagree about, or that is common, is left alone; so is an ordinary word that is not written in capitals. Of forms that overlap
    the longest is replaced; of those as long the one that stands first.
    """
    others: list[tuple[Span, str]] = []
    for meaning in (one for several in by_short(meanings).values() if not is_common(several) for one in agreed(several)):
        short, long = (found.get(key) for key in meaning.key)
        if short and not long and _is_meant(query[short.start : short.end], meaning, query):
            others.append((short, meaning.long))
        elif long and not short:
            others.append((long, meaning.short))
    replaced: dict[Span, str] = {}
    for span, form in sorted(others, key=lambda one: (one[0].start - one[0].end, one[0].start, one[1])):  # the longest first
        _put(replaced, span, form)
    added = tuple(Added(query[span.start : span.end], also) for span, also in _in_order(replaced))
    return Reading(query, added, _replaced(query, replaced)) if added else Reading(query)


def _put(replaced: dict[Span, str], span: Span, form: str) -> None:
    """Note it, unless it overlaps with what is noted already."""
    if len(replaced) < _MOST and all(span.end <= other.start or other.end <= span.start for other in replaced):
        replaced[span] = form


def _is_meant(written: str, meaning: Meaning, query: str) -> bool:
    """Whether what stands in the question is the short form, and no ordinary words that are spelled like it."""
    if short_form(meaning.short) is None:  # an admin's synonym
        return True
    in_capitals = short_form(written) is not None and (not query.isupper() or written == query.strip("?!. "))
    return in_capitals or not is_ordinary(key_of(meaning.short), said=meaning.said)


def _in_order(forms: Mapping[Span, str]) -> list[tuple[Span, str]]:
    return sorted(forms.items(), key=lambda one: one[0].start)


def _replaced(query: str, forms: Mapping[Span, str]) -> str:
    for span, form in reversed(_in_order(forms)):
        query = query[: span.start] + form + query[span.end :]
    return query
