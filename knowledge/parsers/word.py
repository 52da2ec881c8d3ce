"""Word to text: headings, lists with their numbers, tables, text boxes, footnotes. Pure.

Why not kreuzberg: 4.10.4 loses every `&`, `<` and `>` of a .docx ("R&D" becomes "RD"), and all lists that come from a style.
Left out: headers and footers, comments, deleted and hidden text, pictures, embedded files.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from xml.etree import ElementTree as ET

from knowledge.parsers.containers import WORD
from knowledge.parsers.dates import date_of
from knowledge.parsers.numbering import Numbering, Styles
from knowledge.parsers.package import Package, opened, shown
from knowledge.parsers.pages import Block, assemble
from knowledge.parsers.port import Extracted
from knowledge.parsers.refusals import BLANK
from knowledge.parsers.text import first_heading, table, title_of

_MAIN = "word/document.xml"
_BREAKS = {"tab": " ", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
_SEPARATE = frozenset({"txbxContent", "pPr", "rPr", "instrText", "delText", "sectPr"})
_WRAPPERS = frozenset({"sdt", "sdtContent", "customXml", "smartTag", "ins", "moveTo"})
_DEEPEST = 30  # text boxes and tables in one another


def read_word(name: str, data: bytes) -> Extracted:
    """A Word document. It has no pages: where they break is known only to Word. Raises `Unreadable`."""
    with opened(data) as package:
        root = package.part(_MAIN)
        body = root.find("body") if root is not None else None
        blocks = list(_Document(package).blocks(body)) if body is not None else []
        title, modified = package.fact("title"), date_of(package.fact("modified")) or date_of(package.fact("created"))
    text, _ = assemble(blocks)
    if not text:
        raise BLANK.error()
    return Extracted(text=text, title=title_of(name, title, first_heading(text)), media_type=WORD, modified_at=modified)


class _Document:
    def __init__(self, package: Package) -> None:
        self._styles = Styles(package.part("word/styles.xml"))
        self._numbering = Numbering(package.part("word/numbering.xml"))
        self._notes = {kind: _notes(package.part(f"word/{kind}s.xml"), kind) for kind in ("footnote", "endnote")}

    def blocks(self, parent: ET.Element, depth: int = 0) -> Iterator[Block]:
        """The blocks of a body, a text box or a cell, in order."""
        for child in shown(parent) if depth < _DEEPEST else ():
            if child.tag == "p":
                yield from self._paragraph(child, depth)
            elif child.tag == "tbl":
                yield from self._table(child, depth)
            elif child.tag in _WRAPPERS:
                yield from self.blocks(child, depth + 1)

    def _paragraph(self, paragraph: ET.Element, depth: int) -> Iterator[Block]:
        text = _text(paragraph)
        if text:
            yield self._worded(paragraph, text)
        for box in _inside(paragraph, "txbxContent"):
            yield from self.blocks(box, depth + 1)
        for kind, notes in self._notes.items():
            for mark in paragraph.iter(f"{kind}Reference"):
                if note := notes.get(mark.get("id", "")):
                    yield Block(f"{kind.capitalize()}: {note}")

    def _worded(self, paragraph: ET.Element, text: str) -> Block:
        properties = paragraph.find("pPr")
        style = self._styles.of(properties)
        mark, level = self._numbering.mark(style.list_id, style.list_level) if style.list_id else ("", 0)
        if style.heading:
            return Block(f"{'#' * min(style.heading, 6)} {mark}{' '.join(text.split())}")
        return Block("  " * level + mark + text, item=True) if mark else Block(text)

    def _table(self, element: ET.Element, depth: int) -> Iterator[Block]:
        rows = [list(_unwrapped(row, "tc")) for row in _unwrapped(element, "tr")]
        if max(map(len, rows), default=0) <= 1:  # a frame around text
            for cell in (cell for row in rows for cell in row):
                yield from (replace(block, page=None) for block in self.blocks(cell, depth + 1))
        else:
            yield Block(table([[text for cell in row for text in self._cell(cell, depth)] for row in rows]))

    def _cell(self, cell: ET.Element, depth: int) -> Iterator[str]:
        """The text of a cell, and an empty one for every further column that it spans."""
        yield " ".join(_flat(block.text) for block in self.blocks(cell, depth + 1))
        span = cell.find("tcPr/gridSpan")
        columns = span.get("val", "1") if span is not None else "1"
        yield from [""] * (min(int(columns), 64) - 1 if columns.isdecimal() else 0)


def _flat(text: str) -> str:
    """A block as a part of a cell: a heading without its marks, a table without its lines."""
    if not text.startswith("| "):
        return text.lstrip("# ")
    return " ".join(line.replace("|", " ") for line in text.split("\n") if not line.startswith("| ---"))


def _text(element: ET.Element) -> str:
    return "\n".join(" ".join(line.split(" ")).strip() for line in "".join(_words(element)).split("\n")).strip()


def _words(element: ET.Element) -> Iterator[str]:
    for child in shown(element):
        if child.tag == "t":
            yield child.text or ""
        elif child.tag in _BREAKS:
            yield "" if child.get("type") == "page" else _BREAKS[child.tag]
        elif child.tag not in _SEPARATE and not (child.tag == "r" and child.find("rPr/vanish") is not None):
            yield from _words(child)


def _inside(element: ET.Element, tag: str) -> Iterator[ET.Element]:
    """The outermost elements called `tag` below `element`, of alternatives only in the first."""
    for child in shown(element):
        if child.tag == tag:
            yield child
        else:
            yield from _inside(child, tag)


def _unwrapped(parent: ET.Element, tag: str) -> Iterable[ET.Element]:
    """Rows of a table or cells of a row, also those inside content controls."""
    for child in shown(parent):
        if child.tag == tag:
            yield child
        elif child.tag in _WRAPPERS:
            yield from _unwrapped(child, tag)


def _notes(root: ET.Element | None, kind: str) -> dict[str, str]:
    return {} if root is None else {note.get("id", ""): " ".join(_text(note).split()) for note in root.iter(kind) if not note.get("type")}
