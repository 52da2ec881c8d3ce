"""Tables of PDFs: cell by cell where lines are drawn around them, whatever pages they are on; lines of text where nothing is certain."""

import signal
from collections.abc import Sequence

import pytest
from fpdf import FPDF, XPos, YPos

from knowledge.parsers import pdf_tables
from knowledge.parsers.pdf import Grid, page_blocks
from knowledge.parsers.pdf_tables import ruled_tables
from knowledge.parsers.read import read

COURSES = (
    ("Course", "For whom", "Repeat"),
    ("Security", "everyone", "every year"),
    ("Working near water", "everyone before a wet day, and whoever goes out with them for the first time", "every three years"),
    ("Leading | people", "new managers", "once"),
)
AS_TEXT = """| Course | For whom | Repeat |
| --- | --- | --- |
| Security | everyone | every year |
| Working near water | everyone before a wet day, and whoever goes out with them for the first time | every three years |
| Leading \\| people | new managers | once |"""


def page(rows: Sequence[Sequence[str]], *, before: str = "All courses.", after: str = "Ask Tom.", repeats: bool = True) -> FPDF:
    """A document with the table between two lines, its header said again on each page that it goes on to."""
    document = FPDF()
    document.set_font("helvetica", size=11)
    document.add_page()
    document.cell(0, 8, before, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    with document.table(text_align="LEFT", line_height=6, repeat_headings=repeats) as grid:
        for row in rows:
            grid.row(row)
    document.cell(0, 8, after)
    return document


def saved(document: FPDF) -> bytes:
    return bytes(document.output())


def test_a_table_with_lines_around_its_cells_is_a_table() -> None:
    assert read("courses.pdf", saved(page(COURSES))).text == f"All courses.\n\n{AS_TEXT}\n\nAsk Tom."


@pytest.mark.parametrize("repeats", [True, False])
def test_a_table_that_goes_on_on_the_next_page_goes_on_in_the_text(repeats: bool) -> None:  # noqa: FBT001 - of a parametrized test
    rows = [(f"Part {n}", f"£{n}") for n in range(100)]
    found = read("parts.pdf", saved(page([("Part", "Price"), *rows], repeats=repeats)))
    lines = found.text.split("\n")
    assert lines == ["All courses.", "", "| Part | Price |", "| --- | --- |", *(f"| {a} | {b} |" for a, b in rows), "", "Ask Tom."]
    assert len(found.pages) > 2
    assert [found.text[start:end].split("\n")[0] for start, end in found.pages[1:]] == [
        found.text[start - 1 : end].split("\n")[1] for start, end in found.pages[1:]
    ]
    assert all(found.text[start:end].startswith("| Part ") for start, end in found.pages[1:])


def test_what_stands_beside_a_table_leaves_it_as_lines() -> None:
    document = page(COURSES, after="")
    document.set_xy(188, 20)
    document.cell(20, 4, "See 4.")
    text = read("courses.pdf", saved(document)).text
    assert "|" not in text.replace("Leading | people", "")
    assert all(word in text for row in COURSES for cell in row for word in cell.split())
    assert "See 4." in text


def test_letters_on_their_side_leave_a_table_as_lines() -> None:
    document = page((("Right", " ", " "), ("read", "X", "X"), ("write", "X", "")))
    for x, word in ((80, "Job"), (140, "Ops")):
        with document.rotation(90, x, 23):
            document.text(x, 23, word)
    text = read("rights.pdf", saved(document)).text
    assert "| --- |" not in text
    assert "write" in text


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([("Only one column",), ("of a box",)], id="a box"),
        pytest.param([("Name", "First name")], id="one row"),
        pytest.param([("Name", "", ""), ("First name", "", ""), ("Street", "", "")], id="a form"),
        pytest.param([("Model", "Size", "Score"), ("one\ntwo", "6\n4", ".9\n.8")], id="rows within a row"),
    ],
)
def test_what_is_no_table_stays_lines(rows: Sequence[Sequence[str]]) -> None:
    text = read("a.pdf", saved(page(rows))).text
    assert "|" not in text
    assert all(word in text for row in rows for cell in row for word in cell.split())


def test_a_search_that_takes_too_long_leaves_what_it_found(monkeypatch: pytest.MonkeyPatch) -> None:
    data = saved(page([("Part", "Price"), *((f"Part {n}", f"£{n}") for n in range(300))]))
    assert len(ruled_tables(data)) > 3
    monkeypatch.setattr(pdf_tables, "_PATIENCE_S", 0.01)
    assert len(ruled_tables(data)) == 1
    text = read("parts.pdf", data).text
    assert "| Part 299 |" not in text
    assert all(f"Part {n} £{n}" in text for n in range(60, 300)), "rows at the edge of a page are no running headers"


def _goes_round(_: Grid) -> bool:
    while True:
        pass


def test_a_page_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf_tables, "_ENDED_AFTER_S", 0.05)
    monkeypatch.setattr(pdf_tables, "_is_table", _goes_round)
    before = signal.getsignal(signal.SIGVTALRM)
    assert ruled_tables(saved(page(COURSES))) == {}
    assert signal.getsignal(signal.SIGVTALRM) is before


def test_a_drawing_is_not_looked_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf_tables, "_MOST_EDGES", 10)
    assert ruled_tables(saved(page(COURSES))) == {}


@pytest.mark.parametrize("data", [b"", b"%PDF-1.4 and nothing else", b"no PDF"])
def test_what_cannot_be_looked_through_has_no_tables(data: bytes) -> None:
    assert ruled_tables(data) == {}


def blocks(lines: str, *grids: Grid) -> list[str]:
    return [block.text for block in page_blocks([lines], [[]], {1: grids})]


def test_the_spaces_of_a_cell_are_those_of_the_line() -> None:
    """Where letters stand close, each of two libraries sees other gaps; the text of all else is kreuzberg's."""
    assert blocks("Town Rate\nNew York 12 a night", [["Town", "Rate"], ["NewYork", "12anight"]]) == [
        "| Town | Rate |\n| --- | --- |\n| New York | 12 a night |"
    ]


def test_a_cell_whose_words_stand_in_no_one_line_keeps_its_own_spaces() -> None:
    assert blocks("Town Rate\nPort-\nEllen 9", [["Town", "Rate"], ["Port-Ellen", "9"]]) == [
        "| Town | Rate |\n| --- | --- |\n| Port-Ellen | 9 |"
    ]


def test_of_two_tables_that_say_the_same_each_is_found_where_it_stands() -> None:
    grid = [["A", "B"], ["1", "2"]]
    made = "| A | B |\n| --- | --- |\n| 1 | 2 |"
    assert blocks("A B\n1 2\nBetween them.\nA B\n1 2", grid, grid) == [made, "Between them.", made]


def test_a_table_of_other_words_changes_nothing() -> None:
    assert blocks("A B\n1 2", [["A", "B"], ["1", "3"]]) == ["A B\n1 2"]
    assert blocks("A B\n1 2", [["A", "B"], ["2", "1", "0"]]) == ["A B\n1 2"]
