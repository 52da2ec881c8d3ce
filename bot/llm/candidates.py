"""The pieces of passages that could be quoted as an answer, with what choosing among them needs. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from bot.llm.cues import LETTERHEAD
from bot.llm.wanted import Wanted
from bot.markup import is_empty
from bot.quotes import QUOTABLE, Quote
from bot.sentences import Kind, Unit, cells, units
from knowledge.documents import Document, DocumentId, Hit, Passage
from knowledge.terms import terms

OLD_AFTER: Final = timedelta(days=548)
"""A source that was last changed longer ago is dated where it is quoted (eighteen months)."""
SHORTLIST: Final = 24
"""Pieces that are looked at closely."""
PRIOR_COUNTS: Final = 0.5
"""What the best passage's piece is more promising by than one of a passage that hardly was found."""
NOTES: Final = "Notes:"
"""What the notes of a slide start with, as our reader of slides writes them."""
_LAST_YEAR: Final = re.compile(r"\blast year\b", re.IGNORECASE)
_NONE: Final = frozenset[str]()
_LONGEST_PAIR: Final = 420  # characters of two sentences quoted as one
_LONGEST_LIST: Final = 1_200  # characters of a list quoted as one
_FRAGMENT_WORDS: Final = 5  # a list item of fewer words does not stand alone

_DANGLING = re.compile(
    r"(this|that|these|those|it|they|them|he|she|its|their|such|here|there|however|but|and|or|so|also|then|therefore|thus|"
    r"otherwise|instead|in addition|in this case|in that case|for example|for instance|both|neither|the (?:latter|former))\b",
    re.IGNORECASE,
)
_EDITION = re.compile(r"\b(?:19|20)\d\d\b|\bv(?:ersion)?[ .]*\d+(?:\.\d+)*\b", re.IGNORECASE)
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_SAYS_OLD = re.compile(r"\b(superseded|outdated|obsolete|archived?|deprecated|expired)\b", re.IGNORECASE)


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
    ordered: tuple[str, ...]  # terms of its own words
    terms: frozenset[str]  # the same
    title_terms: frozenset[str]  # of its document's title and its headings
    header_terms: frozenset[str] = field(default_factory=frozenset)  # of the header of its table
    near_terms: frozenset[str] = field(default_factory=frozenset)  # all these, and those of the units beside it
    row: Row | None = None
    dangling: bool = False  # starts with a word that points at what was left out
    opens: bool = False  # is the first of its passage that may be quoted
    spoken: bool = False  # stands in the notes of a slide
    superseded: bool = False  # another hit is a newer edition of its document
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


class _Read(NamedTuple):
    """A passage, taken apart once."""

    rank: int
    prior: float
    passage: Passage
    found: list[Unit]
    title_terms: frozenset[str]
    spoken: frozenset[int]  # blocks that are notes of a slide


class _Piece(NamedTuple):
    """A unit with its terms: as much as is known of every unit before the promising ones are looked at closely."""

    place: int  # among the passage's units
    read: _Read
    ordered: list[str]
    terms: frozenset[str]
    header: tuple[str, ...]
    header_terms: frozenset[str]
    near_terms: frozenset[str]  # its own, its header's and those of the units beside it in its block
    quotable: bool


def candidates(hits: Sequence[Hit], query: str, asked_at: datetime, read: int) -> tuple[list[Candidate], Wanted]:
    """The `SHORTLIST` most promising pieces of the first `read` hits, and what `query` wants of them.

    Only what may be quoted; where nothing may, whatever text there is.
    """
    pieces = [piece for rank, hit in enumerate(hits[:read]) for piece in _pieces(rank, _prior(hits, rank), hit.passage)]
    pieces = [piece for piece in pieces if piece.quotable] or pieces
    wanted = Wanted.among(query, [piece.terms | piece.header_terms for piece in pieces])
    promise = sorted(pieces, key=lambda piece: (-_promise(wanted, piece), piece.read.rank, piece.place))[:SHORTLIST]
    old = superseded([hit.passage.document for hit in hits], query, asked_at)
    first = {piece.read.rank: piece.place for piece in reversed(pieces)}
    return [_candidate(piece, asked_at, old, opens=first[piece.read.rank] == piece.place) for piece in promise], wanted


def _prior(hits: Sequence[Hit], rank: int) -> float:
    """How well a hit did beside the best: by score, or by rank where scores are no shares."""
    best = max(hit.score for hit in hits)
    return max(0.0, hits[rank].score / best) ** 2 if best > 0 else 0.75**rank


def _promise(wanted: Wanted, piece: _Piece) -> float:
    return PRIOR_COUNTS * piece.read.prior + wanted.covered((piece.near_terms, 1.0), (piece.read.title_terms, 0.5))


def superseded(documents: Sequence[Document], query: str = "", asked_at: datetime | None = None) -> frozenset[DocumentId]:
    """Those of `documents` of which another is a newer edition: the same title but for year or version, and newer.

    A title that says so itself counts too. An edition whose year the question names is never superseded; when it names a
    year, or says "last year" of `asked_at`, the other editions are.
    """
    editions: dict[tuple[str, ...], list[Document]] = {}
    for document in documents:
        editions.setdefault(tuple(terms(_EDITION.sub(" ", _SAYS_OLD.sub(" ", document.title)))), []).append(document)
    asked = set(_YEAR.findall(query))
    if asked_at and _LAST_YEAR.search(query):
        asked.add(str(asked_at.year - 1))
    return frozenset(
        document.id
        for same in editions.values()
        for document in same
        if not asked & set(_YEAR.findall(document.title))
        and (_SAYS_OLD.search(document.title) or _edition(document) < max(_edition(other) for other in same))
    )


def _edition(document: Document) -> tuple[str, float]:
    """What editions are compared by: the year in the title, else that of the last change; then the last change."""
    changed = document.modified_at
    return max(_YEAR.findall(document.title), default=str(changed.year) if changed else ""), changed.timestamp() if changed else 0.0


def _pieces(rank: int, prior: float, passage: Passage) -> list[_Piece]:
    text, found = passage.text, units(passage.text)
    titles = frozenset(terms(" ".join((passage.document.title, *passage.heading))))
    slides = NOTES in text and "presentation" in passage.document.media_type
    spoken = frozenset(unit.block for unit in found if slides and text.startswith(NOTES, unit.start))
    read = _Read(rank, prior, passage, found, titles, spoken)
    own = [terms(text[unit.start + unit.lead : unit.end]) for unit in found]
    sets = [frozenset(ordered) for ordered in own]
    return [_piece(read, own[place], sets, place) for place in range(len(found))]


def _piece(read: _Read, ordered: list[str], own: Sequence[frozenset[str]], place: int) -> _Piece:
    text, found = read.passage.text, read.found
    unit = found[place]
    header = _header(text, found, unit) if unit.kind is Kind.ROW else ()
    named = frozenset(terms(" ".join(header))) if header else _NONE
    near = own[place] | named if header else own[place].union(*own[max(0, place - 1) : place + 2])
    return _Piece(place, read, ordered, own[place], header, named, near, _quotable(text, unit, place))


def _quotable(text: str, unit: Unit, place: int) -> bool:
    if unit.kind not in QUOTABLE or _starts_midway(text, unit, place) or LETTERHEAD.match(text, unit.start):
        return False
    return not is_empty(text[unit.start : unit.end])


def _candidate(piece: _Piece, asked_at: datetime, old: frozenset[DocumentId], *, opens: bool) -> Candidate:
    read = piece.read
    passage, unit = read.passage, read.found[piece.place]
    document = passage.document
    start, end = _stretched(passage.text, read.found, piece.place)
    quote = Quote(passage, start, end)
    ordered = piece.ordered if (start, end) == (unit.start + unit.lead, unit.end) else terms(quote.text)
    return Candidate(
        quote=quote,
        kind=Kind.STEP if _is_list(unit, start, end) else unit.kind,
        order=(read.rank, piece.place),
        prior=read.prior,
        ordered=tuple(ordered),
        terms=frozenset(ordered),
        title_terms=read.title_terms,
        header_terms=piece.header_terms,
        near_terms=piece.near_terms,
        row=Row(piece.header, tuple(cells(quote.text)), (read.rank, unit.block)) if unit.kind is Kind.ROW else None,
        dangling=bool(_DANGLING.match(quote.text)),
        opens=opens,
        spoken=unit.block in read.spoken,
        superseded=document.id in old,
        dated=document.modified_at is not None and (document.id in old or asked_at - document.modified_at > OLD_AFTER),
    )


def _starts_midway(text: str, unit: Unit, index: int) -> bool:
    """Whether a passage's first sentence lost its beginning to the passage before."""
    return index == 0 and unit.kind is Kind.SENTENCE and text[unit.start].islower()


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
        if joined and not _starts_midway(text, before, index - 1):
            return before.start, unit.end
    return unit.start + unit.lead, unit.end


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


def _header(text: str, found: Sequence[Unit], row: Unit) -> tuple[str, ...]:
    header = next((other for other in found if other.block == row.block and other.kind is Kind.HEADER), None)
    return tuple(cells(text[header.start : header.end])) if header else ()
