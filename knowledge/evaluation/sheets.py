"""`.xlsx` and `.csv` files as rows, each with the number that a spreadsheet program shows beside it. Pure.

Not through the parsers: what they make is text to search, which has lost its row numbers. Their guards are used all the same (what the
file is by its content, bombs, passwords, document type declarations), with narrower limits: a list of questions is small.
"""

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple
from xml.etree import ElementTree as ET

from knowledge.errors import BadCorpus, Unreadable
from knowledge.parsers.containers import SHEET
from knowledge.parsers.decoding import decode, tidy, tidy_line
from knowledge.parsers.kinds import CSV, kind_of
from knowledge.parsers.package import Package, opened

LARGEST_FILE = 5_000_000
"""Bytes."""
LARGEST_UNPACKED = 5_000_000
"""Bytes of all that an .xlsx holds, by its directory; reading stops there too. As hostile as we could make it, it takes 280 MB and 4 s."""
MOST_ROWS = 10_000
_MOST_COLUMNS = 200  # of a row; what stands further right is not looked at
_LONGEST_FIELD = 100_000  # characters
_DELIMITERS = ",;\t|"
_BOOK = "xl/workbook.xml"
_REFERENCE = re.compile(r"([A-Z]{1,3})\d+")
_YES = {"1": "yes", "0": "no"}


class Row(NamedTuple):
    """One row that is not empty."""

    number: int  # from 1, empty rows counted
    cells: tuple[str, ...]  # each on one line; "" where there is nothing


def read_sheets(name: str, data: bytes) -> list[list[Row]]:
    """The sheets of the file called `name`, one of a .csv; empty rows left out. Raises `BadCorpus`."""
    if len(data) > LARGEST_FILE:
        raise BadCorpus(
            f"{name} is over {LARGEST_FILE // 1_000_000} MB, which is no list of questions. Leave out pictures and other sheets."
        )
    try:
        kind = kind_of(name, data)
        if kind == SHEET:
            return _xlsx(name, data)
        if kind == CSV:
            return [_limited(name, _csv(name, tidy(decode(data))))]
    except Unreadable as error:
        raise BadCorpus(f"{name} {error.reason}. Save the questions as .xlsx or .csv and try again.") from error
    raise BadCorpus(f"{name} is no .xlsx or .csv. Save the questions as one of these and try again.")


def _csv(name: str, text: str) -> Iterator[Row]:
    first = next((line for line in text.split("\n") if line.strip()), "")
    delimiter = max(_DELIMITERS, key=first.count)
    csv.field_size_limit(_LONGEST_FIELD)
    rows = csv.reader(io.StringIO(text), delimiter=delimiter)
    try:
        for number, cells in enumerate(rows, 1):
            yield Row(number, tuple(map(tidy_line, cells[:_MOST_COLUMNS])))
    except csv.Error as error:
        raise BadCorpus(f"{name}, line {rows.line_num}, is no CSV: {error}. Check its quotation marks, or save it as .xlsx.") from error


def _xlsx(name: str, data: bytes) -> list[list[Row]]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > LARGEST_UNPACKED:
            raise BadCorpus(f"{name} holds far more than a list of questions. Copy the questions into a file of their own.")
    with opened(data) as package:
        relations = package.relations(_BOOK)
        shared = [_text(one) for kind, path in relations.values() if kind == "sharedStrings" for one in _parts(package, path, "si")]
        sheets = [relations.get(sheet.get("r:id", ""), ("", ""))[1] for sheet in _parts(package, _BOOK, "sheet")]
        return [_limited(name, _rows(package, path, shared)) for path in sheets if path]


def _rows(package: Package, path: str, shared: list[str]) -> Iterator[Row]:
    number = 0
    for row in _parts(package, path, "row"):
        number = int(row.get("r") or number + 1)
        cells: dict[int, str] = {}
        column = 0
        for cell in row.iterfind("c"):
            column = _column(cell.get("r", "")) or column + 1
            if column <= _MOST_COLUMNS:
                cells[column] = tidy_line(_value(cell, shared))
        yield Row(number, tuple(cells.get(column, "") for column in range(1, max(cells, default=0) + 1)))


def _limited(name: str, rows: Iterator[Row]) -> list[Row]:
    """The rows that are not empty."""
    kept = list(islice((row for row in rows if any(row.cells)), MOST_ROWS + 1))
    if len(kept) > MOST_ROWS:
        raise BadCorpus(f"{name} has more than {MOST_ROWS:,} rows. Split it.")
    return kept


def _parts(package: Package, path: str, tag: str) -> Iterator[ET.Element]:
    root = package.part(path)
    return iter(()) if root is None else root.iter(tag)


def _value(cell: ET.Element, shared: list[str]) -> str:
    """What a cell shows; of a formula its last result."""
    kind, value = cell.get("t"), cell.findtext("v") or ""
    if kind == "inlineStr":
        return _text(cell)
    if kind == "s":
        return shared[int(value)] if value.isdigit() and int(value) < len(shared) else ""
    return _YES.get(value, value) if kind == "b" else value


def _text(element: ET.Element) -> str:
    """The text of a string and of its runs, without the readings that East Asian names may carry."""
    direct = element.find("is") if element.tag == "c" else element
    runs = () if direct is None else (direct, *direct.iterfind("r"))
    return "".join(run.findtext("t") or "" for run in runs)


def _column(reference: str) -> int:
    """The number of a cell's column: of `B7` 2; 0 if it does not say."""
    found = _REFERENCE.fullmatch(reference)
    column = 0
    for letter in found[1] if found else "":
        column = column * 26 + ord(letter) - ord("A") + 1
    return column
