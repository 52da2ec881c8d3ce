"""Which tenant a platform's workspace belongs to."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from tenancy.database import Database
from tenancy.errors import InstallTaken, UnknownTenant
from tenancy.tables import installs, tenants
from tenancy.tenants import Tenant
from tenancy.viewer import TenantId


@dataclass(frozen=True, slots=True)
class Installs:
    """The workspaces that are linked to tenants. A workspace belongs to one tenant; a tenant may have many."""

    database: Database

    async def link(self, platform: str, external_id: str, tenant: TenantId) -> None:
        """Link a workspace (`slack`, its team id; `teams`, its Entra tenant id). Linking it again changes nothing.

        Raises `InstallTaken` if it is another tenant's: what one company asks must never reach another's documents; and
        `UnknownTenant`.
        """
        async with self.database.control() as connection:
            await _link(connection, platform, external_id, tenant, declared=False)

    async def declare(self, platform: str, workspaces: Mapping[str, TenantId]) -> None:
        """Link exactly these workspaces by a setting: links that an earlier setting made and that are not among them are undone.

        Links that were made by consent stay. Raises `InstallTaken` if one is another tenant's by consent; and `UnknownTenant`.
        """
        of_settings = (installs.c.platform == platform) & installs.c.declared
        async with self.database.control() as connection:
            await connection.execute(delete(installs).where(of_settings))
            for external_id, tenant in workspaces.items():
                await _link(connection, platform, external_id, tenant, declared=True)

    async def find(self, platform: str, external_id: str) -> Tenant | None:
        """The tenant that a workspace is linked to, if any."""
        columns = (tenants.c.id, tenants.c.slug, tenants.c.name, tenants.c.created_at)
        query = select(*columns).join_from(installs, tenants, installs.c.tenant == tenants.c.id).where(_named(platform, external_id))
        async with self.database.control() as connection:
            row = (await connection.execute(query)).mappings().first()
        return Tenant(**row) if row else None

    async def unlink(self, platform: str, external_id: str) -> None:
        """Undo a link. Nothing happens if there is none."""
        async with self.database.control() as connection:
            await connection.execute(delete(installs).where(_named(platform, external_id)))


async def _link(connection: AsyncConnection, platform: str, external_id: str, tenant: TenantId, *, declared: bool) -> None:
    row = insert(installs).values(platform=platform, external_id=external_id, tenant=tenant, declared=declared)
    try:
        await connection.execute(row.on_conflict_do_nothing())
    except IntegrityError as problem:
        raise UnknownTenant(tenant) from problem
    if await connection.scalar(select(installs.c.tenant).where(_named(platform, external_id))) != tenant:
        raise InstallTaken(platform, external_id)


def _named(platform: str, external_id: str) -> ColumnElement[bool]:
    return (installs.c.platform == platform) & (installs.c.external_id == external_id)
