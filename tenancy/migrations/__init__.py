"""The tables of all rooms, made and changed by Alembic in two places that move on their own.

    control/   the schema `footnote`: tenants and what leads to them
    tenant/    what every tenant has, each in a schema and under a role of its own
    runner.py  runs one place's revisions in one schema

Importing Alembic takes longer than a start with nothing to do takes altogether: it is imported when there is something.
"""

from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tenancy.database import CONTROL_SCHEMA, Database, become, schema_of, unbecome
from tenancy.tables import tenants
from tenancy.viewer import TenantId

NEWEST_CONTROL = "c0003"
NEWEST_TENANT = "t0011"
"""The last revision in each place; known here without Alembic. A test compares them with what Alembic finds."""

_LOCK = 0x466F6F746E6F7465  # "Footnote" in ASCII: advisory locks of one database share one space of numbers
_ALONE = text("SELECT pg_advisory_xact_lock(:lock)")
_WITH_OTHERS = text("SELECT pg_advisory_xact_lock_shared(:lock)")
_HAS_SCHEMA = text("SELECT to_regnamespace(:schema) IS NOT NULL")
_HAS_VERSION = text("SELECT to_regclass('alembic_version') IS NOT NULL")  # in the search path: the control schema
_VERSION = text("SELECT version_num FROM alembic_version")


async def migrate(database: Database) -> None:
    """Bring the control schema and every tenant's to the newest revision, each tenant in one transaction of its own.

    Called at start, by any number of processes at once: one works, the others wait and then find nothing to do. One
    that is interrupted goes on where it was. Raises `StoreUnavailable`, and `SchemaTooNew` after a later Footnote.
    """
    if not await pending(database):
        return
    # A transaction of its own, so that the lock outlives those of the work; it reads nothing, so that it holds up none.
    async with database.control() as turn:
        await turn.execute(_ALONE, {"lock": _LOCK})
        async with database.control() as connection:
            await _upgrade_control(connection)
        async with database.control() as connection:
            late = await _late(connection)
        for tenant in late:
            async with database.control() as connection:
                await _upgrade_tenant(connection, tenant)


async def pending(database: Database) -> bool:
    """Whether `migrate` has something to do. Raises `StoreUnavailable`."""
    async with database.control() as connection:
        return not await _control_is_new(connection) or bool(await _late(connection))


async def hold_off(connection: AsyncConnection) -> None:
    """Make `migrate` wait until this transaction ends; wait for it first if it is at work."""
    await connection.execute(_WITH_OTHERS, {"lock": _LOCK})


async def create_schema(connection: AsyncConnection, tenant: TenantId) -> None:
    """Make the tenant's role, schema and tables in this control transaction.

    The role cannot log in, and is granted to us so that we can act as it: a login that is no superuser needs CREATEROLE
    and CREATE on the database. Nothing in `footnote` or in another tenant's schema is granted to it, nor to PUBLIC.
    """
    name = schema_of(tenant)
    await connection.execute(text(f"CREATE ROLE {name} NOLOGIN"))
    await connection.execute(text(f"GRANT {name} TO CURRENT_USER"))
    await connection.execute(text(f"CREATE SCHEMA {name} AUTHORIZATION {name}"))
    await _upgrade_as(connection, tenant)


async def drop_schema(connection: AsyncConnection, tenant: TenantId) -> None:
    """Take away in this control transaction all that `create_schema` made and all that was stored in it."""
    name = schema_of(tenant)
    await become(connection, tenant)
    await connection.execute(text(f"DROP SCHEMA {name} CASCADE"))
    await unbecome(connection)
    await connection.execute(text(f"DROP ROLE {name}"))


async def _control_is_new(connection: AsyncConnection) -> bool:
    return bool(await connection.scalar(_HAS_VERSION)) and await connection.scalar(_VERSION) == NEWEST_CONTROL


async def _late(connection: AsyncConnection) -> list[TenantId]:
    found = await connection.scalars(select(tenants.c.id).where(tenants.c.revision != NEWEST_TENANT))
    return [TenantId(tenant) for tenant in found]


async def _upgrade_control(connection: AsyncConnection) -> None:
    from tenancy.migrations.runner import upgrade

    if not await connection.scalar(_HAS_SCHEMA, {"schema": CONTROL_SCHEMA}):
        await connection.execute(text(f"CREATE SCHEMA {CONTROL_SCHEMA}"))
    await connection.run_sync(upgrade, "control", CONTROL_SCHEMA)


async def _upgrade_tenant(connection: AsyncConnection, tenant: TenantId) -> None:
    await _upgrade_as(connection, tenant)
    await connection.execute(update(tenants).where(tenants.c.id == tenant).values(revision=NEWEST_TENANT))


async def _upgrade_as(connection: AsyncConnection, tenant: TenantId) -> None:
    """Upgrade under the tenant's role, which then owns what is made."""
    from tenancy.migrations.runner import upgrade

    await become(connection, tenant)
    await connection.run_sync(upgrade, "tenant", schema_of(tenant))
    await unbecome(connection)
