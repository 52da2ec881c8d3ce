"""A follow-up without a model: the thread's subject, in the thread's own words."""

from dataclasses import replace

import pytest

from bot.intents.intent import Intent
from bot.intents.subject import MOST_SUBJECT_WORDS, standalone
from bot.intents.summarize_document import named_in
from bot.llm.extractive import extracts
from bot.messages import Answer, Outcome, Turn
from knowledge.terms import terms
from tests.bot import company
from tests.bot.fakes import NOW, hit, turn

PARENTAL = turn("How long is parental leave in Germany?")


@pytest.mark.parametrize(
    ("text", "past", "query"),
    [
        pytest.param("and in France?", [PARENTAL], "parental leave in France", id="another country takes the first one's place"),
        pytest.param("What about contractors?", [PARENTAL], "parental leave Germany contractors", id="another group is added"),
        pytest.param("why?", [PARENTAL], "parental leave Germany why", id="why"),
        pytest.param("Who approves it?", [turn("What is the hotel limit?")], "hotel limit Who approves it", id="it"),
        pytest.param("And the hotel limit in Rome?", [turn("hotel limit in Berlin")], "the hotel limit in Rome", id="says it all itself"),
        pytest.param("and in France?", [], "and in France?", id="nothing before"),
        pytest.param("and in France?", [turn("thanks", query="")], "and in France?", id="nothing was looked up before"),
        pytest.param("and then?", [PARENTAL, turn("thanks", query="")], "parental leave Germany and then?", id="thanks in between"),
        pytest.param(
            "And for contractors?", [turn("notice period for interns")], "notice period for contractors", id="one group for another"
        ),
        pytest.param("for new hires?", [turn("desk rules for part-time staff")], "desk rules for new hires", id="groups of two words"),
        pytest.param("What about at the Paris site?", [turn("parking in Berlin")], "parking at the Paris site", id="another preposition"),
        pytest.param("And Spain?", [turn("parental leave in New Zealand")], "parental leave Spain", id="a bare name"),
        pytest.param("Receipts?", [turn("leave in Rome")], "leave Rome Receipts", id="a word with the capital of its sentence"),
        pytest.param("In Spain as well?", [turn("parental leave in France")], "parental leave In Spain as well", id="opens with it"),
        pytest.param("and for Anna?", [turn("leave for Tom in Rome")], "leave Rome for Anna", id="a person leaves the place"),
        pytest.param("and in Rome?", [turn("hotel limits for trips")], "hotel limits trips in Rome", id="a place leaves the group"),
        pytest.param("Oops, I meant in Spain.", [turn("parental leave in France")], "parental leave in Spain", id="meant otherwise"),
        pytest.param("and for this?", [turn("rules for interns")], "rules interns for this", id="points at nothing new"),
        pytest.param("Und in Wien?", [turn("Urlaub in Berlin")], "Urlaub in Wien", id="German"),
    ],
)
def test_a_follow_up_is_searched_with_the_subject_before_it(text: str, past: list[Turn], query: str) -> None:
    assert standalone(text, past) == query


def test_a_chain_of_follow_ups_keeps_its_subject() -> None:
    first = "How long is parental leave in Germany?"
    second = standalone("and in France?", [turn(first)])
    third = standalone("Who signs it?", [turn(first), turn("and in France?", query=second)])
    assert {"parent", "leav", "franc"} <= set(terms(third))
    assert "germani" not in terms(third)


def test_a_question_of_few_words_borrows_from_the_titles_that_answered_it() -> None:
    got = extracts("sick leave note", [hit(company.SICK)], NOW)
    past = turn("Leave?", answer=Answer(outcome=Outcome.ANSWER, text=got.text, citations=got.citations))
    assert standalone("since when?", [past]) == "Leave handbook Sick since when"


def test_the_subject_is_bounded() -> None:
    long = turn(" ".join(f"word{i}" for i in range(500)))
    assert len(standalone("and why?", [long]).split()) <= MOST_SUBJECT_WORDS + 2


def test_summaries_leave_no_subject() -> None:
    past = replace(turn("Sum up the thread", query=""), intent=Intent.SUMMARIZE_THREAD)
    assert standalone("why?", [past]) == "why?"


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Summarise the travel policy", "the travel policy"),
        ("Can you give me a short summary of the employee handbook, please?", "the employee handbook"),
        ("TL;DR of the security guidelines", "the security guidelines"),
        ("What are the key points of the board minutes?", "the board minutes"),
        ("Summarise this document", ""),
        ("summarize it for me", ""),
        ("Sum up that policy document in three bullets", "that policy"),
        ('Please summarise "Travel policy 2026".', "Travel policy 2026"),
    ],
)
def test_the_name_of_the_document_is_read_from_the_request(text: str, title: str) -> None:
    assert named_in(text) == title
