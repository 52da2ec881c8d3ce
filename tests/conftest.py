"""One PostgreSQL for the whole run, one migrated database in it, and a fresh tenant for whoever asks."""

import logging
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from hypothesis import settings

from tenancy.database import Database
from tenancy.embedded import EmbeddedServer, postgres
from tenancy.tenants import Tenant, Tenants
from tests.tenancy import servers

settings.register_profile("footnote", deadline=None)  # a busy machine is no failure
settings.load_profile("footnote")


@pytest.fixture(autouse=True)
def _all_is_heard() -> None:
    """Also where a command of ours ran before in this process, which says less from then on."""
    for room in ("adapters", "bot", "knowledge", "tenancy"):
        logging.getLogger(room).setLevel(logging.WARNING)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    """A running PostgreSQL that the tests of this session share. Nobody may kill it."""
    with servers.running(postgres(tmp_path_factory.mktemp("shared"))) as running:
        yield running


@pytest.fixture(scope="session")
def url(server: EmbeddedServer) -> str:
    """A migrated database in it."""
    return servers.migrated(servers.fresh_database(server))


@pytest_asyncio.fixture
async def database(url: str) -> AsyncIterator[Database]:
    """That database, open."""
    async with servers.opened(url) as database:
        yield database


@pytest_asyncio.fixture
async def tenants(database: Database) -> Tenants:
    """Its tenants, those of other tests among them."""
    return servers.tenants_of(database)


@pytest_asyncio.fixture
async def tenant(database: Database) -> Tenant:
    """A tenant nobody else uses."""
    return await servers.new_tenant(database)
