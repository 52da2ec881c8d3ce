"""The figures of `make quality`: kept in `figures.json`, told in `results.md`, and held against those committed. Pure.

In the file: by engine and set, and under `PARTS` by part, table and row.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tests.bench.tables import rows_of
from tests.quality.parts import DATA, TABLES, Figure, Rows, Tables

FIGURES = Path(__file__).with_name("figures.json")
RESULTS = Path(__file__).with_name("results.md")
DEMO = "demo"
MOST_FALL = 0.01
"""What a figure may be worse than the committed one."""
MOST_QUESTIONS = 2
"""Of how many questions a share may be worse, where they are more than `MOST_FALL` of it: a threshold makes a whole question of a
hair's breadth of doubt, and one of mtrag's 48 without an answer is .021. What has no threshold, as AUROC, has no such leave."""
PARTS = "parts"
ANY = "any"
"""The engine of what depends on none."""
BY_HAND = "## Judged by hand"
"""Where that part of `results.md` begins that nobody measures and `make quality` leaves as it is."""
HOW_TO_ACCEPT = "If that is meant, commit the figures that `make quality` wrote; `make quality SETS=demo` measures the demo company alone."

RANKED = ("ndcg_10", "recall_10", "recall_100", "mrr_10")
_LOWER_IS_BETTER = frozenset({"outdated cited first", "answerable, not answered"})
_DEMO = (
    "document cited", "passage cited", "passage cited first", "unanswerable, not answered", *sorted(_LOWER_IS_BETTER)
)  # fmt: skip
_SLACK = 1e-9  # figures have four decimals; their differences have not

Set = Mapping[str, Any]
Figures = Mapping[str, Mapping[str, Set]]
"""Engine -> set -> what was measured; `PARTS` -> part -> its tables."""


class Fall(NamedTuple):
    """A figure that is worse than it may be."""

    engine: str
    set: str
    figure: str
    before: float
    after: float

    def __str__(self) -> str:
        """For people."""
        return f"{self.set} on {self.engine}: {self.figure} was {self.before:.4f}, is {self.after:.4f}"


def falls(engine: str, name: str, before: Set, after: Set) -> list[Fall]:
    """What fell by more than `MOST_FALL`, of the figures that both have; where lower is better, what rose. Times never."""
    compared = [figure for figure in (*RANKED, *_DEMO) if figure in before and figure in after]
    return [
        Fall(engine, name, figure, before[figure], after[figure])
        for figure in compared
        if _loss(figure, before[figure], after[figure]) > MOST_FALL + _SLACK
    ]


def part_falls(part: str, before: Tables, after: Tables) -> list[Fall]:
    """The same of a part's tables, of the rows that both have; a share of few questions may be worse by `MOST_QUESTIONS` of them."""
    return [
        Fall(ANY, part, f"{row}: {figure.title}", was[figure.name], now[figure.name])
        for table in TABLES
        if table.part == part
        for row, now in after.get(table.name, {}).items()
        if not (table.aside and row.endswith(table.aside))
        for was in [before.get(table.name, {}).get(row, {})]
        for figure in table.figures
        if figure.better and figure.name in was and figure.name in now and _is_worse(figure, was, now)
    ]


def _is_worse(figure: Figure, before: Set, after: Set) -> bool:
    leave = max(MOST_FALL, MOST_QUESTIONS / after[figure.questions]) if figure.questions else MOST_FALL
    return bool((before[figure.name] - after[figure.name]) * figure.better > leave + _SLACK)


def page(figures: Figures, by_hand: str = "") -> str:
    """`results.md`: what answers are worth, each set's ranking, what each stage of it is worth, each part's tables, and `by_hand`."""
    sets = {engine: sets for engine, sets in figures.items() if engine != PARTS}
    parts = (line for part in DATA for line in part_page(part, figures.get(PARTS, {}).get(part, {})))
    return (
        "\n".join(["# What `make quality` measured", "", *_ranked(sets), *_demo(sets), *_ablations(sets), *parts, by_hand]).rstrip("\n")
        + "\n"
    )


def part_page(part: str, tables: Tables) -> Iterator[str]:
    """Its sections."""
    for table in TABLES:
        if table.part == part:
            head = ["", *(figure.title for figure in table.figures), "measured"]
            yield from _section(table.title, table.note, head, list(_rows(table.figures, tables.get(table.name, {}))))


def _rows(figures: Sequence[Figure], rows: Rows) -> Iterator[list[str]]:
    for name, row in rows.items():
        yield [name, *(figure.shown.format(row[figure.name]) if figure.name in row else "" for figure in figures), row["measured"]]


def by_hand(written: str) -> str:
    """What of `results.md` nobody measures."""
    _, title, rest = written.partition(BY_HAND)
    return title + rest


def told(found: Sequence[Fall]) -> str:
    """The table of what fell, for a terminal."""
    rows = [
        ("set", "engine", "figure", "was", "is"),
        *((one.set, one.engine, one.figure, f"{one.before:.4f}", f"{one.after:.4f}") for one in found),
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
    return "\n".join([f"Worse than committed by more than {MOST_FALL}, or {MOST_QUESTIONS} questions:", *lines, HOW_TO_ACCEPT])


def _loss(figure: str, before: float, after: float) -> float:
    return after - before if figure in _LOWER_IS_BETTER else before - after


def _each(figures: Figures, *, demo: bool) -> Iterator[tuple[str, str, Set]]:
    for engine, sets in sorted(figures.items()):
        yield from ((engine, name, one) for name, one in sorted(sets.items()) if (name == DEMO) is demo)


def _section(title: str, note: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """A table under its title; nothing where there are no rows."""
    if rows:
        yield from (f"## {title}", "", *([note, ""] if note else []), rows_of(head, rows))


def _ranked(figures: Figures) -> Iterator[str]:
    head = ["set", "engine", "queries", "nDCG@10", "recall@10", "recall@100", "MRR@10", "p50 / p95 ms", "measured"]
    rows = [
        [name, engine, str(one["queries"]), *(f"{one[figure]:.4f}" for figure in RANKED), _times(one), one["measured"]]
        for engine, name, one in _each(figures, demo=False)
    ]
    note = "Of documents, by one setting for all. Times are of whole searches; they are shown and never compared."
    return _section("Judged sets", note, head, rows)


def _times(one: Set) -> str:
    return f"{one['p50_ms']:.0f} / {one['p95_ms']:.0f}"


def _demo(figures: Figures) -> Iterator[str]:
    rows = [[engine, *(f"{one[figure]:.1%}" for figure in _DEMO), one["measured"]] for engine, _, one in _each(figures, demo=True)]
    return _section("The demo company's judged questions", "", ["engine", *_DEMO, "measured"], rows)


def _ablations(figures: Figures) -> Iterator[str]:
    sets = [(engine, name, one["ablations"]) for engine, name, one in _each(figures, demo=False) if one.get("ablations")]
    stages = list(dict.fromkeys(row["without"] for _, _, rows in sets for row in rows if row["without"]))
    rows = [[name, engine, *(_change(stage, ablations) for stage in stages)] for engine, name, ablations in sets]
    note = "nDCG@10 with one stage left out, less that with none; in brackets the 95 % interval of a paired bootstrap over the queries."
    return _section("What each stage of the ranking is worth", note, ["set", "engine", *(f"without {stage}" for stage in stages)], rows)


def _change(stage: str, ablations: Sequence[Set]) -> str:
    row = next((row for row in ablations if row["without"] == stage), None)
    return "" if row is None else f"{row['difference']:+.4f} ({row['low']:+.4f} to {row['high']:+.4f})"
