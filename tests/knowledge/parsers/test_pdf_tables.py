"""Tables of PDFs: cell by cell where lines are drawn around them, whatever pages they are on; lines of text where nothing is certain."""

import re
import signal
from collections import Counter
from collections.abc import Sequence
from itertools import chain, repeat

import pytest
from fpdf import FPDF, XPos, YPos
from hypothesis import example, given
from hypothesis import strategies as st

from knowledge.parsers import pdf_tables
from knowledge.parsers.pages import assemble
from knowledge.parsers.pdf import Hint, page_blocks
from knowledge.parsers.pdf_tables import ruled_tables
from knowledge.parsers.read import read
from knowledge.parsers.ruled import Ruled
from tests.waiting import assert_linear

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


def _after_the_first_page_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = chain((0.0, 0.0), repeat(1_000.0))
    monkeypatch.setattr(pdf_tables, "process_time", lambda: next(clock))


def test_a_search_that_takes_too_long_leaves_what_it_found(monkeypatch: pytest.MonkeyPatch) -> None:
    data = saved(page([("Part", "Price"), *((f"Part {n}", f"£{n}") for n in range(300))]))
    assert len(ruled_tables(data)) > 3
    _after_the_first_page_time_is_over(monkeypatch)
    assert list(ruled_tables(data)) == [1]
    _after_the_first_page_time_is_over(monkeypatch)
    text = read("parts.pdf", data).text
    assert "| Part 299 |" not in text
    assert all(f"Part {n} £{n}" in text for n in range(60, 300)), "rows at the edge of a page are no running headers"


def _goes_round(_: Ruled) -> bool:
    while True:
        pass


def test_a_page_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf_tables, "_ENDED_AFTER_S", 0.5)
    monkeypatch.setattr(pdf_tables, "_is_table", _goes_round)
    before = signal.getsignal(signal.SIGPROF)
    assert ruled_tables(saved(page(COURSES))) == {}
    assert signal.getsignal(signal.SIGPROF) is before


def test_a_drawing_is_not_looked_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf_tables, "_MOST_EDGES", 10)
    assert ruled_tables(saved(page(COURSES))) == {}


@pytest.mark.parametrize("data", [b"", b"%PDF-1.4 and nothing else", b"no PDF"])
def test_what_cannot_be_looked_through_has_no_tables(data: bytes) -> None:
    assert ruled_tables(data) == {}


WIDE = (60.0, 200.0, 330.0)


def blocks(lines: str, *grids: Sequence[Sequence[str]]) -> list[str]:
    tables = [Ruled(grid, WIDE[: len(grid[0])], is_headed=True) for grid in grids]
    return [block.text for block in page_blocks([lines], [[]], {1: tables})]


def test_the_spaces_of_a_cell_are_those_of_the_line() -> None:
    """Where letters stand close, each of two libraries sees other gaps; the text of all else is kreuzberg's."""
    assert blocks("Town Rate\nNew York 12 a night", [["Town", "Rate"], ["NewYork", "12anight"]]) == [
        "| Town | Rate |\n| --- | --- |\n| New York | 12 a night |"
    ]


def test_a_cell_is_not_read_out_of_two() -> None:
    """The first row has the letters of the second one's last cell too, one of them in another cell."""
    rows = [["Grade", "Leave"], ["Grade 1", "5 days"], ["Grade 2", "15 days"]]
    assert blocks("Grade Leave\nGrade 1 5 days\nGrade 2 15 days", rows)[0].endswith("| Grade 1 | 5 days |\n| Grade 2 | 15 days |")
    text = read("leave.pdf", saved(page(rows))).text
    assert "| Grade 1 | 5 days |\n| Grade 2 | 15 days |" in text


def test_a_cell_whose_words_stand_in_no_one_line_keeps_its_own_spaces() -> None:
    made = blocks("Town Rate\nPort-\nEllen 9", [["Town", "Rate"], ["Port-Ellen", "9"]])
    assert made == ["| Town | Rate |\n| --- | --- |\n| Port-Ellen | 9 |"]


def test_of_two_tables_that_say_the_same_each_is_found_where_it_stands() -> None:
    grid = [["A", "B"], ["1", "2"]]
    made = "| A | B |\n| --- | --- |\n| 1 | 2 |"
    assert blocks("A B\n1 2\nBetween them.\nA B\n1 2", grid, grid) == [made, "Between them.", made]


def test_a_table_of_other_words_changes_nothing() -> None:
    assert blocks("A B\n1 2", [["A", "B"], ["1", "3"]]) == ["A B\n1 2"]
    assert blocks("A B\n1 2", [["A", "B"], ["2", "1", "0"]]) == ["A B\n1 2"]


def test_a_table_of_dashes_is_one_and_one_of_nothing_is_none() -> None:
    assert blocks("All courses.\n- -\n- -", [["-", "-"], ["-", "-"]]) == ["All courses.", "| - | - |\n| --- | --- |\n| - | - |"]
    assert blocks("All courses.\nAsk us.", [["", ""], ["", ""]]) == ["All courses.\nAsk us."]


def test_a_heading_does_not_swallow_the_beginning_of_a_table() -> None:
    tables = {1: [Ruled([["A", "B"], ["1", "2"]], WIDE[:2], is_headed=True)]}
    made = page_blocks(["Fees\nA B\n1 2"], [[Hint("Fees\nA B", heading=2)]], tables)
    assert [block.text for block in made] == ["Fees", "| A | B |\n| --- | --- |\n| 1 | 2 |"]


def over(first: str, second: str, *tables: Ruled) -> str:
    """The text of two pages, each with one of the tables."""
    return assemble(page_blocks([first, second], [[], []], {1: [tables[0]], 2: [tables[1]]}), 2)[0]


PRICES = Ruled([["Product", "Price"], ["Desk", "£99"]], WIDE[:2], is_headed=True)
RENDERED = "| Product | Price |\n| --- | --- |\n| Desk | £99 |"


@pytest.mark.parametrize(
    ("below", "above", "table", "text"),
    [
        pytest.param("", "", PRICES._replace(rows=[["Lamp", "£9"]], is_headed=False), "\n| Lamp | £9 |", id="no header again"),
        pytest.param("", "", PRICES._replace(rows=[["Product", "Price"], ["Lamp", "£9"]]), "\n| Lamp | £9 |", id="the header again"),
        pytest.param("\n1", "", PRICES._replace(rows=[["Lamp", "£9"]], is_headed=False), "\n| Lamp | £9 |", id="a page number between"),
        pytest.param(
            "",
            "",
            PRICES._replace(rows=[["Name", "Phone"], ["Ana", "44"]]),
            "\n\n| Name | Phone |\n| --- | --- |\n| Ana | 44 |",
            id="a header of its own",
        ),
        pytest.param(
            "",
            "",
            Ruled([["Lamp", "£9"], ["Rug", "£8"]], (60.0, 300.0), is_headed=False),
            "\n\nLamp £9\nRug £8",
            id="columns in other places",
        ),
        pytest.param(
            "\nSecret",
            "",
            PRICES._replace(rows=[["Lamp", "£9"]], is_headed=False),
            "\n\nSecret\n\nLamp £9\nSecret",
            id="a line of two pages between: it may go on, so it stays lines",
        ),
        pytest.param(
            "",
            "Table 2\n",
            PRICES._replace(rows=[["Product", "Price"], ["Lamp", "£9"]]),
            "\n\nTable 2\n\n| Product | Price |\n| --- | --- |\n| Lamp | £9 |",
            id="a title of its own",
        ),
    ],
)
def test_a_table_goes_on_where_nothing_else_can_be_meant(below: str, above: str, table: Ruled, text: str) -> None:
    lines = "\n".join(" ".join(row) for row in table.rows)
    assert over(f"Product Price\nDesk £99{below}", f"{above}{lines}{below.replace('1', '2')}", PRICES, table) == RENDERED + text


def test_cells_that_are_empty_on_the_first_page_stand_on_the_next() -> None:
    first = Ruled([["Product", "Price", ""], ["Desk", "£99", ""]], WIDE, is_headed=True)
    second = Ruled([["Lamp", "£9", "sold"]], WIDE, is_headed=False)
    assert over("Product Price\nDesk £99", "Lamp £9 sold", first, second).split("\n") == [
        "| Product | Price |  |",
        "| --- | --- | --- |",
        "| Desk | £99 |  |",
        "| Lamp | £9 | sold |",
    ]


def test_of_titles_over_tables_on_many_pages_each_keeps_its_table() -> None:
    tables = {number: [Ruled([["Who", "Days"], ["One", str(number)]], WIDE[:2], is_headed=True)] for number in range(1, 5)}
    pages = [f"Table {number}\nWho Days\nOne {number}" for number in range(1, 5)]
    text = assemble(page_blocks(pages, [[]] * 4, tables), 4)[0]
    assert text.count("| Who | Days |") == 4


def test_what_each_thing_is_called_and_is_stays_lines() -> None:
    document = FPDF()
    document.set_font("helvetica", size=11)
    document.add_page()
    with document.table(first_row_as_headings=False) as grid:
        for row in (("Name", "Ana Silva"), ("Phone", "4400")):
            grid.row(row)
    assert read("card.pdf", saved(document)).text.split() == ["Name", "Ana", "Silva", "Phone", "4400"]


def test_many_rows_take_no_more_than_their_share() -> None:
    def made(count: int) -> None:
        rows = [["Part", "Price"], *([f"Part {n}", f"£{n}"] for n in range(count))]
        assert len(blocks("\n".join(" ".join(row) for row in rows), rows)) == 1

    assert_linear(made, 95, 1_900, 20)


CELLS = st.text(alphabet="ab1 -", max_size=6).map(lambda text: " ".join(text.split()))
GRIDS = st.integers(2, 3).flatmap(lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), min_size=1, max_size=4))


@example([[["", "1", "1"], ["", "", "-"]]])
@given(st.lists(st.one_of(CELLS.map(lambda text: [[text]]), GRIDS), min_size=1, max_size=5))
def test_whatever_stands_on_a_page_each_word_is_there_once(parts: list[list[list[str]]]) -> None:
    rows = [" ".join(" ".join(row).split()) for part in parts for row in part]
    lines = ["Of it.", "All.", *rows, "The end.", "Ask us."]  # the edges may be page numbers
    tables = [Ruled(part, WIDE[: len(part[0])], is_headed=True) for part in parts if len(part[0]) > 1]
    text = "\n".join(block.text for block in page_blocks(["\n".join(lines)], [[]], {1: tables}))
    words = Counter("".join(" ".join(lines).split()))
    assert Counter(re.sub(r"(?m)^\|(?: --- \|)+$|[|\s]", "", text)) == words
