"""The pieces of passages that could be quoted as an answer, with what choosing among them needs. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple

from bot.llm.alone import ITEMS
from bot.llm.codes import Codes
from bot.llm.editions import asked_for, superseded
from bot.llm.pieces import Piece, Read, is_question, pieces
from bot.llm.wanted import Wanted, content
from bot.quotes import Quote
from bot.sentences import Kind, cells
from knowledge.documents import Document, DocumentId, Hit
from knowledge.terms import terms

OLD_AFTER: Final = timedelta(days=548)
"""A source that was last changed longer ago is dated where it is quoted (eighteen months)."""
SHORTLIST: Final = 12
"""Pieces that are looked at closely."""
PRIOR_COUNTS: Final = 0.5
"""What the best passage's piece is more promising by than one of a passage that hardly was found."""
PARTS: Final = frozenset({Kind.ROW, Kind.FIELD, Kind.LEAD_IN}) | ITEMS
"""Kinds of pieces that are parts of tables and lists."""

Table = tuple[object, ...]
"""What rows of one table share: the passage's rank and the block's number, or, where it goes on in another passage, its document, headings,
header and that passage's ordinal.
"""


@dataclass(frozen=True, slots=True)
class Row:
    """A table row with the header that names its cells; no header: the passage does not have it."""

    header: tuple[str, ...]
    cells: tuple[str, ...]
    table: Table


@dataclass(frozen=True, slots=True)
class Candidate:
    """A piece that could be quoted."""

    quote: Quote  # or the first part of it, where it goes on in the passages after
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
    label: str = ""  # the line above a table that lost its rules, or that leads in to a long list
    asks: bool = False  # is a question itself
    dangling: bool = False  # starts with a word that points at what its heading has to say
    astray: bool = False  # starts with a word that points at what neither it nor its heading says
    opens: bool = False  # is the first of its passage that may be quoted
    spoken: bool = False  # stands in the notes of a slide
    superseded: bool = False  # another hit is a newer edition of its document
    asked_for: bool = False  # the question names its document's year
    as_of: date | None = None  # its age has to be said: when it was changed, or from when it held
    against: "Candidate | None" = None  # a newer or better piece that it disagrees with
    more: tuple[Quote, ...] = ()  # the other parts
    together: Table = ()  # what lines that are shown as one list share, though each is quoted by itself

    @property
    def is_part(self) -> bool:
        """Whether it is a row of a table, some of a list, or the line that leads in to one."""
        return self.kind in PARTS

    @property
    def rank(self) -> int:
        """Rank of its passage, from 0."""
        return self.order[0]

    @property
    def quotes(self) -> tuple[Quote, ...]:
        """All parts, in reading order, each of another passage."""
        return (self.quote, *self.more)

    @property
    def text(self) -> str:
        """The words of all parts."""
        return "\n".join(quote.text for quote in self.quotes) if self.more else self.quote.text

    @property
    def place(self) -> tuple[DocumentId, int, int]:
        """As of a quote, from the first part's start to the last one's end."""
        document, start, _ = self.quote.place
        return document, start, self.quotes[-1].place[2]

    @property
    def words(self) -> int:
        """Length in words."""
        return self.text.count(" ") + 1

    @property
    def all_terms(self) -> frozenset[str]:
        """Its own terms and those of its table's header."""
        return self.terms | self.header_terms


class _Editions(NamedTuple):
    """What is known of the hits' documents as editions."""

    asked_at: datetime
    superseded: frozenset[DocumentId]
    asked_for: frozenset[DocumentId]

    def as_of(self, document: Document) -> date | None:
        """What age of `document` has to be said: of one edition of several from when it held, else when it was changed."""
        changed, edition = document.modified_at, document.edition
        if document.id in self.superseded | self.asked_for and edition.valid_from:
            return edition.valid_from
        is_old = changed is not None and (document.id in self.superseded or self.asked_at - changed > OLD_AFTER)
        return changed if is_old else None


def candidates(hits: Sequence[Hit], query: str, asked_at: datetime, read: int) -> tuple[list[Candidate], Wanted]:
    """The `SHORTLIST` most promising pieces of the first `read` hits, and what `query` wants of them.

    Hits that a newer edition among them replaces are read last. Only what may be quoted; where nothing may, whatever text there is.
    """
    documents = [hit.passage.document for hit in hits]
    editions = _Editions(asked_at, superseded(documents, query, asked_at), asked_for(documents, query, asked_at))
    current_first = sorted(hits, key=lambda hit: hit.passage.document.id in editions.superseded)
    codes = Codes.of(content(query))
    every = pieces(current_first[:read], editions.superseded, codes)
    every = _quotable(every, query) or every
    wanted = Wanted.among(query, [piece.terms | piece.header.terms for piece in every])
    promise = sorted(every, key=lambda piece: (-_promise(wanted, piece), piece.read.rank, piece.place))[:SHORTLIST]
    first = {piece.read.rank: piece.place for piece in reversed(every)}
    reads = {(piece.read.passage.document.id, piece.read.passage.ordinal): piece.read for piece in every}
    found = [_candidate(piece, editions, reads, codes, opens=first[piece.read.rank] == piece.place) for piece in promise]
    whole = [_whole(one, found) for one in found]
    return list({c.place: c for c in reversed(whole)}.values()), wanted  # a list stands for its items


def _quotable(every: Sequence[Piece], query: str) -> list[Piece]:
    """What may be quoted; where none of that has a word of the question, also what else has one: prose that ends as no sentence we know."""
    asked = frozenset(terms(query))
    told = any(piece.quotable and asked & (piece.near_terms | piece.above_terms | piece.read.title_terms) for piece in every)
    return [piece for piece in every if piece.quotable or (not told and asked & piece.terms)]


def _whole(one: Candidate, found: Sequence[Candidate]) -> Candidate:
    """A list in the words of the longest list that has all of it: each hit shows only as much of it as its neighbours have."""
    longer = max((other for other in found if _has_all(other, one)), key=lambda other: other.place[2] - other.place[1], default=one)
    if longer is one:
        return one
    same = {name: getattr(longer, name) for name in ("quote", "more", "ordered", "terms", "label", "dangling", "astray")}
    return replace(one, **same)


def _has_all(longer: Candidate, one: Candidate) -> bool:
    (document, start, end), (other, first, last) = longer.place, one.place
    return longer.kind is one.kind is Kind.STEP and document == other and start <= first and last <= end


def _table(piece: Piece, reads: Mapping[tuple[DocumentId, int], Read]) -> Table:
    """A table that goes on from one passage into the next ones is one, known by the ordinal of the first that it goes on in."""
    read, block = piece.read, piece.read.found[piece.place].block
    document, ordinal = read.passage.document.id, read.passage.ordinal
    begun = _is_begun(read, block)
    if not piece.header.names or not (begun or block == read.found[-1].block):
        return (read.rank, block)
    before = reads.get((document, ordinal - 1))
    while begun and before is not None and before.found[0].block == before.found[-1].block and _is_begun(before, before.found[0].block):
        ordinal -= 1
        before = reads.get((document, ordinal - 1))
    return (document, read.passage.heading, piece.header.names, ordinal if begun else ordinal + 1)


def _is_begun(read: Read, block: int) -> bool:
    """Whether the block is a table that began in the passage before."""
    return block == read.found[0].block and bool(read.passage.header)


def _promise(wanted: Wanted, piece: Piece) -> float:
    return PRIOR_COUNTS * piece.read.prior + wanted.covered((piece.near_terms, 1.0), (piece.read.title_terms, 0.5))


def _candidate(piece: Piece, editions: _Editions, reads: Mapping[tuple[DocumentId, int], Read], codes: Codes, *, opens: bool) -> Candidate:
    read = piece.read
    passage, unit = read.passage, read.found[piece.place]
    stands, quotes = read.stretch.standing(read.found, piece.place)
    alone = quotes == (Quote(passage, unit.start + unit.lead, unit.end),)
    words = quotes[0].text
    ordered = piece.ordered if alone else terms("\n".join(quote.text for quote in quotes))
    return Candidate(
        quote=quotes[0],
        more=quotes[1:],
        kind=Kind.STEP if stands.is_list else unit.kind,
        order=(read.rank, piece.place),
        prior=read.prior,
        ordered=ordered,
        terms=piece.terms if alone else codes.found(ordered),
        heading_terms=read.heading_terms | piece.above_terms,
        title_terms=read.title_terms,
        header_terms=piece.header.terms,
        near_terms=piece.near_terms,
        row=Row(piece.header.names, tuple(cells(words)), _table(piece, reads)) if unit.kind is Kind.ROW else None,
        label=" ".join(piece.header.names) if unit.kind is Kind.FIELD else stands.under,
        asks=is_question(words),
        dangling=stands.dangling,
        astray=stands.astray,
        opens=opens,
        spoken=unit.block in read.spoken,
        superseded=passage.document.id in editions.superseded,
        asked_for=passage.document.id in editions.asked_for,
        as_of=editions.as_of(passage.document),
    )
