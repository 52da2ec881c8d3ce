"""What of a piece is embedded."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.chunking import PREFIX, embedding_text


@pytest.mark.parametrize(
    ("title", "heading", "piece", "text"),
    [
        pytest.param("Leave", ("Parental",), "Twenty weeks.", "Leave\nParental\nTwenty weeks.", id="title, heading, body"),
        pytest.param("Leave", (), "Twenty weeks.", "Leave\nTwenty weeks.", id="no heading"),
        pytest.param("", (), "Twenty weeks.", "Twenty weeks.", id="nothing but a body"),
        pytest.param("Leave", ("leave", "Parental"), "Twenty.", "Leave\nParental\nTwenty.", id="a heading like the title"),
        pytest.param("Leave", ("Parental",), "# Leave\n\n## Parental\n\nTwenty.", "Leave\nParental\nTwenty.", id="headings in the body"),
        pytest.param("Leave", ("Parental",), "Parental\n---\nTwenty.", "Leave\nParental\nTwenty.", id="an underlined heading"),
        pytest.param("Leave", (), "Leave\nLeave is good.", "Leave\nLeave is good.", id="a title on the first line"),
        pytest.param("Leave", (), "Leave is good.", "Leave\nLeave is good.", id="not the first word of a sentence"),
        pytest.param("Leave", (), "# Leave", "Leave\n# Leave", id="a body that is nothing else"),
        pytest.param("A", ("B", "A", "B"), "x", "A\nB\nx", id="what is said often"),
    ],
)
def test_a_body_is_embedded_under_its_title_and_headings(title: str, heading: tuple[str, ...], piece: str, text: str) -> None:
    assert embedding_text(title, heading, piece) == text


def count(text: str) -> int:
    return len(text.split()) + len(text) // 20


@settings(deadline=None)
@given(st.text(max_size=600), st.lists(st.text(max_size=300), max_size=6))
def test_a_prefix_stays_within_its_room(title: str, heading: list[str]) -> None:
    prefix = embedding_text(title, heading, "BODY", count=count).removesuffix("BODY")

    assert count(prefix) <= PREFIX + 1


def test_a_long_prefix_loses_its_outer_headings_first() -> None:
    text = embedding_text("Title", ("outer " * 30, "middle " * 60, "Inner"), "body", count=count)

    assert text == "Title\nInner\nbody"


def test_a_long_title_keeps_its_beginning() -> None:
    title, heading, body = embedding_text("long " * 100, ("Inner",), "body", count=count).split("\n")

    assert title.startswith("long long")
    assert (heading, body) == ("Inner", "body")


def test_the_header_of_a_table_that_goes_on_stands_above_its_rows() -> None:
    assert embedding_text("Leave", ["Days"], "| Ana | 3 |", header="| Name | Days |") == "Leave\nDays\n| Name | Days |\n| Ana | 3 |"
