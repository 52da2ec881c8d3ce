"""A code is one thing, however it is written."""

import pytest

from bot.llm.codes import NO_CODES, Codes
from knowledge.terms import terms


@pytest.mark.parametrize(
    ("asked", "text", "found"),
    [
        pytest.param("KLM4711", "valve KLM 4711", {"valv", "klm", "4711", "klm4711"}, id="joined, and apart"),
        pytest.param("KLM 4711", "valve KLM4711", {"valv", "klm4711"}, id="apart, and joined"),
        pytest.param("KLM4711", "KLM valves, 4711 of them", {"klm", "valv", "4711", "them"}, id="not side by side"),
        pytest.param("KLM4711", "4711 KLM", {"klm", "4711"}, id="the other way round"),
        pytest.param("is7", "is 7", {"7"}, id="letters that say nothing alone"),
        pytest.param("valves", "KLM 4711", {"klm", "4711"}, id="no code"),
    ],
)
def test_a_code_that_stands_apart_is_one_term_too(asked: str, text: str, found: set[str]) -> None:
    assert Codes.of(terms(asked)).found(terms(text)) == found


def test_without_codes_a_text_is_its_terms() -> None:
    assert NO_CODES.found(["klm", "4711"]) == {"klm", "4711"}
