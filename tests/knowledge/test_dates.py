"""Days, months and years, as texts and questions say them."""

import re
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.dates import PERIOD, Period, period

DAYS = st.dates(date(1950, 1, 1), date(2099, 12, 31))


def found(text: str) -> list[Period | None]:
    return [period(said) for said in re.findall(PERIOD, text.casefold())]


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("in 2024", date(2024, 1, 1), date(2024, 12, 31)),
        ("maybe 2024", date(2024, 1, 1), date(2024, 12, 31)),
        ("since Feb. 2024", date(2024, 2, 1), date(2024, 2, 29)),
        ("2024-03", date(2024, 3, 1), date(2024, 3, 31)),
        ("on 2024-03-01, at noon", date(2024, 3, 1), date(2024, 3, 1)),
        ("the 1st of March 2024", date(2024, 3, 1), date(2024, 3, 1)),
        ("Sept. 5, 2025", date(2025, 9, 5), date(2025, 9, 5)),
        ("5 Sept 2025", date(2025, 9, 5), date(2025, 9, 5)),
    ],
)
def test_a_day_a_month_a_year(text: str, first: date, last: date) -> None:
    assert found(text) == [Period(first, last)]


@given(DAYS)
def test_every_day_is_read_as_it_is_written(day: date) -> None:
    ways = (day.isoformat(), day.strftime("%d %B %Y"), day.strftime("%B %d, %Y"), day.strftime("%d %b %Y"))
    assert [found(way) for way in ways] == [[Period(day, day)]] * len(ways)


@given(DAYS)
def test_a_month_ends_the_day_before_the_next(day: date) -> None:
    (month,) = found(day.strftime("%B %Y"))
    assert month is not None
    assert (month.first.day, (month.last + timedelta(days=1)).day, month.first <= day <= month.last) == (1, 1, True)


@pytest.mark.parametrize("text", ["31 February 2024", "2024-13-01"])
def test_what_no_calendar_has_is_no_day(text: str) -> None:
    assert found(text) == [None]


@pytest.mark.parametrize("text", ["", "12024", "room 204", "1 March", "20 %"])
def test_what_names_no_year_says_no_time(text: str) -> None:
    assert found(text) == []
