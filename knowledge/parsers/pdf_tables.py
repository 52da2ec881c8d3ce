"""The tables of a PDF that lines are drawn around, cell by cell. Imported in the child process only, as `engine` is.

kreuzberg gives the words of a table as lines of text, so that nothing tells where a cell ends. pdfplumber finds the cells by the lines
and edges of boxes on the page; its text of them is only compared with kreuzberg's, see `ruled`.
"""

import io
import signal
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from time import process_time
from types import FrameType
from typing import TYPE_CHECKING, Final

from knowledge.parsers.ruled import Ruled

if TYPE_CHECKING:
    from pdfplumber.page import Page
    from pdfplumber.table import Table

_PATIENCE_S: Final = 10.0  # of processor time, after which no further page is begun: one takes about .1 s, and the whole file has a minute
_ENDED_AFTER_S: Final = 20.0  # of processor time: a page that takes longer than all that is left
_MOST_EDGES: Final = 4_000  # of a page; one of more is a drawing
_TEXT: Final = {"x_tolerance_ratio": 0.15}  # of the size of the type: from there on a gap is a space
_FEWEST: Final = 2  # columns, and rows that can be told from each other
_LEAST_FILLED: Final = 0.5  # of the cells: what has fewer is a form
_LINES_ALIKE: Final = 3  # cells of a row with as many lines each: those are rows that no line is drawn between


class _Slow(Exception):
    """The time for it is over."""


def ruled_tables(data: bytes) -> Mapping[int, Sequence[Ruled]]:
    """Page, from 1, to its tables, from top to bottom; of pages without any, and of those beyond what there is time for, nothing.

    In a main thread only: the clock rings there.
    """
    import pdfplumber  # .4 s: only where there is a PDF

    began = process_time()
    found: dict[int, Sequence[Ruled]] = {}
    try:
        with _alarm(_ENDED_AFTER_S), pdfplumber.open(io.BytesIO(data)) as pdf:
            for page in pdf.pages:
                if process_time() - began > _PATIENCE_S:
                    break
                if 0 < len(page.edges) <= _MOST_EDGES:
                    tables = sorted(page.find_tables(), key=lambda table: table.bbox[1])
                    found[page.page_number] = [ruled for table in tables if _is_table(ruled := _ruled(page, table))]
                page.close()
    except Exception:  # noqa: BLE001 - whatever a file makes it do, kreuzberg has the text; what was found before holds
        return found
    return found


def _ruled(page: "Page", table: "Table") -> Ruled:
    rows = [[cell or "" for cell in row] for row in table.extract(**_TEXT)]
    looks = [_look(page, row.bbox) for row in table.rows[:_FEWEST]]
    columns = [cell[0] for cell in table.rows[0].cells if cell]
    return Ruled(rows, columns, is_headed=len(looks) == _FEWEST and looks[0] != looks[1])


def _look(page: "Page", box: tuple[float, float, float, float]) -> tuple[object, object]:
    """What most letters in `box` are set in, font and size, and the colours that lie behind its beginning."""
    left, top, right, bottom = box
    middle = (top + bottom) / 2
    letters = (
        (one["fontname"], round(one["size"]))
        for one in page.chars
        if left <= one["x0"] <= right and top <= (one["top"] + one["bottom"]) / 2 <= bottom and one["text"].strip()
    )
    behind = (one for one in page.rects if one["fill"] and one["x0"] <= left + 1 <= one["x1"] and one["top"] <= middle <= one["bottom"])
    return next((kind for kind, _ in Counter(letters).most_common(1)), None), {repr(one["non_stroking_color"]) for one in behind}


def _is_table(table: Ruled) -> bool:
    """Whether it has columns, most of them filled, and no rows within its rows."""
    cells = [cell for row in table.rows for cell in row]
    filled = sum(bool(cell.strip()) for cell in cells)
    return len(table.rows[0]) >= _FEWEST and filled >= _LEAST_FILLED * len(cells) and not any(map(_has_rows_within, table.rows))


def _has_rows_within(row: Sequence[str]) -> bool:
    counts = [cell.count("\n") for cell in row if cell.strip()]
    return len(counts) >= _LINES_ALIKE and counts[-1] > 0 and counts[1:].count(counts[-1]) == len(counts) - 1


@contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    """Raise `_Slow` in the block once it has taken so much processor time, and again as long as somebody catches that."""

    def ring(_signal: int, _frame: FrameType | None) -> None:
        raise _Slow

    before: Callable[[int, FrameType | None], object] | int | None = signal.signal(signal.SIGPROF, ring)
    signal.setitimer(signal.ITIMER_PROF, seconds, 0.1)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
