"""What `footnote evaluate` says to people."""

from pathlib import Path

from adapters.commands import evaluation_report as report
from knowledge.evaluation import Ablation, Difference, Ingested, JudgedQuery, Quality, Ranking, compare, losses
from knowledge.ranking import Stage
from tenancy.viewer import EVERYONE

QUALITY = Quality(queries=2, ndcg_10=0.5, recall_10=0.75, recall_100=1, mrr_10=0.25, p50_ms=12.34567, p95_ms=20)


def ranking(name: str, *documents: str) -> Ranking:
    return Ranking(query=JudgedQuery(name, f"What of\n{name}?", frozenset({EVERYONE}), {"a": 1, "b": 1}), documents=documents, took_ms=1)


def test_figures_come_first_in_the_order_that_scripts_know() -> None:
    ingested = Ingested(documents=3, passages=4, ingest_passages_per_s=30.12345, bare_embedder_passages_per_s=33)
    told = report.with_ingestion({**QUALITY.rounded(), "worst": []}, ingested)
    assert list(told) == [
        "queries", "documents", "passages", "ndcg_10", "recall_10", "recall_100", "mrr_10", "p50_ms", "p95_ms",
        "ingest_passages_per_s", "bare_embedder_passages_per_s", "worst",
    ]  # fmt: skip
    lines = report.as_text(told).splitlines()
    assert len(lines) == 11
    assert [line.split() for line in lines[:4]] == [["queries", "2"], ["documents", "3"], ["passages", "4"], ["ndcg_10", "0.5"]]


def test_ablations_are_a_table() -> None:
    whole = Ablation(without=None, quality=QUALITY, difference=Difference(0, 0, 0))
    late = Ablation(without=Stage.LATE, quality=QUALITY, difference=Difference(-0.0123, -0.02, 0.001))
    assert report.as_text({"ablations": [report.ablation(whole), report.ablation(late)]}).splitlines() == [
        "left out      nDCG@10  recall@10  p50 ms   change of nDCG@10 (95 % interval)",
        "nothing        0.5000     0.7500    12.3",
        "late           0.5000     0.7500    12.3   -0.0123 (-0.0200 to +0.0010)",
        "Times here are of searches for questions that are embedded already.",
    ]


def test_losses_tell_where_each_document_was_and_what_came_first() -> None:
    titles = {"a": "Leave", "x": "x"}
    lost = [report.loss(one, titles) for one in losses([ranking("q1", "x", "a"), ranking("q2", "a")], 2)]
    assert report.as_text({"worst": lost}).splitlines() == [
        "What loses most, nDCG@10:",
        "0.39  q1  What of q1?",
        "      wanted a (Leave): place 2",
        "      wanted b: not among 100",
        "      first was x",
        "0.61  q2  What of q2?",
        "      wanted a (Leave): place 1",
        "      wanted b: not among 100",
    ]


def test_a_comparison_tells_means_interval_and_what_changed_most() -> None:
    compared = compare({"q1": ["x", "a"], "q2": ["a"], "q3": ["a"]}, [ranking("q1", "a", "b"), ranking("q2", "a")])
    assert compared
    lines = report.as_text({"against": report.comparison(Path("earlier.run"), compared)}).splitlines()
    assert lines[0].startswith("nDCG@10 against earlier.run: 0.5000 then, 0.8066 now, +0.3066 (+0.0000 to +0.6131)")
    assert lines[1:] == [
        "better: 1, worse: 0, the same: 1, left out because only one of the two has them: 1",
        "  0.39 -> 1.00  q1  What of q1?",
    ]


def test_answers_and_rows_left_out_are_told() -> None:
    nothing = {"questions": 0, "answer": 0, "nearest": 0, "refusal": 0, "apology": 0}
    some = {**nothing, "questions": 3, "answer": 2, "nearest": 1, "cited": 2}
    told = {"answers": {"answerable": some, "unanswerable": {**nothing, "questions": 1, "refusal": 1}}}
    assert report.as_text({**told, "left_out": [{"row": 4, "problem": "it names no document."}]}).splitlines() == [
        "Of those that a document answers (3): 2 answered, 1 with the nearest that was found",
        "Of those that nothing answers (1): 1 refused",
        "The right document was cited in 2 of 3",
        "These answers are extracts, as without a language model.",
        "",
        "1 row was left out:",
        "Row 4: it names no document.",
    ]
    none = {"answers": {"answerable": {**nothing, "cited": 0}, "unanswerable": nothing}, "left_out": []}
    assert report.as_text(none) == ""


LEAVE = {"document": "Files/leave.md", "title": "Leave rules"}
PAY = {"document": "Files/pay.md", "title": "Files/pay.md"}
LETTER = {"document": "Files/letter.md", "title": "Files/letter.md"}


def wrong(row: int, problem: str, wanted: list[dict[str, str]], cited: list[dict[str, str]]) -> dict[str, object]:
    return {"row": row, "text": f"What\nof {row}?", "problem": problem, "wanted": wanted, "cited": cited}


def test_each_question_that_did_not_go_as_judged_is_told_with_its_row_and_what_happened() -> None:
    told = [
        wrong(2, "not_cited", [LEAVE], [PAY, LETTER]),
        wrong(3, "not_cited", [LEAVE, PAY], []),
        wrong(4, "refused", [LEAVE, PAY], [LEAVE]),
        wrong(5, "answered", [], [PAY]),
        wrong(6, "answered", [], []),
        wrong(7, "failed", [LEAVE], []),
    ]
    assert report.as_text({"wrong": told}).splitlines() == [
        "6 questions did not go as judged:",
        "Row 2: What of 2?",
        "      cited Files/pay.md, Files/letter.md, not Files/leave.md (Leave rules)",
        "Row 3: What of 3?",
        "      cited nothing, though answered by Files/leave.md (Leave rules) or Files/pay.md",
        "Row 4: What of 4?",
        "      refused, though answered by Files/leave.md (Leave rules) or Files/pay.md",
        "Row 5: What of 5?",
        "      answered from Files/pay.md, though nothing answers it",
        "Row 6: What of 6?",
        "      answered without a source, though nothing answers it",
        "Row 7: What of 7?",
        "      failed on our side; ask it again",
    ]
    assert report.as_text({"wrong": []}) == ""


def test_of_many_questions_that_did_not_go_as_judged_the_first_are_told_and_how_many_more_there_are() -> None:
    lines = report.as_text({"wrong": [wrong(row, "answered", [], []) for row in range(2, 25)]}).splitlines()
    assert (lines[0], len(lines)) == ("23 questions did not go as judged:", 1 + 2 * 20 + 1)
    assert lines[-1] == "and 3 more: --json has them all."
    assert report.as_text({"wrong": [wrong(2, "answered", [], [])]}).startswith("1 question did not go as judged:\nRow 2:")
