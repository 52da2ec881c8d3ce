"""Two sources that both hold and disagree: told apart from two that speak of different things."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from bot.llm.extractive import extracts
from bot.quotes import Cited
from knowledge.documents import Document
from tests.bot.fakes import NOW, document, hit, passage

JUNE, MARCH = datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 3, 9, tzinfo=UTC)
LEAVE = "Parental leave is 26 weeks at full pay."


def both(asked: str, one: str, other: str, first: Document | None = None, second: Document | None = None) -> Cited:
    first, second = first or document("a", "Policy", modified_at=JUNE), second or document("b", "Handbook", modified_at=MARCH)
    return extracts(asked, [hit(passage(first, one), 1.0), hit(passage(second, other), 0.95)], NOW)


@pytest.mark.parametrize(
    ("asked", "one", "other"),
    [
        pytest.param("How long is parental leave?", LEAVE, "We offer 20 weeks of paid parental leave to everybody.", id="in other words"),
        pytest.param("How long is parental leave?", LEAVE, "Parental leave is twenty weeks at full pay.", id="in like words"),
        pytest.param(
            "How many days of leave do I get?", "Everyone has 28 days of leave.", "Leave amounts to 25 days for all staff.", id="days"
        ),
        pytest.param(
            "What is the hotel limit in Rome?",
            "The hotel limit in Rome is €150 a night.",
            "A hotel in Rome has a limit of €180 a night.",
            id="money",
        ),
        pytest.param("When does the office open?", "The office opens at 8:00.", "Doors of the office open at 7:30.", id="a time"),
        pytest.param(
            "Are dogs allowed in the office?",
            "Dogs are allowed in the office.",
            "Dogs are not allowed in the office.",
            id="what one denies",
        ),
        pytest.param("When are we paid?", "We are paid on the 26th.", "You are paid on the 25th of the month.", id="a day of the month"),
        pytest.param(
            "What is the probation period?",
            "The probation period is 3 months.",
            "Your probation period lasts 6 months.",
            id="no kind asked for",
        ),
        pytest.param("How many seats has the large room?", "The large room has 14 seats.", "The large room: 12 seats.", id="a number"),
        pytest.param(
            "How long may a sabbatical take?",
            "A sabbatical takes 8 weeks at most.",
            "A sabbatical takes 12 weeks at most.",
            id="bounds alike",
        ),
    ],
)
def test_both_are_shown_with_their_dates_and_which_is_newer(asked: str, one: str, other: str) -> None:
    got = both(asked, one, other)
    assert got.text == f"{one} [1]\n\n*Policy* is of 1 June 2026. *Handbook*, of 9 March 2026, is older and says otherwise:\n\n{other} [2]"
    assert [citation.document for citation in got.citations] == ["a", "b"]


@pytest.mark.parametrize(
    ("asked", "one", "other"),
    [
        pytest.param("How long is parental leave?", LEAVE, "Notice for parental leave is 12 weeks.", id="of something else"),
        pytest.param("How long is parental leave?", LEAVE, "Parental leave must be taken within 52 weeks of the birth.", id="a bound"),
        pytest.param("How long is parental leave?", LEAVE, "Contractors get 4 weeks of parental leave.", id="of others"),
        pytest.param("How long is parental leave?", LEAVE, "You have twenty-six weeks of parental leave.", id="the same in words"),
        pytest.param("How long is parental leave?", LEAVE, "Parental leave was 20 weeks in 2022.", id="of another year"),
        pytest.param("How long is parental leave?", LEAVE, "Parental leave is 26 weeks or 182 days.", id="one that says more"),
        pytest.param("How long is parental leave?", LEAVE, "Parental leave: 20 weeks, then 6 weeks.", id="several values"),
        pytest.param(
            "What is the hotel limit?", "The hotel limit in Rome is €150.", "The hotel limit in Paris is €180.", id="another name"
        ),
        pytest.param(
            "What is the bonus?", "A referral earns a bonus of £1,500.", "The referral bonus for engineers is £3,000.", id="for some"
        ),
        pytest.param(
            "What does parking cost?", "Parking costs 40 euros a month.", "Parking costs 480 euros a year.", id="by another period"
        ),
        pytest.param("What does parking cost?", "Parking costs 40 euros.", "Parking costs £35.", id="in another currency"),
        pytest.param(
            "How long is a sabbatical?", "A sabbatical takes 12 weeks at most.", "A sabbatical takes 4 weeks at least.", id="another bound"
        ),
        pytest.param(
            "Are dogs allowed in the office?", "Dogs are allowed in the office.", "Dogs are not allowed in the lab.", id="denied elsewhere"
        ),
        pytest.param("How long are logs kept?", "Logs are kept for 90 days.", "Audit logs are kept for 365 days.", id="of a kind of it"),
        pytest.param(
            "How long is the warranty?", "The warranty of the pump is 3 years.", "The warranty of the cap is 2 years.", id="of two"
        ),
        pytest.param("How long does delivery take?", "Delivery takes 3 days.", "Delivery to islands takes 6 days.", id="to some"),
        pytest.param("What is the rate?", "The rate is 20 euros.", "The rate was 18 euros.", id="of the past"),
        pytest.param("What is the rate?", "The rate is 20 euros.", "The rate will be 22 euros.", id="of the future"),
        pytest.param("What is the rate?", "The rate is 20 euros.", "Competitors have a rate of 30 euros.", id="of others elsewhere"),
        pytest.param("What is the budget?", "The budget is €1.5k.", "The budget is 1500 euros.", id="thousands"),
        pytest.param("How long is leave?", "Leave is 25 working days.", "Leave is 35 calendar days.", id="other days"),
        pytest.param("When does the shop open?", "The shop opens at 12:00.", "The shop opens at 12 pm.", id="noon"),
        pytest.param(
            "How long is leave?", "Leave is 26 weeks at 80 %.", "Leave is 26 weeks at 100 %.", id="what was not asked for differs"
        ),
        pytest.param("How long is the trial?", "The trial is 8 weeks.", "The notice period is 12 weeks.", id="what was not asked for"),
        pytest.param(
            "What is the room limit?", "The room limit is 8 weeks.", "200 people may enter the room: a limit of two hundred.", id="hundreds"
        ),
    ],
)
def test_what_speaks_of_another_thing_is_not_said_to_disagree(asked: str, one: str, other: str) -> None:
    assert "otherwise" not in both(asked, one, other).text


def test_rows_disagree_of_the_same_thing_only() -> None:
    table = "| City | Limit |\n|---|---|\n| Rome | €{} |\n| Oslo | €{} |"
    got = both("What is the limit in Rome?", table.format(150, 170), table.format(180, 190))
    assert got.text.startswith("City: Rome · Limit: €150 [1]\n\n*Policy* is of")
    assert got.text.endswith("City: Rome · Limit: €180 [2]")
    assert (
        "otherwise"
        not in both(
            "What is the limit?", "| City | Limit |\n|---|---|\n| Rome | €150 |", "| City | Limit |\n|---|---|\n| Oslo | €180 |"
        ).text
    )


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        pytest.param(
            {"modified_at": MARCH},
            {"modified_at": JUNE},
            "*Handbook* is of 1 June 2026. *Policy*, of 9 March 2026, is older and says otherwise:",
            id="the newer one first",
        ),
        pytest.param({"modified_at": None}, {"modified_at": JUNE}, "*Handbook* says otherwise:", id="one without a date"),
        pytest.param({"modified_at": JUNE}, {"modified_at": JUNE}, "*Handbook* says otherwise:", id="of one day"),
    ],
)
def test_what_is_known_of_their_age_is_said(first: dict[str, datetime | None], second: dict[str, datetime | None], said: str) -> None:
    a, b = replace(document("a", "Policy"), **first), replace(document("b", "Handbook"), **second)  # type: ignore[arg-type]  # a field
    assert f"[1]\n\n{said}\n\n" in both("How long is parental leave?", LEAVE, "Parental leave: 20 weeks.", a, b).text


def test_the_day_from_which_a_source_holds_goes_before_the_day_of_its_last_change() -> None:
    a = document("a", "Policy", modified_at=MARCH)
    a = replace(a, edition=replace(a.edition, valid_from=date(2026, 7, 1)))
    got = both("How long is parental leave?", LEAVE, "Parental leave: 20 weeks.", a, document("b", "Handbook", modified_at=JUNE))
    assert "*Policy* is of 1 July 2026. *Handbook*, of 1 June 2026, is older and says otherwise:" in got.text


def test_what_a_newer_edition_replaced_is_not_said_to_disagree() -> None:
    old, new = document("leave-2022", "Leave 2022", modified_at=MARCH), document("leave-2025", "Leave 2025", modified_at=JUNE)
    assert "otherwise" not in both("How long is parental leave?", LEAVE, "Parental leave: 20 weeks.", new, old).text


def test_a_source_that_does_not_hold_yet_is_not_said_to_disagree() -> None:
    plan = document("b", "Handbook", modified_at=JUNE)
    plan = replace(plan, edition=replace(plan.edition, valid_from=date(2027, 1, 1)))
    assert "otherwise" not in both("How long is parental leave?", LEAVE, "Parental leave: 20 weeks.", None, plan).text


def test_an_edition_that_is_asked_for_differs_from_the_others_as_it_should() -> None:
    old = document("limits-2024", "Limits 2024", modified_at=MARCH)
    asked, limit = "What was the hotel limit in 2024?", "The hotel limit is {}."
    assert (
        "otherwise"
        not in both(asked, limit.format("110 EUR"), limit.format("135 EUR"), old, document("rules", "Rules", modified_at=JUNE)).text
    )


def test_old_sources_that_disagree_are_dated_once() -> None:
    old = [
        document(name, title, modified_at=datetime(year, 3, 9, tzinfo=UTC))
        for name, title, year in (("a", "Policy", 2022), ("b", "Book", 2021))
    ]
    got = both("How long is parental leave?", LEAVE, "Parental leave: 20 weeks.", *old)
    said = "*Policy* is of 9 March 2022. *Book*, of 9 March 2021, is older and says otherwise:"
    assert got.text == f"{LEAVE} [1]\n\n{said}\n\nParental leave: 20 weeks. [2]"


def test_documents_of_one_title_are_told_by_where_they_are_from() -> None:
    wiki, people = (replace(document(name, "Leave", modified_at=day), source=name) for name, day in (("wiki", MARCH), ("people", JUNE)))
    got = both("How long is parental leave?", LEAVE, "Parental leave: 20 weeks.", people, wiki)
    assert "*Leave, people* is of 1 June 2026. *Leave, wiki*, of 9 March 2026, is older and says otherwise:" in got.text


def test_of_three_answers_all_are_shown() -> None:
    said = {"a": LEAVE, "b": "Parental leave: 20 weeks.", "c": "Parental leave lasts 18 weeks."}
    hits = [hit(passage(document(name, f"Guide {name}", modified_at=JUNE), text), 1.0) for name, text in said.items()]
    got = extracts("How long is parental leave?", hits, NOW)
    assert {citation.quote for citation in got.citations} == set(said.values())
    assert got.text.count("says otherwise:") == 2
