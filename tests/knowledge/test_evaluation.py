import json
from pathlib import Path

import pytest

from knowledge.errors import BadCorpus
from knowledge.evaluation import Evaluation, Ranking, load_corpus, load_queries, ndcg, quality, recall, reciprocal_rank, run_lines
from knowledge.ingest.report import Silent
from knowledge.ranking import Stage
from tenancy.viewer import EVERYONE, Audience
from tests.knowledge.parts import Shelf


def test_ndcg_discounts_by_place_and_compares_with_the_best_order() -> None:
    grades = {"a": 2, "b": 1}
    assert ndcg(["a", "b"], grades, 10) == pytest.approx(1)
    # by hand: (0 + 1/log2(3) + 3/log2(4)) / (3/log2(2) + 1/log2(3))
    assert ndcg(["x", "b", "a"], grades, 10) == pytest.approx((0.63093 + 1.5) / (3 + 0.63093), abs=1e-5)
    assert ndcg(["x"], grades, 10) == 0
    assert ndcg(["x", "a"], grades, 1) == 0


def test_recall_and_reciprocal_rank_look_only_so_deep() -> None:
    grades = {"a": 1, "b": 1}
    assert recall(["x", "a", "b"], grades, 2) == 0.5
    assert reciprocal_rank(["x", "a"], grades, 10) == 0.5
    assert reciprocal_rank(["x", "a"], grades, 1) == 0


def judged(folder: Path, *, queries: str | None = None, qrels: str | None = None) -> Path:
    (folder / "qrels").mkdir()
    corpus = [
        {"_id": "leave", "title": "Leave", "text": "Parental leave is twenty weeks."},
        {"_id": "deal", "title": "Deal", "text": "Parental leave there is ten weeks.", "readers": ["group:hr"]},
        {"_id": "empty", "title": "", "text": ""},
    ]
    asked = [
        {"_id": "q1", "text": "how long is parental leave"},
        {"_id": "q2", "text": "parental leave ten weeks", "viewer": ["group:hr"]},
        {"_id": "unjudged", "text": "x"},
    ]
    (folder / "corpus.jsonl").write_text("\n".join(map(json.dumps, corpus)))
    (folder / "queries.jsonl").write_text("\n".join(map(json.dumps, asked)) if queries is None else queries)
    (folder / "qrels/test.tsv").write_text(
        "query-id\tcorpus-id\tscore\nq1\tleave\t1\nq1\tdeal\t0\nq2\tdeal\t1\n" if qrels is None else qrels
    )
    return folder


async def asked(shelf: Shelf, folder: Path) -> tuple[Evaluation, list[Ranking]]:
    """What is found in the little judged set, brought in just now."""
    evaluation = Evaluation(shelf.ingestion, shelf.library, shelf.embedder)
    ingested = await evaluation.ingest(shelf.tenant.id, load_corpus(judged(folder)), progress=Silent())
    assert (ingested.documents, ingested.passages) == (3, 2)
    assert min(ingested.ingest_passages_per_s, ingested.bare_embedder_passages_per_s) > 0
    return evaluation, await evaluation.ask(shelf.tenant.id, load_queries(folder))


async def test_a_judged_set_is_scored_as_each_viewer_may_read(shelf: Shelf, tmp_path: Path) -> None:
    _, rankings = await asked(shelf, tmp_path)
    assert run_lines(rankings) == ["q1 Q0 leave 1 100 footnote", "q2 Q0 deal 1 100 footnote"]
    figures = quality(rankings).rounded()
    assert (figures["queries"], figures["ndcg_10"]) == (2, 1.0)
    assert set(figures) == {"queries", "ndcg_10", "recall_10", "recall_100", "mrr_10", "p50_ms", "p95_ms"}


async def test_each_stage_is_left_out_in_turn_and_held_against_the_whole(shelf: Shelf, tmp_path: Path) -> None:
    evaluation, _ = await asked(shelf, tmp_path)
    queries = load_queries(tmp_path)
    ablations = await evaluation.ablations(shelf.tenant.id, queries)
    assert [one.without for one in ablations] == [None, *Stage]
    assert {one.quality.queries for one in ablations} == {2}
    whole = ablations[0]
    assert (whole.difference.mean, whole.difference.low, whole.difference.high) == (0, 0, 0)
    for one in ablations:
        assert one.difference.mean == pytest.approx(one.quality.ndcg_10 - whole.quality.ndcg_10)


async def test_what_is_left_out_already_is_not_left_out_again_nor_the_last_way_to_find_anything(shelf: Shelf, tmp_path: Path) -> None:
    evaluation, _ = await asked(shelf, tmp_path)
    ablations = await evaluation.without([Stage.WORDS]).ablations(shelf.tenant.id, load_queries(tmp_path))
    assert [one.without for one in ablations] == [None, Stage.LATE, Stage.SMOOTHING, Stage.WHOLES, Stage.MAP, Stage.OWN_WORDS]


async def test_nothing_asked_is_nothing_found(shelf: Shelf) -> None:
    assert await Evaluation(shelf.ingestion, shelf.library, shelf.embedder).ask(shelf.tenant.id, []) == []


async def test_a_corpus_without_a_passage_has_no_rate(shelf: Shelf) -> None:
    ingested = await Evaluation(shelf.ingestion, shelf.library, shelf.embedder).ingest(shelf.tenant.id, [], progress=Silent())
    assert (ingested.documents, ingested.bare_embedder_passages_per_s) == (0, 0)


async def test_stages_of_the_ranking_are_left_out_of_real_searches(shelf: Shelf, tmp_path: Path) -> None:
    whole, _ = await asked(shelf, tmp_path)
    viewer = shelf.viewer(EVERYONE)

    async def steps(*without: Stage) -> set[str]:
        found = await whole.without(without).library.search(viewer, Audience(), "how long is parental leave")
        assert [hit.passage.document.name for hit in found.hits] == ["leave"]
        return {*found.timings_ms, *(["late"] if found.hits[0].late is not None else [])}

    everything = {"own words", "words", "embed", "vectors", "check", "rank", "late", "beside"}
    assert await steps() == everything
    assert await steps(Stage.SMOOTHING) == everything
    assert await steps(Stage.LATE) == everything - {"late"}
    assert await steps(Stage.WORDS) == everything - {"words"}
    assert await steps(Stage.VECTORS, Stage.LATE) == everything - {"vectors", "late"}
    assert await steps(Stage.OWN_WORDS) == everything - {"own words"}


async def test_documents_are_ranked_as_people_get_them(shelf: Shelf, tmp_path: Path) -> None:
    corpus = [{"_id": f"leave-{year}", "title": f"Leave {year}", "text": f"Leave is {year - 2000} weeks long."} for year in (2022, 2025)]
    folder = judged(tmp_path, queries=json.dumps({"_id": "q1", "text": "leave 22 weeks long"}), qrels="q1\tleave-2022\t1\n")
    (folder / "corpus.jsonl").write_text("\n".join(map(json.dumps, corpus)))
    evaluation = Evaluation(shelf.ingestion, shelf.library, shelf.embedder)
    await evaluation.ingest(shelf.tenant.id, load_corpus(folder), progress=Silent())
    (ranking,) = await evaluation.ask(shelf.tenant.id, load_queries(folder))
    assert ranking.documents == ("leave-2025", "leave-2022"), "what was replaced comes after what replaced it"


async def test_where_vectors_are_left_out_an_index_that_has_no_such_words_is_not_lost(shelf: Shelf, tmp_path: Path) -> None:
    folder = judged(tmp_path, queries=json.dumps({"_id": "q1", "text": "zyzzyva"}))
    evaluation = Evaluation(shelf.ingestion, shelf.library, shelf.embedder)
    await evaluation.ingest(shelf.tenant.id, load_corpus(folder), progress=Silent())
    (ranking,) = await evaluation.without([Stage.VECTORS]).ask(shelf.tenant.id, load_queries(folder))
    assert (ranking.documents, shelf.lost) == ((), [])


def test_only_judged_queries_are_asked(tmp_path: Path) -> None:
    assert [query.id for query in load_queries(judged(tmp_path))] == ["q1", "q2"]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        pytest.param({"queries": "nonsense"}, r"queries.jsonl, line 1 is not JSON", id="queries that are no JSON"),
        pytest.param({"queries": '{"_id": 1}'}, r"needs a string `_id`", id="a query without text"),
        pytest.param({"qrels": "q1 leave 1"}, r"test.tsv, line 1: expected", id="judgements without tabs"),
        pytest.param({"qrels": "h\th\th\nq9\tleave\t1"}, "No query of", id="judgements of other queries"),
    ],
)
def test_a_set_that_cannot_be_used_is_explained(tmp_path: Path, files: dict[str, str], message: str) -> None:
    with pytest.raises(BadCorpus, match=message):
        load_queries(judged(tmp_path, **files))


def test_a_folder_without_the_layout_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(BadCorpus, match=r"There is no .*test.tsv. A judged set is a folder with"):
        load_queries(tmp_path)
    with pytest.raises(BadCorpus, match=r"There is no .*corpus.jsonl. A judged set is a folder with"):
        load_corpus(tmp_path)


def test_a_set_in_another_encoding_is_explained(tmp_path: Path) -> None:
    (judged(tmp_path) / "queries.jsonl").write_bytes(b'{"_id": "q1", "text": "caf\xe9"}')
    with pytest.raises(BadCorpus, match="is not in UTF-8"):
        load_queries(tmp_path)
