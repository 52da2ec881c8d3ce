from concurrent.futures import ThreadPoolExecutor
from string import ascii_lowercase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.terms import _terms_of, is_stop_word, terms


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("How long is parental leave?", ["long", "parent", "leav"], id="stems, without stop and question words"),
        pytest.param("ERR-4032 v2.1.0", ["err", "4032", "v2", "1", "0"], id="identifiers fall into their parts"),
        pytest.param("Ｆｕｌｌ　ｗｉｄｔｈ", ["full", "width"], id="forms of one character are one"),
        pytest.param("東京都の", ["東京", "京都", "都の"], id="scripts without spaces go in pairs"),
        pytest.param("猫", ["猫"], id="one such character stands alone"),
        pytest.param("Straße façade", ["straße", "façad"], id="other letters stay letters"),
        pytest.param("a" * 61, [], id="what is longer than any word is no word"),
        pytest.param("", [], id="nothing"),
        pytest.param("?! …", [], id="only punctuation"),
    ],
)
def test_the_analyser(text: str, expected: list[str]) -> None:
    assert terms(text) == expected


@given(st.text())
def test_terms_hold_no_space_so_that_engines_split_them_as_we_do(text: str) -> None:
    found = terms(text)
    assert " ".join(found).split() == found


@given(st.text(alphabet="abc XYZ-é東", max_size=50))
def test_case_does_not_matter(text: str) -> None:
    assert terms(text.upper().lower()) == terms(text.lower())


def test_threads_do_not_mix_up_each_others_words() -> None:
    words = [f"running{letter}ations" for letter in ascii_lowercase] * 40
    expected = [tuple(terms(word)) for word in words]
    _terms_of.cache_clear()
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda word: tuple(_terms_of.__wrapped__(word)), words * 5))
    assert found == expected * 5


def test_stop_words_are_known_in_any_case() -> None:
    assert is_stop_word("The")
    assert not is_stop_word("leave")
