"""Customers. One tenant, one of everything: schema, role, data key."""

import re
import secrets
import string
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, RowMapping, delete, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from tenancy import migrations
from tenancy.database import Database
from tenancy.encryption import Vault
from tenancy.errors import BadSlug, TenantExists, UnknownTenant
from tenancy.tables import removals, tenants
from tenancy.viewer import TenantId

_SLUG = re.compile(r"[a-z][a-z0-9-]{0,39}")
_ALPHABET = string.ascii_lowercase + string.digits
_ID_LENGTH = 20  # 103 bits: never guessed, never met twice


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """One customer company."""

    id: TenantId  # 20 of a-z and 0-9, random; part of the names of all that is the tenant's
    slug: str  # what people type: 1 to 40 of a-z, 0-9 and -, starting with a letter
    name: str  # what people read
    created_at: datetime  # UTC


@dataclass(frozen=True, slots=True)
class Tenants:
    """All customers of this deployment. The only place that makes one or takes one away."""

    database: Database
    vault: Vault

    async def create(self, slug: str, name: str) -> Tenant:
        """Make a tenant with its role, schema, tables and data key: all of it or, if anything fails, none.

        Raises `BadSlug`, `TenantExists` and `StoreUnavailable`.
        """
        if not _SLUG.fullmatch(slug):
            raise BadSlug(slug)
        shown = "".join(filter(str.isprintable, name)).strip() or slug
        async with self.database.control() as connection:
            await migrations.hold_off(connection)
            created = await _insert(connection, slug, shown, self.vault)
            await migrations.create_schema(connection, created.id)
        return created

    async def by_slug(self, slug: str) -> Tenant:
        """The tenant people call `slug`. Raises `UnknownTenant`."""
        return await self._one(tenants.c.slug == slug, slug)

    async def by_id(self, tenant: TenantId) -> Tenant:
        """The tenant of that id. Raises `UnknownTenant`."""
        return await self._one(tenants.c.id == tenant, tenant)

    async def list(self) -> Sequence[Tenant]:
        """All tenants, by slug."""
        async with self.database.control() as connection:
            rows = await connection.execute(_SELECT.order_by(tenants.c.slug))
        return [Tenant(**row) for row in rows.mappings()]

    async def delete(self, slug: str) -> Tenant:
        """Take a tenant away: schema, role, installs and data key, at once and for ever. Returns what it was.

        What is kept of it elsewhere (index, originals) is the caller's to remove, and among `removals` until they say that it
        is; what was sealed can no longer be read, by other processes from five minutes later on. Raises `UnknownTenant` and
        `StoreUnavailable`.
        """
        async with self.database.control() as connection:
            await migrations.hold_off(connection)
            removal = delete(tenants).where(tenants.c.slug == slug).returning(*_SELECT.selected_columns)
            gone = _found((await connection.execute(removal)).mappings().first(), slug)
            await migrations.drop_schema(connection, gone.id)
            await connection.execute(insert(removals).values(tenant=gone.id))
        self.vault.forget(gone.id)
        return gone

    async def removals(self) -> Sequence[TenantId]:
        """Tenants that were deleted and of which something may be left elsewhere."""
        async with self.database.control() as connection:
            return [TenantId(tenant) for tenant in await connection.scalars(select(removals.c.tenant))]

    async def removed(self, tenant: TenantId) -> None:
        """Nothing is left of that tenant anywhere."""
        async with self.database.control() as connection:
            await connection.execute(delete(removals).where(removals.c.tenant == tenant))

    async def _one(self, condition: ColumnElement[bool], asked: str) -> Tenant:
        async with self.database.control() as connection:
            return _found((await connection.execute(_SELECT.where(condition))).mappings().first(), asked)


_SELECT = select(tenants.c.id, tenants.c.slug, tenants.c.name, tenants.c.created_at)


def new_id() -> str:
    """A fresh random id: 20 of a-z and 0-9."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(_ID_LENGTH))


async def _insert(connection: AsyncConnection, slug: str, name: str, vault: Vault) -> Tenant:
    tenant = TenantId(new_id())
    values = {
        "id": tenant,
        "slug": slug,
        "name": name,
        "data_key": vault.new_data_key(tenant),
        "revision": migrations.NEWEST_TENANT,
    }
    try:
        row = await connection.execute(insert(tenants).values(values).returning(*_SELECT.selected_columns))
    except IntegrityError as problem:
        raise TenantExists(slug) from problem
    return Tenant(**row.mappings().one())


def _found(row: RowMapping | None, asked: str) -> Tenant:
    if row is None:
        raise UnknownTenant(asked)
    return Tenant(**row)
