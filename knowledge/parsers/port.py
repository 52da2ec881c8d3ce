"""What the rest of the house needs of a parser."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from knowledge.parsers.decoding import tidy_line
from knowledge.parsers.refusals import TOO_BIG

LARGEST_FILE = 100_000_000
"""Bytes; a bigger file is refused before it is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extracted:
    """The one text of a file, and what the file says about itself.

    What it says is tidied here, whoever found it: PostgreSQL cannot keep every string, and one that it cannot keep would fail the run.
    """

    text: str  # NFC, lines end in \n, no control characters, no lone surrogates; headings, lists, tables as Markdown
    title: str  # never empty; tidy, on one line
    media_type: str  # of what the file is, whatever its name says
    pages: tuple[tuple[int, int], ...] = ()  # page n is text[start:end] of pages[n - 1]; empty: the format has no pages
    modified_at: datetime | None = None  # UTC, by the document's own metadata
    standing: str = ""  # `draft`, `archived` …, by the document's own metadata; empty: it does not say
    valid_from: date | None = None  # from when it holds, by its own metadata

    def __post_init__(self) -> None:
        """Tidy what is kept beside the text; the text itself has its spans and comes tidy."""
        for field in ("title", "media_type", "standing"):
            object.__setattr__(self, field, tidy_line(getattr(self, field)))


class Parser(Protocol):
    """One way to get the text out of a file."""

    async def parse(self, name: str, data: bytes) -> Extracted:
        """The text of the file called `name`. Never blocks the event loop, never runs anything that the file holds.

        Raises `Unreadable` with a reason and a remedy; nothing else that a file could cause.
        """


def refuse_by_size(size: int) -> None:
    """Raise `Unreadable` if a file of `size` bytes is too big to read. For before it is read."""
    if size > LARGEST_FILE:
        raise TOO_BIG.error()
