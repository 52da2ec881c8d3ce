"""Sentences end where readers think they end, and every unit is a slice of its text."""

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.sentences import Kind, cells, is_ended, sentences, units
from tests.waiting import assert_linear

PIECES = [
    "Dr. Who",
    " came",
    ". ",
    "! ",
    "It is 3.5",
    " e.g. ",
    "[1]",
    " [2, 3]",
    "\n",
    "A",
    "。",
    " b",
    "? ",
    "1. ",
    "No. 5",
    "…",
    "a.m. ",
    "The ",
]
PROSE = st.one_of(st.text(max_size=80), st.lists(st.sampled_from(PIECES), max_size=24).map("".join))
LINES = st.lists(
    st.sampled_from(
        [
            "# H",
            "Some text.",
            "no end",
            "- item one",
            "2. step two",
            "| a | b |",
            "|---|---|",
            "",
            "```",
            "> quoted.",
            "Key: value",
            "   more",
            "x:",
        ]
    ),
    max_size=14,
).map("\n".join)


@pytest.mark.parametrize(
    ("prose", "split"),
    [
        pytest.param("It is paid. Ask HR.", ["It is paid.", "Ask HR."], id="two sentences"),
        pytest.param("Ask Dr. Who or J. Smith, e.g. Today.", ["Ask Dr. Who or J. Smith, e.g. Today."], id="abbreviations"),
        pytest.param("It opens at 9 a.m. The desk is staffed.", ["It opens at 9 a.m.", "The desk is staffed."], id="a.m. ends it"),
        pytest.param("It opens at 9 a.m. Monday to Friday.", ["It opens at 9 a.m. Monday to Friday."], id="a.m. does not end it"),
        pytest.param("It costs 3.50 euros. Really.", ["It costs 3.50 euros.", "Really."], id="decimals"),
        pytest.param("See v2.1.0 and acme.example. Then go.", ["See v2.1.0 and acme.example.", "Then go."], id="versions and hosts"),
        pytest.param("Is it? Yes! 12 days.", ["Is it?", "Yes!", "12 days."], id="other marks"),
        pytest.param("It is paid. [1] Ask HR [2].", ["It is paid. [1]", "Ask HR [2]."], id="a footnote belongs to its sentence"),
        pytest.param("It is paid.[1][2] Ask.", ["It is paid.[1][2]", "Ask."], id="footnotes without space"),
        pytest.param('He said "stop." Then he left.', ['He said "stop."', "Then he left."], id="quotes"),
        pytest.param("This is\nwrapped text. It goes\non.", ["This is\nwrapped text.", "It goes\non."], id="hard wraps"),
        pytest.param("1. Open the portal. Then log in.", ["1. Open the portal.", "Then log in."], id="a number starts a line"),
        pytest.param("有薪。请问人事部\uff1f好", ["有薪。", "请问人事部\uff1f", "好"], id="Chinese"),
        pytest.param("Wait... what. Go", ["Wait... what.", "Go"], id="dots within"),
        pytest.param("", [], id="nothing"),
        pytest.param(" \n ", [], id="white space"),
    ],
)
def test_prose_is_cut_where_sentences_end(prose: str, split: list[str]) -> None:
    assert [prose[start:end] for start, end in sentences(prose)] == split


@given(PROSE)
def test_sentences_leave_out_only_white_space(prose: str) -> None:
    spans = sentences(prose)
    assert "".join("".join(prose[start:end].split()) for start, end in spans) == "".join(prose.split())
    assert all(first[1] <= second[0] for first, second in pairwise(spans))


@given(LINES)
def test_units_are_slices_in_order_without_white_space_around(text: str) -> None:
    found = units(text)
    assert all(first.end <= second.start for first, second in pairwise(found))
    for unit in found:
        piece = text[unit.start : unit.end]
        assert piece
        assert piece == piece.strip()
        assert unit.body(text)


@given(st.text(max_size=200))
@example("\xa0\r0")
@example("0\r\xa0")
@example("- 0\n\xa0")
@example("0\r0\r0\r\x1f")
def test_any_text_has_units(text: str) -> None:
    assert all(0 <= unit.start < unit.end <= len(text) for unit in units(text))


def test_a_document_is_cut_into_what_it_is_made_of() -> None:
    text = """# Travel policy

Hotels

We book hotels. Ask
your manager.

To claim:

1. Open the portal.
2. Upload it,
   as a PDF.
- Keep it.

| City | Limit |
|---|---|
| Berlin | €180 |

Phone: +49 30 1234
Room: 12

```
make run
```

> Note this.

and so the text"""
    found = [(unit.kind, text[unit.start : unit.end]) for unit in units(text)]
    assert found == [
        (Kind.HEADING, "# Travel policy"),
        (Kind.HEADING, "Hotels"),
        (Kind.SENTENCE, "We book hotels."),
        (Kind.SENTENCE, "Ask\nyour manager."),
        (Kind.LEAD_IN, "To claim:"),
        (Kind.STEP, "1. Open the portal."),
        (Kind.STEP, "2. Upload it,\n   as a PDF."),
        (Kind.BULLET, "- Keep it."),
        (Kind.HEADER, "| City | Limit |"),
        (Kind.RULE, "|---|---|"),
        (Kind.ROW, "| Berlin | €180 |"),
        (Kind.FIELD, "Phone: +49 30 1234"),
        (Kind.FIELD, "Room: 12"),
        (Kind.CODE, "make run"),
        (Kind.SENTENCE, "Note this."),
        (Kind.HEADING, "and so the text"),
    ]


def test_a_table_that_lost_its_rules_is_read_line_by_line() -> None:
    text = "What How long\nCalibration records 15 years\nPersonnel files 6 years\nChat 2 years, then deleted"
    assert [(unit.kind, text[unit.start : unit.end]) for unit in units(text)] == [
        (Kind.FIELD if any(map(str.isdigit, line)) else Kind.HEADER, line) for line in text.splitlines()
    ]


def test_wrapped_prose_is_not_taken_for_a_table() -> None:
    text = "We keep calibration records for\nfifteen years, because customers\nask for them. Mail is deleted\nafter five."
    assert [unit.kind for unit in units(text)] == [Kind.SENTENCE, Kind.SENTENCE]


def test_a_remark_across_a_table_is_a_line_and_no_row() -> None:
    text = "| City | Limit |\n|---|---|\n| Berlin | €180 |\n| Limits are for the room. |  |"
    assert [(unit.kind, text[unit.start : unit.end]) for unit in units(text)][-1] == (Kind.FIELD, "Limits are for the room.")


def test_cells_are_the_cells() -> None:
    assert cells(r"| Berlin | a \| b |  |") == ["Berlin", r"a \| b", ""]


@pytest.mark.parametrize(("text", "ended"), [("It is.", True), ("It is. [1]", True), ("**It is.**", True), ("It is", False), ("", False)])
def test_an_end_is_seen_behind_footnotes_and_emphasis(text: str, ended: bool) -> None:  # noqa: FBT001  a table's column
    assert is_ended(text) is ended


HEADED = [
    pytest.param("Hotel limits\nThe limit for a night depends on the city.", "Hotel limits", id="its line had room for more"),
    pytest.param("Travel > Hotel limits\nThe limit depends.", "Travel > Hotel limits", id="a path of headings"),
    pytest.param("How do I...\nTo book a hotel, open the portal and choose one.", "How do I...", id="it is left open"),
]


@pytest.mark.parametrize(("text", "heading"), HEADED)
def test_a_heading_right_above_a_paragraph_is_no_part_of_its_first_sentence(text: str, heading: str) -> None:
    first, second = units(text)
    assert (first.kind, text[first.start : first.end]) == (Kind.HEADING, heading)
    assert (second.kind, text[second.start : second.end]) == (Kind.SENTENCE, text.removeprefix(f"{heading}\n"))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("Hotels are booked by the head of the\nFinance team.", id="its line had no room for more"),
        pytest.param("Ask your manager,\nAna Prescott of Finance, who knows.", id="a comma goes on"),
        pytest.param("Ask the head of\nthe department, who surely knows.", id="a small letter goes on"),
    ],
)
def test_a_line_that_goes_on_is_no_heading(text: str) -> None:
    assert [unit.kind for unit in units(text)] == [Kind.SENTENCE]


def test_a_paragraph_right_below_a_list_is_no_part_of_its_last_item() -> None:
    text = "- no bottom in sight\n- a fever\nThe rule comes from the manuals of others. It is easy."
    assert [(unit.kind, text[unit.start : unit.end]) for unit in units(text)] == [
        (Kind.BULLET, "- no bottom in sight"),
        (Kind.BULLET, "- a fever"),
        (Kind.SENTENCE, "The rule comes from the manuals of others."),
        (Kind.SENTENCE, "It is easy."),
    ]


def test_lines_of_a_quotation_are_prose_and_an_empty_one_ends_a_paragraph() -> None:
    text = "> Have tea with us, just to say\n> hello. It is nice.\n>\n> Do not wait."
    kinds = [(unit.kind, text[unit.start : unit.end]) for unit in units(text)]
    assert [kind for kind, _ in kinds] == [Kind.SENTENCE] * 3
    assert [words for _, words in kinds] == ["Have tea with us, just to say\n> hello.", "It is nice.", "Do not wait."]


def test_a_long_run_of_stops_is_read_once() -> None:
    assert sentences("a" + "." * 40_000) == [(0, 40_001)]
    assert_linear(sentences, "a" + "." * 2_000, "a" + "." * 40_000, 20)
