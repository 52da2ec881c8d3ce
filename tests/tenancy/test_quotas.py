"""A month's questions: never more than allowed, whoever asks at once."""

import asyncio
from datetime import UTC, datetime, timedelta, timezone

import pytest

from tenancy.database import Database
from tenancy.errors import AllowanceSpent
from tenancy.quotas import DEFAULT_QUESTIONS, Allowance
from tenancy.tenants import Tenant
from tests.tenancy import servers


@pytest.fixture
def allowance(database: Database) -> Allowance:
    return Allowance(database)


async def test_a_tenant_without_a_setting_has_the_default(allowance: Allowance, tenant: Tenant) -> None:
    assert await allowance.limit(tenant.id) == DEFAULT_QUESTIONS
    assert await allowance.reserve(tenant.id) == DEFAULT_QUESTIONS - 1
    assert await allowance.used(tenant.id) == 1


async def test_reservations_end_at_the_limit_and_what_is_refused_takes_nothing(allowance: Allowance, tenant: Tenant) -> None:
    await allowance.set_limit(tenant.id, 3)
    with pytest.raises(AllowanceSpent, match="start again on the first"):
        await allowance.reserve(tenant.id, 4)
    assert await allowance.used(tenant.id) == 0
    assert await allowance.reserve(tenant.id, 2) == 1
    with pytest.raises(AllowanceSpent):
        await allowance.reserve(tenant.id, 2)
    assert await allowance.reserve(tenant.id) == 0
    with pytest.raises(AllowanceSpent):
        await allowance.reserve(tenant.id)


async def test_workers_who_reserve_at_once_never_overspend(url: str, tenant: Tenant) -> None:
    async with servers.opened(url) as one, servers.opened(url) as two:
        await Allowance(one).set_limit(tenant.id, 25)
        asked = (Allowance(each).reserve(tenant.id) for _ in range(25) for each in (one, two))
        left = await asyncio.gather(*asked, return_exceptions=True)
        assert sorted(n for n in left if isinstance(n, int)) == list(range(25))
        assert sum(isinstance(n, AllowanceSpent) for n in left) == 25
        assert await Allowance(one).used(tenant.id) == 25


async def test_what_came_to_nothing_is_given_back_but_never_more(allowance: Allowance, tenant: Tenant) -> None:
    await allowance.give_back(tenant.id)
    await allowance.set_limit(tenant.id, 1)
    await allowance.reserve(tenant.id)
    await allowance.give_back(tenant.id, 5)
    assert await allowance.reserve(tenant.id) == 0


async def test_a_lower_limit_holds_for_what_was_asked_before(allowance: Allowance, tenant: Tenant) -> None:
    await allowance.reserve(tenant.id, 10)
    await allowance.set_limit(tenant.id, 5)
    with pytest.raises(AllowanceSpent):
        await allowance.reserve(tenant.id)
    await allowance.set_limit(tenant.id, 11)
    assert await allowance.reserve(tenant.id) == 0


async def test_months_are_those_of_utc(database: Database, tenant: Tenant) -> None:
    now = datetime(2026, 1, 31, 23, 59, tzinfo=UTC)
    allowance = Allowance(database, lambda: now)
    await allowance.set_limit(tenant.id, 1)
    await allowance.reserve(tenant.id)
    now = datetime(2026, 2, 1, 0, 30, tzinfo=timezone(timedelta(hours=1)))  # still January in UTC
    with pytest.raises(AllowanceSpent):
        await allowance.reserve(tenant.id)
    now = datetime(2026, 2, 1, tzinfo=UTC)
    assert await allowance.reserve(tenant.id) == 0


@pytest.mark.parametrize("questions", [0, -1])
async def test_nothing_cannot_be_reserved(allowance: Allowance, tenant: Tenant, questions: int) -> None:
    for call in (allowance.reserve, allowance.give_back):
        with pytest.raises(ValueError, match="1 question or more"):
            await call(tenant.id, questions)
    with pytest.raises(ValueError, match="0 questions or more"):
        await allowance.set_limit(tenant.id, -1)
