"""Asks the parts that answer questions, and times them."""

import random
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from knowledge.chunking import cut, embedding_text
from knowledge.documents import Document, Passage
from knowledge.embedding.port import Embedder
from knowledge.evaluation.comparison import Difference, difference
from knowledge.evaluation.judged import SOURCE, JudgedQuery
from knowledge.evaluation.rankings import RUN_DEPTH, Quality, Ranking, quality
from knowledge.ingest.items import TextItem
from knowledge.ingest.pipeline import Ingestion
from knowledge.ingest.report import Progress
from knowledge.library import Library
from knowledge.ranking import Stage
from knowledge.search import Depth
from tenancy.viewer import Audience, PersonId, TenantId, Viewer

_DEEP = Depth(lists=400, keep=400)  # passages; enough for 100 documents
_SHALLOW = 10  # documents that the figures of an ablation look at
_SAMPLE = 256  # passages that the bare embedder is timed on, before and again after ingestion

Called = Callable[[Document], str]
"""What a document is called in judgements and rankings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingested:
    """What bringing a judged set in came to."""

    documents: int
    passages: int
    ingest_passages_per_s: float
    bare_embedder_passages_per_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Ablation:
    """The ranking with one more stage left out; None: with none, for comparison."""

    without: Stage | None
    quality: Quality  # recall at 100 is of the documents of one search, not of a deeper one; times leave embedding the question out
    difference: Difference  # in nDCG at 10, to the ranking with none left out


def by_name(document: Document) -> str:
    """Judged sets call a document by its name."""
    return document.name


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Runs judged questions through the parts that answer questions."""

    ingestion: Ingestion
    library: Library
    embedder: Embedder
    left_out: frozenset[Stage] = frozenset()

    def without(self, stages: Collection[Stage]) -> "Evaluation":
        """The same evaluation of a ranking without these stages: what each of them is worth."""
        return replace(self, library=self.library.without(stages), left_out=self.left_out | frozenset(stages))

    async def ingest(self, tenant: TenantId, items: Sequence[TextItem], *, progress: Progress) -> Ingested:
        """Bring a judged set's corpus into the (empty) tenant, and time it beside the bare embedder."""
        bare = [await self._bare_rate(items, seed=1)]
        started = time.perf_counter()
        report = await self.ingestion.run(tenant, SOURCE, items, kind="corpus", progress=progress)
        took = time.perf_counter() - started
        bare.append(await self._bare_rate(items, seed=2))
        return Ingested(
            documents=len(items),
            passages=report.passages,
            ingest_passages_per_s=report.passages / took,
            bare_embedder_passages_per_s=fmean(bare),
        )

    async def ask(self, tenant: TenantId, queries: Sequence[JudgedQuery], called: Called = by_name) -> list[Ranking]:
        """Ask every query as its viewer, in their order. Each is timed as a question: embedded, searched, checked, ranked, diversified."""
        if queries:
            await self._warm(_viewer(tenant, queries[0]))
        return [await self.ranking(_viewer(tenant, query), query, called, RUN_DEPTH) for query in queries]

    async def ablations(self, tenant: TenantId, queries: Sequence[JudgedQuery], called: Called = by_name) -> list[Ablation]:
        """Ask one or more queries with nothing more left out, then with each stage that is still in.

        All rankings take turns on the same query, embedded beforehand, so that a machine whose speed drifts does not decide.
        """
        variants: dict[Stage | None, Evaluation] = {None: self, **{stage: self.without([stage]) for stage in self._removable()}}
        rankings: dict[Stage | None, list[Ranking]] = {stage: [] for stage in variants}
        for query in queries:
            viewer = _viewer(tenant, query)
            await self.library.embed(query.text)
            await self.library.search(viewer, Audience(), query.text)  # as it is read with the tenant's own words
            for stage, variant in variants.items():
                rankings[stage].append(await variant.ranking(viewer, query, called, _SHALLOW))
        whole = [one.ndcg_10 for one in rankings[None]]
        return [
            Ablation(without=stage, quality=quality(found), difference=difference(whole, [one.ndcg_10 for one in found]))
            for stage, found in rankings.items()
        ]

    async def passages(self, tenant: TenantId, query: JudgedQuery) -> tuple[Passage, ...]:
        """What an answer to the query would be made from."""
        found = await self.library.search(_viewer(tenant, query), Audience(), query.text)
        return tuple(hit.passage for hit in found.hits)

    def _removable(self) -> Iterator[Stage]:
        """The stages that are in and without which something is still found."""
        return (stage for stage in Stage if stage not in self.left_out and not {Stage.WORDS, Stage.VECTORS} <= {stage, *self.left_out})

    async def _warm(self, viewer: Viewer) -> None:
        """What is loaded once is not a question's time."""
        await self.library.search(viewer, Audience(), "warm up")

    async def ranking(self, viewer: Viewer, query: JudgedQuery, called: Called, depth: int) -> Ranking:
        """Ask one query, for a ranking of at least `depth` documents if there are so many."""
        started = time.perf_counter()
        await self.library.search(viewer, Audience(), query.text)
        took = (time.perf_counter() - started) * 1000
        return Ranking(query=query, documents=await self._documents(viewer, query.text, called, depth), took_ms=took)

    async def _documents(self, viewer: Viewer, query: str, called: Called, depth: int) -> tuple[str, ...]:
        """Documents in the order of their best passages: first as a question sees them, then what a deeper search adds, if it takes one."""
        names: dict[str, None] = {}
        for reach in (Depth(), _DEEP):
            if len(names) < depth:
                found = await self.library.ranked(viewer, query, reach)
                names.update(dict.fromkeys(called(hit.passage.document) for hit in found.hits))
        return tuple(names)[:RUN_DEPTH]

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


def _viewer(tenant: TenantId, query: JudgedQuery) -> Viewer:
    return Viewer(tenant=tenant, person=PersonId("evaluator"), name="Evaluator", principals=query.principals)
