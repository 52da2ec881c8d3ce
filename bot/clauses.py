"""What of a source a claim is about: units and the clauses they are made of, weighed by the rarity of what they share with it. Pure."""

import math
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import zip_longest

from bot.sentences import Kind, Unit, cells, sentences, units
from knowledge.terms import terms

_IN_HEAD = 0.5  # of a term that only the heading or the table's header has
_NOT_SAYING = frozenset({Kind.HEADING, Kind.HEADER, Kind.RULE, Kind.CODE})
_CUT = re.compile(
    r"[;:]\s+|,\s+(?=(?:and|but|or|so|if|unless|when|while|because|which|who|never|not(?!\s+even)|nor|except|until|then)\b)"
    r"|\s+[\u2013\u2014-]\s+|[,.]?\s*[()]\s*"
)
_REPLY = re.compile(r"\s*(?:yes|no)\b[.,!]?", re.IGNORECASE)


@dataclass(frozen=True)
class Said:
    """A unit or a clause of a text, with the heading and the table header that it stands under."""

    text: str
    heading: str = ""
    columns: tuple[str, ...] = ()

    @property
    def whole(self) -> str:
        """Its words; of a row each cell after the name of its column."""
        if not self.text.startswith("|"):
            return self.text
        return ", ".join(" ".join(pair).strip() for pair in zip_longest(self.columns, cells(self.text), fillvalue=""))

    @cached_property
    def label(self) -> frozenset[str]:
        """The content terms of a row's first cell; none of anything else."""
        return frozenset(terms(cells(self.text)[0])) if self.text.startswith("|") else frozenset()

    @cached_property
    def terms(self) -> frozenset[str]:
        """Its own content terms."""
        return frozenset(terms(self.text))

    @cached_property
    def head_terms(self) -> frozenset[str]:
        """Those of what it stands under."""
        return frozenset(terms(" ".join((self.heading, *self.columns))))


def said(text: str, heading: str = "") -> list[Said]:
    """The units of `text` that say something. A heading that asks is joined to the `Yes` or `No` that answers it."""
    found = list(_units(text, heading))
    if heading.endswith("?") and found and _REPLY.match(found[0].text):
        found[0] = Said(f"{heading[:-1]}: {found[0].text}")
    return found


def clauses(of: Sequence[Said]) -> list[Said]:
    """The clauses of units, each under its unit's head."""
    return [clause for one in of for clause in _clauses(one)]


def clauses_of(text: str) -> list[str]:
    """A text cut at the ends of its sentences, semicolons, colons, parentheses and conjunctions; a heading with its answer is one."""
    if _REPLY.match(text.partition(": ")[2]):
        return [text]
    return [piece for start, end in sentences(text) for piece in _CUT.split(text[start:end]) if piece.strip()]


def _clauses(one: Said) -> Iterator[Said]:
    """Of a row each cell with the row's first, which says what it is about."""
    if not one.text.startswith("|"):
        yield from (Said(piece, one.heading) for piece in clauses_of(one.text))
        return
    first, *others = cells(one.text)
    for place, cell in enumerate(others, start=1):
        head = one.columns[place] if place < len(one.columns) else ""
        yield from (Said(f"{first} | {piece}", one.heading, (head,)) for piece in clauses_of(cell))


def nearest(claim: Collection[str], among: Sequence[Said], least: float) -> list[tuple[float, Said]]:
    """Those that cover at least `least` of what the best of them covers of the claim's terms, best first; each with its share, 0 to 1.

    A term weighs log(1 + n / df) over the n of `among`, so what all of them say tells them apart least. Terms that none has count for
    nothing.
    """
    weights = _weights(claim, among)
    total = sum(weights.values())
    if not total:
        return []
    scored = sorted(((_covered(weights, one) / total, one) for one in among), key=lambda pair: -pair[0])
    return [(share, one) for share, one in scored if share >= least * scored[0][0]]


def _weights(claim: Collection[str], among: Sequence[Said]) -> Mapping[str, float]:
    counts = Counter(term for one in among for term in one.terms.intersection(claim))
    heads = {term for one in among for term in one.head_terms.intersection(claim)}
    return {term: math.log(1 + len(among) / (counts[term] or len(among))) for term in counts.keys() | heads}


def _covered(weights: Mapping[str, float], one: Said) -> float:
    own = sum(weight for term, weight in weights.items() if term in one.terms)
    return own + _IN_HEAD * sum(weight for term, weight in weights.items() if term in one.head_terms - one.terms)


def _units(text: str, heading: str) -> Iterator[Said]:
    header: tuple[str, ...] = ()
    block = -1
    for unit in units(text):
        header = () if unit.block != block else header
        block = unit.block
        if unit.kind is Kind.HEADER:
            header = tuple(cells(text[unit.start : unit.end]))
        elif unit.kind not in _NOT_SAYING:
            yield Said(_words(text, unit), heading, header)


def _words(text: str, unit: Unit) -> str:
    return " ".join(unit.body(text).split())
