"""The tables, made and changed by several processes at once, for owners of the database and for logins that are not."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import pytest_asyncio
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, exc, inspect, make_url, text
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg as psycopg_dialect
from sqlalchemy.types import TypeEngine

from tenancy import migrations, tables
from tenancy.database import CONTROL_SCHEMA, Database, schema_of
from tenancy.embedded import EmbeddedServer
from tenancy.errors import SchemaTooNew
from tenancy.migrations import migrate, pending, runner
from tenancy.tenants import Tenant
from tests.tenancy import servers

NEXT = f"""
revision = "next"
down_revision = "{migrations.NEWEST_TENANT}"
def upgrade(op):
    op.execute("ALTER TABLE settings ADD COLUMN note text")
"""


@pytest_asyncio.fixture
async def fresh(server: EmbeddedServer) -> AsyncIterator[Database]:
    """An empty database of the test's own."""
    async with servers.opened(servers.fresh_database(server)) as database:
        yield database


@pytest.mark.parametrize(("place", "newest"), [("control", migrations.NEWEST_CONTROL), ("tenant", migrations.NEWEST_TENANT)])
def test_the_newest_revisions_are_the_ones_alembic_finds(place: str, newest: str) -> None:
    assert runner.revisions(place).get_current_head() == newest


async def test_an_empty_database_is_brought_up_once(fresh: Database) -> None:
    assert await pending(fresh)
    await migrate(fresh)
    assert not await pending(fresh)
    await migrate(fresh)


async def test_several_at_once_end_with_one_result(server: EmbeddedServer) -> None:
    url = servers.fresh_database(server)
    databases = [Database(url, pool_size=2) for _ in range(6)]
    await asyncio.gather(*(migrate(database) for database in databases))
    await asyncio.gather(*(servers.new_tenant(database) for database in databases))
    assert len(await servers.tenants_of(databases[0]).list()) == 6
    for database in databases:
        await database.close()


@pytest.fixture
def later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Footnote with one more revision of tenants' tables."""
    for revision in (Path(runner.__file__).parent / "tenant/versions").glob("t*.py"):
        target = tmp_path / "tenant/versions" / revision.name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(revision.read_text())
    tmp_path.joinpath("tenant/versions/t9999_next.py").write_text(NEXT)
    scripts = ScriptDirectory(str(tmp_path / "tenant"))
    earlier = runner.revisions
    monkeypatch.setattr(runner, "revisions", lambda place: scripts if place == "tenant" else earlier(place))
    monkeypatch.setattr(migrations, "NEWEST_TENANT", "next")


async def notes(database: Database, tenant: Tenant) -> bool:
    async with database.tenant(tenant.id) as connection:
        columns = "SELECT count(*) FROM information_schema.columns WHERE table_schema = current_user AND column_name = 'note'"
        return bool(await connection.scalar(text(columns)))


async def test_tenants_that_are_behind_are_brought_up(fresh: Database, request: pytest.FixtureRequest) -> None:
    await migrate(fresh)
    old = [await servers.new_tenant(fresh) for _ in range(3)]
    request.getfixturevalue("later")
    assert await pending(fresh)
    await asyncio.gather(*(migrate(fresh) for _ in range(2)))
    assert not await pending(fresh)
    assert all([await notes(fresh, tenant) for tenant in (*old, await servers.new_tenant(fresh))])


async def test_a_database_of_a_later_footnote_is_left_alone(fresh: Database, later: None, monkeypatch: pytest.MonkeyPatch) -> None:
    assert later is None
    await migrate(fresh)
    tenant = await servers.new_tenant(fresh)
    monkeypatch.undo()
    with pytest.raises(SchemaTooNew, match="Run that version"):
        await migrate(fresh)
    assert await notes(fresh, tenant)


async def test_the_tables_are_as_the_migrations_make_them(database: Database, tenant: Tenant) -> None:
    for metadata, schema in ((tables._control, CONTROL_SCHEMA), (tables._tenant, schema_of(tenant.id))):
        async with database.control() as connection:
            found = await connection.run_sync(_columns, schema)
        for table in metadata.sorted_tables:
            ours = {(column.name, _written(column.type), bool(column.nullable)) for column in table.columns}
            assert ours == found[table.name], table.name


def _written(kind: TypeEngine[Any]) -> str:
    return kind.compile(psycopg_dialect())  # type: ignore[no-untyped-call]


def _columns(connection: Connection, schema: str) -> dict[str, set[tuple[str, str, bool]]]:
    found = inspect(connection)
    return {
        table: {(column["name"], _written(column["type"]), column["nullable"]) for column in found.get_columns(table, schema)}
        for table in found.get_table_names(schema)
    }


async def test_everything_in_a_tenants_schema_is_its_roles(database: Database, tenant: Tenant) -> None:
    owners = "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = :schema"
    async with database.control() as connection:
        assert (await connection.scalars(text(owners), {"schema": schema_of(tenant.id)})).all() == [schema_of(tenant.id)]


async def test_the_role_cannot_log_in(server: EmbeddedServer, tenant: Tenant) -> None:
    url = make_url(server.url).set(username=schema_of(tenant.id)).render_as_string()
    with pytest.raises(psycopg.OperationalError, match="not permitted to log in"):
        await psycopg.AsyncConnection.connect(url)


async def test_a_login_that_is_no_superuser_will_do(server: EmbeddedServer) -> None:
    login = f"app_{secrets.token_hex(4)}"
    url = make_url(servers.fresh_database(server)).set(username=login)
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {login} LOGIN CREATEROLE".encode())
        connection.execute(f"GRANT CREATE, CONNECT ON DATABASE {url.database} TO {login}".encode())
    async with servers.opened(url.render_as_string()) as database:
        await migrate(database)
        tenant, other = [await servers.new_tenant(database) for _ in range(2)]
        async with database.tenant(tenant.id) as one:
            await one.execute(text("INSERT INTO settings VALUES ('x', '1')"))
        with pytest.raises(exc.ProgrammingError, match="permission denied"):
            async with database.tenant(tenant.id) as one:
                await one.execute(text(f"TABLE {schema_of(other.id)}.settings"))
        for gone in (tenant, other):
            await servers.tenants_of(database).delete(gone.slug)
        assert not await servers.tenants_of(database).list()
