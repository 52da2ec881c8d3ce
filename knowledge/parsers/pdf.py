"""The pages of a PDF as blocks of text. Pure.

kreuzberg gives a PDF twice: the lines of each page, which are complete, and a tree of headings and paragraphs, which is not (it
leaves out up to a third of a page that is set in columns or boxes, and lines at the edge of a page). So the lines are the text,
and the tree only tells where in them a heading, a paragraph or a list item begins. Lines that are what the cells of a table say become
that table (`pdf_tables`).
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType
from typing import NamedTuple

from knowledge.parsers.pages import Block
from knowledge.parsers.ruled import Placed, Ruled, placed

_BULLET = re.compile(r"[\u2022\u25aa\u25e6\u2023\u25cf\u25cb\u25a0\uf0b7\u00b7\u2219*-]\s+")
_NUMBER = re.compile(r"(?:\d{1,2}|[a-z])[.)]\s+\S")
_JOINS = r"(?:a|an|and|as|at|by|for|from|in|is|of|on|or|our|that|the|to|with)"
_NO_HEADING = re.compile(rf"[a-z,;:·•()]|.*(?:[,;]|\s{_JOINS})$")
_UNFINISHED = re.compile(rf".*(?:[,\u2013\u2014-]|\s{_JOINS})$")
_LONGEST_HEADING = 150  # characters
_PAGE_NUMBER = re.compile(r"(?:.{0,80}\W)?page (\d{1,4})(?: of \d{1,4})?|[-\u2013]?\s?(\d{1,4})\s?[-\u2013]?", re.IGNORECASE)
_FILLED = 0.92  # of the width: a line that the next word would have filled so far was ended by the margin, not by its writer
_GOING_ON = 0.4  # of the width: from there on a line goes on in a next line that begins with a small letter
_NARROWEST = 40  # characters; in anything narrower every line end is kept
_ALIKE = 3  # lines of about one length that tell the width of the page
_EDGE = 2  # lines at the top and at the bottom of a page that may be running headers and footers
_REPEATS = 3  # pages on which a line must stand to be one, and half of all pages


@dataclass(frozen=True, slots=True)
class Hint:
    """Where the tree says that something begins."""

    text: str
    heading: int = 0  # its level; 0: it is none
    item: bool = False


_NO_TABLES: Mapping[int, Sequence[Ruled]] = MappingProxyType({})


def page_blocks(pages: Sequence[str], hints: Sequence[Sequence[Hint]], tables: Mapping[int, Sequence[Ruled]] = _NO_TABLES) -> list[Block]:
    """The blocks of all pages. `pages` are the lines of each page, `hints` what the tree says about each, `tables` by page, from 1.

    Lines that stand at the edge of most pages, page numbers aside, are left out. A table that goes on at the top of the next page, under
    its header or without one, goes on in the text.
    """
    lined = [[" ".join(line.split()) for line in page.replace("\r\n", "\n").split("\n")] for page in pages]
    all_placed = [placed(lines, tables.get(number, ())) for number, lines in enumerate(lined, 1)]
    running = _running(lined, all_placed)
    blocks: list[Block] = []
    before = _Page(0, [], [], {})
    for number, (lines, of_page, of_tables) in enumerate(zip(lined, hints, all_placed, strict=True), 1):
        page, rest = _Page(number, lines, _without(lines, running, of_tables, number), of_tables).after(before)
        made = list(_blocks(page.left, of_page, page.tables, number))
        blocks += [Block("\n".join(rest), number, rest=True), *made[1:]] if rest else made
        before = page
    return blocks


class _Page(NamedTuple):
    """The lines of one page, with its tables."""

    number: int
    lines: Sequence[str]
    left: list[str]  # those of them that are not at the edge of most pages; the others are empty
    tables: Mapping[int, Placed]

    def after(self, before: "_Page") -> "tuple[_Page, list[str]]":
        """The page with those of its tables that have a header, and the rows at its top that go on with the last table of `before`.

        The table at its top has the header of that, then. One that may go on, but not for certain, stays lines: its first row may be none.
        """
        tables = {start: one for start, one in self.tables.items() if one.table.has_header}
        if not self.tables or not before.tables:
            return self._replace(tables=tables), []
        first, last = min(self.tables), max(before.tables)
        own, other = self.tables[first], before.tables[last]
        same = list(own.table.rows[0]) == list(other.table.rows[0])
        if (own.table.is_headed and not same) or not own.table.is_beneath(other.table) or not self._follows(before, first, other.end):
            return self._replace(tables=tables), []
        if any(before.left[other.end :]) or any(self.left[:first]):  # what is on both pages, and stays in the text, is between
            return self._replace(tables=tables if same else {start: one for start, one in tables.items() if start != first}), []
        whole = own.table._replace(rows=[other.table.rows[0], *own.table.rows[int(same) :]], is_headed=True)
        return self._replace(tables={**tables, first: own._replace(table=whole)}), own.table.rest(int(same))

    def _follows(self, before: "_Page", top: int, end: int) -> bool:
        """Whether nothing but page numbers and what both pages have stands between line `end` of `before` and line `top` of this one."""
        both = set(self.lines).intersection(before.lines)
        between = [*((line, before.number) for line in before.lines[end:]), *((line, self.number) for line in self.lines[:top])]
        return all(not line or line in both or _numbers(line, page) for line, page in between)


def _edges(lines: list[str], placed: Mapping[int, Placed]) -> list[int]:
    """The lines at the edge of a page that may be no part of what it says: not a table's, nor one of a form with lines further in."""
    filled = [index for index, line in enumerate(lines) if line]
    edge = {*filled[:_EDGE], *filled[-_EDGE:]}.difference(*(range(start, one.end) for start, one in placed.items()))
    within = {form for index in filled[_EDGE:-_EDGE] if re.search(r"[^\W\d_]", form := _form(lines[index]))}
    return sorted(index for index in edge if _form(lines[index]) not in within)


def _form(line: str) -> str:
    return re.sub(r"\d+|\b[ivxlc]+\b", "#", line)


def _running(lined: list[list[str]], placed: Sequence[Mapping[int, Placed]]) -> frozenset[str]:
    """The forms of the lines that stand at the edge of most pages."""
    edges = map(_edges, lined, placed)
    counts = Counter(form for lines, edge in zip(lined, edges, strict=True) for form in {_form(lines[index]) for index in edge})
    return frozenset(form for form, count in counts.items() if count >= max(_REPEATS, len(lined) / 2))


def _without(lines: list[str], running: frozenset[str], placed: Mapping[int, Placed], page: int) -> list[str]:
    """The lines, with running headers and footers and the number of this very page made empty."""
    dropped = {index for index in _edges(lines, placed) if _form(lines[index]) in running or _numbers(lines[index], page)}
    return ["" if index in dropped else line for index, line in enumerate(lines)]


def _numbers(line: str, page: int) -> bool:
    found = _PAGE_NUMBER.fullmatch(line)
    return found is not None and str(page) in {found[1], found[2]}


def _blocks(lines: list[str], hints: Sequence[Hint], tables: Mapping[int, Placed], page: int) -> Iterator[Block]:
    starts = _starts(lines, hints)
    width = _width(sorted(map(len, lines), reverse=True))
    paragraph: list[str] = []
    index = 0
    while index < len(lines):
        if index in tables:
            yield from _paragraph(paragraph, width, page)
            yield Block(tables[index].table.as_text(), page)
            paragraph, index = [], tables[index].end
            continue
        level, count = starts.get(index, (0, 0))
        level = 0 if any(index < start < index + count for start in tables) else level
        if not lines[index] or index in starts or _is_item(lines[index]):
            yield from _paragraph(paragraph, width, page)
            paragraph = []
        if level:
            yield Block(f"{'#' * level} {' '.join(lines[index : index + count])}", page)
        else:
            paragraph.append(lines[index])
        index += max(1, count if level else 1)
    yield from _paragraph(paragraph, width, page)


def _starts(lines: list[str], hints: Sequence[Hint]) -> dict[int, tuple[int, int]]:
    """Line to (heading level, lines of the heading); level 0: a paragraph begins. Each line is what one hint speaks of."""
    places: dict[str, list[int]] = {}
    for index in range(len(lines) - 1, -1, -1):
        places.setdefault(_key(lines[index]), []).append(index)
    starts: dict[int, tuple[int, int]] = {}
    for hint in hints:
        wanted = [_key(line) for line in hint.text.split("\n") if line.strip()]
        if wanted and wanted[0] and places.get(wanted[0]):
            index = places[wanted[0]].pop()
            same = [_key(line) for line in lines[index : index + len(wanted)]] == wanted
            after = lines[index + len(wanted)] if index + len(wanted) < len(lines) else ""
            if same and _may_head(hint, lines[index - 1] if index else "", after):
                starts[index] = (hint.heading, len(wanted))
            elif hint.item or not _goes_on(lines[index - 1] if index else "", lines[index]):
                starts[index] = (0, 0)
    return starts


def _key(line: str) -> str:
    return "".join(_BULLET.sub("", line, count=1).split()) if _BULLET.match(line) else "".join(line.split())


def _may_head(hint: Hint, before: str, after: str) -> bool:
    """Large type in the middle of a sentence is no heading."""
    text = " ".join(hint.text.split())
    fits = bool(hint.heading) and len(text) <= _LONGEST_HEADING and not _NO_HEADING.match(text)
    return fits and not after[:1].islower() and not _UNFINISHED.match(before)


def _goes_on(before: str, line: str) -> bool:
    """A line that goes on with the sentence of the line before it begins no paragraph."""
    return bool(before) and (line[:1].islower() or bool(_UNFINISHED.match(before))) and before[-1] not in ".:!?"


def _is_item(line: str) -> bool:
    return bool(_BULLET.match(line) or _NUMBER.match(line))


def _width(lengths: list[int]) -> int:
    """The length of a full line: the greatest that some lines share, since what was joined at a hyphen is longer still."""
    for index in range(len(lengths) - _ALIKE + 1):
        if lengths[index + _ALIKE - 1] >= lengths[index] * 0.9:
            return lengths[index]
    return lengths[0] if lengths else 0


def _runs_on(line: str, following: str, width: int) -> bool:
    """Whether the margin ended a line, and not its writer: the next word had no room, or goes on with the sentence."""
    if following[0].islower():
        return len(line) >= width * _GOING_ON
    return len(line) + 1 + len(following.split(" ", 1)[0]) >= width * _FILLED


def _paragraph(lines: list[str], width: int, page: int) -> Iterator[Block]:
    """Lines that the margin ended are joined; lines that their writer ended (addresses, code, rows) stay."""
    lines = [line for line in lines if line]
    if lines:
        ends = (" " if width >= _NARROWEST and _runs_on(line, after, width) else "\n" for line, after in pairwise(lines))
        joined = lines[0] + "".join(end + line for end, line in zip(ends, lines[1:], strict=True))
        yield Block(_BULLET.sub("- ", joined, count=1) if _BULLET.match(joined) else joined, page, item=_is_item(lines[0]))
