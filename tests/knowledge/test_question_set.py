"""An admin's questions from a spreadsheet: which rows can be asked, and what is said of the others."""

import io
import zipfile
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from knowledge.documents import Document, DocumentId
from knowledge.errors import BadCorpus
from knowledge.evaluation import Named, QuestionSet, full_name, question_set, read_question_set, sheets
from tenancy.viewer import EVERYONE


def xlsx(*tables: Sequence[Sequence[Any]]) -> bytes:
    book = Workbook()
    book.remove(book.active)
    for number, rows in enumerate(tables):
        sheet = book.create_sheet(f"S{number}")
        for row in rows:
            sheet.append(row)
    return saved(book)


def saved(book: Workbook) -> bytes:
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def read(text: str, name: str = "set.csv") -> QuestionSet:
    return read_question_set(name, text.encode())


def told(questions: QuestionSet) -> list[tuple[int, str, tuple[str, ...]]]:
    return [(one.row, one.question, one.documents) for one in questions.rows]


def said(questions: QuestionSet) -> list[str]:
    return list(map(str, questions.complaints))


EXPECTED = [(2, "How long is leave?", ("leave.md",)), (4, "Who pays?", ("pay.md", "Expenses 2026")), (5, "Is there a pool?", ())]


def test_a_csv_is_read_with_the_row_numbers_that_people_see() -> None:
    found = read(
        "Question,Document,Answerable,Asked by,Quote\n"
        "How long is leave?,leave.md,yes,ana@acme.example,twenty weeks\n"
        ",,,,\n"
        '"Who\npays?","pay.md; Expenses 2026",,,\n'
        "Is there a pool?,,no,,\n"
    )
    assert (told(found), said(found)) == (EXPECTED, [])
    assert [(one.asker, one.quote, one.answerable) for one in found.rows] == [
        ("ana@acme.example", "twenty weeks", True),
        ("", "", True),
        ("", "", False),
    ]


def test_an_excel_file_is_read_the_same() -> None:
    found = read_question_set(
        "set.xlsx",
        xlsx(
            [["Notes"], ["nothing here"]],
            [
                ["Question", "Document 1", "Document 2", "Can be answered?"],
                ["How long is leave?", "leave.md", None, True],
                [],
                ["Who\npays?", "pay.md", "Expenses 2026", "Yes"],
                ["Is there a pool?", None, None, False],
            ],
        ),
    )
    assert (told(found), said(found)) == (EXPECTED, [])


def test_a_title_above_and_rows_and_columns_left_free_do_not_shift_the_numbers() -> None:
    book = Workbook()
    cells = {
        "B2": "Our questions",
        "C4": "QUESTION (as asked)",
        "C5": "QUESTIONS",
        "D5": "Expected document",
        "C9": "Who pays?",
        "D9": "pay.md",
    }
    for place, value in cells.items():
        book.active[place] = value
    book.active["D10"] = "=1+1"  # never calculated, so it shows nothing
    found = read_question_set("set.xlsx", saved(book))
    assert (told(found), said(found)) == ([(9, "Who pays?", ("pay.md",))], [])


@pytest.mark.parametrize(
    "names",
    [
        pytest.param("question;document", id="the plain names, semicolons between"),
        pytest.param("Query\tFile name", id="other words, tabs between"),
        pytest.param("\ufeffQuestions,Document(s)", id="plurals after a byte order mark"),
        pytest.param("question,title", id="a title where no column is called document"),
    ],
)
def test_columns_are_known_by_other_names_too(names: str) -> None:
    delimiter = next(one for one in ";\t," if one in names)
    assert told(read(f"{names}\nWho pays?{delimiter}pay.md\n")) == [(2, "Who pays?", ("pay.md",))]


def test_a_source_beside_a_document_is_not_taken_for_one() -> None:
    assert told(read("question,document,source\nWho pays?,pay.md,SharePoint\n")) == [(2, "Who pays?", ("pay.md",))]


def test_further_rows_add_documents_to_the_question_above_or_to_the_same_one() -> None:
    found = read("question,document\nWho pays?,a\n,b\nHow long?,c\nwho pays?,d\n,e\n")
    assert told(found) == [(2, "Who pays?", ("a", "b", "d", "e")), (4, "How long?", ("c",))]


def test_a_row_that_says_nothing_of_a_question_is_a_note() -> None:
    found = read("topic,question,document\nMoney,,\n,Who pays?,a\n")
    assert (told(found), said(found)) == ([(3, "Who pays?", ("a",))], [])


def test_the_same_question_of_two_people_is_two() -> None:
    found = read("question,document,asker\nWho pays?,a,ana@acme.example\nWho pays?,b,bob@acme.example\n")
    assert [one.documents for one in found.rows] == [("a",), ("b",)]
    assert found.rows[0].id != found.rows[1].id


def test_a_question_keeps_its_id_when_rows_are_put_before_it() -> None:
    before = read("question,document\nWho pays?,a\n").rows[0]
    after = read("question,document\nHow long?,b\nWho pays?,a\n").rows[1]
    assert (before.id, before.row, after.row) == (after.id, 2, 3)


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        pytest.param(
            "Who pays?,,", "Row 3: it names no document that answers. Name one, or write `no` under answerable.", id="no document"
        ),
        pytest.param("Who pays?,pay.md,maybe", "Row 3: answerable is 'maybe'; write yes or no.", id="neither yes nor no"),
        pytest.param(
            "Who pays?,pay.md,no", "Row 3: it says that nothing answers, and names 'pay.md'. Leave one of the two out.", id="both"
        ),
        pytest.param(
            "Leave?,,no",
            "Row 3: row 2 asks the same, and only one of them says that nothing answers. Leave one of them out.",
            id="conflict",
        ),
    ],
)
def test_a_row_that_is_wrong_is_told_with_its_number_and_the_others_are_asked(row: str, complaint: str) -> None:
    found = read(f"question,document,answerable\nLeave?,leave.md,\n{row}\nPets?,pets.md,\n")
    assert [one.question for one in found.rows] == ["Leave?", "Pets?"]
    assert said(found) == [complaint]


def test_a_document_below_nothing_or_below_a_wrong_row_belongs_to_no_question() -> None:
    found = read("question,document,answerable\n,stray.md,\nWho pays?,pay.md,perhaps\n,more.md,\n")
    assert found.rows == ()
    assert [one.row for one in found.complaints] == [2, 3, 4]
    assert "has no question" in said(found)[0]


def test_a_wrong_row_below_a_question_does_not_part_it_from_what_follows() -> None:
    assert told(read("question,document,answerable\nWho pays?,a,\n,b,perhaps\n,c,\n")) == [(2, "Who pays?", ("a", "c"))]


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        pytest.param("set.csv", b"", "set.csv is empty", id="an empty file"),
        pytest.param("set.csv", b"a,b\n1,2\n", "has no columns called question and document. .* Found: 'a', 'b'", id="other columns"),
        pytest.param("set.csv", b"question,answer\nx,y\n", "has no columns called question and document", id="no document"),
        pytest.param("set.csv", b"question,document\n", "has no questions below", id="names of columns alone"),
        pytest.param("set.csv", b'question,document\n"' + b"x" * 100_001 + b'",y\n', "line 2, is no CSV: field larger", id="a huge field"),
        pytest.param("set.csv", b"\x00\x01\x02" * 50, "named like a text file but holds binary data", id="a .csv that is none"),
        pytest.param("set.xlsx", b"question,document\n", "is not inside what its name says", id="an .xlsx that is none"),
        pytest.param("set.xlsx", xlsx([["question", "document"], ["x", "y"]])[:-40], "set.xlsx is broken", id="half an .xlsx"),
        pytest.param("set.xlsx", xlsx([]), "Found: nothing", id="an empty workbook"),
        pytest.param("set.txt", b"Who pays?", "set.txt is no .xlsx or .csv", id="another kind of file"),
    ],
)
def test_a_file_that_cannot_be_used_is_explained(name: str, data: bytes, message: str) -> None:
    with pytest.raises(BadCorpus, match=message):
        read_question_set(name, data)


def test_what_is_too_big_for_a_list_of_questions_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    book = xlsx([["question", "document"], *(["Who pays?", f"{n}.md"] for n in range(30))])
    for limit, most, message in (
        ("LARGEST_FILE", 100, "is over"),
        ("LARGEST_UNPACKED", 100, "far more"),
        ("MOST_ROWS", 30, "more than 30"),
    ):
        with monkeypatch.context() as limited:
            limited.setattr(sheets, limit, most)
            with pytest.raises(BadCorpus, match=message):
                read_question_set("set.xlsx", book)


OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
BOOK = f"""<workbook xmlns:r="{OFFICE}"><sheets><sheet name="S" sheetId="1" r:id="a"/></sheets></workbook>"""
PARTS = f"""<Relationships><Relationship Id="a" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>
<Relationship Id="b" Type="{OFFICE}/sharedStrings" Target="sharedStrings.xml"/></Relationships>"""
STRINGS = "<sst><si><t>question</t></si><si><r><t>Who </t></r><r><t>pays?</t></r><rPh sb='0' eb='1'><t>no</t></rPh></si></sst>"


def with_sheet(xml: str) -> bytes:
    """A workbook as Excel makes them, with strings kept apart, whose one sheet is this XML."""
    parts = {"workbook.xml": BOOK, "_rels/workbook.xml.rels": PARTS, "sharedStrings.xml": STRINGS, "worksheets/sheet1.xml": xml}
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, part in parts.items():
            archive.writestr(f"xl/{name}", part)
    return file.getvalue()


def test_cells_without_places_shared_and_missing_strings_are_read() -> None:
    found = read_question_set(
        "set.xlsx",
        with_sheet(
            '<worksheet><sheetData><row><c t="s"><v>0</v></c><c t="inlineStr"><is><t>document</t></is></c></row>'
            '<row><c t="s"><v>1</v></c><c t="str"><v>pay.md</v></c><c t="s"><v>99</v></c><c r="ZZZ2"><v>far</v></c></row>'
            "</sheetData></worksheet>"
        ),
    )
    assert told(found) == [(2, "Who pays?", ("pay.md",))]


@pytest.mark.parametrize(
    "xml",
    [
        pytest.param('<!DOCTYPE a [<!ENTITY b "c">]><worksheet/>', id="entities"),
        pytest.param("<worksheet><sheetData><row></worksheet>", id="no XML"),
        pytest.param('<worksheet><sheetData><row r="first"/></sheetData></worksheet>', id="a row that has no number"),
    ],
)
def test_a_sheet_that_is_no_sheet_is_refused(xml: str) -> None:
    with pytest.raises(BadCorpus, match=r"set.xlsx is broken"):
        read_question_set("set.xlsx", with_sheet(xml))


@given(st.lists(st.lists(st.text(max_size=8), max_size=5), max_size=6), st.sampled_from(["csv", "xlsx"]))
def test_whatever_a_file_holds_every_row_is_asked_or_explained(rows: list[list[str]], suffix: str) -> None:
    lines = [["question", "document", "answerable"], *rows]
    written = "\n".join(",".join(cell for cell in row) for row in lines).encode("utf-8", "replace")
    data = written if suffix == "csv" else with_rows(lines)
    try:
        found = read_question_set(f"set.{suffix}", data)
    except BadCorpus:
        return
    assert found.rows or found.complaints
    numbers = [one.row for one in found.rows] + [one.row for one in found.complaints]
    assert len(set(numbers)) == len(numbers)
    assert min(numbers) > 1


def with_rows(rows: Sequence[Sequence[str]]) -> bytes:
    def cell(text: str) -> str:
        kept = "".join(letter for letter in text if letter.isalnum() or letter in " ;@.-?")
        return f'<c t="inlineStr"><is><t>{kept}</t></is></c>'

    body = "".join(f"<row>{''.join(map(cell, row))}</row>" for row in rows)
    return with_sheet(f"<worksheet><sheetData>{body}</sheetData></worksheet>")


def document(source: str, name: str, title: str) -> Document:
    return Document(
        id=DocumentId(f"{source}{name}"), source=source, name=name, title=title, url=None, media_type="text/plain", version=1,
        readers=frozenset({EVERYONE}), modified_at=None,
    )  # fmt: skip


SHELF = [
    document("Files", "hr/leave.md", "Leave"),
    document("Files", "old/leave.md", "Leave (2020)"),
    document("Wiki", "hr/leave.md", "Leave in the wiki"),
    document("Wiki", "Leave", "Something else"),
    document("Files", "pay.md", "Who  pays what"),
]


@pytest.mark.parametrize(
    ("written", "names"),
    [
        pytest.param("Files/hr/leave.md", ["Files/hr/leave.md"], id="source and name"),
        pytest.param("old/LEAVE.md", ["Files/old/leave.md"], id="a name, in other letters"),
        pytest.param("hr/leave.md", ["Files/hr/leave.md", "Wiki/hr/leave.md"], id="a name of two sources"),
        pytest.param("Leave", ["Wiki/Leave"], id="a name goes before a title"),
        pytest.param("who pays  what", ["Files/pay.md"], id="a title, with other white space"),
        pytest.param("leave.md", ["Files/hr/leave.md", "Files/old/leave.md", "Wiki/hr/leave.md"], id="the ends of names"),
        pytest.param("sick.md", [], id="none"),
    ],
)
def test_a_document_is_meant_by_what_fits_most_narrowly(written: str, names: list[str]) -> None:
    assert [full_name(one) for one in Named(SHELF).meant(written)] == names


def test_no_name_of_a_column_means_two_things() -> None:
    for field, pattern in question_set._COLUMNS.items():
        assert [other for other, one in question_set._COLUMNS.items() if one.fullmatch(field)] in ([field], []), pattern
