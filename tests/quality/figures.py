"""The figures of `make quality`: kept in `figures.json` by engine and set, told in `results.md`, and held against those committed. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tests.bench.tables import rows_of

FIGURES = Path(__file__).with_name("figures.json")
RESULTS = Path(__file__).with_name("results.md")
DEMO = "demo"
MOST_FALL = 0.01
"""What a figure may be worse than the committed one."""
HOW_TO_ACCEPT = "If that is meant, commit the figures that `make quality` wrote; `make quality SETS=demo` measures the demo company alone."

RANKED = ("ndcg_10", "recall_10", "recall_100", "mrr_10")
_LOWER_IS_BETTER = frozenset({"outdated cited first", "answerable, not answered"})
_DEMO = (
    "document cited", "passage cited", "passage cited first", "unanswerable, not answered", *sorted(_LOWER_IS_BETTER)
)  # fmt: skip
_SLACK = 1e-9  # figures have four decimals; their differences have not

Set = Mapping[str, Any]
Figures = Mapping[str, Mapping[str, Set]]
"""Engine -> set -> what was measured."""


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


def page(figures: Figures) -> str:
    """`results.md`: what answers are worth, each set's ranking, and what each stage of it is worth."""
    return "\n".join(["# What `make quality` measured", "", *_ranked(figures), *_demo(figures), *_ablations(figures)])


def told(found: Sequence[Fall]) -> str:
    """The table of what fell, for a terminal."""
    rows = [
        ("set", "engine", "figure", "was", "is"),
        *((one.set, one.engine, one.figure, f"{one.before:.4f}", f"{one.after:.4f}") for one in found),
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
    return "\n".join([f"Worse than committed by more than {MOST_FALL}:", *lines, HOW_TO_ACCEPT])


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
