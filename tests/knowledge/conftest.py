"""A library for whoever asks: one tenant on real PostgreSQL and LanceDB."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tenancy.database import Database
from tenancy.tenants import Tenant
from tests.knowledge.parts import Shelf, shelf_of


@pytest_asyncio.fixture
async def shelf(database: Database, tenant: Tenant, tmp_path: Path) -> AsyncIterator[Shelf]:
    async with shelf_of(database, tenant, tmp_path) as shelf:
        yield shelf
