"""What `make quality` tells and when it fails: pure functions."""

from collections.abc import Mapping

import pytest

from tests.quality.figures import DEMO, Fall, falls, page, told

RANKED = {"ndcg_10": 0.745, "recall_10": 0.86, "recall_100": 0.95, "mrr_10": 0.68, "p50_ms": 20.0}
ANSWERED = {
    "document cited": 0.9, "passage cited": 0.8, "passage cited first": 0.7, "outdated cited first": 0.03,
    "answerable, not answered": 0.15, "unanswerable, not answered": 0.8,
}  # fmt: skip


@pytest.mark.parametrize(
    ("before", "changed", "fell"),
    [
        pytest.param(RANKED, {}, [], id="nothing changed"),
        pytest.param(RANKED, {"ndcg_10": 0.735}, [], id="as much as a figure may fall"),
        pytest.param(RANKED, {"ndcg_10": 0.7349}, ["ndcg_10"], id="more than it may fall"),
        pytest.param(RANKED, {"ndcg_10": 0.9, "mrr_10": 0.5, "recall_10": 0.1}, ["recall_10", "mrr_10"], id="two fell, one rose"),
        pytest.param(RANKED, {"p50_ms": 200.0}, [], id="times are never compared"),
        pytest.param(ANSWERED, {"passage cited": 0.78}, ["passage cited"], id="fewer cited"),
        pytest.param(ANSWERED, {"outdated cited first": 0.05}, ["outdated cited first"], id="more that is outdated"),
        pytest.param(ANSWERED, {"answerable, not answered": 0.02}, [], id="fewer that are not answered"),
        pytest.param({}, RANKED, [], id="a set that is measured for the first time"),
    ],
)
def test_what_fell_by_more_than_a_hundredth_is_told(before: Mapping[str, float], changed: Mapping[str, float], fell: list[str]) -> None:
    assert [one.figure for one in falls("lancedb", "scifact", before, {**before, **changed})] == fell


def test_the_table_of_what_fell_says_how_to_accept_it() -> None:
    assert told([Fall("lancedb", "cranfield", "ndcg_10", 0.448, 0.4)]).splitlines() == [
        "Worse than committed by more than 0.01:",
        "set        engine   figure   was     is",
        "cranfield  lancedb  ndcg_10  0.4480  0.4000",
        "If that is meant, commit the figures that `make quality` wrote; `make quality SETS=demo` measures the demo company alone.",
    ]


def test_the_page_has_a_row_for_every_set_of_every_engine() -> None:
    changes = [
        {"without": None, "difference": 0, "low": 0, "high": 0},
        {"without": "late", "difference": -0.01, "low": -0.02, "high": 0.001},
    ]
    scifact = {**RANKED, "queries": 300, "p95_ms": 30.4, "measured": "today", "ablations": changes}
    lines = page(
        {"weaviate": {"scifact": {**scifact, "ablations": []}}, "lancedb": {DEMO: {**ANSWERED, "measured": "then"}, "scifact": scifact}}
    ).splitlines()
    assert "| scifact | lancedb | 300 | 0.7450 | 0.8600 | 0.9500 | 0.6800 | 20 / 30 | today |" in lines
    assert "| scifact | weaviate | 300 | 0.7450 | 0.8600 | 0.9500 | 0.6800 | 20 / 30 | today |" in lines
    assert "| lancedb | 90.0% | 80.0% | 70.0% | 80.0% | 15.0% | 3.0% | then |" in lines
    assert "| set | engine | without late |" in lines
    assert "| scifact | lancedb | -0.0100 (-0.0200 to +0.0010) |" in lines
    assert "| demo" not in "\n".join(lines)


def test_a_table_without_rows_is_left_out() -> None:
    assert page({"lancedb": {DEMO: {**ANSWERED, "measured": "then"}}}).count("## ") == 1
