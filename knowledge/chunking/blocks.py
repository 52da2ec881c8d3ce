"""A text as the blocks that it is made of: headings, paragraphs, list items, tables, code. Pure, linear, exact to the character."""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum, auto

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_ATX = re.compile(r" {0,3}(#{1,6})[ \t]+\S")
_SETEXT = re.compile(r" {0,3}(=+|-{2,})[ \t]*$")
_NUMBERED = re.compile(r"(\d{1,2}(?:\.\d{1,2}){1,3})\.?[ \t]+[A-Z][^.!?;:|]{2,70}[^.!?;:,|\d\s]$")
_ITEM = re.compile(r"[ \t]*(?:[-*+\u2022\u25aa\u25e6\u2023]|\d{1,3}[.)]|[A-Za-z][.)]|\d{1,2}(?:\.\d{1,2}){1,3}\.?)[ \t]+\S")
_TABLE_RULE = re.compile(r" {0,3}\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$")
_WORD = re.compile(r"\w")
_MARKS = re.compile(r"!?\[([^\]]*)\]\([^)]*\)|[*`]+|(?<!\w)_+|_+(?!\w)")
_LONGEST_HEADING = 200  # characters; what is longer is a paragraph that only looks like one


class Kind(Enum):
    """What a block is, as far as cutting it goes."""

    HEADING = auto()
    PARAGRAPH = auto()
    ITEM = auto()
    TABLE = auto()
    CODE = auto()


@dataclass(frozen=True, slots=True)
class Block:
    """`text[start:end]`, without the line end after it."""

    kind: Kind
    start: int
    end: int
    level: int = 0  # of a heading, 1 to 6
    title: str = ""  # of a heading, without marks


@dataclass(frozen=True, slots=True)
class _Line:
    start: int
    end: int
    text: str


def blocks(text: str) -> Iterator[Block]:
    """The blocks of `text` in order. Every character that is no space stands in exactly one of them."""
    lines = list(_lines(text))
    fences = _Fences(lines)
    at = 0
    while at < len(lines):
        kind, count, level = _next(lines, at, fences)
        if kind is not None:
            start, end = lines[at].start, lines[at + count - 1].end
            title = heading_title(lines[at].text) if kind is Kind.HEADING else ""
            yield Block(kind, start, end, level, title)
        at += count


def _lines(text: str) -> Iterator[_Line]:
    start = 0
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        yield _Line(start, end, text[start:end])
        start = end + 1


def _next(lines: list[_Line], at: int, fences: "_Fences") -> tuple[Kind | None, int, int]:
    """What begins at a line, how many lines it takes, and its level if it is a heading. No kind: an empty line."""
    line = lines[at].text
    if not line or line.isspace():
        return None, 1, 0
    if fence := _FENCE.match(line):
        return Kind.CODE, fences.lines(at, fence[1]), 0
    if level := _heading(line):
        return Kind.HEADING, 1, level
    if level := _underlined(lines, at):
        return Kind.HEADING, 2, level
    if _begins_table(lines, at):
        return Kind.TABLE, _while(lines, at, lambda text: "|" in text), 0
    kind = Kind.ITEM if _ITEM.match(line) else Kind.PARAGRAPH
    return kind, _flowing(lines, at), 0


def _heading(line: str) -> int:
    """The level of a heading of one line; 0 if it is none. Numbers count as headings from two levels on: `5.1 Travel`."""
    if len(line) > _LONGEST_HEADING:
        return 0
    if found := _ATX.match(line):
        return len(found[1])
    found = _NUMBERED.match(line)
    return min(6, found[1].count(".") + 1) if found and ". ." not in line else 0


def _underlined(lines: list[_Line], at: int) -> int:
    if at + 1 >= len(lines) or len(lines[at].text) > _LONGEST_HEADING:
        return 0
    rule = _SETEXT.match(lines[at + 1].text)
    plain = rule and _WORD.search(lines[at].text) and "|" not in lines[at].text and not _ITEM.match(lines[at].text)
    return (1 if rule[1][0] == "=" else 2) if rule and plain else 0


class _Fences:
    """Where fenced code ends. Remembers which fences nothing closes, so that many of them take no longer than one."""

    def __init__(self, lines: list[_Line]) -> None:
        self._lines = lines
        marks = ((at, _FENCE.match(line.text)) for at, line in enumerate(lines))
        self._closing = [(at, mark[1]) for at, mark in marks if mark and not lines[at].text.strip(" \t`~")]
        self._open: set[str] = set()

    def lines(self, at: int, fence: str) -> int:
        """How many lines the code takes that begins at line `at`. A fence that nothing closes ends with its paragraph."""
        if fence not in self._open:
            for end, mark in self._closing[bisect_right(self._closing, at, key=lambda closing: closing[0]) :]:
                if mark.startswith(fence):
                    return end - at + 1
            self._open.add(fence)
        return _while(self._lines, at, lambda text: bool(text.strip()))


def _begins_table(lines: list[_Line], at: int) -> bool:
    line = lines[at].text
    if line.lstrip().startswith("|"):
        return True
    return "|" in line and at + 1 < len(lines) and "|" in lines[at + 1].text and bool(_TABLE_RULE.match(lines[at + 1].text))


def _while(lines: list[_Line], at: int, holds: Callable[[str], bool]) -> int:
    """How many lines from `at` on, at least one, hold what is asked."""
    count = 1
    while at + count < len(lines) and holds(lines[at + count].text):
        count += 1
    return count


def _flowing(lines: list[_Line], at: int) -> int:
    """How many lines a paragraph or a list item takes: until an empty line, or until something else begins."""
    count = 1
    while at + count < len(lines) and not _interrupts(lines, at + count):
        count += 1
    return count


def _interrupts(lines: list[_Line], at: int) -> bool:
    line = lines[at].text
    return not line.strip() or bool(_FENCE.match(line) or _ITEM.match(line) or _heading(line)) or _begins_table(lines, at)


def table_header(text: str) -> str:
    """The row of a table that names its columns; empty if it has none, or it says nothing."""
    first, _, rest = text.partition("\n")
    return first.strip() if _TABLE_RULE.match(rest.partition("\n")[0]) and has_words(first) else ""


def heading_title(line: str) -> str:
    """A heading without its marks."""
    bare = line.strip().strip("#").strip()
    return " ".join(_MARKS.sub(lambda found: found[1] or "", bare).split())


def has_words(text: str) -> bool:
    """Whether a text says anything: a rule or a row of stars does not."""
    return bool(_WORD.search(text))
