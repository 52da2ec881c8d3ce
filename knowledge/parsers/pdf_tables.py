"""The tables of a PDF that lines are drawn around, cell by cell. Imported in the child process only, as `engine` is.

kreuzberg gives the words of a table as lines of text, so that nothing tells where a cell ends. pdfplumber finds the cells by the lines
and edges of boxes on the page; its text of them is only compared with kreuzberg's, see `pdf`.
"""

import io
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Final

from knowledge.parsers.pdf import Grid

_PATIENCE_S: Final = 15.0  # of processor time, after which no further page is begun: one takes about .1 s, and the whole file has a minute
_ENDED_AFTER_S: Final = 25.0  # of processor time: a page that takes longer than all that is left
_MOST_EDGES: Final = 4_000  # of a page; one of more is a drawing
_TEXT: Final = {"x_tolerance_ratio": 0.15}  # of the size of the type: from there on a gap is a space
_FEWEST: Final = 2  # columns and rows
_FILLED: Final = 0.5  # of the cells: what has fewer is a form
_LINES_ALIKE: Final = 3  # cells of a row with as many lines each: those are rows that no line is drawn between


class _Slow(Exception):
    """The time for it is over."""


def ruled_tables(data: bytes) -> Mapping[int, Sequence[Grid]]:
    """Page, from 1, to its tables, from top to bottom; of pages without any, and of those beyond what there is time for, nothing."""
    import pdfplumber  # .4 s: only where there is a PDF

    began = time.process_time()
    found: dict[int, Sequence[Grid]] = {}
    try:
        with _alarm(_ENDED_AFTER_S), pdfplumber.open(io.BytesIO(data)) as pdf:
            for page in pdf.pages:
                if time.process_time() - began > _PATIENCE_S:
                    break
                if 0 < len(page.edges) <= _MOST_EDGES:
                    tables = sorted(page.find_tables(), key=lambda table: table.bbox[1])
                    grids = [_grid(table.extract(**_TEXT)) for table in tables]
                    found[page.page_number] = [grid for grid in grids if _is_table(grid)]
                page.close()
    except Exception:  # noqa: BLE001 - whatever a file makes it do, kreuzberg has the text; what was found before holds
        return found
    return found


def _grid(rows: Sequence[Sequence[str | None]]) -> Grid:
    return [[cell or "" for cell in row] for row in rows]


def _is_table(grid: Grid) -> bool:
    """Whether it has a header and rows, and no rows within its rows."""
    if len(grid) < _FEWEST or len(grid[0]) < _FEWEST or sum(not cell.strip() for cell in grid[0]) > 1:
        return False
    cells = [cell for row in grid for cell in row]
    return sum(bool(cell.strip()) for cell in cells) >= _FILLED * len(cells) and not any(map(_has_rows_within, grid))


def _has_rows_within(row: Sequence[str]) -> bool:
    counts = [cell.count("\n") for cell in row if cell.strip()]
    return len(counts) >= _LINES_ALIKE and counts[-1] > 0 and counts[1:].count(counts[-1]) == len(counts) - 1


@contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    """Raise `_Slow` in the block once it has taken so much processor time, and again as long as somebody catches that."""

    def ring(_signal: int, _frame: FrameType | None) -> None:
        raise _Slow

    before: Callable[[int, FrameType | None], object] | int | None = signal.signal(signal.SIGVTALRM, ring)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds, 0.1)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
