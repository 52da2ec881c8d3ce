"""A written answer, cut into statements while it is still being written. Pure.

Models write one paragraph, list item or table row per line; a line is cut into sentences. A statement is released once no
further text can change where it ends, so any way of cutting the stream into pieces gives the same statements.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from bot.sentences import is_ended, sentences


class Form(StrEnum):
    """What a statement is."""

    CLAIM = "claim"  # says something: needs a source
    FRAME = "frame"  # heading, lead-in or table head: stands only with what it introduces


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence, item, row, heading or table head."""

    text: str  # without bullet, and without white space around it
    form: Form
    before: str  # what separates it from the text before: a space, or line breaks and the line's bullet
    starts_line: bool

    @property
    def is_row(self) -> bool:
        """Whether it belongs to a table."""
        return self.text.startswith("|")

    @property
    def is_heading(self) -> bool:
        """Whether it is a heading."""
        return self.text.startswith("#")

    def frames(self, following: "Statement") -> bool:
        """Whether this frame may stand over `following`: table heads over rows, lead-ins over items and tables."""
        if self.is_row:
            return following.is_row
        if self.is_heading:
            return not following.is_heading
        return following.is_row or bool(_BULLET.search(following.before)) or (following.form is Form.FRAME and not following.is_heading)


_BULLET = re.compile(r"(?:[-*+•]|\d{1,3}[.)])[ ]*$")
_GAP = re.compile(r"\s*")
_ITEM = re.compile(r"(?:[-*+•]|\d{1,3}[.)])[ \t]+(?=\S)")
_PERHAPS_ITEM = re.compile(r"(?:[-*+•]|\d{1,3}(?:[.)][ \t]*)?|[-*+•][ \t]*)$")
_SPECIAL = re.compile(r"(?:[-*+•]\s|\d{1,3}[.)]\s|#|\||```|~~~)")
_TABLE_RULE = re.compile(r"\|?[ :|-]*-{2,}[ :|-]*\|?$")
_LEAD_IN = re.compile(r":[*_]*$")


class Statements:
    """One stream of text. `add` as it comes, then `close` once."""

    def __init__(self) -> None:
        """A stream of which nothing was read."""
        self._rest = ""
        self._before = ""
        self._starts_line = True

    def add(self, piece: str) -> list[Statement]:
        """The statements that are complete now."""
        self._rest += piece.replace("\r", "")
        return list(self._complete(final=False))

    def close(self) -> list[Statement]:
        """The statements that are left."""
        return list(self._complete(final=True))

    def _complete(self, *, final: bool) -> Iterator[Statement]:
        while self._gap_taken(final=final):
            length = self._table_head(final=final) if self._rest.startswith("|") else self._length(final=final)
            if not length:
                return
            text, self._rest = self._rest[:length].rstrip(), self._rest[length:]
            yield Statement(" ".join(text.split()) if "|" not in text else text, _form(text), self._before, self._starts_line)
            self._before, self._starts_line = "", False

    def _gap_taken(self, *, final: bool) -> bool:
        """Take the white space and bullet before the next statement; False while more of them may follow."""
        gap = _GAP.match(self._rest)
        width = gap.end() if gap else 0
        if width == len(self._rest):
            return False
        space = self._rest[:width]
        if "\n" in space or (self._starts_line and not self._before):
            head = self._rest[width : self._rest.find("\n", width) if "\n" in self._rest[width:] else len(self._rest)]
            if not final and "\n" not in self._rest[width:] and _PERHAPS_ITEM.match(head):
                return False
            item = _ITEM.match(head)
            bullet = item[0] if item else ""
            indent = space.rpartition("\n")[2] if bullet else ""
            self._before = "\n" * min(2, space.count("\n")) + indent + bullet
            self._rest, self._starts_line = self._rest[width + len(bullet) :], True
        elif space:
            self._before, self._rest = " ", self._rest[width:]
        return True

    def _length(self, *, final: bool) -> int:
        """Length of the statement that the rest starts with; 0 while it may go on."""
        line, newline, after = self._rest.partition("\n")
        if line.startswith(("#", "```", "~~~")):
            return len(line) if newline or final else 0
        spans = sentences(line)
        settled = len(spans) - (not newline and not final and line[spans[-1][0]] in "[【(")
        if settled > 1:
            return spans[0][1]
        if len(spans) > 1:
            return 0
        if not newline:
            return len(line) if final else 0
        return self._line_end(line, after, final=final)

    def _line_end(self, line: str, after: str, *, final: bool) -> int:
        """A line of prose that does not end like a sentence goes on in the next one, unless that is no prose."""
        if is_ended(line) or _LEAD_IN.search(line.rstrip()) or _BULLET.search(self._before):
            return len(line)
        if not after:
            return len(line) if final else 0
        if after[0] == "\n" or _SPECIAL.match(after):
            return len(line)
        if not final and "\n" not in after and len(after) < 5:  # noqa: PLR2004  too little to tell an item by
            return 0
        self._rest = f"{line} {after}"
        return self._length(final=final)

    def _table_head(self, *, final: bool) -> int:
        """A row, or the first row together with the rule below it."""
        line, newline, after = self._rest.partition("\n")
        if not newline:
            return len(line) if final else 0
        rule, ended, _ = after.partition("\n")
        if not ended and not final and (not rule or _TABLE_RULE.match(rule) or set(rule) <= set("|:- ")):
            return 0
        return len(line) + 1 + len(rule) if _TABLE_RULE.match(rule.strip()) else len(line)


def _form(text: str) -> Form:
    is_frame = text.startswith("#") or ("\n" in text and text.startswith("|")) or bool(_LEAD_IN.search(text))
    return Form.FRAME if is_frame else Form.CLAIM
