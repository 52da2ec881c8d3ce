"""Slide decks: the title is the first slide, each `##` heading is a slide, block quotes are the speaker's notes.

A slide shows one table and has no room for bullets beside it: they join its notes. Every slide has a page of notes, if an empty one,
because some readers pair the two by number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adapters.demo.blocks import Block, Code, Heading, Item, Paragraph, Quote, Table, parse, text
from adapters.demo.formats.package import AUTHOR, packed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from adapters.demo.sources import Source

_OPENING, _BULLETS, _TITLE_ONLY = 0, 1, 5  # layouts of python-pptx's default template


def render(source: Source) -> bytes:
    """Return the source as a .pptx file."""
    from pptx import Presentation

    deck = Presentation()
    deck.core_properties.title, deck.core_properties.author = source.title, AUTHOR
    for heading, blocks in _slides(parse(source.body)):
        _add_slide(deck, heading, blocks)
    return packed(deck, source.changed)


def _slides(blocks: Iterable[Block]) -> Iterator[tuple[Heading, list[Block]]]:
    """Yield each slide's heading with the blocks below it."""
    slides: list[tuple[Heading, list[Block]]] = []
    for block in blocks:
        if isinstance(block, Heading):
            slides.append((block, []))
        else:
            slides[-1][1].append(block)
    yield from slides


def _add_slide(deck: Any, heading: Heading, blocks: list[Block]) -> None:  # noqa: ANN401 -- python-pptx has no types
    table = next((block for block in blocks if isinstance(block, Table)), None)
    slide = deck.slides.add_slide(deck.slide_layouts[_layout(heading, table)])
    slide.shapes.title.text = text(heading)
    lines = [block for block in blocks if isinstance(block, Paragraph | Item | Code)]
    notes = [text(block) for block in blocks if isinstance(block, Quote)]
    if table:
        _add_table(slide, table)
        notes += [text(block) for block in lines]
    elif lines:
        _add_lines(slide.placeholders[1].text_frame, lines)
    slide.notes_slide.notes_text_frame.text = "\n".join(notes)


def _layout(heading: Heading, table: Table | None) -> int:
    if heading.level == 1:
        return _OPENING
    return _TITLE_ONLY if table else _BULLETS


def _add_lines(frame: Any, lines: list[Paragraph | Item | Code]) -> None:  # noqa: ANN401 -- python-pptx has no types
    """Write paragraphs and bullets, one below the other, bullets at their depth."""
    for index, block in enumerate(lines):
        paragraph = frame.paragraphs[0] if index == 0 else frame.add_paragraph()
        paragraph.text = text(block)
        paragraph.level = block.depth if isinstance(block, Item) else 0


def _add_table(slide: Any, table: Table) -> None:  # noqa: ANN401 -- python-pptx has no types
    from pptx.util import Inches

    rows = (table.header, *table.rows)
    box = (Inches(0.5), Inches(1.6), Inches(9), Inches(0.4) * len(rows))
    grid = slide.shapes.add_table(len(rows), len(table.header), *box).table
    for down, row in enumerate(rows):
        for across, cell in enumerate(row):
            grid.cell(down, across).text = cell
