"""PDF with real pages: headings that are also bookmarks, tables with repeated header rows, page numbers."""

from __future__ import annotations

from functools import singledispatch
from typing import TYPE_CHECKING

from adapters.demo.blocks import Block, Code, Heading, Item, Line, Paragraph, Quote, Run, Table, parse, plain
from adapters.demo.formats.package import AUTHOR

if TYPE_CHECKING:
    from fpdf import FPDF
    from fpdf.fonts import FontFace

    from adapters.demo.sources import Source

_FONT = "Helvetica"
_TEXT, _LEADING = 10.5, 5.4  # points, millimetres
_HEADINGS = {1: 22, 2: 16, 3: 12.5}  # points
_INDENT = 6  # millimetres a list level
_ENCODING = "cp1252"  # what the core fonts of PDF can show: Latin-1, the euro sign and typographic quotes


def render(source: Source) -> bytes:
    """Return the source as an A4 .pdf file. Raises `FPDFUnicodeEncodingException` for a character that its fonts lack."""
    pdf = _blank(source)
    for block in parse(source.body):
        _add(block, pdf)
    return bytes(pdf.output())


def _blank(source: Source) -> FPDF:
    """Return a document with its properties, margins and running footer set, on its first page."""
    from fpdf import FPDF

    class Numbered(FPDF):
        def footer(self) -> None:
            self.set_y(-15)
            self.set_font(_FONT, size=8)
            self.cell(0, 8, f"{source.title} - page {self.page_no()} of {{nb}}", align="C")

    pdf = Numbered(format="A4")
    pdf.core_fonts_encoding = _ENCODING
    pdf.set_title(source.title)
    pdf.set_author(AUTHOR)
    pdf.set_creation_date(source.changed)
    pdf.set_lang("en")
    pdf.set_margin(22)
    pdf.set_auto_page_break(auto=True, margin=22)
    pdf.add_page()
    return pdf


@singledispatch
def _add(block: Block, pdf: FPDF) -> None:
    raise NotImplementedError(block, pdf)


@_add.register(Heading)
def _(block: Heading, pdf: FPDF) -> None:
    size = _HEADINGS[block.level]
    if pdf.will_page_break(size * 2):
        pdf.add_page()
    pdf.ln(size / 5)
    text = plain(block.line)
    pdf.start_section(text, level=block.level - 1)
    pdf.set_font(_FONT, "B", size)
    pdf.multi_cell(0, size * 0.45, text, align="L", new_x="LMARGIN", new_y="NEXT")
    pdf.ln(size / 9)


@_add.register(Paragraph)
def _(block: Paragraph, pdf: FPDF) -> None:
    _flow(block.line, pdf)


@_add.register(Item)
def _(block: Item, pdf: FPDF) -> None:
    margin = pdf.l_margin
    indent = margin + _INDENT * (block.depth + 1)
    pdf.set_font(_FONT, size=_TEXT)
    pdf.set_x(indent - _INDENT)
    pdf.cell(_INDENT, _LEADING, "•" if block.number is None else f"{block.number}.")
    pdf.set_left_margin(indent)
    _flow(block.line, pdf)
    pdf.set_left_margin(margin)
    pdf.set_x(margin)


@_add.register(Table)
def _(block: Table, pdf: FPDF) -> None:
    pdf.set_font(_FONT, size=9.5)
    with pdf.table(text_align="LEFT", line_height=6, col_widths=_widths(block), headings_style=_shaded()) as grid:
        for row in (block.header, *block.rows):
            grid.row(row)
    pdf.ln(4)


@_add.register(Code)
def _(block: Code, pdf: FPDF) -> None:
    pdf.set_font("Courier", size=9)
    pdf.multi_cell(0, 4.6, block.text, align="L", new_x="LMARGIN", new_y="NEXT")
    pdf.ln(3)


@_add.register(Quote)
def _(block: Quote, pdf: FPDF) -> None:
    _flow(tuple(Run(run.text, italic=True) for run in block.line), pdf)


def _flow(line: Line, pdf: FPDF) -> None:
    """Write one paragraph, word-wrapped, in its styles."""
    for run in line:
        pdf.set_font("Courier" if run.code else _FONT, "B" * run.bold + "I" * run.italic, _TEXT)
        pdf.write(_LEADING, run.text)
    pdf.ln(_LEADING + 2)


def _shaded() -> FontFace:
    """Return the style of a header row. Bold would make text extractors take it for a heading of the document."""
    from fpdf.fonts import FontFace

    return FontFace(emphasis="", fill_color=(236, 232, 224))


def _widths(table: Table) -> tuple[int, ...]:
    """Return column widths in proportion to the longest text of each, within a factor of four."""
    return tuple(max(10, min(40, max(map(len, column)))) for column in zip(table.header, *table.rows, strict=True))
