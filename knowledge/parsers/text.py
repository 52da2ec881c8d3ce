"""Text that is kept as it is: plain text, Markdown, data formats; and the title that any text gives itself. Pure."""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

import yaml

from knowledge.parsers.decoding import tidy_line

_FRONT_MATTER = re.compile(r"\A\s*---[ \t]*\n(.*?\n)??(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_HEADING = re.compile(r"^ {0,3}#{1,6}[ \t]+(.+?)[ \t]*#*[ \t]*$", re.MULTILINE)
_SETEXT = re.compile(r"^(\S[^\n]*)\n=+[ \t]*$", re.MULTILINE)
_NO_TITLE = re.compile(
    r"(?:untitled(?: document)?|title|titel|document|dokument|presentation|book|mappe|workbook|sheet|slide|powerpoint presentation"
    r"|pdf document)?[\s\d._-]*|(?:microsoft (?:word|powerpoint|excel)\s*-.*)|.*\.(?:docx?|pptx?|xlsx?|pdf|indd|html?|rtf|odt|tmp)",
    re.IGNORECASE,
)
_MARKS = re.compile(r"[*`]+|(?<!\w)_+|_+(?!\w)|\]\([^)]*\)|[\[\]]")
_LONGEST_TITLE = 200
_TOP = 20_000  # characters in which a title is looked for
_DELIMITERS = ",;\t|"


def front_matter(text: str) -> tuple[Mapping[object, object], str]:
    """The fields of the front matter, if any, and the text without the front matter.

    Front matter is cut out: it is for the machine that publishes the page. One that cannot be read is cut out all the same.
    """
    found = _FRONT_MATTER.match(text)
    if not found or (found[1] and ":" not in found[1]):
        return {}, text
    return _fields(found[1] or ""), text[found.end() :]


def title_in(fields: Mapping[object, object]) -> str | None:
    """The title that front matter gives."""
    title = fields.get("title")
    return str(title) if title else None


def _fields(block: str) -> Mapping[object, object]:
    try:
        fields = yaml.safe_load(block)
    except yaml.YAMLError:
        return {}
    return fields if isinstance(fields, dict) else {}


def first_heading(text: str) -> str | None:
    """The first heading of a Markdown text, without marks; None if there is none near its top."""
    top = text[:_TOP]
    found = min(filter(None, (_HEADING.search(top), _SETEXT.search(top))), key=lambda match: match.start(), default=None)
    return _MARKS.sub("", found[1]) if found else None


def title_of(name: str, *candidates: str | None) -> str:
    """The first of `candidates` that says something, else the file's name made readable. Never empty."""
    titles = (tidy_line(each or "")[:_LONGEST_TITLE].strip() for each in candidates)
    return next((title for title in titles if title and not _NO_TITLE.fullmatch(title)), None) or readable(name)


def readable(name: str) -> str:
    """A file name as people would say it: `hr/Parental_leave-2024.docx` is `Parental leave 2024`."""
    name = tidy_line(name)
    stem = PurePosixPath(name.replace("\\", "/")).stem
    return " ".join(re.sub(r"[_\-+]+|%20", " ", stem).split()) or name or "Untitled"


_BAR = r"\|"


def table(rows: Sequence[Sequence[str]], width: int | None = None) -> str:
    """`rows` as a Markdown table of `width` columns, or as many as are not empty; the first row is the header, empty ones are left out."""
    cells = [row for row in rows if any(map(str.strip, row))]
    width = width or max((max(i + 1 for i, cell in enumerate(row) if cell.strip()) for row in cells), default=0)
    lines = [table_row([*row, *[""] * width][:width]) for row in cells]
    return "\n".join([*lines[:1], "|" + " --- |" * width, *lines[1:]]) if lines else ""


def table_row(cells: Sequence[str]) -> str:
    """One row of it."""
    return f"| {' | '.join(' '.join(cell.replace('|', _BAR).split()) for cell in cells)} |"


def csv_table(text: str) -> str:
    """A comma-, semicolon-, tab- or bar-separated file as a Markdown table."""
    first = next((line for line in text.split("\n") if line.strip()), "")
    delimiter = max(_DELIMITERS, key=first.count)
    csv.field_size_limit(len(text) + 1)
    return table(list(csv.reader(io.StringIO(text), delimiter=delimiter)))
