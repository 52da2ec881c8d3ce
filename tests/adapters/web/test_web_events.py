"""What the page posts becomes a question, or is ignored with a sentence."""

from typing import Any

import pytest

from adapters.web.events import Asked, clean, read, to_question
from bot.messages import Ignored, Question
from tenancy.viewer import Audience
from tests.adapters.web.web_house import ANA, BOB, NOW, viewer

POST = {"id": "q1", "person": ANA, "place": "", "thread": "t1", "text": "How long?"}


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        pytest.param(None, "A question is a JSON object", id="nothing"),
        pytest.param([POST], "A question is a JSON object", id="a list"),
        pytest.param(POST | {"text": " \n\x00 "}, "The question is empty", id="space and control characters"),
        pytest.param({}, "The question is empty", id="an empty object"),
        pytest.param(POST | {"person": 7}, "The question's person is not text", id="a person that is a number"),
        pytest.param(POST | {"text": None}, "The question's text is not text", id="a text that is null"),
        pytest.param(POST | {"thread": "t" * 201}, "a name that is too long", id="a thread that is too long"),
    ],
)
def test_what_is_no_question_is_ignored_with_a_sentence(payload: object, said: str) -> None:
    ignored = read(payload)
    assert isinstance(ignored, Ignored)
    assert said in ignored.reason


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        pytest.param("  two\r\nlines\t ", "two\nlines", id="line ends and outer space"),
        pytest.param("a\x00b\x1b[31mc\x7f", "ab[31mc", id="control characters"),
        pytest.param("half \ud83d a pair", "half  a pair", id="half characters"),
        pytest.param("Où? 日本 🙂", "Où? 日本 🙂", id="every script stays"),
    ],
)
def test_a_text_is_cleaned_of_what_nobody_sees(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


def test_the_same_post_twice_is_the_same_question() -> None:
    assert question() == question()
    assert question(id="q2").id != question().id


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        pytest.param({}, {}, True, id="one person in private"),
        pytest.param({}, {"person": BOB}, False, id="two people in private"),
        pytest.param({"place": "#all"}, {"place": "#all", "person": BOB}, True, id="two people in one channel"),
        pytest.param({"place": "#all"}, {}, False, id="a channel and in private"),
        pytest.param({}, {"thread": "t2"}, False, id="two conversations"),
    ],
)
def test_a_thread_is_shared_only_by_who_shares_the_place(first: dict[str, str], second: dict[str, str], same: bool) -> None:  # noqa: FBT001 - a table's column
    assert (question(**first).thread == question(**second).thread) is same


def test_nobody_can_name_the_turn_of_another() -> None:
    assert question(person=BOB).id != question().id


def test_a_question_carries_its_place_and_its_audience() -> None:
    audience = Audience.of([viewer(ANA), viewer(BOB)])
    made = to_question(asked(place="#all"), viewer(ANA), audience, NOW)
    assert (made.place, made.audience, made.asked_at, made.private) == ("#all", audience, NOW, False)


def asked(**changes: Any) -> Asked:  # noqa: ANN401 - a posted field may be anything
    made = read(POST | changes)
    assert isinstance(made, Asked)
    return made


def question(**changes: str) -> Question:
    made = asked(**changes)
    return to_question(made, viewer(made.person), Audience(), NOW)
