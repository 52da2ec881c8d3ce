"""The tables that benches write beside themselves."""

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime


def table(title: str, how: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A page with one table, and on which machine and when it was made; `how`: by which command, or empty."""
    return "\n".join([f"# {title}", "", _machine(), "", *([f"    {how}", ""] if how else []), rows_of(head, rows)])


def section(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """One table of several on a page, and on which machine and when it was made."""
    return "\n".join([f"## {title}", "", _machine(), "", rows_of(head, rows)])


def _machine() -> str:
    return f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {datetime.now(UTC):%d %b %Y}"


def rows_of(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """The table alone."""
    lines = [f"| {' | '.join(cells)} |" for cells in (head, *rows)]
    lines.insert(1, "|---" * len(head) + "|")
    return "\n".join([*lines, ""])
