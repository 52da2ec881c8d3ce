"""The pieces of passages that could be quoted as an answer, with what choosing among them needs. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from bot.llm.editions import asked_for, superseded
from bot.llm.pieces import Piece, is_question, pieces, starts_midway
from bot.llm.wanted import Wanted
from bot.quotes import Quote
from bot.sentences import Kind, Unit, cells
from knowledge.documents import Document, DocumentId, Hit
from knowledge.terms import terms

OLD_AFTER: Final = timedelta(days=548)
"""A source that was last changed longer ago is dated where it is quoted (eighteen months)."""
SHORTLIST: Final = 12
"""Pieces that are looked at closely."""
PRIOR_COUNTS: Final = 0.5
"""What the best passage's piece is more promising by than one of a passage that hardly was found."""
_NONE: Final = frozenset[str]()
_LONGEST_PAIR: Final = 420  # characters of two sentences quoted as one
_LONGEST_ROUND: Final = 240  # characters of a sentence with the one after it
_LONGEST_LIST: Final = 1_200  # characters of a list quoted as one
_FRAGMENT_WORDS: Final = 5  # a list item of fewer words does not stand alone

_DANGLING = re.compile(
    r"(this|that|these|those|it|they|them|he|she|its|their|such|here|there|however|but|and|or|so|also|then|therefore|thus|"
    r"otherwise|instead|in addition|in this case|in that case|for example|for instance|both|neither|the (?:latter|former))\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Row:
    """A table row with the header that names its cells; no header: the passage does not have it."""

    header: tuple[str, ...]
    cells: tuple[str, ...]
    table: tuple[int, int]  # rank of the passage and number of the block: rows of one table share it


@dataclass(frozen=True, slots=True)
class Candidate:
    """A piece that could be quoted."""

    quote: Quote
    kind: Kind
    order: tuple[int, int]  # rank of the passage, then place in it
    prior: float  # how well its passage did in the search, as a share of the best: 0 to 1
    ordered: Sequence[str]  # terms of its own words
    terms: frozenset[str]  # the same
    heading_terms: frozenset[str]  # of the heading it stands under, or the question that it follows
    title_terms: frozenset[str]  # of its document's title and all its headings
    header_terms: frozenset[str] = field(default_factory=frozenset)  # of the header of its table
    near_terms: frozenset[str] = field(default_factory=frozenset)  # all these, and those of the units beside it
    row: Row | None = None
    label: str = ""  # the line above a table that lost its rules
    asks: bool = False  # is a question itself
    dangling: bool = False  # starts with a word that points at what was left out
    opens: bool = False  # is the first of its passage that may be quoted
    spoken: bool = False  # stands in the notes of a slide
    superseded: bool = False  # another hit is a newer edition of its document
    asked_for: bool = False  # the question names its document's year
    dated: bool = False  # its age has to be said

    @property
    def rank(self) -> int:
        """Rank of its passage, from 0."""
        return self.order[0]

    @property
    def words(self) -> int:
        """Length of the quote in words."""
        return self.quote.text.count(" ") + 1

    @property
    def all_terms(self) -> frozenset[str]:
        """Its own terms and those of its table's header."""
        return self.terms | self.header_terms


class _Editions(NamedTuple):
    """What is known of the hits' documents as editions."""

    asked_at: datetime
    superseded: frozenset[DocumentId]
    asked_for: frozenset[DocumentId]

    def dated(self, document: Document) -> bool:
        """Whether the age of `document` has to be said."""
        changed = document.modified_at
        return changed is not None and (document.id in self.superseded or self.asked_at - changed > OLD_AFTER)


def candidates(hits: Sequence[Hit], query: str, asked_at: datetime, read: int) -> tuple[list[Candidate], Wanted]:
    """The `SHORTLIST` most promising pieces of the first `read` hits, and what `query` wants of them.

    Hits that a newer edition among them replaces are read last. Only what may be quoted; where nothing may, whatever text there is.
    """
    documents = [hit.passage.document for hit in hits]
    editions = _Editions(asked_at, superseded(documents, query, asked_at), asked_for(documents, query, asked_at))
    current_first = sorted(hits, key=lambda hit: hit.passage.document.id in editions.superseded)
    every = pieces(current_first[:read], editions.superseded)
    every = [piece for piece in every if piece.quotable] or every
    wanted = Wanted.among(query, [piece.terms | piece.header.terms for piece in every])
    promise = sorted(every, key=lambda piece: (-_promise(wanted, piece), piece.read.rank, piece.place))[:SHORTLIST]
    first = {piece.read.rank: piece.place for piece in reversed(every)}
    found = [_candidate(piece, editions, opens=first[piece.read.rank] == piece.place) for piece in promise]
    return list({(c.rank, c.quote.start, c.quote.end): c for c in reversed(found)}.values()), wanted  # a list stands for its items


def _promise(wanted: Wanted, piece: Piece) -> float:
    return PRIOR_COUNTS * piece.read.prior + wanted.covered((piece.near_terms, 1.0), (piece.read.title_terms, 0.5))


def _candidate(piece: Piece, editions: _Editions, *, opens: bool) -> Candidate:
    read = piece.read
    passage, unit = read.passage, read.found[piece.place]
    start, end = _stretched(passage.text, read.found, piece.place)
    quote = Quote(passage, start, end)
    words = quote.text
    alone = (start, end) == (unit.start + unit.lead, unit.end)
    ordered = piece.ordered if alone else terms(words)
    return Candidate(
        quote=quote,
        kind=Kind.STEP if _is_list(unit, start, end) else unit.kind,
        order=(read.rank, piece.place),
        prior=read.prior,
        ordered=ordered,
        terms=piece.terms if alone else frozenset(ordered),
        heading_terms=read.heading_terms | piece.question_terms,
        title_terms=read.title_terms,
        header_terms=piece.header.terms,
        near_terms=piece.near_terms,
        row=Row(piece.header.names, tuple(cells(words)), (read.rank, unit.block)) if unit.kind is Kind.ROW else None,
        label=" ".join(piece.header.names) if unit.kind is Kind.FIELD else "",
        asks=is_question(words),
        dangling=bool(_DANGLING.match(words)),
        opens=opens,
        spoken=unit.block in read.spoken,
        superseded=passage.document.id in editions.superseded,
        asked_for=passage.document.id in editions.asked_for,
        dated=editions.dated(passage.document),
    )


def _is_list(unit: Unit, start: int, end: int) -> bool:
    return unit.kind in {Kind.STEP, Kind.BULLET, Kind.LEAD_IN} and end - start > unit.end - unit.start


def _stretched(text: str, found: Sequence[Unit], index: int) -> tuple[int, int]:
    """The piece that stands on its own: the unit, with what it cannot be understood without if that is next to it."""
    unit = found[index]
    if unit.kind in {Kind.STEP, Kind.LEAD_IN} or (unit.kind is Kind.BULLET and len(unit.body(text).split()) < _FRAGMENT_WORDS):
        return _list_around(found, index)
    if unit.kind is Kind.SENTENCE and index and _DANGLING.match(text, unit.start):
        before = found[index - 1]
        joined = before.kind is Kind.SENTENCE and before.block == unit.block and unit.end - before.start <= _LONGEST_PAIR
        if joined and not starts_midway(text, before, index - 1):
            return before.start, unit.end
    return unit.start + unit.lead, _rounded_off(text, found, index)


def _rounded_off(text: str, found: Sequence[Unit], index: int) -> int:
    """The end of a sentence, or of the next one if that points back at it or is all that is left of a short paragraph."""
    unit, following = found[index], found[index + 1] if index + 1 < len(found) else None
    joins = following and following.block == unit.block and unit.kind is following.kind is Kind.SENTENCE
    if not following or not joins or following.end - unit.start > _LONGEST_ROUND:
        return unit.end
    alone = not any(other.block == unit.block for other in (*found[max(0, index - 1) : index], *found[index + 2 : index + 3]))
    return following.end if alone or _DANGLING.match(text, following.start) else unit.end


def _list_around(found: Sequence[Unit], index: int) -> tuple[int, int]:
    items = {Kind.STEP, Kind.BULLET}
    first = last = index
    while first and found[first].kind in items and found[first - 1].kind in items | {Kind.LEAD_IN}:
        first -= 1
    while last + 1 < len(found) and found[last + 1].kind in items:
        last += 1
    if found[last].end - found[first].start <= _LONGEST_LIST:
        return found[first].start, found[last].end
    return found[index].start + found[index].lead, found[index].end
