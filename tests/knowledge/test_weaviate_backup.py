"""A node of Weaviate that is lost with all its data: back from its own backup, or a company at a time from our export beside it.

A backup into a folder is for one node; several need a bucket (`backup-s3`). Every company is in it, also one whose index rests.
"""

import shutil
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pytest
import pytest_asyncio
import weaviate as client_library
from weaviate.auth import Auth
from weaviate.backup.backup import BackupStorage
from weaviate.classes.tenants import TenantActivityStatus
from weaviate.exceptions import BackupFailedError

from knowledge.catalogue import Catalogue
from knowledge.documents import PassageId
from knowledge.embedding.known import Embedders
from knowledge.errors import IndexMissing
from knowledge.index.places import Place, Places
from knowledge.index.port import Held, Proposal, TenantIndex
from knowledge.index.weaviate import WeaviateEngine
from knowledge.index.weaviate.schema import collection_name
from knowledge.ingest.backup import Backup
from knowledge.ingest.items import TextItem
from knowledge.ingest.pipeline import Ingestion
from knowledge.ingest.report import Silent
from knowledge.originals import Originals
from knowledge.query_maps import QueryMaps
from knowledge.search import Search
from knowledge.terms import terms
from tenancy.database import Database
from tenancy.viewer import EVERYONE, Audience, TenantId
from tests.engines import weaviate
from tests.knowledge.parts import DIMENSION, BagOfWords, PlainParser, group, text, viewer_of
from tests.tenancy import servers

pytestmark = [*weaviate.MARKS, pytest.mark.timeout(120)]

NAME = "nightly"
LEAVE, TRAINS, OTTERS = "Parental leave is twenty weeks.", "Trains are booked a week ahead.", "Otters sleep floating."
BUSY = [text("leave", LEAVE), text("trains", TRAINS, group("hr")), *(text(f"n{n}", f"Note {n} tells of rivers.") for n in range(40))]
RESTING = [text("otters", OTTERS), text("trains", TRAINS)]


class Seen(NamedTuple):
    """All that an index has and finds."""

    holdings: Counter[Held]
    words: list[PassageId]  # best first; how long a field is on average Weaviate counts anew when it is built again, and scores with it
    vectors: list[tuple[PassageId, float]]
    kept: dict[PassageId, list[float]]  # the vectors themselves


@dataclass
class Company:
    """A company whose index is in Weaviate."""

    tenant: TenantId
    places: Places
    embedder: BagOfWords
    ingestion: Ingestion
    searching: Search

    async def ingest(self, items: list[TextItem]) -> None:
        await self.ingestion.run(self.tenant, "files", items)

    async def finds(self, query: str) -> list[str]:
        """Names of documents, best first."""
        found = await self.searching.best(viewer_of(self.tenant, EVERYONE), Audience(), query, 3)
        return [hit.passage.document.name for hit in found.hits]

    async def seen(self) -> Seen:
        index: TenantIndex = (await self.places.open(self.tenant)).index
        holdings, vector = await index.holdings(), (await self.embedder.query("parental trains and otters")).vector
        words = await index.by_words(terms("parental trains and otters, note rivers"), {EVERYONE, *group("hr")}, 50)
        vectors = await index.by_vector(vector, {EVERYONE, *group("hr")}, 50)
        kept = await index.vectors([one.passage for one in vectors])
        return Seen(
            holdings,
            [name for name, _ in _sorted(words)],
            _sorted(vectors),
            {name: [round(float(x), 5) for x in kept[name]] for name in sorted(kept)},
        )


def _sorted(found: Sequence[Proposal]) -> list[tuple[PassageId, float]]:
    return sorted((one.passage, round(one.score, 4)) for one in found)


@dataclass
class World:
    """A node that backs itself up into a folder, and two companies."""

    node: weaviate.Node
    engine: WeaviateEngine
    busy: Company
    resting: Company

    @property
    def collection(self) -> str:
        return collection_name(self.busy.embedder.name, DIMENSION)

    async def lose_the_node(self) -> None:
        """With all that it had; another of the same name takes its place."""
        self.node.kill()
        shutil.rmtree(self.node.data)
        self.node.start()
        self.node.wait()

    async def is_resting(self) -> bool:
        async with self.raw() as client:
            found = await client.collections.use(self.collection).tenants.get_by_name(self.resting.tenant)
        return bool(found and found.activity_status is TenantActivityStatus.INACTIVE)

    @asynccontextmanager
    async def raw(self) -> AsyncIterator[client_library.WeaviateAsyncClient]:
        """The client as an operator has it."""
        ports = self.node.ports
        async with client_library.use_async_with_local(
            host="127.0.0.1", port=ports.rest, grpc_port=ports.grpc, auth_credentials=Auth.api_key(weaviate.KEY), skip_init_checks=True
        ) as client:
            yield client

    async def back_up(self) -> None:
        async with self.raw() as client:
            await client.backup.create(NAME, BackupStorage.FILESYSTEM, wait_for_completion=True)

    async def restore(self) -> None:
        async with self.raw() as client:
            await client.backup.restore(NAME, BackupStorage.FILESYSTEM, wait_for_completion=True)


@pytest_asyncio.fixture
async def world(database: Database, tmp_path: Path) -> AsyncIterator[World]:
    """Both have documents; one rests."""
    backups = str(tmp_path / "backups")
    with weaviate.running(tmp_path, ENABLE_MODULES="backup-filesystem", BACKUP_FILESYSTEM_PATH=backups) as cluster:
        engine = cluster.engine(BagOfWords().name, DIMENSION)
        busy, resting = [await company(database, engine, tmp_path / name) for name in ("busy", "resting")]
        await busy.ingest(BUSY)
        await resting.ingest(RESTING)
        await resting.places.rest(resting.tenant)
        yield World(cluster.nodes[0], engine, busy, resting)
        await engine.close()


async def company(database: Database, engine: WeaviateEngine, folder: Path) -> Company:
    tenant = await servers.new_tenant(database)
    embedder = BagOfWords()

    async def is_lost(tenant: TenantId) -> None:
        """Nobody mends unasked here."""

    places = Places(database, lambda _: engine, Place("weaviate", embedder.name, DIMENSION), is_lost)
    originals = Originals.in_folder(folder, servers.tenants_of(database).vault)
    ingestion = Ingestion(database, places, Embedders(embedder), PlainParser(), originals)
    return Company(tenant.id, places, embedder, ingestion, Search(places, Embedders(embedder), Catalogue(database), QueryMaps(database)))


async def test_every_company_is_back_as_it_was_from_the_backup_of_a_lost_node_also_one_that_rests(world: World) -> None:
    busy = await world.busy.seen()
    assert len(busy.holdings) == len(busy.vectors) == len(BUSY)
    resting = await world.resting.seen()  # which wakes it
    await world.resting.places.rest(world.resting.tenant)
    await world.back_up()
    assert await world.is_resting()  # backing it up has not woken it
    await world.lose_the_node()
    with pytest.raises(IndexMissing):
        await world.busy.seen()
    await world.restore()
    assert await world.is_resting()
    assert await world.busy.seen() == busy
    assert await world.resting.seen() == resting
    assert "Weaviate 1." in await world.engine.check()


async def test_what_came_and_went_since_the_backup_is_as_postgresql_says_once_it_is_mended(world: World) -> None:
    await world.back_up()
    await world.busy.ingest([text("leave", "Parental leave is thirty weeks."), text("badgers", "Badgers dig."), *BUSY[2:]])
    await world.lose_the_node()
    await world.restore()
    assert "leave" not in await world.busy.finds("parental leave")  # its old version is there; the live check keeps it back
    found = await world.busy.ingestion.mend(world.busy.tenant)
    assert str(found) == "2 missing, 2 outdated, 0 with other readers"
    assert (await world.busy.finds("parental leave"))[:1] == ["leave"]
    assert (await world.busy.finds("badgers dig"))[:1] == ["badgers"]
    assert not await world.busy.ingestion.mend(world.busy.tenant)
    await world.busy.ingest([text("otters", OTTERS)])  # it takes writes


async def test_without_a_backup_of_the_node_one_company_comes_back_from_its_export_and_the_other_from_its_texts(
    world: World, tmp_path: Path
) -> None:
    busy, resting = await world.busy.seen(), await world.resting.seen()
    file = tmp_path / "busy.parquet"
    assert await Backup(world.busy.ingestion).write(world.busy.tenant, file, Silent()) == len(BUSY)
    await world.lose_the_node()
    with pytest.raises(IndexMissing):
        await world.busy.seen()
    embedded = [one.embedder.passages_embedded for one in (world.busy, world.resting)]
    assert await Backup(world.busy.ingestion).restore(world.busy.tenant, file, Silent()) == len(BUSY)
    assert await world.busy.seen() == busy
    with pytest.raises(IndexMissing):
        await world.resting.seen()
    assert len((await world.resting.ingestion.mend(world.resting.tenant)).lost) == len(RESTING)
    assert await world.resting.seen() == resting
    made = [one.embedder.passages_embedded for one in (world.busy, world.resting)]
    assert made == [embedded[0], embedded[1] + len(RESTING)]


async def test_who_restores_stops_the_product_first_or_removes_the_collection_that_it_has_made_again(world: World) -> None:
    """Its check makes the collection where there is none, and Weaviate restores nothing over what is there."""
    busy = await world.busy.seen()
    await world.back_up()
    await world.lose_the_node()
    await world.engine.check()
    with pytest.raises(BackupFailedError, match="already exists"):
        await world.restore()
    async with world.raw() as client:
        await client.collections.delete(world.collection)
    await world.restore()
    assert await world.busy.seen() == busy
