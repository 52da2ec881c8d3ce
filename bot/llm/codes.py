"""Codes that a question joins and a text writes apart, or the other way round: ISO27001, ISO 27001, ISO-27001. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, Self

from knowledge.terms import terms

_JOINED: Final = re.compile(r"([^\W\d_]+)(\d+)")  # a term: letters, then digits


@dataclass(frozen=True, slots=True)
class Codes:
    """The codes of one question, each of letters and digits."""

    apart: Mapping[tuple[str, str], str] = field(default_factory=dict)  # the terms it is where it stands apart -> the one where joined

    @classmethod
    def of(cls, said: Sequence[str]) -> Self:
        """Those among the terms `said`: joined, or side by side."""
        joined = {pair: term for term in said if (pair := _apart(term))}
        beside = {(letters, digits): letters + digits for letters, digits in pairwise(said) if letters.isalpha() and digits.isdigit()}
        return cls(beside | joined)

    def found(self, ordered: Sequence[str]) -> frozenset[str]:
        """The terms of a text, and those codes that stand apart in it as the term that each would be."""
        if not self.apart:
            return frozenset(ordered)
        return frozenset((*ordered, *(self.apart[pair] for pair in pairwise(ordered) if pair in self.apart)))


NO_CODES: Final = Codes()


def _apart(term: str) -> tuple[str, str] | None:
    """The terms of a joined code's letters and of its digits; None if it is none, or they say nothing alone."""
    match = _JOINED.fullmatch(term)
    letters = terms(match[1]) if match else []
    return (letters[0], match[2]) if match and len(letters) == 1 else None
