"""Short forms that texts explain, and what looks like it and is none."""

from unittest.mock import Mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.own_words import acronyms
from knowledge.own_words.acronyms import MOST, definitions, short_form
from knowledge.own_words.keys import key_of
from knowledge.own_words.meaning import Meaning, agreed


@pytest.mark.parametrize(
    ("text", "short", "long"),
    [
        pytest.param("You earn paid time off (PTO) from the first day.", "PTO", "paid time off", id="long form first"),
        pytest.param("You earn PTO (paid time off) from the first day.", "PTO", "paid time off", id="short form first"),
        pytest.param("PTO stands for paid time off and is yours.", "PTO", "paid time off", id="stands for"),
        pytest.param("Here PTO means paid time off.", "PTO", "paid time off", id="means"),
        pytest.param("PTO is short for paid time off.", "PTO", "paid time off", id="is short for"),
        pytest.param('"PTO" is an acronym for "paid time off".', "PTO", "paid time off", id="is an acronym for, in quotes"),
        pytest.param("Ask about paid time off, or PTO, in May.", "PTO", "paid time off", id="or"),
        pytest.param("The **paid time off** (**PTO**) rules", "PTO", "paid time off", id="marked up"),
        pytest.param("Our paid time off (the “PTO”, for short)", "PTO", "paid time off", id="with an article"),
        pytest.param("paid\ntime off (PTO)", "PTO", "paid time off", id="over two lines"),
        pytest.param("| ISE | ion-selective electrode. We make none |", "ISE", "ion-selective electrode", id="a table of words"),
        pytest.param("- **PTO**: paid time off", "PTO", "paid time off", id="a list of words"),
        pytest.param("the Department of Defense (DoD)", "DoD", "Department of Defense", id="a small word gives a letter"),
        pytest.param("the Office of the General Counsel (OGC)", "OGC", "Office of the General Counsel", id="small words give none"),
        pytest.param("Diversity, Equity, and Inclusion (DEI)", "DEI", "Diversity, Equity, and Inclusion", id="commas"),
        pytest.param("Research & Development (R&D)", "R&D", "Research & Development", id="an ampersand"),
        pytest.param("a HyperText Markup Language (HTML) page", "HTML", "HyperText Markup Language", id="a letter from within"),
        pytest.param("key performance indicators (KPIs)", "KPI", "key performance indicators", id="more than one"),
        pytest.param("our Equal Employment Opportunity (EEO) office", "EEO", "Equal Employment Opportunity", id="first letters first"),
        pytest.param("the agency's travel office's (ATO)", "ATO", "agency's travel office", id="a possessive ends it"),
    ],
)
def test_a_short_form_is_found_where_it_is_explained(text: str, short: str, long: str) -> None:
    assert definitions(text) == [(short, long)]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("It was founded (2019).", id="a year"),
        pytest.param("Bring your form(s) along.", id="one or more"),
        pytest.param("in the Annual Budget (A)", id="one letter"),
        pytest.param("a disk of two gigabytes (GB)", id="a unit"),
        pytest.param("Vital infrastructure improvements (VII)", id="a roman number"),
        pytest.param("First inspection guide (Fig. 2)", id="a figure"),
        pytest.param("The plan was good (NASA).", id="other letters"),
        pytest.param("our terms of (TO)", id="a small word at the end"),
        pytest.param("Time off. Paid (PTO)", id="another sentence"),
        pytest.param("pay (PTO)", id="one word"),
        pytest.param("we offer a very generous paid and free time off (PTO)", id="a word that gives no letter"),
        pytest.param("IT: in this office nobody smokes", id="a sentence after a colon"),
        pytest.param("the PTO office (TO)", id="no long form at all"),
        pytest.param("HR | home", id="a cell of one word"),
        pytest.param("(see the note)", id="no capitals"),
        pytest.param("", id="nothing"),
    ],
)
def test_what_only_looks_like_it_is_left_alone(text: str) -> None:
    assert definitions(text) == []


def test_a_definition_is_told_once_and_a_long_list_is_cut() -> None:
    assert definitions("paid time off (PTO). Paid Time Off (PTO)") == [("PTO", "paid time off")]
    letters = [chr(ord("a") + number) for number in range(20)]
    many = " ".join(f"{one}ice {two}ord. A {one}ice {two}ord ({one}{two})" for one in letters for two in letters)
    found = definitions("\n".join(f"| {one}{two}".upper() + f" | {one}ice {two}ord |" for one in letters for two in letters) + many)
    assert len(found) == MOST


def test_what_is_written_to_cost_time_is_looked_at_for_a_while_only(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at = Mock(wraps=acronyms._best)
    monkeypatch.setattr(acronyms, "_best", looked_at)
    assert definitions(("as aa " * 8 + "(AAAAAAAAAAAB) ") * 2_100) == []
    assert looked_at.call_count == 2_000


def test_words_are_tried_a_bounded_number_of_times_however_they_may_give_the_letters(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = Mock(wraps=acronyms._given)
    monkeypatch.setattr(acronyms, "_given", tried)
    assert definitions("as aa " * 8 + "(AAAAAAAAAAAB)") == []
    assert tried.call_count <= 16, "each word once"


@pytest.mark.parametrize("letter", ["s", "S", "a", "A", "1", ""])
def test_one_letter_is_no_short_form(letter: str) -> None:
    assert short_form(letter) is None


@given(st.text(alphabet="PTOpto aid(),.-\n|:&'s", max_size=60))
def test_no_text_is_an_error_and_every_short_form_begins_as_its_long_form(text: str) -> None:
    assert all(one.short[0].lower() == one.long[0].lower() for one in definitions(text))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        pytest.param("Paid Time Off", "paid-time  off", True, id="case, hyphens and spaces"),
        pytest.param("KPIs", "KPI", True, id="more than one short form"),
        pytest.param("statements of work", "statement of work", True, id="one and many"),
        pytest.param("U.S.A.", "USA", True, id="dots"),
        pytest.param("agency's", "agency", True, id="a possessive"),
        pytest.param("As a", "A&A", False, id="ordinary words"),
        pytest.param("SaaS", "saas", True, id="an s that belongs to it"),
        pytest.param("AIDS", "aid", False, id="capitals are no plural"),
    ],
)
def test_spellings_of_one_form_have_one_key(one: str, other: str, *, same: bool) -> None:
    assert (key_of(one) == key_of(other)) is same


def meaning(long: str, documents: int = 1, *, said: bool = False) -> Meaning:
    return Meaning(short="X", long=long, documents=documents, said=said)


@pytest.mark.parametrize(
    ("meanings", "holds"),
    [
        pytest.param([meaning("paid time off")], ["paid time off"], id="one"),
        pytest.param([meaning("Amazon Web Services", 9), meaning("alternate work schedule")], [], id="two that differ"),
        pytest.param([meaning("Medical and Family Leave"), meaning("Medical Family Leave", 2)], ["Medical Family Leave"], id="alike"),
        pytest.param([meaning("authority to operate", 3), meaning("authorization to operate")], ["authority to operate"], id="begun alike"),
        pytest.param(
            [meaning("point of contact"), meaning("proof of concept"), meaning("place", said=True)], ["place"], id="what the admin says"
        ),
        pytest.param([meaning("a b", said=True), meaning("c d", said=True)], ["a b", "c d"], id="all that the admin says"),
        pytest.param([], [], id="nothing"),
    ],
)
def test_what_documents_disagree_about_does_not_hold(meanings: list[Meaning], holds: list[str]) -> None:
    assert [one.long for one in agreed(meanings)] == holds
