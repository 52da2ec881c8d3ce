"""The judged questions agree with the documents, and with who may read them."""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from adapters.demo.questions import Judged, judged

ANSWERABLE = [pytest.param(question, id=question.id) for question in judged() if question.answerable]
UNANSWERABLE = [pytest.param(question, id=question.id) for question in judged() if not question.answerable]


def test_there_are_sixty_with_an_answer_and_fifteen_without() -> None:
    assert (len(ANSWERABLE), len(UNANSWERABLE)) == (60, 15)


def test_no_question_is_asked_twice() -> None:
    assert max(Counter(question.text.casefold() for question in judged()).values()) == 1
    assert max(Counter(question.id for question in judged()).values()) == 1


@pytest.mark.parametrize("question", ANSWERABLE)
def test_the_quote_stands_in_the_best_document(question: Judged, texts: Mapping[str, str]) -> None:
    assert question.quote == " ".join(question.quote.split())
    assert question.quote in texts[question.documents[0]]


@pytest.mark.parametrize("question", ANSWERABLE)
def test_the_other_documents_named_exist(question: Judged, texts: Mapping[str, str]) -> None:
    assert {*question.documents, *question.outdated} <= texts.keys()


@pytest.mark.parametrize("question", ANSWERABLE)
def test_the_asker_may_read_the_answer(question: Judged, policy: Mapping[str, Any], readers_of: Callable[[str], list[str]]) -> None:
    held = {"everyone", *(f"group:{group}" for group in policy["people"][question.asker])}
    assert list(question.readers) == readers_of(question.documents[0])
    assert held & set(question.readers)


@pytest.mark.parametrize("question", UNANSWERABLE)
def test_what_a_question_without_answer_is_about_is_in_no_document(question: Judged, texts: Mapping[str, str]) -> None:
    assert question.absent
    for term in question.absent:
        pattern = re.compile(rf"(?<!\w){re.escape(term)}(?!\w|\.\d)", re.IGNORECASE)
        assert [path for path, text in texts.items() if pattern.search(text)] == []


def test_questions_without_answer_are_asked_by_people_of_the_company(policy: Mapping[str, Any]) -> None:
    assert {question.asker for question in judged()} <= policy["people"].keys()
