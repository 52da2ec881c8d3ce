"""Transactions under a tenant's own role, on a real PostgreSQL: who sees what, and what happens when it is gone."""

import asyncio
from pathlib import Path

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import exc, make_url, text

from tenancy.database import Database, schema_of
from tenancy.embedded import EmbeddedServer, postgres
from tenancy.errors import BadDatabaseUrl, StoreUnavailable, UnknownTenant
from tenancy.migrations import migrate
from tenancy.tenants import Tenant
from tenancy.viewer import TenantId
from tests.tenancy import servers


@pytest.mark.parametrize(
    ("url", "conninfo"),
    [
        pytest.param("postgres://u:p%40@h:5/db", "postgresql://u:p%40@h:5/db", id="short name"),
        pytest.param("postgresql://u@h/db?sslmode=require", "postgresql://u@h/db?sslmode=require", id="options"),
        pytest.param("postgresql+psycopg://u@h/db", "postgresql://u@h/db", id="SQLAlchemy's name"),
        pytest.param("postgresql://u@/db?host=/a/b", "postgresql://u@/db?host=%2Fa%2Fb", id="socket"),
        pytest.param("postgresql://u@%2Fa%2Fb/db", "postgresql://u@/db?host=%2Fa%2Fb", id="socket as host"),
        pytest.param("postgresql://[::1]:5433/db", "postgresql://[::1]:5433/db", id="IPv6"),
    ],
)
async def test_urls_are_taken_as_people_write_them(url: str, conninfo: str) -> None:
    async with servers.opened(url) as database:
        assert database.conninfo == conninfo
        assert psycopg.conninfo.conninfo_to_dict(database.conninfo)["dbname"] == "db"


@pytest.mark.parametrize("url", ["", "nonsense", "mysql://u@h/db", "postgresql://h:port/db", "postgresql+asyncpg://h/db"])
def test_what_is_no_url_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(BadDatabaseUrl, match="Write it as postgresql://"):
        Database(url)


@given(st.text().filter(lambda id_: not (id_.isascii() and id_.isalnum() and id_ == id_.lower() and len(id_) <= 40)))
def test_only_ids_become_identifiers(tenant: str) -> None:
    with pytest.raises(UnknownTenant):
        schema_of(TenantId(tenant))


@given(st.from_regex(r"[a-z0-9]{1,40}", fullmatch=True))
def test_ids_become_identifiers(tenant: str) -> None:
    assert schema_of(TenantId(tenant)) == f"t_{tenant}"


async def test_a_tenants_transaction_is_the_tenants(database: Database, tenant: Tenant) -> None:
    async with database.tenant(tenant.id) as connection:
        row = (await connection.execute(text("SELECT current_user, current_schemas(false)"))).one()
    assert row == (f"t_{tenant.id}", [f"t_{tenant.id}"])


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM {other}.persons",
        "INSERT INTO {other}.settings VALUES ('x', '1')",
        "SELECT * FROM footnote.tenants",
        "SELECT data_key FROM footnote.tenants",
        "UPDATE footnote.installs SET tenant = '{own}'",
        "CREATE TABLE {other}.x (y text)",
        "CREATE TABLE footnote.x (y text)",
        "CREATE TABLE public.x (y text)",
        "DROP TABLE {other}.persons",
        "CREATE SCHEMA x",
        "SELECT pg_read_file('postgresql.conf')",
    ],
)
async def test_a_tenant_cannot_reach_what_is_not_its_own(database: Database, tenant: Tenant, statement: str) -> None:
    other = await servers.new_tenant(database)
    wrong = statement.format(other=schema_of(other.id), own=tenant.id)
    with pytest.raises(exc.DBAPIError, match=r"permission denied|must be owner"):
        async with database.tenant(tenant.id) as connection:
            await connection.execute(text(wrong))


async def test_short_names_are_the_tenants_own(database: Database, tenant: Tenant) -> None:
    with pytest.raises(exc.ProgrammingError, match='"tenants" does not exist'):
        async with database.tenant(tenant.id) as connection:
            await connection.execute(text("SELECT * FROM tenants"))
    with pytest.raises(exc.ProgrammingError, match='"persons" does not exist'):
        async with database.control() as connection:
            await connection.execute(text("SELECT * FROM persons"))


async def test_one_connection_serves_tenants_in_turn_and_mixes_nothing(url: str) -> None:
    database = Database(url, pool_size=1)
    tenants = [await servers.new_tenant(database) for _ in range(2)]
    for tenant in tenants:
        async with database.tenant(tenant.id) as connection:
            await connection.execute(text("INSERT INTO settings VALUES ('who', to_jsonb(CAST(:id AS text)))"), {"id": tenant.id})
    backends = set()
    for turn in range(24):  # more often than psycopg waits before it prepares a statement on the server
        tenant = tenants[turn % 2]
        async with database.tenant(tenant.id) as connection:
            query = text("SELECT value, pg_backend_pid() FROM settings WHERE name = 'who'")
            value, backend = (await connection.execute(query)).one()
        assert value == tenant.id
        backends.add(backend)
        async with database.control() as connection:
            assert await connection.scalar(text("SELECT session_user = current_user"))
    assert len(backends) == 1
    await database.close()


async def test_an_exception_takes_everything_back(database: Database, tenant: Tenant) -> None:
    with pytest.raises(LookupError):  # noqa: PT012  the deed and its end
        async with database.tenant(tenant.id) as connection:
            await connection.execute(text("INSERT INTO settings VALUES ('x', '1')"))
            raise LookupError
    async with database.tenant(tenant.id) as connection:
        assert await connection.scalar(text("SELECT count(*) FROM settings")) == 0


async def test_a_transaction_can_be_joined_by_its_owner_only(database: Database, tenant: Tenant) -> None:
    other = await servers.new_tenant(database)
    async with database.tenant(tenant.id) as outer:
        async with database.tenant(tenant.id, outer) as inner:
            assert inner is outer
        with pytest.raises(ValueError, match="belongs to"):
            async with database.tenant(other.id, outer):
                pass
        with pytest.raises(ValueError, match="belongs to"):
            async with database.control(outer):
                pass
    async with database.control() as outer, database.control(outer) as inner:
        assert inner is outer


async def test_nested_transactions_of_two_tenants_are_apart(database: Database, tenant: Tenant) -> None:
    other = await servers.new_tenant(database)
    async with database.tenant(tenant.id) as one, database.tenant(other.id) as two:
        assert await one.scalar(text("SELECT current_user")) != await two.scalar(text("SELECT current_user"))


@pytest.mark.parametrize("tenant", ["nobody", "", "x; drop role y", "footnote"])
async def test_a_tenant_that_is_not_there_is_unknown(database: Database, tenant: str) -> None:
    with pytest.raises(UnknownTenant):
        async with database.tenant(TenantId(tenant)):
            pass


async def test_errors_do_not_repeat_the_words_of_users(database: Database, tenant: Tenant) -> None:
    with pytest.raises(exc.DBAPIError) as failure:
        async with database.tenant(tenant.id) as connection:
            await connection.execute(text("SELECT CAST(:word AS text), 1 / 0"), {"word": "a secret"})
    assert "secret" not in str(failure.value)


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("postgresql://u@/db?host=/nowhere", id="no socket"),
        pytest.param("postgresql://u@/db?host={home}", id="nobody listens"),
    ],
)
async def test_a_database_that_cannot_be_reached(url: str, tmp_path: Path) -> None:
    async with servers.opened(url.format(home=tmp_path)) as database:
        with pytest.raises(StoreUnavailable, match="Nothing was lost; try again in a minute") as failure:
            async with database.control():
                pass
    assert isinstance(failure.value.__cause__, exc.OperationalError)


@pytest.mark.parametrize(
    "state",
    [
        pytest.param("53100", id="disk full"),
        pytest.param("53200", id="out of memory"),
        pytest.param("57P01", id="shut down"),
        pytest.param("40P01", id="deadlock"),
    ],
)
async def test_what_is_no_fault_of_the_query(database: Database, tenant: Tenant, state: str) -> None:
    raising = f"DO $$ BEGIN RAISE EXCEPTION 'as PostgreSQL would' USING ERRCODE = '{state}'; END $$"
    with pytest.raises(StoreUnavailable):
        async with database.tenant(tenant.id) as connection:
            await connection.execute(text(raising))


async def test_a_connection_cut_off_in_a_query(database: Database, tenant: Tenant) -> None:
    async def sleep() -> None:
        async with database.tenant(tenant.id) as connection:
            await connection.execute(text("SELECT pg_sleep(60) AS marked_" + tenant.id))

    task = asyncio.create_task(sleep())
    cut = text("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE query LIKE :mark AND pid <> pg_backend_pid()")
    while not task.done():
        async with database.control() as connection:
            await connection.execute(cut, {"mark": f"%pg_sleep%marked_{tenant.id}%"})
    with pytest.raises(StoreUnavailable):
        await task


async def test_a_pool_with_nothing_left(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tenancy.database._POOL_WAIT_S", 0.05)
    async with servers.opened(url) as database, asyncio.TaskGroup() as group:
        release = asyncio.Event()
        held = [group.create_task(_hold(database, release)) for _ in range(10)]
        while database._engine.pool.checkedout() < len(held):  # type: ignore[attr-defined]  # noqa: ASYNC110
            await asyncio.sleep(0.001)
        with pytest.raises(StoreUnavailable):
            async with database.control():
                pass
        release.set()


async def _hold(database: Database, release: asyncio.Event) -> None:
    async with database.control():
        await release.wait()


async def test_one_database_object_outlives_kills_and_restarts_of_the_server(tmp_path: Path) -> None:
    async with servers.started(postgres(tmp_path)) as server, servers.opened(server.url) as database:
        await migrate(database)
        tenant = await servers.new_tenant(database)
        for _ in range(2):
            with pytest.raises(StoreUnavailable):  # noqa: PT012  killed between two statements
                async with database.tenant(tenant.id) as connection:
                    await servers.kill(server)
                    await connection.execute(text("SELECT 1"))
            with pytest.raises(StoreUnavailable):
                async with database.tenant(tenant.id):
                    pass
            assert await server.ensure()
            async with asyncio.TaskGroup() as group:
                for _ in range(5):
                    group.create_task(_ask(database, tenant))


async def _ask(database: Database, tenant: Tenant) -> None:
    async with database.tenant(tenant.id) as connection:
        assert await connection.scalar(text("SELECT current_user")) == schema_of(tenant.id)


def test_the_url_of_an_embedded_server_is_a_socket(server: EmbeddedServer) -> None:
    assert make_url(server.url).host is None
