"""Where the keys to tenants' indexes are kept."""

import asyncio

import pytest
from sqlalchemy import text

from knowledge.errors import IndexUnavailable
from knowledge.index.kept_keys import KeptKeys
from tenancy.database import Database
from tenancy.errors import KeyRefused
from tenancy.tenants import Tenant, Tenants
from tests.tenancy.servers import new_tenant
from tests.waiting import PATIENCE_S


class Maker:
    """Makes keys, each another one."""

    def __init__(self) -> None:
        self.made = 0

    async def __call__(self) -> str:
        self.made += 1
        number = self.made
        await asyncio.sleep(0)
        return f"key-{number}"


class SlowMaker:
    """Makes no key until it is let go on, and knows how many of them are wanted just now."""

    def __init__(self) -> None:
        self.going_on = asyncio.Event()
        self.asked, self.asked_twice = asyncio.Event(), asyncio.Event()
        self.making = self.most = 0

    async def __call__(self) -> str:
        self.making += 1
        self.most = max(self.most, self.making)
        (self.asked_twice if self.asked.is_set() else self.asked).set()
        await self.going_on.wait()
        self.making -= 1
        return "slow-key"


@pytest.fixture
def make() -> Maker:
    return Maker()


@pytest.fixture
def kept(database: Database, tenants: Tenants) -> KeptKeys:
    return KeptKeys(database, tenants.vault, "weaviate")


async def test_a_key_is_made_once_and_then_kept(kept: KeptKeys, tenant: Tenant, make: Maker) -> None:
    assert [await kept.key(tenant.id, None, make) for _ in range(3)] == ["key-1"] * 3


async def test_of_several_who_want_the_first_key_one_makes_it(kept: KeptKeys, tenant: Tenant, make: Maker) -> None:
    assert await asyncio.gather(*(kept.key(tenant.id, None, make) for _ in range(4))) == ["key-1"] * 4
    assert make.made == 1


async def test_a_refused_key_is_made_anew_by_the_first_who_says_so(kept: KeptKeys, tenant: Tenant, make: Maker) -> None:
    refused = await kept.key(tenant.id, None, make)
    assert await asyncio.gather(*(kept.key(tenant.id, refused, make) for _ in range(4))) == ["key-2"] * 4
    assert make.made == 2


async def test_a_key_that_could_not_be_made_is_not_kept(kept: KeptKeys, tenant: Tenant, make: Maker) -> None:
    async def fail() -> str:
        raise OSError

    with pytest.raises(OSError):  # noqa: PT011 - it is our own
        await kept.key(tenant.id, None, fail)
    assert await kept.key(tenant.id, None, make) == "key-1"


async def test_a_forgotten_key_is_kept_no_more(kept: KeptKeys, tenant: Tenant, make: Maker) -> None:
    await kept.key(tenant.id, None, make)
    await kept.forget(tenant.id)
    assert await kept.key(tenant.id, None, make) == "key-2"


async def test_the_key_of_a_tenant_that_is_gone_is_forgotten_with_it(kept: KeptKeys, tenant: Tenant, tenants: Tenants) -> None:
    await tenants.delete(tenant.slug)
    await kept.forget(tenant.id)


async def test_a_key_is_sealed_and_opens_for_its_tenant_alone(kept: KeptKeys, database: Database, tenant: Tenant, make: Maker) -> None:
    other = await new_tenant(database)
    await kept.key(tenant.id, None, make)
    async with database.tenant(tenant.id) as connection:
        sealed = await connection.scalar(text("SELECT sealed FROM index_keys"))
    assert b"key-1" not in sealed
    async with database.tenant(other.id) as connection:
        await connection.execute(text("INSERT INTO index_keys (engine, sealed) VALUES ('weaviate', :sealed)"), {"sealed": sealed})
    with pytest.raises(KeyRefused):
        await kept.key(other.id, None, make)


async def test_many_first_keys_that_take_long_leave_the_database_to_others(kept: KeptKeys, database: Database, tenants: Tenants) -> None:
    slow = SlowMaker()
    companies = [await new_tenant(database) for _ in range(12)]  # more than there are connections
    async with asyncio.TaskGroup() as group:
        first = [group.create_task(kept.key(company.id, None, slow)) for company in companies]
        await slow.asked.wait()
        async with asyncio.timeout(PATIENCE_S):
            assert await tenants.list()
        slow.going_on.set()
    assert [one.result() for one in first] == ["slow-key"] * 12
    assert slow.most == 2


async def test_a_key_that_is_kept_is_had_while_another_is_made(kept: KeptKeys, tenant: Tenant, make: Maker) -> None:
    slow = SlowMaker()
    key = await kept.key(tenant.id, None, make)
    async with asyncio.TaskGroup() as group:
        group.create_task(kept.key(tenant.id, key, slow))
        await slow.asked.wait()
        async with asyncio.timeout(PATIENCE_S):
            assert await kept.key(tenant.id, None, make) == key
        slow.going_on.set()
    assert await kept.key(tenant.id, None, make) == "slow-key"


async def test_nobody_waits_for_ever_for_a_key_that_another_process_makes(
    kept: KeptKeys, database: Database, tenants: Tenants, tenant: Tenant, make: Maker
) -> None:
    slow = SlowMaker()
    other = KeptKeys(database, tenants.vault, "weaviate", patience_s=0.1)
    async with asyncio.TaskGroup() as group:
        group.create_task(kept.key(tenant.id, None, slow))
        await slow.asked.wait()
        with pytest.raises(IndexUnavailable, match="try again in a minute"):
            await other.key(tenant.id, None, make)
        slow.going_on.set()
    assert await other.key(tenant.id, None, make) == "slow-key"


async def test_nor_for_their_turn_to_make_one(database: Database, tenants: Tenants, make: Maker) -> None:
    slow = SlowMaker()
    kept = KeptKeys(database, tenants.vault, "weaviate", turn_s=0.1)
    companies = [await new_tenant(database) for _ in range(3)]
    async with asyncio.TaskGroup() as group:
        for company in companies[:2]:
            group.create_task(kept.key(company.id, None, slow))
        await slow.asked_twice.wait()
        with pytest.raises(IndexUnavailable, match="try again in a minute"):
            await kept.key(companies[2].id, None, make)
        slow.going_on.set()
    assert await kept.key(companies[2].id, None, make) == "key-1"
