"""Retrieval quality on a judged question set in the layout of BEIR: `corpus.jsonl`, `queries.jsonl`, `qrels/test.tsv`.

nDCG with gain 2^grade - 1 and a log2 discount (Järvelin and Kekäläinen 2002), as trec_eval's `ndcg_cut`; for binary judgements both
common gains are the same.
"""

import json
import math
import random
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import fmean, quantiles
from typing import Any

from knowledge.chunking import cut, embedding_text
from knowledge.embedding.port import Embedder
from knowledge.errors import BadCorpus
from knowledge.ingest.items import TextItem, corpus
from knowledge.ingest.pipeline import Ingestion
from knowledge.ingest.readers import open_to_everyone, principal_of
from knowledge.ingest.report import Progress
from knowledge.library import Library
from knowledge.ranking import Stage
from knowledge.search import Depth
from tenancy.viewer import EVERYONE, Audience, PersonId, Principal, TenantId, Viewer

_SOURCE = "evaluation"
_RUN_DEPTH = 100  # documents a query in a TREC run
_DEEP = Depth(lists=400, keep=400)  # passages; enough for 100 documents
_SAMPLE = 256  # passages that the bare embedder is timed on, before and again after ingestion
_RUN_TAG = "footnote"


@dataclass(frozen=True, slots=True)
class JudgedQuery:
    """One question of the set."""

    id: str
    text: str
    principals: frozenset[Principal]  # what its viewer holds
    grades: Mapping[str, int]  # document name -> relevance, 1 or more


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """What `footnote evaluate` prints. Means over the queries; times are of whole searches, as a question makes them."""

    queries: int
    documents: int
    passages: int
    ndcg_10: float
    recall_10: float
    recall_100: float
    mrr_10: float
    p50_ms: float
    p95_ms: float
    ingest_passages_per_s: float
    bare_embedder_passages_per_s: float

    def rounded(self) -> dict[str, float]:
        """For printing."""
        return {name: round(value, 4) if isinstance(value, float) else value for name, value in asdict(self).items()}


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Runs one judged set through the parts that answer questions."""

    ingestion: Ingestion
    library: Library
    embedder: Embedder

    def without(self, stages: Collection[Stage]) -> "Evaluation":
        """The same evaluation of a ranking without these stages: what each of them is worth."""
        return replace(self, library=self.library.without(stages))

    async def run(self, tenant: TenantId, folder: Path, *, limit: int | None, progress: Progress) -> tuple[Scores, list[str]]:
        """Ingest the corpus into the (empty) tenant, ask every query, and score. Returns the scores and the lines of a TREC run.

        `limit`: ask only the first so many queries. Raises `BadCorpus` for files that are missing or not in the layout.
        """
        items = list(corpus(_existing(folder / "corpus.jsonl"), open_to_everyone, _SOURCE))
        queries = load_queries(folder)[:limit]
        bare = [await self._bare_rate(items, seed=1)]
        started = time.perf_counter()
        report = await self.ingestion.run(tenant, _SOURCE, items, kind="corpus", progress=progress)
        took = time.perf_counter() - started
        bare.append(await self._bare_rate(items, seed=2))
        ranked, times = await self._ask(tenant, queries)
        lines = [line for query in queries for line in _run_lines(query.id, ranked[query.id])]
        return _scores(queries, ranked, times, len(items), report.passages, report.passages / took, fmean(bare)), lines

    async def _ask(self, tenant: TenantId, queries: Sequence[JudgedQuery]) -> tuple[dict[str, list[str]], list[float]]:
        ranked: dict[str, list[str]] = {}
        times = []
        for number, query in enumerate(queries):
            person = Viewer(tenant=tenant, person=PersonId("evaluator"), name="Evaluator", principals=query.principals)
            if number == 0:
                await self.library.search(person, Audience(), "warm up")  # what is loaded once is not the question's time
            started = time.perf_counter()
            await self.library.search(person, Audience(), query.text)
            times.append((time.perf_counter() - started) * 1000)
            ranked[query.id] = await self._documents(person, query.text)
        return ranked, times

    async def _documents(self, viewer: Viewer, query: str) -> list[str]:
        """Documents in the order of their best passages: first as a question sees them, then what a deeper search adds."""
        names: dict[str, None] = {}
        for depth in (Depth(), _DEEP):
            found = await self.library.ranked(viewer, query, depth)
            names.update(dict.fromkeys(hit.passage.document.name for hit in found.hits))
        return list(names)[:_RUN_DEPTH]

    async def _bare_rate(self, items: Sequence[TextItem], seed: int) -> float:
        """Passages a second of the embedder alone, on a sample of what will be ingested."""
        shuffled = random.Random(seed).sample(items, len(items))  # noqa: S311 - a sample, no secret
        texts: list[str] = []
        for item in shuffled:
            pieces = cut(item.text, count=self.embedder.count)
            texts.extend(embedding_text(item.title, piece.heading, piece.text, count=self.embedder.count) for piece in pieces)
            if len(texts) >= _SAMPLE:
                break
        if not texts:
            return 0.0
        await self.embedder.query("warm up")
        started = time.perf_counter()
        await self.embedder.passages(texts)
        return len(texts) / (time.perf_counter() - started)


def load_queries(folder: Path) -> list[JudgedQuery]:
    """The queries that have a judgement, in the file's order. Raises `BadCorpus`."""
    grades = _qrels(_existing(folder / "qrels" / "test.tsv"))
    path = _existing(folder / "queries.jsonl")
    queries = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        row = _object(line, f"{path.name}, line {number}")
        if grades.get(row["_id"]):
            principals = frozenset(principal_of(one, _SOURCE) for one in row.get("viewer", [EVERYONE]))
            queries.append(JudgedQuery(row["_id"], row["text"], principals, grades[row["_id"]]))
    if not queries:
        message = f"No query of {path} has a judgement in qrels/test.tsv. Check that their ids match."
        raise BadCorpus(message)
    return queries


def ndcg(ranked: Sequence[str], grades: Mapping[str, int], depth: int) -> float:
    """Normalised discounted cumulative gain at `depth`, 0 to 1."""

    def gain(found: Iterable[int]) -> float:
        return math.fsum((2.0**grade - 1) / math.log2(place + 1) for place, grade in enumerate(found, 1))

    ideal = gain(sorted(grades.values(), reverse=True)[:depth])
    return gain(grades.get(name, 0) for name in ranked[:depth]) / ideal if ideal else 0.0


def recall(ranked: Sequence[str], grades: Mapping[str, int], depth: int) -> float:
    """Share of the relevant documents among the first `depth`, 0 to 1."""
    return len(grades.keys() & set(ranked[:depth])) / len(grades)


def reciprocal_rank(ranked: Sequence[str], grades: Mapping[str, int], depth: int) -> float:
    """One over the place of the first relevant document; 0 if none is among the first `depth`."""
    return next((1 / place for place, name in enumerate(ranked[:depth], 1) if name in grades), 0.0)


def _scores(
    queries: Sequence[JudgedQuery],
    ranked: Mapping[str, Sequence[str]],
    times: Sequence[float],
    documents: int,
    passages: int,
    rate: float,
    bare: float,
) -> Scores:
    def mean(measure: Callable[[Sequence[str], Mapping[str, int], int], float], depth: int) -> float:
        return fmean(measure(ranked[query.id], query.grades, depth) for query in queries)

    cuts = quantiles([*times, times[-1]], n=20, method="inclusive")
    return Scores(
        queries=len(queries),
        documents=documents,
        passages=passages,
        ndcg_10=mean(ndcg, 10),
        recall_10=mean(recall, 10),
        recall_100=mean(recall, 100),
        mrr_10=mean(reciprocal_rank, 10),
        p50_ms=cuts[9],
        p95_ms=cuts[18],
        ingest_passages_per_s=rate,
        bare_embedder_passages_per_s=bare,
    )


def _run_lines(query: str, ranked: Sequence[str]) -> list[str]:
    """TREC run format: query, Q0, document, rank, score, tag. The score only says the order."""
    return [f"{query} Q0 {name} {place} {_RUN_DEPTH + 1 - place} {_RUN_TAG}" for place, name in enumerate(ranked, 1)]


def _existing(path: Path) -> Path:
    if not path.is_file():
        message = f"There is no {path}. A judged set is a folder with corpus.jsonl, queries.jsonl and qrels/test.tsv."
        raise BadCorpus(message)
    return path


def _qrels(path: Path) -> dict[str, dict[str, int]]:
    grades: dict[str, dict[str, int]] = defaultdict(dict)
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        fields = line.split("\t")
        if number == 1 and "\t" in line and not fields[-1].lstrip("-").isdigit():
            continue  # the header
        try:
            query, document, grade = fields
            if int(grade) > 0:
                grades[query][document] = int(grade)
        except ValueError as error:
            message = f"{path.name}, line {number}: expected `query-id<tab>corpus-id<tab>score`."
            raise BadCorpus(message) from error
    return grades


def _object(line: str, where: str) -> dict[str, Any]:
    try:
        row: Any = json.loads(line)
    except ValueError as error:
        message = f"{where} is not JSON: {error}."
        raise BadCorpus(message) from error
    if not isinstance(row, dict) or not isinstance(row.get("_id"), str) or not isinstance(row.get("text"), str):
        message = f"{where} needs a string `_id` and a string `text`."
        raise BadCorpus(message)
    return row
