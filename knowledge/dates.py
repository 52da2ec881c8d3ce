"""Days, months and years as texts and questions say them: `1 January 2023`, `March 2024`, `2024-03-01`, `2024`.

Pure; English and ISO 8601.
"""

import re
from calendar import monthrange
from datetime import date
from typing import Final, NamedTuple

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_REST = "uary ruary ch il  e y ust tember ober ember ember"
_NAME = "|".join(f"{month}(?:{rest})?" if rest else month for month, rest in zip(_MONTHS, _REST.split(" "), strict=True)) + "|sept"
YEAR: Final = r"(?:19[5-9]|20\d)\d"
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
PERIOD: Final = (
    rf"(?:{YEAR}-\d\d(?:-\d\d)?\b|(?:{_DAY} (?:of )?)?\b(?:{_NAME})\.?,? {YEAR}\b|\b(?:{_NAME})\.? {_DAY},? {YEAR}\b|\b{YEAR}\b)"
)
"""What `period` reads, in lower case; no groups."""
_MONTH = re.compile(rf"\b(?:{_NAME})\b")
_NUMBER = re.compile(r"\d+")


class Period(NamedTuple):
    """The days that were said, both ends among them."""

    first: date
    last: date


def period(said: str) -> Period | None:
    """The days of what `PERIOD` found; None for one that no calendar has, such as 31 February."""
    month = _MONTH.search(said)
    numbers = [int(number) for number in _NUMBER.findall(said)]
    year = next(number for number in numbers if number > 31)  # noqa: PLR2004 - no day of a month
    others = [number for number in numbers if number <= 31]  # noqa: PLR2004 - the same
    known = ([_MONTHS.index(month[0][:3]) + 1] if month else []) + others
    try:
        match known:
            case []:
                return Period(date(year, 1, 1), date(year, 12, 31))
            case [one]:
                return Period(date(year, one, 1), date(year, one, monthrange(year, one)[1]))
            case _:
                day = date(year, known[0], known[1])
                return Period(day, day)
    except ValueError:
        return None
