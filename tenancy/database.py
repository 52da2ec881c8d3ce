"""The one way to PostgreSQL: transactions of the control schema, and transactions of one tenant under its own role.

The tenant is an argument, never ambient. A tenant's transaction runs as role `t_<id>`, which owns the schema `t_<id>`
and may use no other, so a wrong schema fails in PostgreSQL and not only here.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from urllib.parse import unquote

import psycopg
from sqlalchemy import URL, TextClause, exc, make_url, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from tenancy.errors import BadDatabaseUrl, StoreUnavailable, UnknownTenant
from tenancy.viewer import TenantId

CONTROL_SCHEMA = "footnote"

_DRIVER = "postgresql+psycopg"
_DIALECTS = {"postgres", "postgresql", _DRIVER}
_TENANT_ID = re.compile(r"[a-z0-9]{1,40}")
_UNKNOWN_ROLE = "22023"  # invalid_parameter_value: what PostgreSQL says to a role that does not exist
_OPTION = "footnote_schema"  # of a connection's execution options: whose transaction it is

CONNECT: dict[str, object] = {
    "connect_timeout": 3,  # seconds
    "tcp_user_timeout": 10_000,  # milliseconds; a server that vanished is noticed, also with a query under way
    "keepalives_idle": 30,  # seconds
    "application_name": "footnote",
}
_POOL_WAIT_S = 5.0
_POOL_AGE_S = 1800
# All for this transaction only. Moments come back in UTC wherever the server thinks it is.
_SEE = text("SELECT set_config('search_path', :schema, true), set_config('TimeZone', 'UTC', true)")
_ENTER = text("SELECT set_config('role', :role, true), set_config('search_path', :schema, true), set_config('TimeZone', 'UTC', true)")


def schema_of(tenant: TenantId) -> str:
    """The name of the tenant's schema, which is its role's name too; safe to stand in SQL unquoted.

    Raises `UnknownTenant` for what cannot be an id: 1 to 40 of a-z and 0-9.
    """
    if not _TENANT_ID.fullmatch(tenant):
        raise UnknownTenant(tenant)
    return f"t_{tenant}"


class Database:
    """One PostgreSQL, reached through one pool of connections. Finds a server that was restarted again by itself."""

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        """Does not connect yet.

        `url`: postgresql://user:password@host:5432/name, or postgresql://user@/name?host=/folder for a Unix socket;
        what libpq takes after `?` is passed on (sslmode, …). At most twice `pool_size` connections are open at a time.
        Raises `BadDatabaseUrl`.
        """
        self._url = _parsed(url)
        self._engine = create_async_engine(
            self._url,
            connect_args=dict(CONNECT),
            hide_parameters=True,  # errors reach logs, and parameters are the words of users
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_timeout=_POOL_WAIT_S,
            pool_recycle=_POOL_AGE_S,
        )

    @property
    def conninfo(self) -> str:
        """The address as libpq takes it, with its password: for clients with connections of their own."""
        return self._url.set(drivername="postgresql").render_as_string(hide_password=False)

    @asynccontextmanager
    async def control(self, within: AsyncConnection | None = None) -> AsyncIterator[AsyncConnection]:
        """One transaction that sees the control schema `footnote` and nothing else by short names.

        Commits at the end, rolls back on an exception. `within`: a connection got from here, whose transaction is
        joined instead. Raises `StoreUnavailable` if the database cannot be reached, then or while it is used.
        """
        if within is not None:
            yield _joined(within, CONTROL_SCHEMA)
            return
        async with self._transaction(CONTROL_SCHEMA, _SEE, {"schema": CONTROL_SCHEMA}) as connection:
            yield connection

    @asynccontextmanager
    async def tenant(self, tenant: TenantId, within: AsyncConnection | None = None) -> AsyncIterator[AsyncConnection]:
        """One transaction under the tenant's own role, which can see no schema but the tenant's.

        As `control` otherwise. Raises `UnknownTenant` if there is none, `ValueError` if `within` is somebody else's.
        """
        schema = schema_of(tenant)
        if within is not None:
            yield _joined(within, schema)
            return
        async with self._transaction(schema, _ENTER, {"role": schema, "schema": schema}, tenant) as connection:
            yield connection

    async def close(self) -> None:
        """Close all idle connections; those in use close when they are given back."""
        await self._engine.dispose()

    @asynccontextmanager
    async def _transaction(
        self, schema: str, enter: TextClause, values: Mapping[str, str], tenant: TenantId | None = None
    ) -> AsyncIterator[AsyncConnection]:
        with _translated():
            try:
                connection = await self._entered(enter, values)
            except exc.DBAPIError as problem:
                if tenant is not None and getattr(problem.orig, "sqlstate", None) == _UNKNOWN_ROLE:
                    raise UnknownTenant(tenant) from problem
                raise
            try:
                yield await connection.execution_options(**{_OPTION: schema})
                await connection.commit()
            finally:
                await asyncio.shield(connection.close())  # rolls back what was not committed

    async def _entered(self, enter: TextClause, values: Mapping[str, str]) -> AsyncConnection:
        """A connection whose transaction has begun with `enter`.

        That first statement is the ping too: where a server that was started again has dropped the pool's connections, SQLAlchemy
        throws them all away at the first that fails, and the second try gets a new one.
        """
        try:
            return await self._begun(enter, values)
        except exc.DBAPIError as problem:
            if not problem.connection_invalidated:
                raise
        return await self._begun(enter, values)

    async def _begun(self, enter: TextClause, values: Mapping[str, str]) -> AsyncConnection:
        connection = await self._engine.connect()
        try:
            await connection.execute(enter, values)
        except BaseException:
            await asyncio.shield(connection.close())
            raise
        return connection


async def become(connection: AsyncConnection, tenant: TenantId) -> None:
    """Go on in this control transaction as the tenant's role, in its schema; to set a tenant up or change its tables.

    The way back is `unbecome`.
    """
    schema = schema_of(tenant)
    await connection.execute(_ENTER, {"role": schema, "schema": schema})


async def unbecome(connection: AsyncConnection) -> None:
    """Go on as ourselves, in the control schema, after `become`."""
    await connection.execute(_ENTER, {"role": "none", "schema": CONTROL_SCHEMA})


def _joined(connection: AsyncConnection, schema: str) -> AsyncConnection:
    owner = connection.sync_connection.get_execution_options().get(_OPTION) if connection.sync_connection else None
    if owner != schema:
        message = f"This transaction belongs to {owner}, not to {schema}."
        raise ValueError(message)
    return connection


@contextmanager
def _translated() -> Iterator[None]:
    """What is no fault of the query becomes `StoreUnavailable`: refused, shut down, cut off, pool empty, disk full."""
    try:
        yield
    except (exc.OperationalError, exc.InterfaceError, exc.TimeoutError, psycopg.OperationalError) as problem:
        raise StoreUnavailable from problem
    except exc.DBAPIError as problem:
        if problem.connection_invalidated:
            raise StoreUnavailable from problem
        raise


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
        parsed.port  # noqa: B018 - asking for it checks it
    except (exc.ArgumentError, ValueError) as problem:
        raise BadDatabaseUrl from problem.with_traceback(None)
    if parsed.drivername not in _DIALECTS:
        raise BadDatabaseUrl
    # libpq's other way to write a socket's folder: percent-encoded, in the place of the host
    folder = unquote(parsed.host or "")
    host, query = (None, {**parsed.query, "host": folder}) if folder.startswith("/") else (parsed.host, parsed.query)
    return URL.create(_DRIVER, parsed.username, parsed.password, host, parsed.port, parsed.database, query)
