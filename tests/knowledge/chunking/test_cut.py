"""Cutting keeps every character, every span exact, every piece small enough, and follows the structure."""

import re
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.chunking import SMALLEST_BUDGET, cut
from knowledge.documents import Piece
from tests.waiting import assert_linear


def count(text: str) -> int:
    """Much like word pieces: words of up to six letters, and marks one by one."""
    return len(re.findall(r"\w{1,6}|[^\w\s]", text))


def texts(pieces: Sequence[Piece]) -> list[str]:
    return [piece.text for piece in pieces]


def words(prefix: str, number: int) -> str:
    """`number` words that each cost one."""
    return " ".join(f"{prefix}{n % 1000}" for n in range(number))


LINES = st.sampled_from(
    [
        "# Title", "## Section two", "### 1.2 Deep", "Setext", "=====", "-----", "***", "", "", "   ", "- item one", "  - nested item",
        "12. numbered", "a) letter", "| a | b |", "| --- | --- |", "| 1 | 2 |", "```", "```python", "~~~", "    code = 1",
        "A sentence. Another one! A third?", "word " * 40, "x" * 300, "Ünïcödé 漢字。かな。 🎉", "> quoted", "5.1 Travel Policy Rules",
        "tabs\tand  spaces  ", "<div>{% include x %}</div>", "a | b", "--- | ---", "e.g. this is Dr. Who. And so on.",
    ]
)  # fmt: skip
TEXTS = st.one_of(
    st.lists(LINES, max_size=40).map("\n".join),
    st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=400),
    st.lists(st.one_of(LINES, st.text(max_size=30)), max_size=25).map("\n".join),
)


@settings(deadline=None)
@given(text=TEXTS, budget=st.sampled_from([SMALLEST_BUDGET, 20, 64, 200]), overlap=st.sampled_from([0, 4, 50]))
def test_pieces_are_exact_in_order_complete_and_small_enough(text: str, budget: int, overlap: int) -> None:
    pieces = cut(text, count=count, budget=budget, overlap=overlap)
    covered = [False] * len(text)
    for piece in pieces:
        assert text[piece.span.start : piece.span.end] == piece.text
        assert piece.text == piece.text.strip() != ""
        assert count(piece.text) <= budget
        covered[piece.span.start : piece.span.end] = [True] * len(piece.text)

    assert all(covered[at] or character.isspace() for at, character in enumerate(text))
    starts = [piece.span.start for piece in pieces]
    ends = [piece.span.end for piece in pieces]
    assert starts == sorted(set(starts))
    assert ends == sorted(set(ends))
    assert overlap or all(one.span.end <= two.span.start for one, two in pairwise(pieces))


@settings(deadline=None)
@given(text=TEXTS)
def test_no_piece_is_only_a_heading_but_at_the_end_or_in_a_row_of_headings(text: str) -> None:
    pieces = cut(text, count=count)
    for piece in pieces[:-1]:
        assert not re.fullmatch(r"#{1,6} \S[^\n]*", piece.text)


@pytest.mark.parametrize("length", [1, 99, 100, 20_000])
def test_a_run_without_spaces_is_cut_between_characters(length: int) -> None:
    text = "x" * length
    pieces = cut(text, count=lambda _: 1, budget=SMALLEST_BUDGET)

    assert "".join(texts(pieces)) == text
    assert max(map(len, texts(pieces))) <= 200


@pytest.mark.parametrize("text", ["", " ", "\n\n \t\n"])
def test_nothing_makes_no_piece(text: str) -> None:
    assert cut(text, count=count) == []


def test_a_heading_goes_with_what_stands_under_it_and_small_neighbours_share_a_piece() -> None:
    pieces = cut("# Leave\n\nIntro.\n\n## Parental\n\nTwenty weeks.\n\nIn two parts.\n\n## Sick\n\nCall in.", count=count)

    assert texts(pieces) == ["# Leave\n\nIntro.", "## Parental\n\nTwenty weeks.\n\nIn two parts.", "## Sick\n\nCall in."]
    assert [piece.heading for piece in pieces] == [("Leave",), ("Leave", "Parental"), ("Leave", "Sick")]


def test_headings_that_follow_one_another_go_together() -> None:
    pieces = cut("# Leave\n\n## Parental\n\n### How long\n\nTwenty weeks.", count=count)

    assert texts(pieces) == ["# Leave\n\n## Parental\n\n### How long\n\nTwenty weeks."]
    assert pieces[0].heading == ("Leave", "Parental", "How long")


def test_headings_at_the_end_go_to_the_piece_before_them() -> None:
    assert texts(cut("# A\n\ntext\n\n# B\n\n## C", count=count)) == ["# A\n\ntext\n\n# B\n\n## C"]


@pytest.mark.parametrize(
    ("text", "heading"),
    [
        pytest.param("# Leave\n\nx", ("Leave",), id="marks before"),
        pytest.param("## *Paid* [leave](x.md) `now` ##\n\nx", ("Paid leave now",), id="marks within"),
        pytest.param("Leave\n=====\n\nx", ("Leave",), id="underlined twice"),
        pytest.param("# A\n\nLeave\n-----\n\nx", ("A", "Leave"), id="underlined once, a level deeper"),
        pytest.param("5.1 Travel and Hotels\nWe pay for trains.", ("5.1 Travel and Hotels",), id="a number of two levels"),
        pytest.param("5.1 Hotels . . . . . 12\n5.2 Trains . . . . . 13", (), id="not in a table of contents"),
        pytest.param("3.5 million people left in 2020.", (), id="not a sentence that begins with a number"),
        pytest.param("#tag\n\nx", (), id="not a tag"),
        pytest.param("```\n# comment\n```", (), id="not within code"),
        pytest.param("# A\n\n### B\n\n## C\n\nx", ("A", "C"), id="a heading ends the deeper one before it"),
        pytest.param("# " + "a" * 300 + "\n\nx", (), id="not a whole paragraph"),
    ],
)
def test_a_piece_stands_under_its_headings(text: str, heading: tuple[str, ...]) -> None:
    assert cut(text, count=count)[-1].heading == heading


@pytest.mark.parametrize(
    "block",
    [
        pytest.param("| a | b |\n| --- | --- |\n" + "\n".join(f"| row{n} | x |" for n in range(8)), id="table"),
        pytest.param("a | b\n--- | ---\n" + "\n".join(f"row{n} | x" for n in range(8)), id="table without edges"),
        pytest.param("```python\n" + "\n\n".join(f"line{n} = 1" for n in range(8)) + "\n```", id="code with empty lines"),
        pytest.param("- " + words("item", 40), id="list item"),
        pytest.param("- an item\n  that goes on\n  " + words("more", 35), id="list item of several lines"),
        pytest.param(words("word", 40) + ". " + "Short end.", id="paragraph"),
    ],
)
def test_what_fits_into_a_piece_is_not_cut(block: str) -> None:
    text = f"{words('before', 30)}\n\n{block}\n\n{words('after', 30)}"
    pieces = cut(text, count=count, budget=75)

    assert any(block in piece.text for piece in pieces)


def test_a_long_table_is_cut_between_rows_and_its_header_is_not_repeated() -> None:
    rows = ["| Name | Days |", "| --- | --- |", *(f"| person{n} | {n} |" for n in range(100))]
    pieces = cut("\n".join(rows), count=count, budget=100)

    assert len(pieces) > 1
    assert [row for piece in pieces for row in piece.text.split("\n")] == rows


def test_where_a_long_table_goes_on_its_header_is_beside_the_text_and_there_is_room_for_it() -> None:
    rows = ["| Name | Days |", "| --- | --- |", *(f"| person{n} | {n} |" for n in range(100))]
    pieces = cut("# Leave\n\n" + "\n".join(rows) + "\n\nAsk HR.", count=count, budget=100)

    assert [piece.header for piece in pieces] == ["", *["| Name | Days |"] * (len(pieces) - 1)]
    assert all(count(piece.text) + count(piece.header) <= 100 for piece in pieces)
    assert pieces[-1].text.endswith("Ask HR."), "what has room shares the last piece"
    sizes = [count(piece.text) + count(piece.header) for piece in pieces]
    assert max(sizes) - min(sizes) <= 25, "of about one size"


@pytest.mark.parametrize(
    "table",
    [
        pytest.param("\n".join(f"| person{n} | {n} |" for n in range(100)), id="it has none"),
        pytest.param(f"| {words('wide', 60)} | x |\n| --- | --- |\n" + "\n".join(f"| p{n} | {n} |" for n in range(99)), id="too wide"),
        pytest.param("| | |\n| --- | --- |\n" + "\n".join(f"| person{n} | {n} |" for n in range(100)), id="it says nothing"),
        pytest.param(words("w", 300), id="no table"),
    ],
)
def test_nothing_else_has_a_header_beside_it(table: str) -> None:
    pieces = cut(f"{table}\n\n{words('after', 150)}", count=count, budget=100)
    assert len(pieces) > 2
    assert {piece.header for piece in pieces} == {""}


def test_a_long_paragraph_is_cut_at_sentence_ends_into_pieces_of_about_one_size() -> None:
    sentences = [f"Sentence {n} says, e.g. of Dr. Who, {words('w', 10)}." for n in range(20)]
    pieces = cut(" ".join(sentences), count=count, budget=150)

    assert all(piece.text.startswith("Sentence") and piece.text.endswith(".") for piece in pieces)
    sizes = [count(piece.text) for piece in pieces]
    assert max(sizes) - min(sizes) <= 50


def test_overlap_repeats_whole_sentences_of_a_long_block_only() -> None:
    sentences = [f"Sentence {n} says {words('w', 6)}." for n in range(30)]
    pieces = cut("# T\n\n" + " ".join(sentences) + "\n\nA small one.", count=count, budget=60, overlap=15)

    for one, two in pairwise(pieces):
        shared = one.span.end - two.span.start
        assert shared > 0
        assert one.text.endswith(two.text[:shared])
        assert two.text.startswith("Sentence")


def test_a_heading_leaves_its_room_to_a_long_sentence_below_it() -> None:
    pieces = cut("# " + words("head", 15) + "\n\n" + words("w", 300), count=count, budget=50)

    assert pieces[0].text.startswith("# head0")
    assert "w0 w1" in pieces[0].text


def test_a_rule_ends_the_piece_above_it() -> None:
    assert texts(cut("# A\n\ntext\n\n---\n\n# B\n\nmore", count=count)) == ["# A\n\ntext\n\n---", "# B\n\nmore"]


@pytest.mark.parametrize(
    ("pages", "numbers"),
    [
        pytest.param((), [None, None], id="no pages"),
        pytest.param(((0, 11), (13, 25)), [1, 2], id="one piece a page"),
        pytest.param(((0, 0), (0, 25)), [2, 2], id="an empty page first"),
        pytest.param(((0, 11), (11, 11), (13, 25)), [1, 3], id="an empty page between"),
    ],
)
def test_a_piece_stands_on_the_page_of_its_first_character(pages: tuple[tuple[int, int], ...], numbers: list[int | None]) -> None:
    pieces = cut("# A\n\nfirst.\n\n# B\n\nsecond.", count=count, pages=pages)

    assert [piece.page for piece in pieces] == numbers


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("A plain sentence of some ten words, and then some more.", id="sentences"),
        pytest.param("- item\n", id="items"),
        pytest.param("# heading\n", id="headings"),
        pytest.param("```python", id="fences that nothing closes"),
        pytest.param("| a | b |", id="one endless table"),
        pytest.param("x", id="letters"),
        pytest.param("word", id="one endless line"),
        pytest.param("*", id="stars"),
        pytest.param("\t", id="tabs"),
    ],
)
def test_more_of_anything_takes_no_more_than_its_share_to_cut(line: str) -> None:
    end = "" if line in {"x", "*", "\t"} else " " if line == "word" else "\n"
    small, large = ((line + end) * (length // len(line + end)) for length in (15_000, 300_000))
    assert_linear(lambda text: cut(text, count=lambda part: len(part) // 5 + 1), small, large, 20)
