"""Searches and inserts while nodes of Weaviate are killed: what fails meanwhile, and whether anything that was acknowledged is lost.

    python -m tests.bench.nodes --kills 30 --single-kills 10

One engine asks three nodes that hold the same, or the only one. Each time one of them, every second time the one that is asked, is told
nothing (SIGKILL), is away for a while, is started again on what it had, and is waited for until it says that it is ready. Half of the time
a company comes while it is away. Searches ask for something that was acknowledged a moment or long ago, four at once; one batch after the
other is put, again and again until it is taken, as an operator does with an ingestion that failed. At the end every node is asked alone, by
the passages' names. Written to `nodes.md`.
"""

import argparse
import asyncio
import logging
import random
import shlex
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles
from typing import Final, NamedTuple

import numpy as np

from knowledge.documents import DocumentId, PassageId
from knowledge.errors import IndexUnavailable
from knowledge.index.port import Entry, TenantIndex
from knowledge.index.weaviate import WeaviateEngine
from knowledge.index.weaviate.breaker import Open
from knowledge.index.weaviate.node import Limits
from tenancy.viewer import EVERYONE, TenantId
from tests.bench.tables import rows_of, table
from tests.engines import weaviate

WRITTEN: Final = Path(__file__).with_name("nodes.md")
SEARCH_HEAD: Final = (
    "nodes", "kills", "of the one asked", "searches", "failed", "of them, two or more nodes alive", "missed what was acknowledged",
    "the longest after it was acknowledged", "answered, p50", "p95", "p99", "slowest, answered or not",
)  # fmt: skip
PUT_HEAD: Final = (
    "nodes", "batches put", "refused, and put again", "slowest", "passages acknowledged", "lost, by node", "all there after",
    "vectors not found, by node", "after tidying", "companies that came while one was away", "not whole, by node",
)  # fmt: skip

_SEED: Final = 20261129
_MODEL, _DIMENSION = "nodes", 384
_MAIN: Final = TenantId("main")
_A_BATCH: Final = 12  # so few that the tenant stays below 10,000, where another kind of index begins, which `tidy` need not look after
_A_NEWCOMERS_BATCH: Final = 5
_SEARCHERS: Final = 4
_PAUSE_S: Final = 0.05  # of each searcher
_BATCHES_PAUSE_S: Final = 0.5
_LIFE_S: Final = (2.0, 6.0)  # from a node that is ready to the next kill
_AWAY_S: Final = (0.5, 6.0)  # until it is started; then about 4 until it is ready
_LIST: Final = 20  # passages a search asks for
_CAUGHT_UP_S: Final = 300.0  # the nodes compare every half a minute
_PATIENT: Final = Limits(read_s=30.0)
_TOLD_EVERY_S: Final = 10.0


class Searched(NamedTuple):
    """One search."""

    took_s: float
    failure: str  # empty: it was answered
    alive: int  # nodes, when it ended
    missed_s: float | None  # not found, so long after it was acknowledged; None: it was found


class Acknowledged(NamedTuple):
    """One passage that is there, as far as we were told."""

    tenant: TenantId
    entry: Entry
    at: float  # on the monotonic clock


class Standing(NamedTuple):
    """What one node, asked alone, has in the end."""

    lost: int
    hidden: int  # acknowledged, and no search by vector finds them
    hidden_tidied: int
    missing: int  # companies that came while a node was away and are not there, or not whole


@dataclass
class Killing:
    """So many nodes, so many kills, and what became of everything."""

    cluster: weaviate.Cluster
    most: int
    moments: random.Random = field(default_factory=lambda: random.Random(_SEED))  # noqa: S311 - moments, no secrets
    away: int | None = None
    killed: list[bool] = field(default_factory=list)  # whether it was the one that is asked
    searches: list[Searched] = field(default_factory=list)
    acknowledged: list[Acknowledged] = field(default_factory=list)
    put_s: list[float] = field(default_factory=list)  # of each batch that was taken
    refused: Counter[str] = field(default_factory=Counter)
    newcomers: list[TenantId] = field(default_factory=list)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    caught_up_s: float = 0.0
    standing: list[Standing] = field(default_factory=list)

    @property
    def alive(self) -> int:
        return len(self.cluster.nodes) - (self.away is not None)

    def passages(self, tenant: TenantId = _MAIN) -> set[PassageId]:
        """Of which it was acknowledged that they are there."""
        return {one.entry.passage for one in self.acknowledged if one.tenant == tenant}

    @property
    def missed_s(self) -> list[float]:
        return [one.missed_s for one in self.searches if one.missed_s is not None]

    def progress(self) -> str:
        """For whoever waits."""
        failed = Counter(one.failure for one in self.searches if one.failure)
        searched = f"{len(self.searches)} searches, failed {dict(failed)}, missed {len(self.missed_s)}"
        return f"{len(self.killed)} of {self.most} kills, {searched}, {len(self.put_s)} batches, refused {dict(self.refused)}"

    def search_row(self) -> list[str]:
        """For the first table."""
        failed = [one for one in self.searches if one.failure]
        counts = (len(self.killed), sum(self.killed), len(self.searches), len(failed), sum(one.alive > 1 for one in failed))
        cuts = quantiles([one.took_s for one in self.searches if not one.failure], n=100)
        took = [*(cuts[percent - 1] for percent in (50, 95, 99)), max(one.took_s for one in self.searches)]
        missed = [str(len(self.missed_s)), f"{max(self.missed_s):.0f} s" if self.missed_s else ""]
        return [str(len(self.cluster.nodes)), *map(str, counts), *missed, *(f"{one * 1000:,.0f} ms" for one in took)]

    def put_row(self) -> list[str]:
        """For the second table."""
        lost, hidden, tidied, missing = (", ".join(map(str, figures)) for figures in zip(*self.standing, strict=True))
        batches = [str(len(self.put_s)), str(self.refused.total()), f"{max(self.put_s):.1f} s"]
        there = [str(len(self.passages())), lost, f"{self.caught_up_s:.0f} s", hidden, tidied]
        return [str(len(self.cluster.nodes)), *batches, *there, str(len(self.newcomers)), missing]


async def run(nodes: int, kills: int) -> Killing:
    """Everything, on as many nodes."""
    with tempfile.TemporaryDirectory(prefix="footnote-nodes-") as folder, weaviate.running(Path(folder), nodes) as cluster:
        killing = Killing(cluster, kills)
        async with _closing(cluster.engine(_MODEL, _DIMENSION, at=range(nodes))) as engine:
            await engine.create(_MAIN)
            await _load(killing, engine)
            killing.caught_up_s = await _caught_up(killing)
            hidden = [await _alone(killing, node, _hidden) for node in range(nodes)]
            for tenant in (_MAIN, *killing.newcomers):
                await (await engine.open(tenant)).tidy()
        killing.standing = [Standing(*one) for one in zip(*await _in_the_end(killing, hidden), strict=True)]
        _tell(f"{nodes} nodes: {killing.progress()}, {killing.standing}")
    return killing


async def _in_the_end(killing: Killing, hidden: list[int]) -> tuple[list[int], list[int], list[int], list[int]]:
    nodes = range(len(killing.cluster.nodes))
    lost = [await _alone(killing, node, _lost) for node in nodes]
    tidied = [await _alone(killing, node, _hidden) for node in nodes]
    missing = [sum([bool(await _alone(killing, node, _hidden, tenant)) for tenant in killing.newcomers]) for node in nodes]
    return lost, hidden, tidied, missing


async def _load(killing: Killing, engine: WeaviateEngine) -> None:
    """Search and put for as long as there are kills."""
    putting = asyncio.create_task(_keep_putting(killing, engine))
    while not killing.acknowledged:  # noqa: ASYNC110 - a moment
        await asyncio.sleep(_PAUSE_S)
    telling = asyncio.create_task(_keep_telling(killing))
    async with asyncio.TaskGroup() as group:
        for _ in range(_SEARCHERS):
            group.create_task(_keep_searching(killing, engine))
        await _kill_again_and_again(killing, engine)
        killing.over.set()
    await putting
    telling.cancel()


async def _kill_again_and_again(killing: Killing, engine: WeaviateEngine) -> None:
    while len(killing.killed) < killing.most:
        await asyncio.sleep(killing.moments.uniform(*_LIFE_S))
        asked = engine._line._at
        number = asked if len(killing.killed) % 2 else killing.moments.randrange(len(killing.cluster.nodes))
        await _killed(killing, engine, number)
        killing.killed.append(number == asked)
    await asyncio.sleep(_LIFE_S[0])


async def _killed(killing: Killing, engine: WeaviateEngine, number: int) -> None:
    """One node's death and return."""
    node = killing.cluster.nodes[number]
    await asyncio.to_thread(node.kill)
    killing.away = number
    _tell(f"node {number} is killed")
    if killing.moments.random() < 1 / 2:
        await _newcomer(killing, engine)
    await asyncio.sleep(killing.moments.uniform(*_AWAY_S))
    node.start()
    await asyncio.to_thread(node.wait)
    killing.away = None
    _tell(f"node {number} is ready again")


async def _newcomer(killing: Killing, engine: WeaviateEngine) -> None:
    """A company that comes while a node is away; not where there is no other."""
    if not killing.alive:
        return
    tenant = TenantId(f"newcomer-{len(killing.newcomers)}")
    await _until_taken(killing, lambda: engine.create(tenant))
    await _put(killing, engine, tenant, _batch(len(killing.newcomers), _A_NEWCOMERS_BATCH, "n"))
    killing.newcomers.append(tenant)


async def _keep_putting(killing: Killing, engine: WeaviateEngine) -> None:
    number = 0
    while not killing.over.is_set():
        await _put(killing, engine, _MAIN, _batch(number, _A_BATCH, "d"))
        number += 1
        await asyncio.sleep(_BATCHES_PAUSE_S)


async def _put(killing: Killing, engine: WeaviateEngine, tenant: TenantId, entries: Sequence[Entry]) -> None:
    async def put() -> None:
        began = time.monotonic()
        await (await engine.open(tenant)).put(entries)
        killing.put_s.append(time.monotonic() - began)

    await _until_taken(killing, put)
    killing.acknowledged += [Acknowledged(tenant, entry, time.monotonic()) for entry in entries]


async def _until_taken(killing: Killing, write: Callable[[], Awaitable[None]]) -> None:
    """Again and again, whatever is said against it."""
    while True:
        began = time.monotonic()
        try:
            return await write()
        except IndexUnavailable as error:
            killing.refused[type(error).__name__] += 1
            _tell(f"a write is refused after {time.monotonic() - began:.1f} s, {killing.alive} nodes alive: {_why(error)}")
            await asyncio.sleep(_BATCHES_PAUSE_S)


async def _keep_searching(killing: Killing, engine: WeaviateEngine) -> None:
    while not killing.over.is_set():
        for by_words in (True, False):
            await _search(killing, engine, _sought(killing), by_words=by_words)
            await asyncio.sleep(_PAUSE_S)


def _sought(killing: Killing) -> Acknowledged:
    """Half of the time one of the last that were acknowledged: those may be anywhere but on a node that has just returned."""
    everything = killing.acknowledged
    return killing.moments.choice(everything[-2 * _A_BATCH :] if killing.moments.random() < 1 / 2 else everything)


async def _search(killing: Killing, engine: WeaviateEngine, sought: Acknowledged, *, by_words: bool) -> None:
    began, failure, found, entry = time.monotonic(), "", [], sought.entry
    try:
        index = await engine.open(sought.tenant)
        search = index.by_words(entry.terms, {EVERYONE}, _LIST) if by_words else index.by_vector(entry.vector, {EVERYONE}, _LIST)
        found = [one.passage for one in await search]
    except IndexUnavailable as error:
        failure = type(error).__name__
        if not isinstance(error.__cause__, Open):  # else it has just been told
            _tell(f"a search fails after {time.monotonic() - began:.1f} s, {killing.alive} nodes alive: {_why(error)}")
    missed = not failure and entry.passage not in found
    missed_s = _told_of(killing, engine._line._at, sought, by_words=by_words) if missed else None
    killing.searches.append(Searched(time.monotonic() - began, failure, killing.alive, missed_s))


def _told_of(killing: Killing, asked: int, sought: Acknowledged, *, by_words: bool) -> float:
    """Seconds since what is missed was acknowledged."""
    ago = time.monotonic() - sought.at
    how, where = "words" if by_words else "vector", f"asked was node {asked}, away is {killing.away}"
    _tell(f"by {how}, {sought.entry.passage} of {sought.tenant} is missed {ago:.1f} s after it was acknowledged; {where}")
    return ago


async def _caught_up(killing: Killing) -> float:
    """Seconds until every node has all that was acknowledged; the limit, if some is lost."""
    began = time.monotonic()
    for node in range(len(killing.cluster.nodes)):
        for tenant in (_MAIN, *killing.newcomers):
            while await _alone(killing, node, _lost, tenant) and time.monotonic() - began < _CAUGHT_UP_S:  # noqa: ASYNC110 - other processes
                await asyncio.sleep(1)
    return time.monotonic() - began


Look = Callable[[Killing, TenantIndex, TenantId], Awaitable[int]]


async def _alone(killing: Killing, node: int, look: Look, tenant: TenantId = _MAIN) -> int:
    """What `look` counts in what one node has of a tenant; everything, if it does not have the tenant."""
    async with _closing(killing.cluster.engine(_MODEL, _DIMENSION, at=[node], limits=_PATIENT)) as engine:
        try:
            return await look(killing, await engine.open(tenant), tenant)
        except IndexUnavailable as error:
            _tell(f"{tenant} on node {node}: {_why(error)}")
            return len(killing.passages(tenant))


async def _lost(killing: Killing, index: TenantIndex, tenant: TenantId) -> int:
    """Passages that were acknowledged and are not there, by the names of their documents."""
    held: Counter[DocumentId] = Counter()
    for one, passages in (await index.holdings()).items():
        held[one.document] += passages
    wanted = Counter(one.entry.document for one in killing.acknowledged if one.tenant == tenant)
    return (wanted - held).total()


async def _hidden(killing: Killing, index: TenantIndex, tenant: TenantId) -> int:
    """Passages that were acknowledged and that no search by vector finds."""
    wanted = killing.passages(tenant)
    found = await index.by_vector(np.ones(_DIMENSION, np.float32), {EVERYONE}, len(wanted))
    return len(wanted - {one.passage for one in found})


@asynccontextmanager
async def _closing(engine: WeaviateEngine) -> AsyncIterator[WeaviateEngine]:
    try:
        yield engine
    finally:
        await engine.close()


def _batch(number: int, size: int, kind: str) -> list[Entry]:
    """The passages of one document."""
    document = DocumentId(f"{kind}{number}")
    vectors = np.random.default_rng(number).standard_normal((size, _DIMENSION), np.float32)
    return [
        Entry(
            passage=PassageId(f"{document}-1-{n}"),
            document=document,
            version=1,
            terms=["leave", f"{document}x{n}"],
            vector=vectors[n] / np.linalg.norm(vectors[n]),
            readers=frozenset({EVERYONE}),
        )
        for n in range(size)
    ]


def _why(error: Exception) -> str:
    cause = error.__cause__ or error
    return f"{type(error).__name__} from {type(cause).__name__}: {cause}"[:300]


async def _keep_telling(killing: Killing) -> None:
    while True:
        await asyncio.sleep(_TOLD_EVERY_S)
        _tell(killing.progress())


def _tell(line: str) -> None:
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {line}\n")
    sys.stderr.flush()


def main() -> None:
    """Run, print the tables and write them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=30, help="of three nodes")
    parser.add_argument("--single-kills", type=int, default=10, help="of one node that is alone")
    parser.add_argument("--nodes", choices=["1", "3", "both"], default="both")
    given = parser.parse_args()
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message).300s", datefmt="%H:%M:%S")
    kills = {3: given.kills, 1: given.single_kills}
    made = [asyncio.run(run(nodes, kills[nodes])) for nodes in kills if given.nodes in {str(nodes), "both"}]
    command = shlex.join(["python", "-m", "tests.bench.nodes", *sys.argv[1:]])
    written = table(
        "Nodes that were killed, and what became of searches and writes", command, SEARCH_HEAD, [one.search_row() for one in made]
    )
    written += "\n" + rows_of(PUT_HEAD, [one.put_row() for one in made])
    print(written)
    WRITTEN.write_text(written, encoding="utf-8")


if __name__ == "__main__":
    main()
