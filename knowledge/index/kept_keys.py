"""The keys that tenants' indexes are reached with: each sealed under its tenant's data key, in the tenant's own schema."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from sqlalchemy import delete, exc, select, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from knowledge.errors import IndexUnavailable
from knowledge.tables import index_keys
from tenancy.database import Database
from tenancy.encryption import Vault
from tenancy.errors import UnknownTenant
from tenancy.viewer import TenantId

_AT_ONCE = 2  # a key takes 2 s to make, 30 where Weaviate is ill
_PATIENCE_S = 10.0
_TURN_S = 30.0
_LOCKED = "55P03"  # lock_not_available: what PostgreSQL says after `lock_timeout`
_WAIT = text("SELECT set_config('lock_timeout', :wait, true)")
_ALONE = text("SELECT pg_advisory_xact_lock(hashtextextended(:gate, 0))")


class KeptKeys:
    """The keys of one engine."""

    def __init__(self, database: Database, vault: Vault, engine: str, *, patience_s: float = _PATIENCE_S, turn_s: float = _TURN_S) -> None:
        """Of `engine`, `weaviate`.

        `patience_s`: how long to wait for another process that makes a key of the same tenant, which takes a connection to the database;
        `turn_s`: how long, before that, for those that this process makes.
        """
        self._database = database
        self._vault = vault
        self._engine = engine
        self._patience_s = patience_s
        self._turn_s = turn_s
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def key(self, tenant: TenantId, refused: str | None, make: Callable[[], Awaitable[str]]) -> str:
        """The key that is kept, unless it is `refused` or there is none: then what `make` gives, kept once it returns."""
        async with self._database.tenant(tenant) as connection:
            sealed = await self._sealed(connection)
        kept = await self._opened(tenant, sealed)
        if kept is not None and kept != refused:
            return kept
        async with self._turn():
            return await self._made(tenant, refused, make)

    async def _made(self, tenant: TenantId, refused: str | None, make: Callable[[], Awaitable[str]]) -> str:
        """A new key, unless somebody else was quicker."""
        async with self._database.tenant(tenant) as connection:
            await self._be_alone(connection, tenant)
            kept = await self._opened(tenant, await self._sealed(connection))
            if kept is not None and kept != refused:
                return kept
            key = await make()
            values = {"engine": self._engine, "sealed": await self._vault.seal(tenant, key.encode(), self._context)}
            await connection.execute(upsert(index_keys).values(values).on_conflict_do_update(index_elements=["engine"], set_=values))
        return key

    async def _be_alone(self, connection: AsyncConnection, tenant: TenantId) -> None:
        """Until the end of the transaction. Raises `IndexUnavailable` if somebody else is, for too long."""
        await connection.execute(_WAIT, {"wait": f"{self._patience_s * 1000:.0f}ms"})
        try:
            await connection.execute(_ALONE, {"gate": f"index key {self._engine} {tenant}"})
        except exc.DBAPIError as problem:
            if getattr(problem.orig, "sqlstate", None) != _LOCKED:
                raise
            raise IndexUnavailable(IndexUnavailable.__doc__) from problem

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """One of the `_AT_ONCE`: each holds a connection to the database for as long as it makes a key."""
        try:
            async with asyncio.timeout(self._turn_s):
                await self._turns.acquire()
        except TimeoutError as problem:
            raise IndexUnavailable(IndexUnavailable.__doc__) from problem
        try:
            yield
        finally:
            self._turns.release()

    async def _sealed(self, connection: AsyncConnection) -> bytes | None:
        sealed: bytes | None = await connection.scalar(select(index_keys.c.sealed).where(index_keys.c.engine == self._engine))
        return sealed

    async def _opened(self, tenant: TenantId, sealed: bytes | None) -> str | None:
        return None if sealed is None else (await self._vault.unseal(tenant, sealed, self._context)).decode()

    async def forget(self, tenant: TenantId) -> None:
        """Keep none any more."""
        with suppress(UnknownTenant):  # it went with the tenant
            async with self._database.tenant(tenant) as connection:
                await connection.execute(delete(index_keys).where(index_keys.c.engine == self._engine))

    @property
    def _context(self) -> str:
        return f"index key:{self._engine}"
