"""HTML to the Markdown-like text that the chunker reads. Pure, standard library, linear.

Kept: headings, paragraphs, lists, tables, code, line breaks. Left out: what a reader does not see (scripts, styles, comments,
hidden elements), page furniture (`nav`, form controls), emphasis and the addresses of links. A table that only lays out a page
is read as its cells, one after another.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser

from knowledge.parsers.text import table

_DROPPED_NAMES = "script style template noscript nav svg math iframe object canvas audio video select button textarea datalist dialog"
_DROPPED = frozenset(_DROPPED_NAMES.split())
_VOID_NAMES = "area base br col embed hr img input link meta param source track wbr"
_VOID = frozenset(_VOID_NAMES.split())
_CLOSED_BY_NEXT_NAMES = "p li dt dd tr td th option thead tbody tfoot"
_CLOSED_BY_NEXT = frozenset(_CLOSED_BY_NEXT_NAMES.split())
_BLOCKS_NAMES = (
    "p div section article main header footer aside figure figcaption address blockquote form fieldset details summary dl dt dd "
    "hr body center hgroup legend caption search"
)
_BLOCKS = frozenset(_BLOCKS_NAMES.split())
_INVISIBLE = re.compile(r"(?:display:none|visibility:hidden|font-size:0(?![.\d]*[1-9])|opacity:0(?![.\d]*[1-9]))", re.IGNORECASE)
_CHARSET = re.compile(rb"""<(?:meta[^>]{0,200}charset|\?xml[^>]{0,200}encoding)\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE)
_LAYOUT_CELL = 600  # characters; a cell longer than that is a part of a page, not of a table
_DEEPEST_LIST = 8
_DEEPEST_TABLE = 20


@dataclass(slots=True)
class _Frame:
    """What one page, or one cell of a table, holds so far."""

    blocks: list[tuple[bool, str]] = field(default_factory=list)  # (is it in a list, text)
    lists: list[int | None] = field(default_factory=list)  # number of the last item; None: not numbered


@dataclass(slots=True)
class _Table:
    rows: list[list[_Frame]] = field(default_factory=list)
    depth: int = 0  # frames below it
    nested: bool = False


def declared_charset(data: bytes) -> str | None:
    """The character encoding that an HTML or XML file claims in its first 2 kB."""
    found = _CHARSET.search(data[:2048])
    return found[1].decode("ascii", errors="replace") if found else None


def html_text(markup: str) -> tuple[str | None, str]:
    """The `<title>`, if any, and the text of a page."""
    page = _Page()
    page.feed(markup)
    page.close()
    return page.title.strip() or None, page.finish()


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.title = ""
        self._in_title = False
        self._skipped: str | None = None  # the element being left out, and how often it is open
        self._skips = 0
        self._pre = 0
        self._words: list[str] = []
        self._prefix = ""
        self._frames = [_Frame()]
        self._tables: list[_Table] = []

    # what the parser calls

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._skipped:
            self._nest(tag)
        if self._skipped:
            return
        if tag in _DROPPED or _hidden(dict(attrs)):
            self._skip(tag)
        elif tag == "title":
            self._in_title = not self.title
        elif tag == "img":
            self._words.append(f" {dict(attrs).get('alt') or ''} ")
        else:
            self._start(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._skipped:
            self._skips -= tag == self._skipped
            self._skipped = self._skipped if self._skips > 0 else None
        elif tag == "title":
            self._in_title = False
        else:
            self._end(tag)

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title += data
        elif not self._skipped:
            self._words.append(data)

    def finish(self) -> str:
        """Close what is still open, and give the text."""
        while self._tables:
            self.end_table()
        self.flush()
        return _joined(self._frames[0])

    # leaving out

    def _skip(self, tag: str) -> None:
        if tag not in _VOID:
            self._skipped, self._skips = tag, 1

    def _nest(self, tag: str) -> None:
        if tag != self._skipped:
            return
        if tag in _CLOSED_BY_NEXT:
            self._skipped = None
        else:
            self._skips += 1

    # blocks

    def _start(self, tag: str) -> None:
        if tag in _STARTS:
            _STARTS[tag](self)
        elif tag in _BLOCKS:
            self.flush()
        elif tag[0] == "h" and tag[1:] in "123456":
            self.flush()
            self._prefix = "#" * int(tag[1:]) + " "

    def _end(self, tag: str) -> None:
        if tag in _ENDS:
            _ENDS[tag](self)
        elif tag in _BLOCKS or (tag[0] == "h" and tag[1:] in "123456"):
            self.flush()

    def flush(self) -> None:
        raw = "".join(self._words)
        self._words.clear()
        text = "\n".join(filter(None, (" ".join(line.split()) for line in _lines(raw))))
        if not text:
            return
        frame = self._frames[-1]
        if self._prefix.startswith("#"):
            text = text.replace("\n", " ")
        frame.blocks.append((bool(frame.lists), self._prefix + text))
        self._prefix = ""

    def start_pre(self) -> None:
        self.flush()
        self._pre += 1

    def end_pre(self) -> None:
        if not self._pre:
            return
        self._pre -= 1
        code = "".join(self._words).replace(_BREAK, "\n").strip("\n")
        self._words.clear()
        if code.strip():
            fence = "````" if "```" in code else "```"
            self._frames[-1].blocks.append((False, f"{fence}\n{code}\n{fence}"))

    def line_break(self) -> None:
        self._words.append(_BREAK)

    # lists

    def start_list(self, first: int | None) -> None:
        self.flush()
        self._frames[-1].lists.append(first)

    def end_list(self) -> None:
        self.flush()
        if self._frames[-1].lists:
            self._frames[-1].lists.pop()
        self._prefix = ""

    def start_item(self) -> None:
        self.flush()
        lists = self._frames[-1].lists or [None]
        number = lists[-1]
        marker = "- "
        if number is not None:
            lists[-1] = number + 1
            marker = f"{number + 1}. "
        self._prefix = "  " * (min(len(lists), _DEEPEST_LIST) - 1) + marker

    # tables

    def start_table(self) -> None:
        self.flush()
        if len(self._tables) >= _DEEPEST_TABLE:
            return
        if self._tables:
            self._tables[-1].nested = True
        self._tables.append(_Table(depth=len(self._frames)))

    def start_row(self) -> None:
        self.end_cell()
        if self._tables:
            self._tables[-1].rows.append([])

    def start_cell(self) -> None:
        self.end_cell()
        if not self._tables:
            return
        rows = self._tables[-1].rows or [[]]
        self._tables[-1].rows = rows
        rows[-1].append(_Frame())
        self._frames.append(rows[-1][-1])

    def end_cell(self) -> None:
        self.flush()
        if self._tables:
            del self._frames[self._tables[-1].depth :]

    def end_table(self) -> None:
        self.end_cell()
        if not self._tables:
            return
        done = self._tables.pop()
        for text in _table_blocks(done):
            self._frames[-1].blocks.append((False, text))


_BREAK = "\x00"  # never in the markup: decoding refuses it


def _lines(raw: str) -> list[str]:
    return raw.split(_BREAK)


def _hidden(attrs: dict[str, str | None]) -> bool:
    style = re.sub(r"\s", "", attrs.get("style") or "")
    return "hidden" in attrs or attrs.get("aria-hidden") == "true" or bool(style and _INVISIBLE.search(style))


def _joined(frame: _Frame) -> str:
    parts: list[str] = []
    before = False
    for item, text in frame.blocks:
        parts += ["\n" if item and before else "\n\n" if parts else "", text]
        before = item
    return "".join(parts)


def _table_blocks(done: _Table) -> list[str]:
    """One Markdown table, or the cells of a table that only lays out the page."""
    cells = [[_joined(cell) for cell in row] for row in done.rows]
    layout = done.nested or max(map(len, cells), default=0) <= 1 or any(len(cell) > _LAYOUT_CELL for row in cells for cell in row)
    blocks = [cell for row in cells for cell in row] if layout else [table(cells)]
    return [block for block in blocks if block]


_STARTS: dict[str, Callable[[_Page], None]] = {
    "ul": lambda page: page.start_list(None),
    "ol": lambda page: page.start_list(0),
    "li": _Page.start_item,
    "br": _Page.line_break,
    "pre": _Page.start_pre,
    "table": _Page.start_table,
    "tr": _Page.start_row,
    "td": _Page.start_cell,
    "th": _Page.start_cell,
}
_ENDS: dict[str, Callable[[_Page], None]] = {
    "ul": _Page.end_list,
    "ol": _Page.end_list,
    "li": _Page.flush,
    "pre": _Page.end_pre,
    "table": _Page.end_table,
    "tr": _Page.end_cell,
    "td": _Page.end_cell,
    "th": _Page.end_cell,
}
