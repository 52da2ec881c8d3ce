"""The tables that benches write beside themselves."""

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime


def table(title: str, how: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A page with one table, and on which machine and when it was made; `how`: by which command, or empty."""
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {datetime.now(UTC):%d %b %Y}"
    return "\n".join([f"# {title}", "", machine, "", *([f"    {how}", ""] if how else []), rows_of(head, rows)])


def rows_of(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """The table alone."""
    lines = [f"| {' | '.join(cells)} |" for cells in (head, *rows)]
    lines.insert(1, "|---" * len(head) + "|")
    return "\n".join([*lines, ""])
