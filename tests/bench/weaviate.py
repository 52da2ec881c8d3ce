"""Our engine on a real Weaviate beside its bare client: inserting, hybrid search with readers, many tenants, waking one that rests."""

import asyncio
import resource
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import Any
from uuid import UUID

import numpy as np
from weaviate import WeaviateAsyncClient
from weaviate.classes.data import DataObject
from weaviate.classes.query import Filter, MetadataQuery

from adapters.compose import settle
from knowledge.documents import DocumentId, PassageId
from knowledge.embedding.minilm import MiniLM
from knowledge.embedding.port import Matrix
from knowledge.index.port import Entry, TenantIndex
from knowledge.index.weaviate.schema import definition
from knowledge.ranking import LIST_LENGTH, fuse, searchable_terms
from knowledge.terms import terms
from tenancy.viewer import Principal, TenantId
from tests.bench.answering import Neighbours
from tests.bench.stalls import Stalls
from tests.bench.texts import passages_of_the_demo
from tests.engines import weaviate

_SEED = 20261128
_GROUPS = 8  # each passage is one group's; a viewer holds two of them: a quarter
_VIEWER = [Principal(f"group:hr:{n}") for n in range(2)]
_BATCH = 256  # passages that ingestion writes at once
_BARE = "Bare"
_TENANT = TenantId("bench")
_AGAIN = TenantId("again")
_TENANTS = 1_000
_HELD = (1, 100, 3_000, 20_000)  # principals of a viewer; from `search.MANY` on, a question asks for fewer
_POLL_S = 0.01
_ASLEEP = 50
_ALPHA = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Of one size of index; times in milliseconds."""

    inserted_ratio: float  # our passages a second over the bare client's, both until their vectors are found
    unwaited_ratio: float  # over the bare client's that does not look whether they are
    inserted_per_s: float
    stall_ms: tuple[float, float]  # the longest time that inserting kept everything else waiting: p99 of milliseconds, max
    search_ratio: float  # median over questions of both our lists, fused, over the bare hybrid
    ours_ms: tuple[float, float]  # p50, p95
    bare_ms: tuple[float, float]
    held_ms: Mapping[int, float]  # p50 of both our lists by how many principals the viewer holds
    memory_mb: float  # of the server


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenants:
    """Of many tenants."""

    made_s: float
    memory_mb: float  # that they cost, empty
    woken_ms: tuple[float, float]  # first search of one that rested: p50, max


async def measure(folder: Path, sizes: Sequence[int], questions: int) -> tuple[dict[int, Figures], Tenants]:
    """Each size on a server of its own; the tenants on another."""
    folder.mkdir(parents=True)
    model = MiniLM(folder / "models")
    texts = passages_of_the_demo()
    real = await model.passages(texts)
    asked = [(text, (await model.query(text)).vector) for text in _questions(texts, questions)]
    found = {}
    for size in sizes:
        entries = await _entries(texts, Neighbours(model, real), size)
        with ExitStack() as stack:
            cluster = stack.enter_context(weaviate.running(_made(folder / str(size))))
            found[size] = await _one(cluster, entries, asked)
    with weaviate.running(_made(folder / "tenants")) as cluster:
        return found, await _many(cluster, await _entries(texts, Neighbours(model, real), 50))


async def _one(cluster: weaviate.Cluster, entries: Sequence[Entry], asked: Sequence[tuple[str, Any]]) -> Figures:
    engine = cluster.engine("bench", 384)
    bare = await _bare(cluster.nodes[0])
    await engine.create(_TENANT)
    index = await engine.open(_TENANT)
    batches = [entries[n : n + _BATCH] for n in range(0, len(entries), _BATCH)]
    settle()
    async with Stalls() as stalls:
        ours_s = await _timed([index.put(batch) for batch in batches])
    waited = bare.collections.use(_BARE).with_tenant(_TENANT)
    waited_s = await _timed([_put_and_wait(waited, batch) for batch in batches])
    unwaited = bare.collections.use(_BARE).with_tenant(_AGAIN)
    unwaited_s = await _timed([_put(unwaited, batch) for batch in batches])
    await bare.collections.use(_BARE).tenants.remove(_AGAIN)
    pairs = [await _pair(index, bare, text, vector) for text, vector in asked][len(asked) // 10 :]  # the first of them warm up
    ours, bares = zip(*pairs, strict=True)
    held = {count: await _held(index, asked, count) for count in _HELD}
    await bare.close()
    await engine.close()
    return Figures(
        inserted_ratio=waited_s / ours_s,
        unwaited_ratio=unwaited_s / ours_s,
        inserted_per_s=len(entries) / ours_s,
        stall_ms=stalls.figures_ms(),
        search_ratio=median(one / other for one, other in pairs),
        ours_ms=(median(ours), quantiles(ours, n=20)[18]),
        bare_ms=(median(bares), quantiles(bares, n=20)[18]),
        held_ms=held,
        memory_mb=_memory_mb(cluster.nodes[0].pid),
    )


async def _many(cluster: weaviate.Cluster, entries: Sequence[Entry]) -> Tenants:
    engine = cluster.engine("bench", 384)
    await engine.create(_TENANT)
    before = _memory_mb(cluster.nodes[0].pid)
    made_s = await _timed([engine.create(TenantId(f"tenant-{n}")) for n in range(_TENANTS)])
    memory = _memory_mb(cluster.nodes[0].pid) - before
    woken = []
    for n in range(_ASLEEP):
        tenant = TenantId(f"tenant-{n}")
        await (await engine.open(tenant)).put(entries)
        await engine.rest(tenant)
        index = await engine.open(tenant)
        woken.append(await _timed([index.by_words(entries[0].terms[:5], _VIEWER, LIST_LENGTH)]) * 1000)
    await engine.close()
    return Tenants(made_s=made_s, memory_mb=memory, woken_ms=(median(woken), max(woken)))


async def _pair(index: TenantIndex, bare: WeaviateAsyncClient, text: str, vector: Any) -> tuple[float, float]:  # noqa: ANN401
    """Milliseconds of both our lists, fused, and of the bare hybrid; who comes first takes turns by the question."""
    words = terms(text)

    async def ours() -> None:
        await _both(index, words, vector, _VIEWER)

    async def theirs() -> None:
        await (
            bare.collections.use(_BARE)
            .with_tenant(_TENANT)
            .query.hybrid(
                " ".join(words),
                vector=vector.tolist(),
                alpha=_ALPHA,
                query_properties=["terms"],
                filters=Filter.by_property("readers").contains_any(_VIEWER),
                limit=LIST_LENGTH,
                return_properties=["passage"],
                return_metadata=MetadataQuery(score=True),
            )
        )

    first, second = (ours, theirs) if len(text) % 2 else (theirs, ours)
    times = {first: await _timed([first()]) * 1000}
    times[second] = await _timed([second()]) * 1000
    return times[ours], times[theirs]


async def _held(index: TenantIndex, asked: Sequence[tuple[str, Any]], count: int) -> float:
    """Milliseconds, p50, of both lists for a viewer of so many principals, none of which any document names but the first two."""
    principals = [*_VIEWER, *(Principal(f"group:crm:{n}") for n in range(count - len(_VIEWER)))][:count]
    times = [await _timed([_both(index, terms(text), vector, principals)]) * 1000 for text, vector in asked[: len(asked) // 2]]
    return median(times)


async def _both(index: TenantIndex, words: Sequence[str], vector: Any, principals: Sequence[Principal]) -> None:  # noqa: ANN401
    vectors, found = await asyncio.gather(index.by_vector(vector, principals, LIST_LENGTH), index.by_words(words, principals, LIST_LENGTH))
    fuse([found], vectors)


async def _bare(node: weaviate.Node) -> WeaviateAsyncClient:
    from weaviate.auth import Auth
    from weaviate.connect import ConnectionParams

    ports = node.ports
    parameters = ConnectionParams.from_params("127.0.0.1", ports.rest, False, "127.0.0.1", ports.grpc, False)  # noqa: FBT003 - its own
    client = WeaviateAsyncClient(parameters, auth_client_secret=Auth.api_key(weaviate.KEY), skip_init_checks=True)
    await client.connect()
    await client.collections.create_from_dict(definition(_BARE, 1))
    await client.collections.use(_BARE).tenants.create([_TENANT, _AGAIN])
    return client


async def _put_and_wait(rows: Any, entries: Sequence[Entry]) -> None:  # noqa: ANN401 - the client's own
    """What our `put` promises, by the shortest way that the client has."""
    ids = Filter.by_id().contains_any(list((await _put(rows, entries)).values()))
    found = 0
    while found < len(entries):
        await asyncio.sleep(_POLL_S)
        found = len((await rows.query.near_vector([1.0] * 384, filters=ids, limit=len(entries), return_properties=[])).objects)


async def _put(rows: Any, entries: Sequence[Entry]) -> Mapping[int, UUID]:  # noqa: ANN401 - the client's own
    objects = [
        DataObject(
            properties={
                "passage": one.passage,
                "document": one.document,
                "version": one.version,
                "terms": " ".join(one.terms),
                "readers": sorted(one.readers),
            },
            vector=one.vector.tolist(),
        )
        for one in entries
    ]
    result = await rows.data.insert_many(objects)
    assert not result.errors
    uuids: Mapping[int, UUID] = result.uuids
    return uuids


async def _entries(texts: Sequence[str], neighbours: Neighbours, size: int) -> list[Entry]:
    random = np.random.default_rng(_SEED)
    bodies = [_mixed(texts, random) for _ in range(size)]
    vectors: Matrix = (await neighbours.passages(bodies)).vectors
    return [
        Entry(
            passage=PassageId(f"d{n}-1-0"),
            document=DocumentId(f"d{n}"),
            version=1,
            terms=searchable_terms(f"Document {n}", (), body),
            vector=vectors[n],
            readers=frozenset({Principal(f"group:hr:{n % _GROUPS}")}),
        )
        for n, body in enumerate(bodies)
    ]


def _mixed(texts: Sequence[str], random: np.random.Generator) -> str:
    one, other = (texts[i].split() for i in random.integers(len(texts), size=2))
    return " ".join([*one[: len(one) // 2], *other[len(other) // 2 :]])


def _questions(texts: Sequence[str], count: int) -> list[str]:
    random = np.random.default_rng(_SEED + 1)
    return [" ".join(random.choice(texts[n % len(texts)].split(), 8)) for n in range(count)]


async def _timed(work: Sequence[Any]) -> float:
    started = time.perf_counter()
    for one in work:
        await one
    return time.perf_counter() - started


def _memory_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1_000_000


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder
