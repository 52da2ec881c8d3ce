"""The pages of a PDF as blocks of text. Pure.

kreuzberg gives a PDF twice: the lines of each page, which are complete, and a tree of headings and paragraphs, which is not (it
leaves out up to a third of a page that is set in columns or boxes, and lines at the edge of a page). So the lines are the text,
and the tree only tells where in them a heading, a paragraph or a list item begins.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from knowledge.parsers.pages import Block

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


def page_blocks(pages: Sequence[str], hints: Sequence[Sequence[Hint]]) -> list[Block]:
    """The blocks of all pages. `pages` are the lines of each page, `hints` what the tree says about each.

    Lines that stand at the edge of most pages, page numbers aside, are left out.
    """
    lined = [[" ".join(line.split()) for line in page.replace("\r\n", "\n").split("\n")] for page in pages]
    running = _running(lined)
    return [
        block
        for number, (lines, of_page) in enumerate(zip(lined, hints, strict=True), 1)
        for block in _blocks(_without(lines, running, number), of_page, number)
    ]


def _edges(lines: list[str]) -> list[int]:
    filled = [index for index, line in enumerate(lines) if line]
    return sorted({*filled[:_EDGE], *filled[-_EDGE:]})


def _form(line: str) -> str:
    return re.sub(r"\d+|\b[ivxlc]+\b", "#", line)


def _running(lined: list[list[str]]) -> frozenset[str]:
    """The forms of the lines that stand at the edge of most pages."""
    counts = Counter(form for lines in lined for form in {_form(lines[index]) for index in _edges(lines)})
    return frozenset(form for form, count in counts.items() if count >= max(_REPEATS, len(lined) / 2))


def _without(lines: list[str], running: frozenset[str], page: int) -> list[str]:
    """Without running headers and footers, and without the number of this very page."""
    dropped = {index for index in _edges(lines) if _form(lines[index]) in running or _numbers(lines[index], page)}
    return [line for index, line in enumerate(lines) if index not in dropped]


def _numbers(line: str, page: int) -> bool:
    found = _PAGE_NUMBER.fullmatch(line)
    return found is not None and str(page) in {found[1], found[2]}


def _blocks(lines: list[str], hints: Sequence[Hint], page: int) -> Iterator[Block]:
    starts = _starts(lines, hints)
    width = _width(sorted(map(len, lines), reverse=True))
    paragraph: list[str] = []
    index = 0
    while index < len(lines):
        level, count = starts.get(index, (0, 0))
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
