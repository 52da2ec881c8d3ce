"""Chosen pieces as Markdown with footnotes: sentences as paragraphs, steps as steps, rows with their header. Pure."""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from bot import texts
from bot.llm.candidates import Candidate, Row
from bot.markup import readable
from bot.quotes import Cited
from bot.sentences import MARK, Kind

_MARK = re.compile(MARK)
_ITEM_START = re.compile(r"\s*(?:[-*+•◦▪‣]|\d{1,3}[.)]|[a-z]\))\s+\S")


def laid_out(chosen: Sequence[Candidate]) -> Cited:
    """The pieces in their order, each under a footnote of its own."""
    once = _without_repeats(chosen)
    numbered = list(enumerate(once, start=1))
    blocks = [block for _, group in groupby(numbered, key=lambda pair: pair[1].row and pair[1].row.table) for block in _blocks(list(group))]
    return Cited("\n\n".join(blocks), tuple(candidate.quote.citation(n) for n, candidate in numbered))


def inert(words: str) -> str:
    """A source's own words on one line, without its markup, with what looks like one of our footnote marks escaped."""
    return _MARK.sub(lambda mark: mark[0].replace("[", "\\[").replace("]", "\\]"), readable(words))


def _without_repeats(chosen: Sequence[Candidate]) -> list[Candidate]:
    """A list is quoted as a whole, so two of its items are the same quote."""
    kept: list[Candidate] = []
    for candidate in chosen:
        quote = candidate.quote
        inside = any(
            quote.passage.id == other.quote.passage.id and quote.start < other.quote.end and other.quote.start < quote.end for other in kept
        )
        if not inside:
            kept.append(candidate)
    return kept


def _blocks(group: Sequence[tuple[int, Candidate]]) -> Iterator[str]:
    rows = [(n, candidate.row) for n, candidate in group if candidate.row]
    if len(rows) > 1 and rows[0][1].header:
        yield _dated(group[0][1], _table(rows), between=":\n\n")
        return
    for n, candidate in group:
        yield _block(n, candidate)


def _block(n: int, candidate: Candidate) -> str:
    if candidate.row:
        return _dated(candidate, f"{_line(candidate.row)} [{n}]")
    if candidate.kind is Kind.STEP and "\n" in candidate.quote.text:
        return _dated(candidate, _steps(candidate.quote.text, n), between=":\n\n")
    words = f"{inert(candidate.quote.text)} [{n}]"
    heading = candidate.quote.passage.heading or (candidate.quote.passage.document.title,)
    if candidate.dangling and heading[-1].strip():
        words = texts.IN_CONTEXT.format(heading=texts.plain(" ".join(heading[-1].split())), extract=words)
    return _dated(candidate, words)


def _dated(candidate: Candidate, words: str, between: str = ": ") -> str:
    changed = candidate.quote.passage.document.modified_at
    if not candidate.dated or changed is None:
        return words
    return texts.AS_OF.format(month=texts.month(changed), extract=words).replace(": ", between, 1)


def _steps(quote: str, n: int) -> str:
    """Lines as they stand, each item with the footnote; a line that continues an item joins it."""
    lines: list[str] = []
    for line in quote.splitlines():
        if not line.strip():
            continue
        if not lines or _ITEM_START.match(line) or not _ITEM_START.match(lines[-1]):
            lines.append(line.rstrip())
        else:
            lines[-1] += f" {line.strip()}"
    marked = [f"{line[: len(line) - len(line.lstrip())]}{inert(line)} [{n}]" for line in lines]
    if _ITEM_START.match(lines[0]):
        return "\n".join(marked)
    return "\n\n".join(("\n".join(m for m in marked[:1]), "\n".join(marked[1:]))).strip()


def _line(row: Row) -> str:
    """`City: Berlin · Hotel: €180`."""
    names = row.header if len(row.header) == len(row.cells) else ("",) * len(row.cells)
    return " · ".join(inert(f"{name}: {cell}" if name else cell) for name, cell in zip(names, row.cells, strict=True) if cell)


def _table(rows: Sequence[tuple[int, Row]]) -> str:
    header = rows[0][1].header
    lines = [f"| {' | '.join(header)} |", "|" + " --- |" * len(header)]
    return "\n".join([*lines, *(f"| {' | '.join(inert(cell) for cell in row.cells)} [{n}] |" for n, row in rows)])
