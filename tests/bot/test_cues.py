"""What an answer looks like, told from the question's words."""

import pytest

from bot.llm import cues


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        pytest.param("How long is parental leave?", "It is 26 full weeks.", id="a duration in digits"),
        pytest.param("Deadline for claims", "Sixty days from the receipt.", id="a duration in words"),
        pytest.param("When are we paid?", "On the 26th of the month.", id="a day of the month"),
        pytest.param("Which days are for the office?", "Tuesday and Thursday.", id="days of the week"),
        pytest.param("How much may I spend?", "NOK 1,900 a night.", id="a currency before the amount"),
        pytest.param("What is the price?", "It is 9.50 euros.", id="a currency after the amount"),
        pytest.param("How many people work here?", "We are twelve.", id="a number in words"),
        pytest.param("Who approves it?", "Your line manager.", id="a role"),
        pytest.param("Who do I ask?", "Write to it@a.example.", id="an address"),
        pytest.param("Why did it fail?", "Because it rained.", id="a reason"),
        pytest.param("Do I still need a badge?", "Badges are no longer needed.", id="a change"),
    ],
)
def test_answers_of_the_kind_fit(asked: str, answered: str) -> None:
    kind = cues.asked_for(asked)
    assert cues.fit(kind, answered) == 1.0
    assert cues.fit(kind, "Words alone.") == 0.0


def test_another_number_fits_by_half_and_a_question_of_no_kind_not_at_all() -> None:
    assert cues.fit(cues.asked_for("How long is it?"), "It is 12 cm.") == 0.5
    assert cues.fit(cues.asked_for("Tell me about parking"), "It costs £5.") == 0.0


@pytest.mark.parametrize(
    ("asked", "words", "spanned"),
    [
        pytest.param("a 20 % discount", "15 to 22 % the Finance Director", 1, id="percent"),
        pytest.param("a purchase of £8,000", "£2,500 to £25,000 director", 1, id="money"),
        pytest.param("a purchase of £80,000", "£2,500 to £25,000 director", 0, id="beyond"),
        pytest.param("a 20 % discount", "10 to 30 people", 0, id="another unit"),
        pytest.param("on 20 May", "10 to 30 people", 0, id="no amount"),
        pytest.param("a 20 % discount", "up to 15 %, and from 15 to 22 %", 1, id="one with both ends beside one with one"),
        pytest.param("a trip of £3,000", "more than £1,500 | a member of the leadership team", 0.4, id="beyond one end"),
        pytest.param("a trip of £3,000", "up to £400 | nobody", 0, id="above the end"),
        pytest.param("a trip of 350 pounds", "Up to £400 | nobody", 0.4, id="words for a sum"),
        pytest.param("a trip of 350 pounds", "more than £1,500", 0, id="below the end"),
        pytest.param("a discount of 30 per cent", "over 22 % | the board", 0.4, id="words for a percentage"),
        pytest.param("a discount of 30 per cent", "up to 30 working days", 0, id="days"),
        pytest.param("spend £20", "up to 30 working days, and under 50 %", 0, id="one end of another unit"),
        pytest.param("a trip of £3,000", "no more than £2,000 | nobody", 0, id="no more than"),
        pytest.param("a trip of £3,000", "£2,001 or more | a director", 0.4, id="or more"),
        pytest.param("a trip of £3,000", "at least £2,500", 0.4, id="at least"),
        pytest.param("a trip of £3,000", "£2,000 or less", 0, id="or less"),
        pytest.param("a trip of £30,000", "from £10 to £2,500 | the manager", 0, id="from the one end of two"),
        pytest.param("a trip of £3", "from £10 to £2,500 | the manager", 0, id="before the one end of two"),
        pytest.param("stuck at 34%", "If it stops at 34 %, wait.", 1, id="the very amount"),
        pytest.param("stuck at 34%", "Wait 34 minutes.", 0, id="its number alone"),
    ],
)
def test_a_range_holds_an_amount(asked: str, words: str, spanned: float) -> None:
    assert cues.spans(cues.without_amounts(asked)[1], words) == spanned


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ("When is a trip not paid?", True),
        ("What can't I bring?", True),
        ("Who may no longer park here?", True),
        ("What is it not only for?", False),
        ("Isn't there a gym?", False),
        ("Which notes are there?", False),
        ("When is a trip paid?", False),
    ],
)
def test_some_ask_for_what_is_not_so(asked: str, *, wanted: bool) -> None:
    assert bool(cues.WANTS_DENIAL.search(asked)) is wanted


@pytest.mark.parametrize(
    ("asked", "all_"),
    [
        ("List the error codes", True),
        ("please list all offices", True),
        ("Can you give me a list of the offices?", True),
        ("Show me all the benefits", True),
        ("all error codes", True),
        ("Which offices are there?", True),
        ("What benefits do we have?", True),
        ("what are the office hours", True),
        ("What are our five values?", True),
        ("Show me the error codes", True),
        ("Hi, can you list the offices?", True),
        ("Do you have a list of the offices?", True),
        ("Where are our offices?", True),
        ("Which benefits exist?", True),
        ("What duties does a buddy have?", True),
        ("List price of the Heron?", False),
        ("What status do claims have?", False),
        ("Who approves all expenses?", False),
        ("Do all employees get a laptop?", False),
        ("What happens if all lines are down", False),
        ("What does the list price include?", False),
        ("Which office is the largest?", False),
        ("What is the status of my claims?", False),
        ("Listen to the customer?", False),
        ("How long is parental leave?", False),
    ],
)
def test_a_question_of_several_things_is_told_from_one_of_one(asked: str, all_: bool) -> None:  # noqa: FBT001  a table's column
    assert bool(cues.WANTS_ALL.search(asked)) is all_
