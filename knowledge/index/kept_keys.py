"""The keys that tenants' indexes are reached with: each sealed under its tenant's data key, in the tenant's own schema."""

from collections.abc import Awaitable, Callable
from contextlib import suppress

from sqlalchemy import delete, select, text
from sqlalchemy.dialects.postgresql import insert as upsert

from knowledge.tables import index_keys
from tenancy.database import Database
from tenancy.encryption import Vault
from tenancy.errors import UnknownTenant
from tenancy.viewer import TenantId

_ALONE = text("SELECT pg_advisory_xact_lock(hashtextextended(:gate, 0))")


class KeptKeys:
    """The keys of one engine."""

    def __init__(self, database: Database, vault: Vault, engine: str) -> None:
        """Of `engine`, `weaviate`."""
        self._database = database
        self._vault = vault
        self._engine = engine

    async def key(self, tenant: TenantId, refused: str | None, make: Callable[[], Awaitable[str]]) -> str:
        """The key that is kept, unless it is `refused` or there is none: then what `make` gives, kept once it returns."""
        mine = index_keys.c.engine == self._engine
        async with self._database.tenant(tenant) as connection:
            await connection.execute(_ALONE, {"gate": f"index key {self._engine} {tenant}"})
            sealed = await connection.scalar(select(index_keys.c.sealed).where(mine))
            if sealed is not None:
                kept = (await self._vault.unseal(tenant, sealed, self._context)).decode()
                if kept != refused:
                    return kept
            key = await make()
            values = {"engine": self._engine, "sealed": await self._vault.seal(tenant, key.encode(), self._context)}
            await connection.execute(upsert(index_keys).values(values).on_conflict_do_update(index_elements=["engine"], set_=values))
        return key

    async def forget(self, tenant: TenantId) -> None:
        """Keep none any more."""
        with suppress(UnknownTenant):  # it went with the tenant
            async with self._database.tenant(tenant) as connection:
                await connection.execute(delete(index_keys).where(index_keys.c.engine == self._engine))

    @property
    def _context(self) -> str:
        return f"index key:{self._engine}"
