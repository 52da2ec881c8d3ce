"""Dates that documents give themselves. Pure."""

from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime

_OF_TEMPLATES = frozenset(  # what a document says that was made from a template and never dated
    {
        date(2013, 12, 23),  # python-docx
        date(2013, 1, 27),  # python-pptx
        date(2006, 9, 16),  # Excel
    }
)
_EARLIEST = datetime(1980, 1, 1, tzinfo=UTC)  # what ZIP clocks start at; anything before is no date of a file


def date_of(value: object) -> datetime | None:
    """A date in ISO 8601 or as mail writes it, in UTC; None if it is none, in the future, or before computers had files."""
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = read(str(value).strip())
            moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, TypeError, OverflowError, IndexError):
            continue
        return moment if _EARLIEST <= moment <= datetime.now(UTC) and moment.date() not in _OF_TEMPLATES else None
    return None
