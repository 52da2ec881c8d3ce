"""What a message asks, apart from what is said around it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.demo.questions import judged
from bot.intents.asked_part import asked_part, beside, without_chatter

LEAVE = "How many days of leave do I get?"
STORY = "I moved here in May and my manager is away."


@pytest.mark.parametrize(
    ("message", "asked"),
    [
        pytest.param(f"Hi there! {LEAVE}", LEAVE, id="a greeting"),
        pytest.param(f"Good morning @footnote, {LEAVE}", LEAVE, id="a greeting before a comma"),
        pytest.param(f"{LEAVE} Thanks a lot in advance!", LEAVE, id="thanks"),
        pytest.param("hotel limit London thanks", "hotel limit London", id="thanks after words"),
        pytest.param(f"{STORY} {LEAVE}", LEAVE, id="a story before"),
        pytest.param(f"{LEAVE} {STORY}", LEAVE, id="a story after"),
        pytest.param(f"I have been here for a month and nobody could tell me, so: {LEAVE}", LEAVE, id="a story before a colon"),
        pytest.param(f"Quick one - no rush at all - {LEAVE} (I looked around)", LEAVE, id="dashes and brackets"),
        pytest.param("could somebody tell me, as I am new here: hotel limit London", "hotel limit London", id="words after a colon"),
        pytest.param(
            "We cannot agree, can you please tell us how many days of leave I get?",
            "how many days of leave I get?",
            id="a question in a question",
        ),
        pytest.param("I was wondering whether I may bring a dog", "whether I may bring a dog", id="a question in a statement"),
        pytest.param("Could anybody tell me the hotel limit in London?", "the hotel limit in London?", id="told, not asked"),
        pytest.param(f"Asking for a friend who is shy. {LEAVE}", LEAVE, id="for a friend"),
        pytest.param(f"Not sure if this is the right channel. {LEAVE} Any hints would be great.", LEAVE, id="about asking"),
        pytest.param("Can anybody help me out here? hotel limit London", "hotel limit London", id="a question about nothing"),
        pytest.param(
            f"Dear all,\n\nI hope this finds you well.\n\n{LEAVE}\n\nKind regards,\nRobin Marsh\nOperations\n+44 1632 960 001",
            LEAVE,
            id="an e-mail",
        ),
    ],
)
def test_what_leads_to_a_question_and_follows_it_is_not_asked(message: str, asked: str) -> None:
    assert asked_part(message) == asked


@pytest.mark.parametrize(
    "message",
    [
        "Parental leave: how many days do I get?",
        "If I am ill abroad: whom do I call?",
        "hotel limit London",
        "Hotels - limit in London",
        "My laptop was stolen. What do I do?",
        "You say that storage is unlimited. Can you clarify?",
        "I get ERR-4032 when I start the connection. How do I fix the network problem?",
        "How many days do I get? And in Germany?",
        "How many days do I get? Full time, London office.",
        "What do I need to know when travelling to Chile?",
        "What is the rule (e.g. for trains)?",
        "Thanks to the new rule, how many days do I get?",
        "I have a question about parental leave",
        "Hi there",
        "Thanks!",
        "Can I ask something?",
        "",
        "?",
        f"Hi there, {LEAVE} " + "A word of a text that was pasted. " * 80,
    ],
)
def test_what_says_something_of_the_question_stays(message: str) -> None:
    assert asked_part(message) == message


def test_questions_without_anything_around_them_stay_as_they_are() -> None:
    assert [one.text for one in judged() if asked_part(one.text) != one.text] == []


def test_who_asks_is_searched_beside_the_question_and_greetings_are_not() -> None:
    assert beside(f"Hi all! {STORY} {LEAVE} Thanks!") == f"{STORY} {LEAVE}"
    assert [beside(one) for one in (LEAVE, f"Hi all! {LEAVE}", f"Could you tell me: {LEAVE}")] == [""] * 3


WORDS = ("Hi all,", "thanks", "tell me", "how", "what", LEAVE, STORY, ":", "-", "(", ")", "?", "!", ".", "\n", "cheers", "leave", "E22")


@given(st.lists(st.sampled_from(WORDS), max_size=25).map(" ".join) | st.text(max_size=80))
def test_whatever_is_said_something_is_asked_and_nothing_is_added(message: str) -> None:
    for part in (asked_part(message), without_chatter(message)):
        assert bool(part.strip()) == bool(message.strip())
        assert all(word in message for word in part.split())
