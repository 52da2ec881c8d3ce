"""Chosen pieces as Markdown with footnotes: sentences as paragraphs, steps as steps, rows with their header. Pure."""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from bot import texts
from bot.llm.candidates import Candidate, Row
from bot.llm.editions import day_of
from bot.llm.pieces import NOTES
from bot.markup import is_empty, readable
from bot.quotes import Cited, Quote
from bot.sentences import MARK, Kind

_GAP = re.compile(r"\s*(?:(?:[-*+•◦▪‣]|[a-z]\))\s+)?")
_LINES = frozenset({Kind.BULLET, Kind.FIELD})  # each of several is a line of its own
_QUOTED = re.compile(r"\n[ \t]*>[ \t]?")
_MARK = re.compile(MARK)
_ITEM_START = re.compile(r"\s*(?:[-*+•◦▪‣]|\d{1,3}[.)]|[a-z]\))\s+\S")


def laid_out(chosen: Sequence[Candidate]) -> Cited:
    """The pieces, each under a footnote of its own; those that follow each other in a passage share one, and one that goes on has several.

    Documents come in the order of their best pieces; of one document, what it says first comes first.
    """
    quotes, flat = list[Quote](), list[tuple[int, Candidate]]()
    for parts in _in_reading_order(_joined(_without_repeats(chosen))):
        flat += [(len(quotes) + 1, part) for part in parts]
        quotes += _quotes(parts)
    groups = (list(group) for _, group in groupby(flat, lambda pair: pair[1].row.table if pair[1].row else pair[1].together or pair[0]))
    blocks = [block for group in groups for block in (*_led_in(group[0][1]), *_blocks(group))]
    return Cited("\n\n".join(blocks), tuple(quote.citation(n) for n, quote in enumerate(quotes, start=1)))


def inert(words: str) -> str:
    """A source's own words on one line, without its markup, with what looks like one of our footnote marks escaped."""
    return _MARK.sub(lambda mark: mark[0].replace("[", "\\[").replace("]", "\\]"), readable(_QUOTED.sub("\n", words)))


def _quotes(parts: Sequence[Candidate]) -> tuple[Quote, ...]:
    """What pieces that follow each other are footnoted by: one quote from the first one's start to the last one's end, or one a passage."""
    first = parts[0].quote
    return parts[0].quotes if parts[0].more else (Quote(first.passage, first.start, parts[-1].quote.end),)


def _without_repeats(chosen: Sequence[Candidate]) -> list[Candidate]:
    """No two pieces that share words: a list is quoted as a whole, so two of its items are the same quote."""
    kept: list[Candidate] = []
    for candidate in chosen:
        document, begin, end = candidate.place
        places = [other.place for other in kept]
        if not any(document == other and begin < last and first < end for other, first, last in places):
            kept.append(candidate)
    return kept


def _in_reading_order(groups: Sequence[tuple[Candidate, ...]]) -> list[tuple[Candidate, ...]]:
    documents = list(dict.fromkeys(group[0].quote.place[0] for group in groups))
    return sorted(groups, key=lambda group: (documents.index(group[0].quote.place[0]), group[0].quote.place[1]))


def _joined(chosen: Sequence[Candidate]) -> list[tuple[Candidate, ...]]:
    """The pieces, those that follow each other and look alike together, where the first of them stood."""
    groups: list[list[Candidate]] = []
    for candidate in chosen:
        beside = next((group for group in groups if _follows(group[-1], candidate) or _follows(candidate, group[0])), None)
        if beside is None:
            groups.append([candidate])
        else:
            beside.append(candidate)
            beside.sort(key=lambda part: part.quote.start)
    return [tuple(group) for group in groups]


def _follows(first: Candidate, second: Candidate) -> bool:
    one, other = first.quote, second.quote
    whole = not first.more and not second.more
    alike = whole and one.passage.id == other.passage.id and first.kind == second.kind and first.spoken == second.spoken
    after = alike and first.kind is not Kind.STEP and one.end <= other.start
    return after and bool(_GAP.fullmatch(one.passage.text, one.end, other.start))


def _led_in(piece: Candidate) -> Iterator[str]:
    """What is said before a piece that disagrees with a newer one: what it is of, and of when both are."""
    if piece.against is None:
        return
    documents = [one.quote.passage.document for one in (piece.against, piece)]
    titles = [document.title for document in documents]
    if titles[0] == titles[1]:
        titles = [f"{document.title}, {document.source}" for document in documents]
    yield texts.otherwise((titles[0], day_of(documents[0])), (titles[1], day_of(documents[1])))


def _blocks(group: Sequence[tuple[int, Candidate]]) -> Iterator[str]:
    n, first = group[0]
    rows = [(n, candidate.row) for n, candidate in group if candidate.row]
    if len(rows) > 1 and rows[0][1].header:
        yield _dated(first, _under(first.label, _table(rows), between="\n\n"), between=":\n\n")
    elif first.row or len(group) == 1:
        for n, candidate in group:
            yield _block(n, candidate)
    elif first.kind in _LINES:
        items = "\n".join(f"- {inert(candidate.quote.text)} [{n}]" for n, candidate in group)
        yield _dated(first, _in_context(first, items, between="\n\n"), between=":\n\n")
    else:
        yield _dated(first, _in_context(first, " ".join(inert(candidate.quote.text) for _, candidate in group) + f" [{n}]"))


def _block(n: int, candidate: Candidate) -> str:
    if candidate.row:
        return _dated(candidate, _under(candidate.label, f"{_line(candidate.row)} [{n}]"))
    if candidate.kind is Kind.STEP and "\n" in candidate.text:
        return _dated(candidate, _steps(candidate.quotes, n), between=":\n\n")
    return _dated(candidate, _in_context(candidate, " ".join(f"{inert(quote.text)} [{m}]" for m, quote in enumerate(candidate.quotes, n))))


def _in_context(candidate: Candidate, words: str, between: str = " ") -> str:
    """`words` under what they need: that they are a speaker's notes, their table's header, or the heading above."""
    if candidate.spoken:
        return f"{texts.SPOKEN}{between}{words.removeprefix(NOTES).strip()}"
    passage = candidate.quote.passage
    return _under(candidate.label or ((passage.heading or (passage.document.title,))[-1] if candidate.dangling else ""), words, between)


def _under(heading: str, words: str, between: str = " ") -> str:
    """`words` led in by a line from above them, if there is one."""
    return f"{texts.IN_CONTEXT.format(heading=texts.plain(readable(heading)))}{between}{words}" if heading.strip() else words


def _dated(candidate: Candidate, words: str, between: str = ": ") -> str:
    if candidate.as_of is None:
        return words
    return texts.AS_OF.format(month=texts.month(candidate.as_of), extract=words).replace(": ", between, 1)


def _steps(quotes: Sequence[Quote], n: int) -> str:
    """Lines as they stand, each item with the footnote of its quote, `n` that of the first; a line that continues another joins it."""
    lines = [(line, m) for m, quote in enumerate(quotes, n) for line in _items(quote.text)]
    if not lines:
        return f"{inert(quotes[0].text)} [{n}]"
    marked = [f"{line[: len(line) - len(line.lstrip())]}{inert(line)} [{m}]" for line, m in lines]
    if _ITEM_START.match(lines[0][0]):
        return "\n".join(marked)
    return "\n\n".join((marked[0], "\n".join(marked[1:]))).strip()


def _items(quote: str) -> list[str]:
    """Its lines, without those that continue others."""
    lines: list[str] = []
    apart = False  # a blank line stands before
    for line in quote.splitlines():
        item = bool(_ITEM_START.match(line))
        if line.strip() and not is_empty(line):
            if not lines or item or (apart and not _ITEM_START.match(lines[-1])):
                lines.append(line.rstrip())
            else:
                lines[-1] += f" {line.strip()}"
        apart = not line.strip()
    return lines


def _line(row: Row) -> str:
    """`City: Berlin · Hotel: €180`."""
    names = row.header if len(row.header) == len(row.cells) else ("",) * len(row.cells)
    return " · ".join(inert(f"{name}: {cell}" if name else cell) for name, cell in zip(names, row.cells, strict=True) if cell)


def _table(rows: Sequence[tuple[int, Row]]) -> str:
    header = rows[0][1].header
    lines = [f"| {' | '.join(map(inert, header))} |", "|" + " --- |" * len(header)]
    return "\n".join([*lines, *(f"| {' | '.join(inert(cell) for cell in row.cells)} [{n}] |" for n, row in rows)])
