"""Word documents, with the built-in heading, list and table styles that readers and screen readers rely on."""

from __future__ import annotations

from functools import singledispatch
from typing import TYPE_CHECKING

from adapters.demo.blocks import Block, Code, Heading, Item, Line, Paragraph, Quote, Table, parse
from adapters.demo.formats.package import AUTHOR, packed

if TYPE_CHECKING:
    from docx.document import Document
    from docx.text.paragraph import Paragraph as WordParagraph

    from adapters.demo.sources import Source


def render(source: Source) -> bytes:
    """Return the source as a .docx file."""
    import docx

    word = docx.Document()
    word.core_properties.title = source.title
    word.core_properties.author = AUTHOR
    word.core_properties.comments = ""
    for block in parse(source.body):
        _add(block, word)
    return packed(word, source.changed)


@singledispatch
def _add(block: Block, word: Document) -> None:
    raise NotImplementedError(block, word)


@_add.register(Heading)
def _(block: Heading, word: Document) -> None:
    _write(word.add_heading(level=block.level), block.line)


@_add.register(Paragraph)
def _(block: Paragraph, word: Document) -> None:
    _write(word.add_paragraph(), block.line)


@_add.register(Item)
def _(block: Item, word: Document) -> None:
    style = "List Number" if block.number is not None else "List Bullet"
    item = word.add_paragraph(style=style if block.depth == 0 else f"{style} {block.depth + 1}")
    if block.number == 1:
        _restart(word)
    if block.number is not None:
        _number(item, word)
    _write(item, block.line)


@_add.register(Table)
def _(block: Table, word: Document) -> None:
    grid = word.add_table(rows=0, cols=len(block.header), style="Light Grid Accent 1")
    for row in (block.header, *block.rows):
        for cell, text in zip(grid.add_row().cells, row, strict=True):
            cell.text = text
    word.add_paragraph()


@_add.register(Code)
def _(block: Code, word: Document) -> None:
    word.add_paragraph().add_run(block.text).font.name = "Courier New"


@_add.register(Quote)
def _(block: Quote, word: Document) -> None:
    _write(word.add_paragraph(style="Intense Quote"), block.line)


def _restart(word: Document) -> None:
    """Begin a new numbered list; without this, Word counts on from the list before."""
    numbering = word.part.numbering_part.element
    style = word.styles["List Number"].element.pPr.numPr.numId.val
    kind = numbering.num_having_numId(style).abstractNumId.val
    numbering.add_num(kind).add_lvlOverride(ilvl=0).add_startOverride(1)


def _number(item: WordParagraph, word: Document) -> None:
    """Count the paragraph in the list begun last."""
    place = item._p.get_or_add_pPr().get_or_add_numPr()  # noqa: SLF001 -- python-docx has no public way
    place.get_or_add_ilvl().val = 0
    place.get_or_add_numId().val = word.part.numbering_part.element.num_lst[-1].numId


def _write(paragraph: WordParagraph, line: Line) -> None:
    for run in line:
        written = paragraph.add_run(run.text)
        written.bold, written.italic = run.bold or None, run.italic or None
        if run.code:
            written.font.name = "Courier New"
