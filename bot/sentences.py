"""Text into the units that can be quoted or cited: sentences, list items, table rows. Pure.

Every unit is a slice of the text it came from, so that a quote is verbatim and its span exact.
"""

import math
import re
from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

from bot.words import words


class Kind(StrEnum):
    """What a unit is, which decides whether and how it may be quoted."""

    SENTENCE = "sentence"  # ends with a full stop, question mark or the like
    LEAD_IN = "lead_in"  # ends with a colon and introduces what follows
    STEP = "step"  # item of a numbered list
    BULLET = "bullet"  # item of any other list
    FIELD = "field"  # a line that says something by itself: `Label: value`, or a row of a table that lost its rules
    HEADER = "header"  # the first row of a table, when a rule follows it
    RULE = "rule"  # the line of dashes below a header
    ROW = "row"  # any other row of a table
    HEADING = "heading"  # a heading, or a short line that ends like one
    CODE = "code"  # inside a fence
    FRAGMENT = "fragment"  # prose that does not end


class Unit(NamedTuple):
    """`text[start:end]`, without white space around it. A tuple, because every question makes hundreds."""

    start: int
    end: int
    kind: Kind
    block: int  # units of one paragraph, list or table share a number
    lead: int = 0  # characters of bullet or number before the item's own words

    def body(self, text: str) -> str:
        """The unit's own words, without bullet or number."""
        return text[self.start + self.lead : self.end]


_STOPS = frozenset(".!?…。！？")  # noqa: RUF001  full-width marks end Chinese sentences
# "Dr. Who", "e.g. Paris": no sentence ends here whatever follows.
_NEVER = words(
    "mr mrs ms dr prof sr jr st vs e.g i.e cf no nos nr fig figs sec art ch vol p pp para approx ca resp incl excl "
    "dept gen gov rev hon z.b d.h u.a bzw abs jan feb mar apr jun jul aug sep sept oct nov dec"
)
# "9 a.m. The office": a sentence ends here only if the next word is one that starts sentences.
_PERHAPS = words("a.m p.m etc inc ltd co corp u.s u.k e.u al usw")
_STARTERS = words(
    "the a an if you we in it this these that those they he she there when for all any please to at on our your no "
    "every each however also but and as after before by from with employees"
)
MARK = r"(?:\[\^?\d{1,3}(?:\s*[,;\u2013-]\s*\^?\d{1,3})*\]|【[^】\n]{1,40}】)"
"""One citation mark, in the forms that models write."""
_END = re.compile(
    rf"(?:(?<![.!?…])[.!?…]+[\"'”’»)\]*_]*(?:\s*{MARK})*(?=\s+([^\sa-z]))|[。！？]+[”’」』）]*(?:\s*{MARK})*(?=\s*(\S)))"  # noqa: RUF001  Chinese
)
_FIRST_WORD = re.compile(r"[\"'“\u2018«(\[]*(\w+)")
_TAIL = 60  # characters that a closing mark with its footnotes takes at most
_ENDED = re.compile(rf"[.!?…。！？][\"'”’»)\]」』）]*(?:\s*{MARK})*[*_]*$")  # noqa: RUF001  Chinese

_ITEM = re.compile(r"[ \t]*(?:(?P<step>\d{1,3}[.)])|[-*+•◦▪‣]|[a-z]\))[ \t]+(?=\S)")
_HEADING = re.compile(r"[ \t]*#{1,6}[ \t]+\S")
_ROW = re.compile(r"[ \t]*\|.*\|[ \t]*$")
_RULE = re.compile(r"[ \t]*\|?[ \t:|-]*-{2,}[ \t:|-]*\|[ \t:|-]*$")
_LONE_CELL = re.compile(r"[ \t|]*\|[ \t]*([^\s|](?:[^|]*[^\s|])?)[ \t]*\|[ \t]*\|[ \t|]*")
_FENCE = re.compile(r"[ \t]*(?:```|~~~)")
_QUOTE = re.compile(r"^[ \t]*>[ \t]?")
_FIELD = re.compile(r"[*_]*\w[^:.!?\n]{0,48}:[*_]*[ \t]+\S")
_DIGIT = re.compile(r"\d")
_FEWEST_ROWS = 3  # of a table without rules
_WRAPPED = 50  # characters that a line of wrapped prose has at least, the last aside
_MOSTLY = 0.7  # share of its lines that look like rows
_TITLE_WORDS = 12  # a line that does not end like a sentence and has no more words is taken for a heading


def is_ended(text: str) -> bool:
    """Whether `text` ends as a sentence does, citation marks aside."""
    return text[-1:] in _STOPS or bool(_ENDED.search(text[-_TAIL:]))


def sentences(prose: str) -> list[tuple[int, int]]:
    """The sentences of one run of prose, as spans without white space around them.

    Spans do not overlap, are in order and leave out only white space. Adding text at the end never changes
    any span but the last, unless the last begins with a bracket that could be a citation mark of the one before.
    """
    spans, start = [], len(prose) - len(prose.lstrip())
    for match in _END.finditer(prose, start):
        if _ends_sentence(prose, match):
            spans.append((start, match.end()))
            start = match.start(match.lastindex or 0)
    end = len(prose.rstrip())
    return [*spans, (start, end)] if start < end else spans


def units(text: str) -> list[Unit]:
    """The units of a document's text, in order. They leave out only white space, fences and quote marks."""
    found = (unit for block, piece in enumerate(_pieces(text)) for unit in _units_of(text, block, *piece))
    return [unit for unit in found if unit.start < unit.end]  # a line of control characters is none


def cells(row: str) -> list[str]:
    r"""The cells of one table row; `\|` inside a cell stays."""
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", row.strip().strip("|"))]


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    piece = text[start:end]
    return start + len(piece) - len(piece.lstrip()), end - len(piece) + len(piece.rstrip())


def _ends_sentence(prose: str, match: re.Match[str]) -> bool:
    following = match.start(match.lastindex or 0)
    if prose[following].islower():
        return False
    return prose[match.start()] != "." or not _is_abbreviation(prose[max(0, match.start() - 20) : match.start()], prose, following)


def _is_abbreviation(before: str, prose: str, following: int) -> bool:
    """Whether the full stop after `before` belongs to its last word."""
    said = before.split()
    word = said[-1].lstrip("(\"'“\u2018«[") if said else ""
    last = word.lower()
    if last in _PERHAPS:
        first = _FIRST_WORD.match(prose, following)
        return first is None or first[1].lower() not in _STARTERS
    numbered = len(said) == 1 and word.isdigit()  # the "1." that starts a line
    return numbered or last in _NEVER or (len(word) == 1 and word.isupper())


def _lines(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for line in text.splitlines(keepends=True):
        yield start, start + len(line.rstrip("\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029"))
        start += len(line)


def _pieces(text: str) -> Iterator[tuple[list[tuple[int, int]], Kind]]:
    """Blocks of lines: one list, table, heading or paragraph each; kind is that of its first line."""
    block: list[tuple[int, int]] = []
    kind = Kind.SENTENCE
    fenced = False
    for start, end in _lines(text):
        line = text[start:end]
        if _FENCE.match(line):
            fenced = not fenced
            own = None
        else:
            own = Kind.CODE if fenced else _kind_of(line)
        if block and (own is None or not _continues(kind, own)):
            yield from _parted(text, block, kind)
            block = []
        if own is not None:
            kind = kind if block else own
            block.append((start, end))
    if block:
        yield from _parted(text, block, kind)


def _parted(text: str, block: list[tuple[int, int]], kind: Kind) -> Iterator[tuple[list[tuple[int, int]], Kind]]:
    """A list without the paragraph right below it, and a paragraph without the heading right above it."""
    shown = [_QUOTE.sub("", text[start:end].rstrip()) for start, end in block]
    if kind in {Kind.STEP, Kind.BULLET}:
        last = max(i for i, line in enumerate(shown) if _ITEM.match(line))
        below = next((i for i in range(last + 1, len(block)) if _begins_anew(shown[i - 1], shown[i], max(map(len, shown)))), len(block))
        yield block[:below], kind
        if block[below:]:
            yield from _parted(text, block[below:], Kind.SENTENCE)
        return
    if kind is Kind.SENTENCE and len(block) > 1 and _is_title(shown):
        yield block[:1], Kind.HEADING
        block = block[1:]
    yield block, kind


def _begins_anew(line: str, following: str, room: float) -> bool:
    """Whether a line that ends like none was ended on purpose: the next one's first word is no small one, and had a place in it."""
    if not line.strip() or not following.strip():  # of spaces that do not break, and the like
        return False
    fits = len(line) + 1 + len(following.split(maxsplit=1)[0]) <= room
    return fits and not following[0].isspace() and not following[0].islower() and not is_ended(line) and line[-1] not in ",;:"


def _is_title(lines: list[str]) -> bool:
    """Whether a paragraph's first line is a heading, or a path of headings: `Travel > Hotels`."""
    first, second, *_ = lines
    names = first.removesuffix("...").split(" > ")
    if not first.strip() or first[0].islower():
        return False
    if len(names) > 1:
        return max(len(name.split()) for name in names) <= 2 * _TITLE_WORDS and _begins_anew(names[-1], second, math.inf)
    if len(first.split()) > _TITLE_WORDS:
        return False
    return _begins_anew(names[0], second, max(map(len, lines[1:]))) and not _are_lines([line.strip() for line in lines])


def _kind_of(line: str) -> Kind | None:
    if not line.strip(" \t>"):
        return None
    if _HEADING.match(line):
        return Kind.HEADING
    if _ROW.match(line) or _RULE.match(line):
        return Kind.ROW
    item = _ITEM.match(line)
    if item:
        return Kind.STEP if item["step"] else Kind.BULLET
    return Kind.SENTENCE


def _continues(block: Kind, line: Kind) -> bool:
    if block in {Kind.STEP, Kind.BULLET}:
        return line in {Kind.STEP, Kind.BULLET, Kind.SENTENCE}
    return block == line and block is not Kind.HEADING


def _units_of(text: str, block: int, lines: list[tuple[int, int]], kind: Kind) -> Iterator[Unit]:
    if kind in {Kind.STEP, Kind.BULLET}:
        yield from _items(text, block, lines)
    elif kind is Kind.ROW:
        yield from _rows(text, block, lines)
    elif kind is Kind.HEADING:
        yield Unit(*_trimmed(text, *lines[0]), kind, block)
    elif kind is Kind.CODE:
        start, end = _trimmed(text, lines[0][0], lines[-1][1])
        if start < end:
            yield Unit(start, end, kind, block)
    else:
        yield from _prose(text, block, lines)


def _items(text: str, block: int, lines: list[tuple[int, int]]) -> Iterator[Unit]:
    """A line without a bullet belongs to the item above it."""
    starts = [i for i, (start, end) in enumerate(lines) if _ITEM.match(text[start:end])]
    for i, following in zip(starts, [*starts[1:], len(lines)], strict=True):
        start, end = _trimmed(text, lines[i][0], lines[following - 1][1])
        match = _ITEM.match(text[start:end])
        if match:
            yield Unit(start, end, Kind.STEP if match["step"] else Kind.BULLET, block, match.end())


def _rows(text: str, block: int, lines: list[tuple[int, int]]) -> Iterator[Unit]:
    rules = [bool(_RULE.match(text[start:end])) for start, end in lines]
    for i, (start, end) in enumerate(lines):
        alone = _LONE_CELL.fullmatch(text, start, end)
        if alone and not rules[i]:  # a remark below a table, written across it
            first = alone.start(1)
            yield from (Unit(first + begin, first + end, Kind.FIELD, block) for begin, end in sentences(alone[1]))
            continue
        header = i == 0 and len(lines) > 1 and rules[1]
        kind = Kind.RULE if rules[i] else Kind.HEADER if header else Kind.ROW
        yield Unit(*_trimmed(text, start, end), kind, block)


def _prose(text: str, block: int, lines: list[tuple[int, int]]) -> Iterator[Unit]:
    shown = [_QUOTE.sub("", text[start:end]).strip() for start, end in lines]
    if _are_lines(shown):
        kinds = [Kind.HEADER if _names_columns(shown) else Kind.FIELD] + [Kind.FIELD] * (len(lines) - 1)
        yield from (Unit(*_trimmed(text, start, end), kind, block) for (start, end), kind in zip(lines, kinds, strict=True))
        return
    quote = _QUOTE.match(text[lines[0][0] : lines[0][1]])
    start, end = lines[0][0] + (quote.end() if quote else 0), lines[-1][1]
    spans = sentences(text[start:end])
    for first, last in spans:
        piece = text[start + first : start + last]
        yield Unit(start + first, start + last, _prose_kind(piece, alone=len(spans) == 1 and len(lines) == 1), block)


def _are_lines(lines: list[str]) -> bool:
    """Whether each line says something by itself: `Label: value`, or a table whose rules were lost (as in most PDFs).

    Such lines start anew and do not end like sentences; wrapped prose does neither as often.
    """
    lines = [line for line in lines if line]  # not those of spaces that do not break, and the like
    if all(_FIELD.match(line) and not is_ended(line) for line in lines):
        return bool(lines)
    if all(not is_ended(line) and line[-1] not in ",;:" for line in lines) and any(len(line) < _WRAPPED for line in lines[:-1]):
        return len(lines) >= _FEWEST_ROWS
    anew = sum(not line[0].islower() for line in lines[1:])
    open_ = sum(not is_ended(line) and line[-1] not in ",;:" for line in lines)
    return len(lines) >= _FEWEST_ROWS and anew >= _MOSTLY * (len(lines) - 1) and open_ >= _MOSTLY * len(lines)


def _names_columns(lines: list[str]) -> bool:
    """Whether the first line has no number and no colon, and most of the others have a number: the header of a table."""
    first, *others = (bool(_DIGIT.search(line)) for line in lines)
    return bool(others) and not first and ":" not in lines[0] and sum(others) >= _MOSTLY * len(others)


def _prose_kind(piece: str, *, alone: bool) -> Kind:
    if piece.endswith((":", ":**", ":*")):
        return Kind.LEAD_IN
    if is_ended(piece):
        return Kind.SENTENCE
    if alone and len(piece.split()) <= _TITLE_WORDS:
        return Kind.HEADING
    return Kind.FRAGMENT
