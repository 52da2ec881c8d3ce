"""A document's text cut into pieces that can be found, embedded and cited. Pure, linear."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from knowledge.chunking.blocks import Block, Kind, blocks, has_words, table_header
from knowledge.chunking.split import WIDEST, Count, Splitter, Unit
from knowledge.documents import Piece, Span

BUDGET = 200
"""Word pieces of a body. With a prefix of 48 and two special tokens that is within MiniLM's window of 256; up to 206 would be.

150 found a little more in a fixed number of characters (`tests/bench/chunking.py`: .794 against .771); 200 ranks documents better
(nDCG@10 on handbook_18f_faq .555 against .540) and costs a quarter fewer vectors.
"""
OVERLAP = 0
"""Word pieces that two neighbouring pieces of one long block share. 40 made a fifth more pieces and found no more."""
SMALLEST_BUDGET = 8


@dataclass(frozen=True, slots=True)
class _Policy:
    budget: int
    overlap: int


def cut(text: str, *, count: Count, pages: Sequence[tuple[int, int]] = (), budget: int = BUDGET, overlap: int = OVERLAP) -> list[Piece]:
    """`text` in pieces of at most `budget` word pieces, in order.

    Pieces follow the structure: a heading goes with what stands under it and never alone, small neighbours under one heading
    share a piece, list items, tables and code are cut only when they alone are too long, paragraphs at sentence ends. A piece in which a
    table goes on has the table's header beside its text, and has room for it.

    `text[piece.span.start:piece.span.end] == piece.text` for each; every character that is no space is in at least one.
    `pages` are spans as in `Extracted.pages`; a piece stands on the page of its first character. `count` is called for each
    block once, for a block that is too long also for each of its sentences. `budget` is at least `SMALLEST_BUDGET`.
    """
    splitter = Splitter(text, count, budget)
    packer = _Packer(text, splitter, budget, overlap)
    for block in blocks(text):
        packer.add(block)
    return [_piece(text, packed, pages) for packed in packer.finish()]


def _piece(text: str, packed: "_Packed", pages: Sequence[tuple[int, int]]) -> Piece:
    return Piece(
        span=Span(packed.start, packed.end),
        text=text[packed.start : packed.end],
        heading=packed.heading,
        page=_page(packed.start, pages),
        header=packed.header,
    )


def _page(position: int, pages: Sequence[tuple[int, int]]) -> int | None:
    """The number of the last page that begins at or before `position`; of several that begin there, the one with text."""
    return bisect_right(pages, position, key=lambda page: page[0]) or 1 if pages else None


@dataclass(frozen=True, slots=True)
class _Packed:
    start: int
    end: int
    heading: tuple[str, ...]
    header: str = ""


@dataclass(slots=True)
class _Packer:
    """Fills pieces with blocks. `_units` is the piece being filled; its first `_lead` units are headings above its text."""

    _text: str
    _splitter: Splitter
    _budget: int
    _overlap: int
    _done: list[_Packed] = field(default_factory=list)
    _path: list[tuple[int, str]] = field(default_factory=list)  # (level, title), outermost first
    _heading: tuple[str, ...] = ()  # of the piece being filled
    _units: list[Unit] = field(default_factory=list)
    _lead: int = 0
    _cost: int = 0
    _header: str = ""  # of the table that goes on in the piece being filled

    def add(self, block: Block) -> None:
        """Put one block where it belongs."""
        unit = self._unit(block)
        if block.kind is Kind.HEADING and unit.cost <= self._budget // 2:
            self._under(block, unit)
        elif unit.cost <= self._budget // 2 and not has_words(self._text[unit.start : unit.end]):
            self._rule(unit)
        elif self._fits(unit):
            self._take(unit)
        elif unit.cost <= self._budget and self._has_body():
            self._flush()
            self._take(unit)
        else:
            header = self._header_of(block)
            budget = self._budget - self._splitter.cost_of(header)
            self._spread(list(self._splitter.split(block.kind, unit.start, unit.end, budget)), header)

    def finish(self) -> list[_Packed]:
        """All pieces. Headings at the end, under which nothing stands, go to the piece before them if it has room."""
        if self._units and not self._has_body() and self._done and self._joins():
            last = self._done.pop()
            self._done.append(replace(last, end=self._units[-1].end))
        else:
            self._flush()
        return self._done

    def _unit(self, block: Block) -> Unit:
        """A block without the spaces around it."""
        raw = self._text[block.start : block.end]
        start = block.start + len(raw) - len(raw.lstrip())
        end = block.start + len(raw.rstrip())
        return Unit(start, end, self._splitter.cost(start, end))

    def _under(self, block: Block, unit: Unit) -> None:
        """A heading: what comes next stands under it, in a new piece."""
        if self._has_body() or self._cost + unit.cost > self._budget * 3 // 4:
            self._flush()
        while self._path and self._path[-1][0] >= block.level:
            self._path.pop()
        self._path.append((block.level, block.title))
        self._heading = tuple(title for _, title in self._path if title)
        self._take_as_lead(unit)

    def _rule(self, unit: Unit) -> None:
        """A line that says nothing, such as a rule: it ends the piece above it if it can, else begins the one below."""
        if self._has_body() and self._fits(unit):
            self._take(unit)
            return
        if self._has_body() or self._cost + unit.cost > self._budget * 3 // 4:
            self._flush()
        self._take_as_lead(unit)

    def _header_of(self, block: Block) -> str:
        """What is said again in each piece of a long table; a header that would take much of them is not."""
        header = table_header(self._text[block.start : block.end]) if block.kind is Kind.TABLE else ""
        return header if self._splitter.cost_of(header) <= self._budget // 4 else ""

    def _spread(self, units: list[Unit], header: str) -> None:
        """A block that is too long, over pieces of about one size, after the headings above it."""
        again_cost = self._splitter.cost_of(header)
        if self._has_body():
            self._flush()
        if not self._fits(units[0]):
            units[:1] = self._splitter.smaller(units[0], self._budget - self._cost)
        total = self._cost + sum(unit.cost for unit in units)
        target = again_cost + -(-total // -(-total // (self._budget - again_cost)))
        first = 0  # unit of the piece being filled
        for index, unit in enumerate(units):
            if self._has_body() and (self._cost + unit.cost // 2 > target or not self._fits(unit)):
                again = self._shared(units[first:index], unit)
                self._flush()
                self._header, self._cost = header, again_cost
                first = index - len(again)
                for each in again:
                    self._take(each)
            self._take(unit)

    def _shared(self, done: list[Unit], following: Unit) -> list[Unit]:
        """The last units of a piece that the next one begins with: at most `_overlap`, and leaving room for what follows."""
        cost, count = 0, 0
        for unit in reversed(done[1:]):
            cost += unit.cost
            if cost > min(self._overlap, self._budget - following.cost):
                break
            count += 1
        return done[len(done) - count :]

    def _has_body(self) -> bool:
        return len(self._units) > self._lead

    def _fits(self, unit: Unit) -> bool:
        wide = bool(self._units) and unit.end - self._units[0].start > self._budget * WIDEST
        return self._cost + unit.cost <= self._budget and not wide

    def _joins(self) -> bool:
        """Whether the piece being filled has room in the piece before it."""
        return self._splitter.cost(self._done[-1].start, self._units[-1].end) <= self._budget

    def _take(self, unit: Unit) -> None:
        self._units.append(unit)
        self._cost += unit.cost

    def _take_as_lead(self, unit: Unit) -> None:
        self._take(unit)
        self._lead = len(self._units)

    def _flush(self) -> None:
        if self._units:
            self._done.append(_Packed(self._units[0].start, self._units[-1].end, self._heading, self._header))
        self._units, self._lead, self._cost, self._header = [], 0, 0, ""
