"""`make bench`: what Footnote adds to the bare engines, as ratios in one run; printed, and written to `results.md`.

Every ratio is the median over pairs: ours and the bare one take turns on the same question, so a machine whose speed drifts does not
decide.
"""

import argparse
import asyncio
import os
import platform
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.bench import answering, doors, ingesting, serving

RESULTS = Path(__file__).with_name("results.md")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    figure: str
    value: str
    limit: str = ""  # what the figure must stay under or over; empty: for information


async def main() -> None:
    """Run everything and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--passages", type=int, nargs="*", default=[5_000, 50_000], help="sizes of the index to answer from")
    parser.add_argument("--questions", type=int, default=200, help="questions for each size")
    arguments = parser.parse_args()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="footnote-bench-") as folder:
        for size in arguments.passages:
            rows += _answering(size, await answering.measure(Path(folder) / str(size), size, arguments.questions))
        rows += _ingesting(await ingesting.measure(Path(folder) / "ingest"))
        rows += _serving(await serving.measure(Path(folder) / "serve"))
        rows += _doors(await doors.measure(Path(folder) / "doors"))
    table = _table(rows)
    print(table)
    RESULTS.write_text(table, encoding="utf-8")


def _answering(size: int, figures: answering.Figures) -> list[Row]:
    return [
        Row(f"time to extracts over bare hybrid + bare query embedding, {size:,} passages", f"{figures.ratio:.2f}", "≤ 1.3"),
        Row(f"  bare hybrid + embedding, p50, {size:,} passages", f"{figures.bare_p50_ms:.1f} ms"),
        Row(f"  time to extracts, p50 / p95, {size:,} passages", f"{figures.extracts_p50_ms:.1f} / {figures.extracts_p95_ms:.1f} ms"),
        Row(f"  whole question, p50 / p95, {size:,} passages", f"{figures.whole_p50_ms:.1f} / {figures.whole_p95_ms:.1f} ms"),
    ]


def _ingesting(figures: ingesting.Figures) -> list[Row]:
    return [
        Row("ingestion rate over the bare embedder's", f"{figures.ratio:.2f}", "≥ 0.9"),
        Row("  ingestion", f"{figures.ours_per_s:.1f} passages/s"),
        Row("  bare embedder", f"{figures.bare_per_s:.1f} passages/s"),
    ]


def _serving(figures: serving.Figures) -> list[Row]:
    return [
        Row("start to first /healthz, median of 5", f"{figures.healthz_s:.2f} s", "≤ 3 s"),
        Row("start to ready to answer, median of 5", f"{figures.ready_s:.2f} s"),
        Row("memory while serving, embedded servers left out", f"{figures.memory_mb:.0f} MB", "≤ 600 MB"),
        Row("processor time while idle, of one core", f"{figures.idle_share:.1%}"),
        Row("SIGTERM to exit", f"{figures.stop_s:.2f} s", "≤ 10 s"),
    ]


def _doors(figures: doors.Figures) -> list[Row]:
    acknowledged = f"{figures.acknowledged_p50_ms:.1f} / {figures.acknowledged_p99_ms:.1f} ms"
    return [
        Row("Slack: acknowledged, p50 / p99, 100 events a second for 20 s", acknowledged, "p99 < 50 ms"),
        Row("Slack: events not taken", str(figures.refused), "0"),
        *(
            Row(f"Slack: event to posted answer, p50 / p95, {rate} a second", f"{p50:.0f} / {p95:.0f} ms")
            for rate, (p50, p95) in figures.answered_ms.items()
        ),
    ]


def _table(rows: list[Row]) -> str:
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {datetime.now(UTC):%d %b %Y}"
    lines = [f"| {row.figure} | {row.value} | {row.limit} |" for row in rows]
    head = ["# What `make bench` measured", "", machine, "", "| figure | measured | wanted |", "|---|---|---|"]
    return "\n".join([*head, *lines, ""])


asyncio.run(main())
