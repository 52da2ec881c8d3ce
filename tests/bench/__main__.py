"""`make bench`: what Footnote adds to the bare engines, as ratios in one run; printed, and written to `results.md`.

Every ratio is the median over pairs: ours and the bare one take turns on the same question, so a machine whose speed drifts does not
decide.
"""

import argparse
import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.bench import answering, doors, fairness, ingesting, ranking, serving, weaviate
from tests.bench.platforms import SlackPlatform, TeamsPlatform
from tests.bench.tables import section
from tests.engines.weaviate import BINARY

RESULTS = Path(__file__).with_name("results.md")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    figure: str
    value: str
    limit: str = ""  # what the figure must stay under or over; empty: for information


async def main() -> None:
    """Run everything, or one part, and write what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--passages", type=int, nargs="*", default=[5_000, 50_000], help="sizes of the index to answer from")
    parser.add_argument("--ranked-passages", type=int, nargs="*", default=[5_000, 100_000], help="sizes of the index to rank from")
    parser.add_argument("--questions", type=int, default=200, help="questions for each size")
    parser.add_argument("--weaviate-passages", type=int, nargs="*", default=[20_000, 100_000], help="sizes of the index in Weaviate")
    parser.add_argument("--only", choices=PARTS, help="run this part alone; the others stand in results.md as they were")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="footnote-bench-") as folder:
        for name in [arguments.only] if arguments.only else PARTS:
            rows = await PARTS[name](Path(folder) / name, arguments)
            made = section(name, ["figure", "measured", "wanted"], [[row.figure, row.value, row.limit] for row in rows])
            print(made)
            _keep(name, made)


def _keep(name: str, made: str) -> None:
    """Put one part's figures in the place of its earlier ones: parts may be measured on days of their own."""
    _, *sections = RESULTS.read_text(encoding="utf-8").split("\n## ")
    parts = {one.partition("\n")[0]: f"## {one.rstrip()}\n" for one in sections} | {name: made}
    ordered = [parts[part] for part in PARTS if part in parts]
    RESULTS.write_text("\n".join(["# What `make bench` measured\n", *ordered]), encoding="utf-8")


async def _answering_part(home: Path, arguments: argparse.Namespace) -> list[Row]:
    sizes = [_answering(size, await answering.measure(home / str(size), size, arguments.questions)) for size in arguments.passages]
    return [row for rows in sizes for row in rows]


async def _ranking_part(home: Path, arguments: argparse.Namespace) -> list[Row]:
    sizes = {size: await ranking.measure(home / str(size), size, arguments.questions) for size in arguments.ranked_passages}
    return [row for size, figures in sizes.items() for row in _ranking(size, figures)]


async def _ingesting_part(home: Path, _: argparse.Namespace) -> list[Row]:
    return _ingesting(await ingesting.measure(home))


async def _serving_part(home: Path, _: argparse.Namespace) -> list[Row]:
    return _serving(await serving.measure(home))


async def _doors_part(home: Path, _: argparse.Namespace) -> list[Row]:
    return [
        row
        for platform in (SlackPlatform(), TeamsPlatform())
        for row in _doors(platform.name, await doors.measure(home / platform.name, platform))
    ]


async def _fairness_part(home: Path, _: argparse.Namespace) -> list[Row]:
    return _fairness(await fairness.measure(home))


async def _weaviate_part(home: Path, arguments: argparse.Namespace) -> list[Row]:
    if not BINARY.exists():
        return [Row("Weaviate", "not measured: run `make weaviate`")]
    sizes, tenants = await weaviate.measure(home, arguments.weaviate_passages, arguments.questions)
    return [row for size, figures in sizes.items() for row in _weaviate(size, figures)] + [
        Row("Weaviate: 1,000 more tenants made, one after the other", f"{tenants.made_s:.1f} s"),
        Row("  memory they cost the server, empty", f"{tenants.memory_mb:.0f} MB"),
        Row("  first search of one that rested, p50 / max", _both(tenants.woken_ms)),
    ]


def _weaviate(size: int, figures: weaviate.Figures) -> list[Row]:
    return [
        Row(
            f"Weaviate: words, vectors and readers, fused, over the bare hybrid, {size:,} passages", f"{figures.search_ratio:.2f}", "≤ 1.3"
        ),
        Row("  ours, p50 / p95", _both(figures.ours_ms)),
        Row("  bare hybrid, p50 / p95", _both(figures.bare_ms)),
        *(Row(f"  ours, the viewer holding {held:,} principals, p50", f"{time:.0f} ms") for held, time in figures.held_ms.items()),
        Row(f"  insert rate over the bare client's, until vectors are found, {size:,} passages", f"{figures.inserted_ratio:.2f}", "≥ 0.9"),
        Row("  the same over the bare client's that does not look", f"{figures.unwaited_ratio:.2f}"),
        Row("  processor time that inserting takes at a stretch, p99 / max", f"{_both(figures.stall_ms)}", "≤ 20 ms"),
        Row("  inserted", f"{figures.inserted_per_s:.0f} passages/s"),
        Row("  memory of the server, with both collections", f"{figures.memory_mb:.0f} MB"),
    ]


def _answering(size: int, figures: answering.Figures) -> list[Row]:
    return [
        Row(f"time to extracts over bare hybrid + bare query embedding, {size:,} passages", f"{figures.ratio:.2f}", "≤ 1.3"),
        Row(f"  bare hybrid + embedding, p50, {size:,} passages", f"{figures.bare_p50_ms:.1f} ms"),
        Row(f"  time to extracts, p50 / p95, {size:,} passages", f"{figures.extracts_p50_ms:.1f} / {figures.extracts_p95_ms:.1f} ms"),
        Row(f"  whole question, p50 / p95, {size:,} passages", f"{figures.whole_p50_ms:.1f} / {figures.whole_p95_ms:.1f} ms"),
    ]


def _ranking(size: int, figures: ranking.Figures) -> list[Row]:
    return [
        Row(f"late interaction and smoothing add to a search, p50, {size:,} passages", f"{figures.added:.1f} ms", "≤ 15 ms"),
        Row("  a search with both, p50 / p95", _both(figures.with_both)),
        Row("  a search without, p50 / p95", _both(figures.without)),
    ]


def _ingesting(figures: ingesting.Figures) -> list[Row]:
    return [
        Row("ingestion rate over the bare embedder's", f"{figures.ratio:.2f}", "≥ 0.9"),
        Row("  ingestion", f"{figures.ours_per_s:.1f} passages/s"),
        Row("  bare embedder", f"{figures.bare_per_s:.1f} passages/s"),
        Row("a new company", f"{figures.tenant_s:.2f} s", "≤ .5 s"),
        Row("a small file read in a process of its own, p50", f"{figures.isolated_ms:.1f} ms", "5 ms more at most"),
        Row("  read in this one", f"{figures.here_ms:.1f} ms"),
    ]


def _serving(figures: serving.Figures) -> list[Row]:
    return [
        Row("start to first /healthz, median of 5", f"{figures.healthz_s:.2f} s", "≤ 3 s"),
        Row("start to ready to answer, median of 5", f"{figures.ready_s:.2f} s"),
        Row("memory while serving, embedded servers left out", f"{figures.memory_mb:.0f} MB", "≤ 600 MB"),
        Row("processor time while idle, of one core", f"{figures.idle_share:.1%}"),
        Row("SIGTERM to exit", f"{figures.stop_s:.2f} s", "≤ 10 s"),
    ]


def _doors(name: str, figures: doors.Figures) -> list[Row]:
    acknowledged = f"{figures.acknowledged_p50_ms:.1f} / {figures.acknowledged_p99_ms:.1f} ms"
    return [
        Row(f"{name}: acknowledged, p50 / p99, 100 events a second for 20 s, median of 3", acknowledged, "p99 < 50 ms"),
        Row(f"{name}: events not taken", str(figures.refused), "0"),
        *(Row(f"{name}: event to posted answer, p50 / p95, {rate} a second", _both(times)) for rate, times in figures.answered_ms.items()),
    ]


def _fairness(figures: fairness.Figures) -> list[Row]:
    return [
        Row("a question beside a flood of another tenant, p50 / p95", _both(figures.beside_ms)),
        Row("  questions asked beside it, one a second", str(figures.beside)),
        Row("  the same without the flood, p50 / p95", _both(figures.alone_ms)),
        Row(f"  the flood's last answer, {fairness.FLOOD} questions at once", f"{figures.flood_s:.1f} s"),
    ]


def _both(times: tuple[float, float]) -> str:
    return f"{times[0]:.0f} / {times[1]:.0f} ms"


PARTS: Mapping[str, Callable[[Path, argparse.Namespace], Awaitable[list[Row]]]] = {
    "answering": _answering_part,
    "ranking": _ranking_part,
    "ingesting": _ingesting_part,
    "serving": _serving_part,
    "doors": _doors_part,
    "fairness": _fairness_part,
    "weaviate": _weaviate_part,
}

if __name__ == "__main__":
    asyncio.run(main())
