"""Parts for tests of knowledge: an embedder and a parser without weights, and a library over real PostgreSQL and LanceDB."""

import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from knowledge.catalogue import Catalogue
from knowledge.documents import Findings, Readers
from knowledge.embedding.known import Embedders
from knowledge.embedding.port import Asked, Embedded, Embedder, Signs, States, Vector
from knowledge.index.lance import LanceEngine
from knowledge.index.places import Place, Places
from knowledge.index.port import IndexEngine
from knowledge.ingest.items import FileItem, TextItem
from knowledge.ingest.pipeline import Ingestion
from knowledge.ingest.report import Report
from knowledge.library import Library
from knowledge.map_learning import MapLearning
from knowledge.originals import Originals
from knowledge.parsers.port import Extracted
from knowledge.query_maps import QueryMaps
from knowledge.search import Search
from knowledge.terms import terms
from tenancy.database import Database
from tenancy.tenants import Tenant
from tenancy.viewer import EVERYONE, Audience, PersonId, Principal, TenantId, Viewer
from tests.tenancy.servers import tenants_of

DIMENSION = 64


@dataclass
class BagOfWords:
    """An embedder whose vectors are hashed bags of terms: texts that share words are near. Counts what it embeds.

    A term has one state wherever it stands, of hashed signs.
    """

    name: str = "bag-of-words"
    dimension: int = DIMENSION
    passages_embedded: int = 0
    queries_embedded: int = 0

    async def query(self, text: str) -> Asked:
        self.queries_embedded += 1
        states: States = (2 * np.unpackbits(self._signs(text), axis=1) - np.float32(1)) / np.float32(np.sqrt(DIMENSION))
        return Asked(self._vector(text), states)

    async def passages(self, texts: Sequence[str]) -> Embedded:
        self.passages_embedded += len(texts)
        return Embedded(np.stack([self._vector(text) for text in texts]), [self._signs(text) for text in texts])

    def count(self, text: str) -> int:
        return len(text.split())

    def _signs(self, text: str) -> Signs:
        hashed = b"".join(hashlib.sha256(term.encode()).digest()[: DIMENSION // 8] for term in terms(text))
        return np.frombuffer(hashed, np.uint8).reshape(-1, DIMENSION // 8)

    def _vector(self, text: str) -> Vector:
        vector = np.full(DIMENSION, 0.01, np.float32)
        for term in terms(text):
            vector[int(hashlib.sha256(term.encode()).hexdigest(), 16) % DIMENSION] += 1
        unit: Vector = vector / np.linalg.norm(vector)
        return unit


class PlainParser:
    """Every file is its own text, in UTF-8; its title is its name."""

    async def parse(self, name: str, data: bytes) -> Extracted:
        return Extracted(text=data.decode(), title=name.rpartition("/")[2], media_type="text/plain")


@dataclass
class Shelf:
    """One tenant's library, with the parts that tests reach into."""

    database: Database
    tenant: Tenant
    engine: IndexEngine
    places: Places
    embedder: Embedder
    ingestion: Ingestion
    library: Library
    originals: Originals
    lost: list[TenantId]  # whose index was seen to be gone
    maps: QueryMaps
    map_learning: MapLearning

    async def ingest(self, *items: FileItem | TextItem, source: str = "files") -> Report:
        return await self.ingestion.run(self.tenant.id, source, items)

    async def find(self, query: str, *principals: str, audience: Audience | None = None, limit: int = 8) -> Findings:
        return await self.library.search(self.viewer(*principals), audience or Audience(), query, limit)

    async def names(self, query: str, *principals: str) -> list[str]:
        """Names of the documents found, best first, each once."""
        found = await self.find(query, *(principals or (EVERYONE,)))
        return list(dict.fromkeys(hit.passage.document.name for hit in found.hits))

    def viewer(self, *principals: str) -> Viewer:
        return viewer_of(self.tenant.id, *principals)


def viewer_of(tenant: TenantId, *principals: str) -> Viewer:
    return Viewer(tenant=tenant, person=PersonId("ana"), name="Ana", principals=frozenset(map(Principal, principals)))


@asynccontextmanager
async def shelf_of(
    database: Database, tenant: Tenant, folder: Path, *, engine: IndexEngine | None = None, embedder: Embedder | None = None
) -> AsyncIterator[Shelf]:
    """`engine`: of the place that is preferred, made with `embedder`; absent: LanceDB."""
    embedder, lost = embedder or BagOfWords(), list[TenantId]()
    preferred = Place("lancedb", embedder.name, embedder.dimension)
    engines: dict[Place, IndexEngine] = {preferred: engine} if engine else {}

    def engine_of(place: Place) -> IndexEngine:
        """Whatever its engine is called, LanceDB in a folder of its own."""
        if place not in engines:
            engines[place] = LanceEngine(folder / place.engine, model=place.model, dimension=place.dimension)
        return engines[place]

    async def is_lost(tenant: TenantId) -> None:
        lost.append(tenant)

    places = Places(database, engine_of, preferred, is_lost)
    embedders = Embedders(embedder, BagOfWords("another-bag"))
    originals = Originals.in_folder(folder / "originals", tenants_of(database).vault)
    ingestion = Ingestion(database, places, embedders, PlainParser(), originals)
    catalogue, maps = Catalogue(database), QueryMaps(database)
    library = Library(Search(places, embedders, catalogue, maps), catalogue, embedder)
    learning = MapLearning(places, embedders, maps)
    yield Shelf(database, tenant, engine_of(preferred), places, embedder, ingestion, library, originals, lost, maps, learning)
    for each in engines.values():
        await each.close()


def text(name: str, body: str, readers: Readers = frozenset({EVERYONE}), title: str = "") -> TextItem:
    return TextItem(name=name, readers=readers, title=title or name, text=body)


def file(name: str, body: str | bytes, readers: Readers = frozenset({EVERYONE})) -> FileItem:
    data = body.encode() if isinstance(body, str) else body
    modified = datetime(2026, 3, 3, tzinfo=UTC)
    return FileItem(name=name, size=len(data), readers=readers, modified_at=modified, read=lambda: data)


def group(name: str) -> Readers:
    return frozenset({Principal(f"group:files:{name}")})
