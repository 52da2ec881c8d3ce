"""An admin's own questions, from a spreadsheet: what is asked, which documents answer it, who asks. Pure.

The first row names the columns, in any order: `question`, `document` (its name or title; several separated by `;`, in further columns
of that name, or in further rows), and if wanted `asker` (an e-mail address or a principal), `answerable` (yes or no), `quote`. Names
are matched leniently; other columns are ignored. Whoever wants a tenant's judged questions reads them here.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain

from knowledge.errors import BadCorpus
from knowledge.evaluation.sheets import Row, read_sheets

_COLUMNS = {
    "question": re.compile(r"questions?|quer(?:y|ies)|questiontext|(?:the)?questionasked"),
    "document": re.compile(r"\w*?(?:documents?|docs?|files?)(?:names?|titles?)?"),
    "place": re.compile(r"sources?|titles?|relevant|answeredby|foundin"),  # of the document, where no column says so outright
    "asker": re.compile(r"askers?|askedby|askedas|as|who|person|people|user|e?mail|asker(?:s)?e?mail|principals?"),
    "answerable": re.compile(r"(?:is)?answerable|(?:can(?:be)?|is)answered|hasanswer|hasananswer|answerableyesno"),
    "quote": re.compile(r"quotes?|quotations?|passages?|excerpts?|exactwords"),
}
_YES = frozenset({"yes", "y", "true", "1", "x", "ja", "oui", "sí", "si"})
_NO = frozenset({"no", "n", "false", "0", "nein", "non"})
_TOP = 20  # rows in which the one that names the columns is looked for
_NAMES = "Its first row names the columns: question, document, and if you like asker, answerable, quote."


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedRow:
    """One question as it was written, and what is known of its answer."""

    row: int  # where it stands in the spreadsheet
    question: str
    documents: tuple[str, ...]  # names or titles that answer, as written; empty: nothing answers
    asker: str = ""  # e-mail address or principal; empty: whoever asks the set
    quote: str = ""  # words of a document that answer

    @property
    def answerable(self) -> bool:
        """Whether some document answers."""
        return bool(self.documents)

    @property
    def id(self) -> str:
        """The same for the same question of the same asker, wherever it stands: what runs of two versions of a set are matched by."""
        return hashlib.sha256(f"{self.asker}\0{self.question}".casefold().encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong with a row, and what to do."""

    row: int
    text: str

    def __str__(self) -> str:
        """For people."""
        return f"Row {self.row}: {self.text}"


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """What a spreadsheet came to: the questions that can be asked, and the rows that cannot."""

    rows: tuple[JudgedRow, ...]
    complaints: tuple[Complaint, ...]


def read_question_set(name: str, data: bytes) -> QuestionSet:
    """The questions in the .xlsx or .csv file called `name`; of several sheets, in the first that has any.

    Raises `BadCorpus` for a file that cannot be used at all.
    """
    sheets = read_sheets(name, data)
    for rows in sheets:
        for number, row in enumerate(rows[:_TOP]):
            columns = _columns(row)
            if "question" in columns and ("document" in columns or "answerable" in columns):
                return _read(name, rows[number + 1 :], columns)
    named = ", ".join(repr(cell) for cell in _header(sheets)) or "nothing"
    raise BadCorpus(f"{name} has no columns called question and document. {_NAMES} Found: {named}.")


def _header(sheets: Sequence[Sequence[Row]]) -> list[str]:
    """What stands in the first row of the first sheet that has one, cut short."""
    first = next((rows[0].cells for rows in sheets if rows), ())
    return [cell[:40] for cell in first if cell][:10]


def _columns(row: Row) -> dict[str, list[int]]:
    """Which columns hold what, by the names in a row."""
    found: dict[str, list[int]] = {}
    for column, cell in enumerate(row.cells):
        called = re.sub(r"[^a-z]", "", cell.casefold())
        for field, pattern in _COLUMNS.items():
            if pattern.fullmatch(called):
                found.setdefault(field, []).append(column)
                break
    if "place" in found:
        found.setdefault("document", found["place"])
    return found


@dataclass(frozen=True, slots=True)
class _Line:
    """One row's cells by what they hold."""

    number: int
    question: str
    documents: tuple[str, ...]
    asker: str
    answerable: str
    quote: str


def _line(row: Row, columns: dict[str, list[int]]) -> _Line:
    def cells(field: str) -> list[str]:
        return [row.cells[column] for column in columns.get(field, ()) if column < len(row.cells)]

    documents = chain.from_iterable(cell.split(";") for cell in cells("document"))
    return _Line(
        number=row.number,
        question=" ".join(cells("question")),
        documents=tuple(dict.fromkeys(name.strip() for name in documents if name.strip())),
        asker=" ".join(cells("asker")),
        answerable=" ".join(cells("answerable")).casefold(),
        quote=" ".join(cells("quote")),
    )


def _read(name: str, rows: Sequence[Row], columns: dict[str, list[int]]) -> QuestionSet:
    complaints: list[Complaint] = []
    read: dict[str, JudgedRow] = {}
    above: str | None = None  # what a row without a question of its own belongs to
    for line in (_line(row, columns) for row in rows):
        if not (line.question or line.documents or line.quote):
            continue
        one = _judged(line, read.get(above) if above else None)
        wrong = one if isinstance(one, str) else _conflict(one, read.get(one.id))
        if isinstance(one, JudgedRow) and not wrong:
            read[one.id] = _joined(read.get(one.id), one)
            above = one.id
        else:
            complaints.append(Complaint(line.number, wrong))
            above = None if line.question else above
    if not (read or complaints):
        raise BadCorpus(f"{name} has no questions below the names of its columns. Write one in each row.")
    return QuestionSet(tuple(read.values()), tuple(complaints))


def _judged(line: _Line, above: JudgedRow | None) -> JudgedRow | str:
    """The question of a row, or what is wrong with it."""
    if line.answerable not in _YES | _NO | {""}:
        return f"answerable is {line.answerable[:40]!r}; write yes or no."
    none = line.answerable in _NO
    if none and line.documents:
        return f"it says that nothing answers, and names {line.documents[0][:80]!r}. Leave one of the two out."
    if not line.documents and not none:
        return "it names no document that answers. Name one, or write `no` under answerable."
    if not line.question and above is None:
        return "it names a document and has no question. Write the question, or put the row below that of its question."
    question, asker = (line.question, line.asker) if line.question or above is None else (above.question, above.asker)
    return JudgedRow(row=line.number, question=question, documents=line.documents, asker=asker, quote=line.quote)


def _conflict(one: JudgedRow, before: JudgedRow | None) -> str:
    """What is wrong between two rows of the same question."""
    if before is None or before.answerable == one.answerable:
        return ""
    return f"row {before.row} asks the same, and only one of them says that nothing answers. Leave one of them out."


def _joined(before: JudgedRow | None, one: JudgedRow) -> JudgedRow:
    if before is None:
        return one
    return replace(before, documents=tuple(dict.fromkeys((*before.documents, *one.documents))), quote=before.quote or one.quote)
