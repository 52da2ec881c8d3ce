"""A question with what its words also mean. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from knowledge.documents import Passage, Span
from knowledge.own_words.acronyms import short_form
from knowledge.own_words.keys import WORD, is_ordinary, key_of
from knowledge.own_words.meaning import Meaning, agreed, by_short
from knowledge.ranking.signals import unsaid
from knowledge.terms import terms

_MOST_WORDS, _LONGEST = 64, 8  # of a question that are looked at; of a form
_MOST = 5  # forms that are added to one question


class Added(NamedTuple):
    """A form that is searched for besides the one that was said."""

    said: str  # as in the question
    also: str


@dataclass(frozen=True, slots=True)
class Reading:
    """How a question is read."""

    query: str  # as it was asked
    text: str  # with long forms beside short ones: what its vector is made of
    added: tuple[Added, ...] = ()

    def terms(self, weight: float) -> list[str]:
        """The terms to search by: those of the question, and what is added at `weight` of theirs, 0 to 1.

        Engines count a term as often as it stands in the search, so the question's own stand there several times.
        """
        own = terms(self.query)
        more = {term: None for one in self.added for term in terms(one.also) if term not in own} if weight else {}
        return [*own * round(1 / weight), *more] if more else own

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
        for start, end in ((words[first][0], last[1]) for last in words[first : first + _LONGEST]):
            found.setdefault(key_of(query[start:end]), Span(start, end))
    return found


def read(query: str, found: Mapping[str, Span], meanings: Iterable[Meaning]) -> Reading:
    """`query`, in which `forms` found these, with what `meanings` say of them.

    `meanings`: all that may be known of the short forms found, and of those that have a long form found. A short form that they
    disagree about is left alone; so is an ordinary word that is not written in capitals.
    """
    added: list[Added] = []
    inserted: list[tuple[int, str]] = []  # where, what
    for meaning in (one for several in by_short(meanings).values() for one in agreed(several)):
        short, long = (found.get(key) for key in meaning.key)
        if len(added) == _MOST or (short and long):
            continue
        if short and _is_meant(written := query[short.start : short.end], meaning, query):
            added.append(Added(written, meaning.long))
            inserted.append((short.end, f" ({meaning.long})"))
        elif long and not short:
            added.append(Added(query[long.start : long.end], meaning.short))
    return Reading(query, _with(query, inserted), tuple(added))


def _is_meant(written: str, meaning: Meaning, query: str) -> bool:
    """Whether a word of the question is the short form, and not the ordinary word that is spelled like it."""
    if short_form(meaning.short) is None:  # an admin's synonym
        return True
    shouted = query.isupper() and written != query.strip("?!. ")
    return not is_ordinary(key_of(meaning.short)) or (short_form(written) is not None and not shouted)


def _with(query: str, inserted: Iterable[tuple[int, str]]) -> str:
    for at, words in sorted(inserted, reverse=True):
        query = query[:at] + words + query[at:]
    return query
