"""A follow-up without a model: the thread's subject, in the thread's own words."""

from dataclasses import replace

import pytest

from bot.intents.intent import Intent
from bot.intents.subject import MOST_SUBJECT_WORDS, added, last_named, standalone
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
        pytest.param("and sick leave?", [turn("How long is parental leave?")], "sick leave", id="another kind of the same"),
        pytest.param("And the taxi limit?", [turn("hotel limit in Rome")], "Rome the taxi limit", id="another kind, in the same place"),
        pytest.param("and leave?", [turn("Is sick leave paid?")], "sick paid leave", id="no kind takes none's place"),
        pytest.param("and paid leave?", [turn("unpaid parental leave")], "unpaid paid leave", id="one kind takes one's place"),
        pytest.param("and is sick leave paid?", [turn("parental leave")], "parental is sick leave paid", id="more than a phrase"),
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


@pytest.mark.parametrize(
    ("said", "query"),
    [
        pytest.param(["How long is parental leave?", "and sick leave?", "why?"], "sick leave why", id="another kind"),
        pytest.param(
            ["How long is parental leave in Germany?", "and in France?", "how much?"], "parental leave France how much", id="place"
        ),
        pytest.param(["Who pays for interns?", "and for contractors?", "since when?"], "pays contractors since when", id="group"),
        pytest.param(["Is parking free?", "and lunch?", "for whom?"], "parking free lunch for whom", id="something besides"),
        pytest.param(["How long is parental leave?", "and sick leave?", "and in France?"], "sick leave in France", id="kind, then place"),
        pytest.param(["Where is parking in Rome?", "and in Paris?", "and Oslo?"], "parking Oslo", id="place after place"),
    ],
)
def test_the_third_of_a_thread_is_about_what_the_second_came_to(said: list[str], query: str) -> None:
    past = list[Turn]()
    for text in said[:-1]:
        past.append(turn(text, query=standalone(text, past)))
    assert standalone(said[-1], past) == query


@pytest.mark.parametrize(
    ("said", "named"),
    [
        pytest.param(["Is parking free?", "and lunch?"], "lunch", id="what was added"),
        pytest.param(["Is parking free?", "and lunch?", "why?"], "lunch", id="before what says nothing"),
        pytest.param(["Is parking free?"], "", id="the whole subject"),
        pytest.param(["Is parking free?", "why?"], "", id="the whole subject, before what says nothing"),
        pytest.param(["why?"], "", id="nothing"),
        pytest.param([], "", id="no thread"),
    ],
)
def test_what_a_thread_came_to_last(said: list[str], named: str) -> None:
    past = list[Turn]()
    for text in said:
        past.append(turn(text, query=standalone(text, past)))
    assert last_named(past) == named


@pytest.mark.parametrize(
    ("text", "terms_"),
    [
        pytest.param("and in Germany?", {"germani"}, id="a place"),
        pytest.param("And Germany?", {"germani"}, id="a name alone"),
        pytest.param("What about contractors?", {"contractor"}, id="a word alone"),
        pytest.param("and jury duty?", {"juri", "duti"}, id="a phrase"),
        pytest.param("and the notice?", set[str](), id="something of the same subject"),
        pytest.param("and the Oslo office?", {"oslo"}, id="a name in it"),
        pytest.param("Is it so for new hires in Oslo?", {"new", "hire", "oslo"}, id="a group and a place"),
        pytest.param("and how expensive is it?", set[str](), id="asks something else of the same"),
        pytest.param("Is that expensive?", set[str](), id="the same, unopened"),
        pytest.param("why?", set[str](), id="nothing"),
    ],
)
def test_what_a_follow_up_adds(text: str, terms_: set[str]) -> None:
    assert added(text) == terms_


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
