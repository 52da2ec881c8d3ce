"""Passages taken apart: every unit with its terms, and the header, heading or question above it. Pure, and done once."""

from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

from bot.llm.alone import starts_midway
from bot.llm.codes import NO_CODES, Codes
from bot.llm.cues import LETTERHEAD, POINTER
from bot.llm.stretch import Stretch
from bot.markup import is_empty
from bot.quotes import QUOTABLE
from bot.sentences import Kind, Unit, cells, units
from knowledge.documents import DocumentId, Hit, Passage
from knowledge.terms import terms

NOTES: Final = "Notes:"
"""What the notes of a slide start with, as our reader of slides writes them."""
_ROWS: Final = frozenset({Kind.ROW, Kind.FIELD})  # each of another thing than the ones beside it
_NONE: Final = frozenset[str]()


class Header(NamedTuple):
    """The names of a table's cells."""

    names: tuple[str, ...]
    terms: frozenset[str]


_NO_HEADER: Final = Header((), _NONE)
_Known = dict[tuple[DocumentId, tuple[str, ...], int], Header]  # document, headings and number of cells -> header


class Read(NamedTuple):
    """A passage, taken apart."""

    rank: int
    prior: float  # how well it did in the search beside the best: 0 to 1
    passage: Passage
    stretch: Stretch  # the passage between its neighbours
    found: list[Unit]
    heading_terms: frozenset[str]  # of its innermost heading
    title_terms: frozenset[str]  # of its document's title and all headings
    headers: dict[int, Header]  # block -> the header that stands in it
    spoken: frozenset[int]  # blocks that are notes of a slide


class Piece(NamedTuple):
    """A unit with its terms: as much as is known of every unit before the promising ones are looked at closely."""

    place: int  # among the passage's units
    read: Read
    ordered: list[str]
    terms: frozenset[str]
    header: Header
    near_terms: frozenset[str]  # its own, its header's and those of the units beside it
    above_terms: frozenset[str]  # of the heading above it in the passage's own text, and the question that stands before it
    quotable: bool


def pieces(hits: Sequence[Hit], replaced: Collection[DocumentId] = (), codes: Codes = NO_CODES) -> list[Piece]:
    """All units of `hits`, in order, where `codes` stand as one term too. What is `replaced` sets no measure for the others."""
    best = max((hit.score for hit in hits if hit.passage.document.id not in replaced), default=0.0)
    reads = [_read(rank, _prior(hit.score, best, rank), hit, codes) for rank, hit in enumerate(hits)]
    known = {
        (read.passage.document.id, read.passage.heading, len(header.names)): header for read in reads for header in read.headers.values()
    }
    return [piece for read in reads for piece in _pieces(read, known, codes)]


def is_question(words: str) -> bool:
    """Whether `words` end as a question does, emphasis aside."""
    return words[-3:].rstrip("*_").endswith("?")


def _prior(score: float, best: float, rank: int) -> float:
    """By score, or by rank where scores are no shares."""
    return min(1.0, max(0.0, score / best) ** 2) if best > 0 else 0.75**rank


def _read(rank: int, prior: float, hit: Hit, codes: Codes) -> Read:
    passage = hit.passage
    text, found = passage.text, units(passage.text)
    title, above = passage.document.title, passage.heading[-1] if passage.heading else ""
    heading = codes.found(terms(above)) if above and above != title else _NONE
    titles = heading.union(codes.found(terms(" ".join((title, *passage.heading[:-1])))))
    headers = {unit.block: _named(text[unit.start : unit.end]) for unit in found if unit.kind is Kind.HEADER}
    slides = NOTES in text and "presentation" in passage.document.media_type
    spoken = frozenset(unit.block for unit in found if slides and text.startswith(NOTES, unit.start))
    return Read(rank, prior, passage, Stretch(hit), found, heading, titles, headers, spoken)


def _named(line: str) -> Header:
    return Header(tuple(cells(line)), frozenset(terms(line)))


def _pieces(read: Read, known: _Known, codes: Codes) -> list[Piece]:
    text = read.passage.text
    bodies = [text[unit.start + unit.lead : unit.end] for unit in read.found]
    ordered = [terms(body) for body in bodies]
    sets = [codes.found(found) for found in ordered]
    above = _above(read.found, bodies, sets)
    made = []
    for place, unit in enumerate(read.found):
        header = _header(read, unit, bodies[place], known)
        beside = [header.terms] if unit.kind in _ROWS else sets[max(0, place - 1) : place + 2]
        near = sets[place].union(*beside)
        made.append(Piece(place, read, ordered[place], sets[place], header, near, above[place], _quotable(read, place, bodies[place])))
    return made


def _above(found: Sequence[Unit], bodies: Sequence[str], sets: Sequence[frozenset[str]]) -> list[frozenset[str]]:
    """For each unit the terms of what it answers: the heading above, or a question alone on its line, and any question just before."""
    above, before, heading = [], _NONE, _NONE
    for place, unit in enumerate(found):
        above.append(heading | before)
        asks = is_question(bodies[place])
        alone = not any(0 <= beside < len(found) and found[beside].block == unit.block for beside in (place - 1, place + 1))
        if unit.kind is Kind.HEADING or (asks and alone):
            heading = sets[place]
        before = sets[place] if asks else _NONE
    return above


def _header(read: Read, unit: Unit, body: str, known: _Known) -> Header:
    """The header of a row: in its block, or, where a long table goes on, in another passage under the same heading."""
    if unit.kind not in _ROWS:
        return _NO_HEADER
    own = read.headers.get(unit.block, _NO_HEADER)
    if unit.kind is Kind.FIELD:  # of a table that lost its rules, so that its header is one cell; or a remark below a table
        return own if len(own.names) == 1 else _NO_HEADER
    if not own.names and read.passage.header and unit.block == read.found[0].block:
        return _named(read.passage.header)
    if own.names or not known:
        return own
    return known.get((read.passage.document.id, read.passage.heading, len(cells(body))), _NO_HEADER)


def _quotable(read: Read, place: int, body: str) -> bool:
    unit = read.found[place]
    if unit.kind not in QUOTABLE or is_empty(body):
        return False
    lost = starts_midway(read.passage.text, unit, place) or read.stretch.leads_nowhere(read.found, place)
    return not (lost or is_question(body) or LETTERHEAD.match(body) or POINTER.fullmatch(body))
