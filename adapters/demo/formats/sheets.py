"""Workbooks: each `##` heading is a sheet, its table starts in A1, everything else is a note below the table."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from adapters.demo.blocks import Block, Heading, Table, parse, text
from adapters.demo.formats.package import AUTHOR, packed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adapters.demo.sources import Source

_WIDEST = 60  # characters; longer cells run over


def render(source: Source) -> bytes:
    """Return the source as an .xlsx file with one sheet per section."""
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.active)
    book.properties.title, book.properties.creator = source.title, AUTHOR
    for name, blocks in _sections(parse(source.body)):
        _fill(book.create_sheet(name), blocks)
    return packed(book, source.changed)


def _sections(blocks: tuple[Block, ...]) -> Iterator[tuple[str, list[Block]]]:
    """Yield each section's name and blocks; the title alone is no section."""
    name = ""
    for heading, group in groupby(blocks, lambda block: isinstance(block, Heading)):
        members = list(group)
        if heading and isinstance(members[-1], Heading):
            name = text(members[-1])
        else:
            yield name, members


def _fill(sheet: Any, blocks: list[Block]) -> None:  # noqa: ANN401 -- openpyxl has no types
    """Write a section's tables, then its notes after one empty row."""
    for table in (block for block in blocks if isinstance(block, Table)):
        _write_table(sheet, table)
    notes = [text(block) for block in blocks if not isinstance(block, Table)]
    for offset, note in enumerate(notes, start=sheet.max_row + 2):
        sheet.cell(row=offset, column=1, value=note)


def _write_table(sheet: Any, table: Table) -> None:  # noqa: ANN401 -- openpyxl has no types
    from openpyxl.styles import Font

    for row in (table.header, *table.rows):
        sheet.append([_value(cell) for cell in row])
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    sheet.freeze_panes = "A2"
    for column, texts in zip(sheet.columns, zip(table.header, *table.rows, strict=True), strict=True):
        sheet.column_dimensions[column[0].column_letter].width = min(_WIDEST, 2 + max(map(len, texts)))


def _value(cell: str) -> str | int | float:
    """Return a cell as a number where it is nothing but one, so that people can sum a column."""
    digits = cell.replace(",", "").removeprefix("-")
    if digits.isdecimal():
        return int(cell.replace(",", ""))
    return float(cell) if digits.replace(".", "", 1).isdecimal() else cell
