"""Where a window's end cuts a list, a table or a paragraph, an extract goes on in the next window, under that one's own footnote."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.llm.extractive import extracts
from bot.marks import cited
from bot.quotes import Cited
from knowledge.documents import Hit, Passage
from tests.bot.fakes import NOW, document, hit, passage

GUIDE = document("guide", "Guide")
FIRST = "To change the seal of the press:\n\n1. Close the valve of the oil line.\n2. Loosen the six screws."
SECOND = "3. Pull the old seal out.\n4. Grease the new seal.\n\nThe lamp is green again after a minute."
WHOLE = (
    "To change the seal of the press: [1]\n\n1. Close the valve of the oil line. [1]\n2. Loosen the six screws. [1]\n"
    "3. Pull the old seal out. [2]\n4. Grease the new seal. [2]"
)
WORDS = st.sampled_from(
    ["seal", "press", "the", "it", "valve", "closes", "[1]", "\n|", "|\n", "\n- ", "\n1. ", "\n\n", ".", ":", "following", "\n# "]
)


def windows(*texts: str, gap: int = 1) -> list[Passage]:
    """Passages that stand one after another, `gap` white spaces apart."""
    found, start = list[Passage](), 0
    for ordinal, text in enumerate(texts):
        found.append(passage(GUIDE, text, "Press", ordinal=ordinal, start=start))
        start += len(text) + gap
    return found


def found(passages: Sequence[Passage], own: int) -> Hit:
    """A hit, with its neighbours."""
    return replace(
        hit(passages[own]),
        before=passages[own - 1] if own else None,
        after=passages[own + 1] if own + 1 < len(passages) else None,
    )


def answer(asked: str, passages: Sequence[Passage], own: int) -> Cited:
    return extracts(asked, [found(passages, own)], NOW)


def assert_exact(got: Cited, passages: Sequence[Passage]) -> None:
    known = {one.id: one for one in passages}
    for citation in got.citations:
        source = known[citation.passage]
        assert source.text[citation.span.start - source.span.start : citation.span.end - source.span.start] == citation.quote


@pytest.mark.parametrize(
    ("asked", "own"),
    [
        pytest.param("How do I change the seal of the press?", 0, id="its beginning was found"),
        pytest.param("How do I grease the new seal?", 1, id="its end was found"),
    ],
)
def test_steps_that_a_window_cuts_are_quoted_whole(asked: str, own: int) -> None:
    passages = windows(FIRST, SECOND)
    got = answer(asked, passages, own)
    assert got.text == WHOLE
    assert [citation.passage for citation in got.citations] == [one.id for one in passages]
    assert_exact(got, passages)


def test_of_steps_over_three_windows_none_is_left_out_if_all_were_found() -> None:
    third = "5. Lower the flange.\n6. Open the valve of the oil line."
    passages = windows(FIRST, SECOND.partition("\n\n")[0], third)
    for order in ((0, 1, 2), (2, 0, 1), (1, 0, 2)):
        got = extracts("How do I change the seal of the press?", [found(passages, own) for own in order], NOW)
        assert got.text == f"{WHOLE}\n5. Lower the flange. [3]\n6. Open the valve of the oil line. [3]"
        assert_exact(got, passages)


def test_two_lists_in_two_windows_are_no_procedure() -> None:
    passages = windows("To open the press:\n\n1. Close the valve.\n2. Lift the lid.", "1. Put the lid on.\n2. Open the valve.", gap=2)
    assert answer("How do I open the press?", passages, 0).text == "To open the press: [1]\n\n1. Close the valve. [1]\n2. Lift the lid. [1]"


def test_steps_of_which_both_windows_were_found_are_quoted_once() -> None:
    passages = windows(FIRST, SECOND)
    assert extracts("How do I change the seal of the press?", [found(passages, 0), found(passages, 1)], NOW).text == WHOLE


@pytest.mark.parametrize("lead", ["To change the seal of the press:", "Change the seal of the press by the following steps."])
def test_a_line_that_leads_in_to_the_next_window_brings_its_list(lead: str) -> None:
    passages = windows(f"The press is old.\n\n{lead}", "- Close the valve.\n- Loosen the screws.", gap=2)
    got = answer("How do I change the seal of the press?", passages, 0)
    assert got.text == f"{lead} [1]\n\n- Close the valve. [2]\n- Loosen the screws. [2]"


def test_a_line_that_leads_in_to_nothing_is_not_quoted_for_what_stands_after_it() -> None:
    passages = windows("The seal of the press is blue.\n\nTo change the seal of the press:", "Nobody knows.", gap=2)
    assert answer("How do I change the seal of the press?", passages, 0).text == "The seal of the press is blue. [1]"


def test_of_steps_that_are_too_long_for_an_answer_those_of_the_window_are_quoted() -> None:
    first, second = (
        "\n".join(f"{n}. Turn screw {n} of the seal of the press with {'great ' * 20}care." for n in some)
        for some in (range(1, 9), range(9, 17))
    )
    got = answer("How do I turn the screws of the seal of the press?", windows(first, second), 0)
    assert [citation.quote for citation in got.citations] == [first]


@pytest.mark.parametrize(
    ("gap", "text"),
    [
        pytest.param(1, "The hall of the press has a bell. [1] It rings at nine, before the shift. [2]", id="of one paragraph"),
        pytest.param(
            2, "*Press*: It rings at nine, before the shift. Visitors wait outside. [1]", id="of another paragraph: put under its heading"
        ),
    ],
)
def test_a_sentence_brings_what_it_points_at_from_the_window_before(gap: int, text: str) -> None:
    passages = windows("The hall of the press has a bell.", "It rings at nine, before the shift. Visitors wait outside.", gap=gap)
    got = answer("When does it ring before the shift?", passages, 1)
    assert got.text == text
    assert_exact(got, passages)


def test_a_sentence_that_needs_nothing_is_quoted_alone() -> None:
    passages = windows("The bell rings at nine.", "The press starts at ten.", "Visitors wait outside.")
    assert answer("When does the press start?", passages, 1).text == "The press starts at ten. [1]"


def test_a_sentence_that_a_window_cuts_is_left_as_its_window_has_it() -> None:
    passages = windows("The press is started by the shift leader, who", "has the key. The press starts at ten.")
    assert answer("When does the press start?", passages, 1).text == "The press starts at ten. [1]"


def test_rows_of_a_table_that_a_window_cuts_become_one_table() -> None:
    head = "| City | Limit |\n|---|---|\n"
    first, second = windows(f"{head}| Aarhus | €100 |\n| Cadiz | €114 |", "| Lyon | €149 |\n| Malmo | €177 |")
    hits = [hit(first), hit(replace(second, header="| City | Limit |"))]
    got = extracts("What is the limit in Aarhus and Malmo?", hits, NOW)
    assert got.text == "| City | Limit |\n| --- | --- |\n| Aarhus | €100 [1] |\n| Malmo | €177 [2] |"


def test_rows_of_a_table_over_three_windows_become_one_table() -> None:
    head = "| City | Limit |\n|---|---|\n"
    first, *others = windows(f"{head}| Aarhus | €100 |\n| Cadiz | €114 |", "| Lyon | €149 |", "| Malmo | €177 |\n| Oslo | €190 |")
    hits = [hit(first), *(hit(replace(one, header="| City | Limit |")) for one in others)]
    got = extracts("What is the limit in Aarhus, Lyon and Malmo?", hits, NOW)
    assert got.text == "| City | Limit |\n| --- | --- |\n| Aarhus | €100 [1] |\n| Lyon | €149 [2] |\n| Malmo | €177 [3] |"


def test_rows_of_two_tables_with_the_same_header_are_apart() -> None:
    head = "| City | Limit |\n|---|---|\n"
    both = windows(f"For directors:\n\n{head}| Oslo | €300 |", f"For staff:\n\n{head}| Bern | €100 |", gap=2)
    got = extracts("What is the limit in Oslo and Bern?", [hit(one) for one in both], NOW)
    assert got.text == "City: Oslo · Limit: €300 [1]\n\nCity: Bern · Limit: €100 [2]"


@example(["\n# ", ": \n-  |\n", "seal"], 1, 1)
@example(["\n# ", "following \n1.  \n-  seal \n#  seal", "seal"], 1, 1)
@given(st.lists(st.lists(WORDS, min_size=1).map(" ".join), min_size=3, max_size=3), st.integers(0, 2), st.integers(0, 3))
def test_quotes_are_exact_and_every_mark_has_one(texts: list[str], own: int, gap: int) -> None:
    passages = windows(*texts, gap=gap)
    got = answer("How do I close the valve of the press?", passages, own)
    assert_exact(got, passages)
    assert [citation.n for citation in got.citations] == list(range(1, len(got.citations) + 1))
    assert set(cited(got.text)) == {citation.n for citation in got.citations}
