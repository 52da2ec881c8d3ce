"""What a question looks for, weighed against what was found. Pure."""

import math
import re
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from knowledge.terms import terms

_ASKS_NUMBER = re.compile(
    r"\b(how (?:many|much|long|often|old|far|soon|big|late)|when|what (?:time|date|day|year|rate|amount|percentage)|"
    r"deadline|limit|cost|price|budget|which (?:day|year|date))\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """The question's terms by their rarity among the pieces that were found."""

    weights: dict[str, float]  # term -> log(1 + (n + 1) / (df + .5)) over the n pieces
    total: float  # their sum; 1 for a question without terms
    asks_number: bool  # how many, when, what limit …

    @classmethod
    def among(cls, query: str, pieces: Collection[frozenset[str]]) -> "Wanted":
        """`query` weighed against the term sets of `pieces`."""
        wanted = frozenset(terms(query))
        counts = Counter(term for piece in pieces for term in piece & wanted)
        weights = {term: math.log(1 + (len(pieces) + 1) / (counts[term] + 0.5)) for term in wanted}
        return cls(weights, sum(weights.values()) or 1.0, bool(_ASKS_NUMBER.search(query)))

    def covered(self, found: Iterable[str]) -> float:
        """The weighted share of the question's terms in `found`, 0 to 1."""
        return sum(self.weights[term] for term in found if term in self.weights) / self.total
