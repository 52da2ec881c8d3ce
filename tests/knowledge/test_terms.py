from concurrent.futures import ThreadPoolExecutor
from string import ascii_lowercase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.terms import _terms_of, is_stop_word, terms, things


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("How long is parental leave?", ["long", "parent", "leav"], id="stems, without stop and question words"),
        pytest.param("ERR-4032", ["err", "4032", "err4032"], id="a code is its parts and itself"),
        pytest.param("ERR\N{NON-BREAKING HYPHEN}4032 ERR4032", ["err", "4032", "err4032", "err4032"], id="however it is joined"),
        pytest.param("v2.1.0 2.10 210", ["v2", "1", "0", "2.1.0", "2", "10", "2.10", "210"], id="what joins digits stays"),
        pytest.param("2024-01-15 2024/01/15", ["2024", "01", "15", "2024-01-15"] * 2, id="but it does not matter what it is"),
        pytest.param("10,000 1,2", ["10", "000", "10000", "1", "2"], id="thousands are one number, a list is not"),
        pytest.param("ana.bell@acme.example", ["ana", "bell", "acm", "exampl", "anabellacmeexample"], id="an address is one"),
        pytest.param("travel_policy.pdf", ["travel", "polici", "pdf", "travelpolicypdf"], id="a file is one"),
        pytest.param("follow-up and/or", ["follow", "up"], id="words that are only joined are no name"),
        pytest.param("C++ C# C", ["c", "c++", "c", "c#", "c"], id="what hangs on a letter is a part of the name"),
        pytest.param("see 🦊!", ["see", "🦊"], id="a picture is a word"),
        pytest.param("Ｆｕｌｌ　ｗｉｄｔｈ", ["full", "width"], id="forms of one character are one"),
        pytest.param("東京都の", ["東京", "京都", "都の", "東", "京", "都"], id="scripts without spaces go in pairs"),
        pytest.param("猫", ["猫"], id="one such character stands alone"),
        pytest.param("2024年", ["2024", "年"], id="scripts side by side are apart"),
        pytest.param("ลากิจ", ["ลา", "าก", "กิ", "ิจ"], id="vowels above and below stay in the word"),
        pytest.param("छुट्टी", ["छुट्ट"], id="in India too"),
        pytest.param("отпуска отпуск", ["отпуск", "отпуск"], id="each script has its stemmer"),
        pytest.param("Straße FAÇADE façade", ["strass", "facad", "facad"], id="accents make no difference"),
        pytest.param("إجازة اجازة", ["اجاز", "اجاز"], id="nor does what Arabic may leave out"),
        pytest.param("йод иод", ["йод", "иод"], id="but a Cyrillic letter of its own stays one"),
        pytest.param("para\N{SOFT HYPHEN}chute", ["parachut"], id="what cannot be seen divides nothing"),
        pytest.param("", [], id="nothing"),
        pytest.param("?! …", [], id="only punctuation"),
    ],
)
def test_the_analyser(text: str, expected: list[str]) -> None:
    assert terms(text) == expected


def test_what_is_longer_than_any_word_is_still_found_and_told_apart() -> None:
    long, other = "a" * 61, "a" * 60 + "b"
    assert len(terms(long)[0]) < 60
    assert terms(long) == terms(long.upper()) != terms(other)
    assert terms("猫が" * 100)[0] == "猫が"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("hr/travel_policy-2024.pdf", ["hrtravelpolicy2024pdf", "travelpolicy2024pdf"], id="a path, and its file"),
        pytest.param("mailto:ana@acme.example", ["mailtoanaacmeexample", "anaacmeexample"], id="an address in a link"),
        pytest.param("ERR4032", ["err4032"], id="a code of one part"),
        pytest.param("see rule 4 for 10 days", [], id="numbers and words are nothing of that kind"),
    ],
)
def test_what_is_to_be_found_exactly(text: str, expected: list[str]) -> None:
    assert things(text) == expected


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
