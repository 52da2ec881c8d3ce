"""What `make quality` tells and when it fails: pure functions."""

from collections.abc import Mapping

import pytest

from tests.quality.figures import ANY, BY_HAND, DEMO, PARTS, Fall, by_hand, falls, page, part_falls, told
from tests.quality.parts import BY_REWRITES, TABLES, WHOLE, kept

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
        "Worse than committed by more than 0.01, or 2 questions:",
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


SHARES = {
    "doubted, answerable": 0.14, "refused, answerable": 0.02, "doubted, unanswerable": 0.69, "refused, unanswerable": 0.21,
    "answerable": 132, "unanswerable": 48,
}  # fmt: skip
FOUND = {"ndcg_10": 0.89, "recall_10": 0.93, "ndcg_10, even": 0.88, "turns": 144}
TURNS = {"later": 198, "ANSWERABLE": 132, "UNDERSPECIFIED": 16, "questions": 0.97, "alone, goes on": 0.06, "back, ANSWERABLE": 0.02,
         "back, UNDERSPECIFIED": 0.25, "alone, turns to the other one": 0.4, "intents": "ask 198"}  # fmt: skip
QUOTES = {"precision": 0.44, "recall": 0.31, "both": 0.36, "words": 38.0, "pieces": 1.2}
AUROC = {"auroc": 0.875, "answerable": 132, "unanswerable": 48}


@pytest.mark.parametrize(
    ("table", "row", "before", "changed", "fell"),
    [
        pytest.param("quotes", "chroma, given", QUOTES, {"precision": 0.43}, [], id="as much as a figure may fall"),
        pytest.param("quotes", "chroma, given", QUOTES, {"precision": 0.429}, ["precision"], id="quoted less exactly"),
        pytest.param("quotes", "chroma, given", QUOTES, {"both": 0.3, "recall": 0.2}, ["recall", "F1 or IoU"], id="two fell"),
        pytest.param("quotes", "chroma, given", QUOTES, {"precision": 0.9, "words": 200.0}, [], id="better, in more words"),
        pytest.param("auroc", "mtrag", AUROC, {"auroc": 0.86}, ["AUROC"], id="doubt tells less; no leave"),
        pytest.param("shares", "mtrag", SHARES, {"doubted, answerable": 0.16}, ["doubted, with an answer"], id="more doubt"),
        pytest.param("shares", "mtrag", SHARES, {"doubted, answerable": 0.155}, [], id="two of 132 more"),
        pytest.param("shares", "mtrag", SHARES, {"refused, answerable": 0.05}, ["refused, with an answer"], id="refused"),
        pytest.param("shares", "mtrag", SHARES, {"doubted, answerable": 0.0, "refused, unanswerable": 0.9}, [], id="better"),
        pytest.param("shares", "mtrag", SHARES, {"doubted, unanswerable": 0.649}, [], id="less than two of 48 fewer"),
        pytest.param("shares", "mtrag", SHARES, {"doubted, unanswerable": 0.64}, ["doubted, without one"], id="less doubt"),
        pytest.param("shares", "mtrag", SHARES, {"refused, unanswerable": 0.1}, ["refused, without one"], id="few refused"),
        pytest.param("shares", f"mtrag, a story, {WHOLE}", SHARES, {"doubted, answerable": 1.0}, [], id="what nobody meets"),
        pytest.param("found", "its own words", FOUND, {"ndcg_10": 0.87}, ["nDCG@10"], id="follow-ups find less"),
        pytest.param("found", "its own words", FOUND, {"ndcg_10, even": 0.1, "turns": 1}, [], id="halves are not compared"),
        pytest.param("turns", "mtrag", TURNS, {"alone, goes on": 0.09}, ["alone, goes on"], id="taken for another"),
        pytest.param("turns", "mtrag", TURNS, {"alone, turns to the other one": 0.3}, ["alone, turns to the other one"], id="missed"),
        pytest.param("turns", "mtrag", TURNS, {"back, ANSWERABLE": 0.05}, ["asked back, answerable"], id="asked back in vain"),
        pytest.param("turns", "mtrag", TURNS, {"back, UNDERSPECIFIED": 0.06}, ["underspecified"], id="not asked back"),
        pytest.param("turns", "mtrag", TURNS, {"intents": "ask 1"}, [], id="words are not compared"),
    ],
)  # fmt: skip
def test_a_part_falls_in_the_direction_that_is_worse(
    table: str, row: str, before: Mapping[str, float], changed: Mapping[str, float], fell: list[str]
) -> None:
    part = next(one.part for one in TABLES if one.name == table)
    found = part_falls(part, {table: {row: before}}, {table: {row: {**before, **changed}}})
    assert found == [
        Fall(ANY, part, f"{row}: {figure}", before[name], changed[name])
        for figure in fell
        for name in [next(one.name for of in TABLES for one in of.figures if of.name == table and one.title == figure)]
    ]


def test_a_part_that_was_not_measured_before_has_not_fallen() -> None:
    assert part_falls("doubts", {}, {"auroc": {"mtrag": AUROC}, "shares": {"mtrag": SHARES}}) == []
    assert part_falls("doubts", {"auroc": {"mtrag": AUROC}}, {"auroc": {"scifact": AUROC}}) == []


def test_the_page_tells_a_part_once_with_what_it_means_and_keeps_what_was_judged_by_hand() -> None:
    doubts = {"auroc": {"mtrag": {**AUROC, "measured": "today"}}, "shares": {"mtrag": {**SHARES, "measured": "today"}}}
    figures = {"lancedb": {DEMO: {**ANSWERED, "measured": "then"}}, PARTS: {"doubts": doubts}}
    judged = f"{BY_HAND}\n\n60 answers, read.\n"
    written = page(figures, judged)
    assert "| mtrag | 0.875 | 132 | 48 | today |" in written.splitlines()
    assert "| mtrag | 14.0% | 2.0% | 69.0% | 21.0% | today |" in written.splitlines()
    assert all(table.note in written for table in TABLES if table.part == "doubts")
    assert written.endswith(f"\n\n{judged}")
    assert page(figures, by_hand(written)) == written
    assert by_hand(page(figures)) == ""


def test_without_rewrites_the_rows_that_need_them_stand_and_no_others() -> None:
    alone, _ = BY_REWRITES
    before = {"found": {alone: {"ndcg_10": 0.9}, "an older row": {"ndcg_10": 0.5}}}
    after = {"found": {"its own words": {"ndcg_10": 0.8}}, "turns": {"mtrag": {"later": 198}}}
    assert kept(before, after) == {**after, "found": {"its own words": {"ndcg_10": 0.8}, alone: {"ndcg_10": 0.9}}}
    assert kept(before, {"found": {alone: {"ndcg_10": 0.7}}}) == {"found": {alone: {"ndcg_10": 0.7}}}
