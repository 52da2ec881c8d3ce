"""Where each tenant's index is: by which engine, of which embedding model. One row decides, in the tenant's own schema.

    serving    what questions are answered from and ingestion writes to; one at most
    building   what is made beside it, to take its place; one at most
    kept       what served before; nothing is written to it any more

The row also says which analyser made the index's terms (`knowledge.terms.ANALYSER`); while that is an older one, some or all of them are.

Whoever writes holds the tenant's gate together with other writers; whoever switches holds it alone. So nothing is written to an index
that has just been left.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import ColumnElement, TextClause, Update, and_, delete, exists, func, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from knowledge.errors import IndexMissing, IndexUnavailable
from knowledge.index.port import IndexEngine, TenantIndex
from knowledge.tables import documents, indexes, passage_states, query_maps
from knowledge.terms import ANALYSER
from tenancy.database import Database
from tenancy.viewer import TenantId

_FRESH_S = 2.0
"""How long a process may go on answering from an index that was left: it is kept, and every passage is checked live."""

_FIRST_ANALYSER = 1  # of a time before there were rows

_SERVING = select(indexes.c.engine, indexes.c.model, indexes.c.dimension).where(indexes.c.state == "serving")
_HAS_DOCUMENTS = select(exists().where(documents.c.version > 0))
_UNUSED = tuple(delete(table).where(table.c.model.not_in(select(indexes.c.model))) for table in (passage_states, query_maps))
_TOGETHER = text("SELECT pg_advisory_xact_lock_shared(hashtextextended(:gate, 0))")
_ALONE = text("SELECT pg_advisory_xact_lock(hashtextextended(:gate, 0))")


class Place(NamedTuple):
    """An engine, and the embedding model whose vectors are there."""

    engine: str  # `lancedb`, `weaviate`
    model: str
    dimension: int


class State(StrEnum):
    """What an index is to its tenant."""

    SERVING = "serving"
    BUILDING = "building"
    KEPT = "kept"


@dataclass(frozen=True, slots=True)
class Opened:
    """A tenant's index, and where it is."""

    place: Place
    index: TenantIndex


class Places:
    """Finds, makes and switches the indexes of tenants."""

    def __init__(
        self,
        database: Database,
        engine: Callable[[Place], IndexEngine],
        preferred: Place,
        lost: Callable[[TenantId], Awaitable[None]],
    ) -> None:
        """`preferred`: where new tenants are placed. `lost` is told of an index that should be there and is not."""
        self._database = database
        self._engine = engine
        self._lost = lost
        self._known: dict[TenantId, tuple[Place, float]] = {}
        self.preferred = preferred

    async def open(self, tenant: TenantId) -> Opened:
        """The index that answers this tenant's questions; made if it is not there and there is nothing to be found yet.

        Raises `IndexUnavailable`, and `IndexMissing` after telling of it.
        """
        place = await self._place(tenant)
        engine = self._engine(place)
        try:
            return Opened(place, await engine.open(tenant))
        except IndexMissing:
            if await self._has_documents(tenant):
                await self.is_lost(tenant)
                raise
        await engine.create(tenant)
        return Opened(place, await engine.open(tenant))

    async def is_lost(self, tenant: TenantId) -> None:
        """To be told where a search found that the index is not there, or has nothing of what it should have."""
        await self._lost(tenant)

    @asynccontextmanager
    async def writing(self, tenant: TenantId) -> AsyncIterator[Opened]:
        """The index that this tenant's documents are written to, until the end of the block; made if it is not there."""
        async with self._gate(tenant, _TOGETHER):
            place = await self.serving(tenant)
            await self._engine(place).create(tenant)
            yield Opened(place, await self._engine(place).open(tenant))

    @asynccontextmanager
    async def alone(self, tenant: TenantId) -> AsyncIterator[None]:
        """While nobody writes to any index of the tenant. Waits for those who do, a batch each."""
        async with self._gate(tenant, _ALONE):
            yield

    async def serving(self, tenant: TenantId) -> Place:
        """The place of the index that serves, as of now; decided now if it was not yet."""
        async with self._database.tenant(tenant) as connection:
            found = (await connection.execute(_SERVING)).one_or_none()
            if found is None:
                has_documents = bool(await connection.scalar(_HAS_DOCUMENTS))
                first = self._first(has_documents=has_documents)
                row = {**first._asdict(), "state": State.SERVING, "analyser": _FIRST_ANALYSER if has_documents else ANALYSER}
                await connection.execute(upsert(indexes).values(row).on_conflict_do_nothing())
                found = (await connection.execute(_SERVING)).one_or_none()
        if found is None:  # its row says that it is kept, and no other serves
            raise IndexUnavailable(IndexUnavailable.__doc__)
        place = Place(*found)
        self._known[tenant] = (place, asyncio.get_running_loop().time())
        return place

    async def all(self, tenant: TenantId) -> dict[Place, State]:
        """Every index of the tenant."""
        columns = select(indexes.c.engine, indexes.c.model, indexes.c.dimension, indexes.c.state)
        async with self._database.tenant(tenant) as connection:
            rows = await connection.execute(columns.order_by(indexes.c.since))
        return {Place(row.engine, row.model, row.dimension): State(row.state) for row in rows}

    async def begin(self, tenant: TenantId, place: Place) -> TenantIndex:
        """The index that is to take over, made if it is not there. What was kept is taken up, what was being built elsewhere given up."""
        async with self._database.tenant(tenant) as connection:
            await connection.execute(update(indexes).where(indexes.c.state == State.BUILDING).values(state=State.KEPT))
            row = {**place._asdict(), "state": State.BUILDING, "analyser": ANALYSER}
            again = {"state": State.BUILDING, "since": func.now()}
            made = upsert(indexes).values(row).on_conflict_do_update(index_elements=list(Place._fields), set_=again)
            await connection.execute(made)
        await self._engine(place).create(tenant)
        return await self._engine(place).open(tenant)

    async def switch(self, tenant: TenantId) -> None:
        """Let what was built serve, and keep what served. To be called while `alone`; one transaction, or nothing and an error."""
        async with self._database.tenant(tenant) as connection:
            await connection.execute(_becomes(State.SERVING, State.KEPT))
            if (await connection.execute(_becomes(State.BUILDING, State.SERVING))).rowcount != 1:
                raise IndexUnavailable(IndexUnavailable.__doc__)
        self._known.pop(tenant, None)

    async def remake(self, tenant: TenantId) -> None:
        """Empty the index that serves. To be called while `alone`."""
        place = await self.serving(tenant)
        engine = self._engine(place)
        await engine.drop(tenant)
        await engine.create(tenant)
        await self.analysed(tenant, place)

    async def is_analysed(self, tenant: TenantId, place: Place) -> bool:
        """Whether all terms of the index at `place` are of today's analyser."""
        async with self._database.tenant(tenant) as connection:
            return await connection.scalar(select(indexes.c.analyser).where(_is_at(place))) == ANALYSER

    async def analysed(self, tenant: TenantId, place: Place) -> None:
        """To be told when they are."""
        async with self._database.tenant(tenant) as connection:
            await connection.execute(update(indexes).where(_is_at(place)).values(analyser=ANALYSER))

    async def rest(self, tenant: TenantId) -> None:
        """Let the index that serves cost nothing until somebody asks."""
        await self._engine(await self.serving(tenant)).rest(tenant)

    async def forget(self, tenant: TenantId, is_set_up: Callable[[Place], bool]) -> list[Place]:
        """Drop every index of the tenant that does not serve; of one whose engine is not set up, only what is known here.

        Returns where they were. To be called while nobody moves the tenant.
        """
        gone = [place for place, state in (await self.all(tenant)).items() if state is not State.SERVING]
        for place in gone:
            if is_set_up(place):
                await self._engine(place).drop(tenant)
            async with self._database.tenant(tenant) as connection:
                await connection.execute(delete(indexes).where(_is_at(place), indexes.c.state != State.SERVING))
                for unused in _UNUSED:
                    await connection.execute(unused)
        return gone

    async def _place(self, tenant: TenantId) -> Place:
        known = self._known.get(tenant)
        if known and asyncio.get_running_loop().time() - known[1] < _FRESH_S:
            return known[0]
        return await self.serving(tenant)

    async def _has_documents(self, tenant: TenantId) -> bool:
        async with self._database.tenant(tenant) as connection:
            return bool(await connection.scalar(_HAS_DOCUMENTS))

    def _first(self, *, has_documents: bool) -> Place:
        """Documents of a time before there were rows are in LanceDB: there was nothing else."""
        return self.preferred._replace(engine="lancedb") if has_documents else self.preferred

    @asynccontextmanager
    async def _gate(self, tenant: TenantId, lock: TextClause) -> AsyncIterator[None]:
        async with self._database.control() as connection:
            await connection.execute(lock, {"gate": f"index {tenant}"})
            yield


def _is_at(place: Place) -> ColumnElement[bool]:
    return and_(*(indexes.c[name] == value for name, value in place._asdict().items()))


def _becomes(state: State, other: State) -> Update:
    return update(indexes).where(indexes.c.state == state).values(state=other, since=func.now())
