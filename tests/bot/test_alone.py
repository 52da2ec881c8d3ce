"""A piece brings what it cannot be understood without, or says where that stands."""

import pytest

from bot.llm.alone import Standing, points_back, standing
from bot.sentences import units


def piece(text: str, begins: str) -> tuple[str, Standing]:
    """The piece for the unit that begins so."""
    found = units(text)
    index = next(i for i, unit in enumerate(found) if text.startswith(begins, unit.start))
    stands = standing(text, found, index)
    return text[stands.start : stands.end], stands


@pytest.mark.parametrize(
    "words",
    [
        "It closes at ten.",
        "They are paid monthly.",
        "This rule is new.",
        "However, ask first.",
        "If that is the case, ask.",
        "To do this, open the portal.",
        "All of these need a receipt.",
        "**It** closes at ten.",
        "Another way is by post.",
        "The latter is free.",
        "Both are paid.",
        "Yes! Ask Ana.",
    ],
)
def test_what_points_back_is_seen(words: str) -> None:
    assert points_back(words)


@pytest.mark.parametrize(
    "words",
    [
        "The gym closes at ten.",
        "It is important to ask first.",
        "There are three ways.",
        "These results show a rise.",
        "This year we close early.",
        "Both Ana and Ben are paid.",
        "In addition to the salary, there is a bonus.",
        "Items are free.",
        "Those who ask are told.",
    ],
)
def test_what_only_looks_like_it_is_not(words: str) -> None:
    assert not points_back(words)


def test_a_sentence_brings_every_sentence_up_to_the_one_that_points_at_nothing() -> None:
    text = "The gym is free.\n\nIt has a pool. However, it is cold. We like it all the same, whatever anybody says."
    assert piece(text, "However")[0] == "The gym is free.\n\nIt has a pool. However, it is cold."


def test_what_a_sentence_points_at_is_left_to_the_heading_above_it_or_to_the_title_of_its_own_document() -> None:
    for text, begins in (("# The gym\n\nIt is free.", "It"), ("It is free.", "It"), ("Ask us.\n\n- A list\n\nThis policy is new.", "This")):
        _, stands = piece(text, begins)
        assert (stands.dangling, stands.astray) == (True, False)


def test_a_sentence_that_points_at_a_table_or_at_what_is_too_long_is_astray() -> None:
    for text in ("| a | b |\n|---|---|\n| 1 | 2 |\n\nThese are free.", f"We {'really ' * 100}care.\n\nThese are free."):
        words, stands = piece(text, "These")
        assert words == "These are free."
        assert stands.astray


@pytest.mark.parametrize("mark", ["1. ", "- "])
def test_what_a_sentence_below_a_list_points_at_is_left_to_the_heading_above_the_list(mark: str) -> None:
    _, stands = piece(f"Hand it in:\n\n{mark}Keep the slip.\n{mark}Fold the tent.\n\nThis has to be done soon.", "This")
    assert stands.dangling
    assert not stands.astray


def test_steps_bring_their_lead_in_and_the_paragraphs_within() -> None:
    text = "To claim:\n\n1. Open it.\n\n   It takes a minute.\n\n2. Send it.\n\nThanks."
    for begins in ("To claim", "1.", "2."):
        assert piece(text, begins)[0] == text.removesuffix("\n\nThanks.")


@pytest.mark.parametrize("another", ["1. Put the lid on.\n2. Open the valve.", "- Smoking is forbidden here.\n- So is eating."])
def test_steps_end_where_another_list_begins(another: str) -> None:
    text = f"To open:\n\n1. Close the valve.\n2. Lift the lid.\n\n{another}"
    for begins in ("To open", "1. Close", "2. Lift"):
        assert piece(text, begins)[0] == text.removesuffix(f"\n\n{another}")
    assert piece(text, another[:6])[0].endswith(another.removeprefix("- "))
    assert "valve.\n2. Lift" not in piece(text, another[:6])[0]


def test_the_next_list_has_a_lead_in_of_its_own() -> None:
    text = "To open:\n\n1. Close the valve.\n2. Lift the lid.\n\nTo close:\n\n1. Put the lid on.\n2. Open the valve."
    for begins in ("To close", "1. Put", "2. Open"):
        assert piece(text, begins)[0] == text[text.index("To close") :]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("1. Close the valve.\n\n1. Lift the lid.\n\n1. Wait.", id="numbered by who shows it"),
        pytest.param("1. Close the valves:\n\n- the red\n- the blue\n\n2. Lift the lid.", id="bullets between steps"),
        pytest.param("1. Close the valve.\n\n2. Lift the lid.\n- Wait.", id="a bullet right below"),
        pytest.param("1. Close the valves:\n\n   - the red\n   - the blue\n\n2. Lift the lid.", id="indented bullets"),
    ],
)
def test_steps_go_on_across_white_space(text: str) -> None:
    assert piece(text, "1.")[0] == text


def test_a_list_leaves_out_an_item_that_leads_in_to_what_another_passage_has() -> None:
    text = "To claim:\n\n1. Open it.\n2. Send it.\n3. Afterwards:"
    assert piece(text, "1.")[0] == "To claim:\n\n1. Open it.\n2. Send it."


def test_a_remark_in_brackets_brings_what_it_remarks_on() -> None:
    text = "Ask for a badge. (Note: it is free.)"
    assert piece(text, "(Note")[0] == text


def test_a_sentence_that_announces_a_list_brings_it() -> None:
    text = "There are two ways to pay.\n\n- by card\n- in cash"
    for begins in ("There", "- in"):
        words, stands = piece(text, begins)
        assert (words, stands.is_list) == (text, True)


def test_steps_that_began_in_another_passage_are_put_under_their_heading() -> None:
    assert piece("4. Ring us.\n5. Wait.", "5.")[1].dangling
    assert not piece("1. Ring us.\n2. Wait.", "2.")[1].dangling


def test_a_fragment_brings_the_list_it_is_led_in_to() -> None:
    text = "Free for all staff:\n\n- the gym in the old building\n- The pool is open to families, too."
    assert piece(text, "- the gym")[0] == text
    assert piece(text, "- The pool")[0] == "The pool is open to families, too."


def test_a_fragment_without_a_lead_in_stands_alone_if_it_says_enough() -> None:
    text = "- Bids for the new building close on 2 October\n- Tea"
    assert piece(text, "- Bids")[0] == "Bids for the new building close on 2 October"
    assert piece(text, "- Tea")[0] == text


def test_an_item_of_a_long_list_is_put_under_the_line_that_leads_in() -> None:
    text = "Free for all staff:\n\n" + "\n".join(f"- the {name} in the old building by the river" for name in "abcdefghijklmnopqrstuvwxyz")
    words, stands = piece(text, "- the k ")
    assert words == "the k in the old building by the river"
    assert stands.under == "Free for all staff"
