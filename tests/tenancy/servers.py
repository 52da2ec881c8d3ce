"""Real servers for tests of any folder: plain functions, no fixtures of their own.

A home's PostgreSQL is started once for a test session; each test that needs a database of its own makes one in it, and
each test that needs only a tenant makes that, which takes a twentieth of a second.
"""

import asyncio
import os
import secrets
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import psycopg
from sqlalchemy import make_url

from tenancy.database import Database
from tenancy.embedded import EmbeddedServer
from tenancy.encryption import MasterKey, Vault
from tenancy.migrations import migrate
from tenancy.tenants import Tenant, Tenants
from tests.waiting import PATIENCE_S

KEY = MasterKey(bytes(32))
"""The master key of all test databases made here."""


@contextmanager
def running(server: EmbeddedServer) -> Iterator[EmbeddedServer]:
    """`server`, started and afterwards stopped; for fixtures that outlive any event loop."""
    asyncio.run(server.start())
    try:
        yield server
    finally:
        asyncio.run(server.stop())


@asynccontextmanager
async def started(server: EmbeddedServer) -> AsyncIterator[EmbeddedServer]:
    """`server`, started and afterwards stopped; within one test."""
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


def fresh_database(server: EmbeddedServer) -> str:
    """The URL of an empty database of its own in a running PostgreSQL."""
    name = f"d_{secrets.token_hex(6)}"
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return make_url(server.url).set(database=name).render_as_string(hide_password=False)


def migrated(url: str) -> str:
    """`url`, after its database was brought to the newest revision."""

    async def bring() -> None:
        async with opened(url) as database:
            await migrate(database)

    asyncio.run(bring())
    return url


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    """A `Database`, closed afterwards. Its pool belongs to one event loop: make one for each test."""
    database = Database(url, pool_size=5)
    try:
        yield database
    finally:
        await database.close()


def tenants_of(database: Database) -> Tenants:
    """The tenants of a test database."""
    return Tenants(database, Vault(database, KEY))


async def new_tenant(database: Database) -> Tenant:
    """A tenant nobody else uses."""
    return await tenants_of(database).create(f"t-{secrets.token_hex(6)}", "Test & Söhne")


async def kill(server: EmbeddedServer) -> None:
    """Kill the server as `kill -9` does, and wait until nothing of the process is left."""
    assert server.pid
    process = os.pidfd_open(server.pid)
    os.kill(server.pid, signal.SIGKILL)
    ended = asyncio.Event()
    asyncio.get_running_loop().add_reader(process, ended.set)
    async with asyncio.timeout(PATIENCE_S):
        await ended.wait()
    asyncio.get_running_loop().remove_reader(process)
    os.close(process)
