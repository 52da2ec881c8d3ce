"""Tables with lines around their cells, in the lines of text of their pages: where they stand, and how they go on. Pure."""

import re
import unicodedata
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Final, NamedTuple

from knowledge.parsers.text import table, table_row

_MOST_LINES: Final = 2_000  # of a page on which tables are looked for
_FEWEST: Final = 2  # columns and rows
_SAME_PLACE: Final = 2.0  # points


class Ruled(NamedTuple):
    """A table of one page."""

    rows: Sequence[Sequence[str]]  # of as many cells each; the first is its header, but where it only goes on
    columns: Sequence[float]  # where each begins, in points from the left
    is_headed: bool  # its first row looks unlike the second: by its type, or what lies behind it

    @property
    def has_header(self) -> bool:
        """Whether its first row names the columns of others. Of two columns it may as well be what something is called, and is."""
        named = sum(bool(cell.strip()) for cell in self.rows[0])
        told = self.is_headed or len(self.rows[0]) > _FEWEST
        return len(self.rows) >= _FEWEST and named >= max(_FEWEST, len(self.rows[0]) - 1) and told

    def as_text(self) -> str:
        """As a Markdown table."""
        return table(self.rows, len(self.rows[0]))

    def rest(self, start: int) -> list[str]:
        """Its rows from `start` on, as they follow a table's."""
        return [table_row(row) for row in self.rows[start:] if any(map(str.strip, row))]

    def is_beneath(self, other: "Ruled") -> bool:
        """Whether its columns are those of `other`, a table before it."""
        pairs = zip(self.columns, other.columns, strict=False)
        return len(self.columns) == len(other.columns) and all(abs(one - two) <= _SAME_PLACE for one, two in pairs)


class Placed(NamedTuple):
    """A table in the lines of its page."""

    table: Ruled
    end: int  # the line after its last


def placed(lines: Sequence[str], tables: Sequence[Ruled]) -> dict[int, Placed]:
    """First line of each table to it: of the lines that together say just what its cells do.

    One that is not found so is left out: words beside it, letters that are turned on their side.
    """
    found: dict[int, Placed] = {}
    if not tables or len(lines) > _MOST_LINES:
        return found
    ways = [(key, [key(line) for line in lines]) for key in (_solid, _unhyphenated)]
    for one in tables:
        first = max((other.end for other in found.values()), default=0)
        place = next((place for key, keys in ways if (place := _place(one, keys, first, key))), None)
        if place:
            start, end = place
            found[start] = Placed(one._replace(rows=_as_spaced(one.rows, lines[start:end])), end)
    return found


def _place(one: Ruled, keys: Sequence[str], first: int, key: Callable[[str], str]) -> tuple[int, int] | None:
    """The first line, from `first` on, of those whose `keys` say what the cells' do, and the line after their last."""
    ends = [0, *accumulate(map(len, keys))]
    parts = [key(part) for row in one.rows for cell in row for part in cell.split("\n")]
    said = Counter("".join(parts))
    for start in range(first, len(keys) if said else 0):
        end = bisect_left(ends, ends[start] + said.total())
        solid = "".join(keys[start:end]) if keys[start] and end < len(ends) else ""
        if len(solid) == said.total() and Counter(solid) == said and all(part in solid for part in parts):
            return start, end
    return None


def _solid(text: str) -> str:
    """What does not depend on who set the spaces."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text))


def _unhyphenated(text: str) -> str:
    """Nor on who joined a word at its hyphen."""
    return re.sub(r"\s|\u00ad|(?<=\w)[\u2010-]", "", unicodedata.normalize("NFKC", text))


def _as_spaced(rows: Sequence[Sequence[str]], lines: Sequence[str]) -> Sequence[Sequence[str]]:
    """The cells with the spaces that their words have among `lines`."""
    said = " " + " \n ".join(lines) + " "
    return [[" ".join(_spaced(" ".join(part.split()), said, lines) for part in cell.split("\n")) for cell in row] for row in rows]


def _spaced(part: str, said: str, lines: Sequence[str]) -> str:
    """A cell's line as it is if it stands in one of `lines`; else with other spaces, if it stands there in one way only."""
    if f" {part} " in said:
        return part
    ways = {way for line in lines for way in _ways(part.replace(" ", ""), line.split())}
    return ways.pop() if len(ways) == 1 else part


def _ways(wanted: str, words: Sequence[str]) -> set[str]:
    """How `words`, from the beginning of one to the end of another, say it."""
    ends = list(accumulate(map(len, words)))
    starts = [end - len(word) for end, word in zip(ends, words, strict=True)]
    solid, found = "".join(words), set()
    for first, start in enumerate(starts):
        last = bisect_left(ends, start + len(wanted))
        if solid.startswith(wanted, start) and last < len(ends) and ends[last] == start + len(wanted):
            found.add(" ".join(words[first : last + 1]))
    return found
