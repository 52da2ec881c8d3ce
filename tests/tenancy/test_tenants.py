"""Making tenants and taking them away: whole or not at all, and nothing left."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from tenancy import migrations
from tenancy.database import Database, schema_of
from tenancy.errors import BadSlug, StoreUnavailable, TenancyError, TenantExists, UnknownTenant
from tenancy.tenants import Tenant, Tenants
from tenancy.viewer import TenantId

TRACES = text("""
    SELECT (SELECT count(*) FROM pg_roles WHERE rolname = :name) + (SELECT count(*) FROM pg_namespace WHERE nspname = :name)
         + (SELECT count(*) FROM tenants WHERE id = :id) + (SELECT count(*) FROM installs WHERE tenant = :id)""")


async def traces(database: Database, tenant: TenantId) -> int:
    async with database.control() as connection:
        return int(await connection.scalar(TRACES, {"name": schema_of(tenant), "id": tenant}) or 0)


async def test_a_tenant_is_found_by_slug_and_by_id_and_listed(tenants: Tenants, tenant: Tenant) -> None:
    assert await tenants.by_slug(tenant.slug) == tenant
    assert await tenants.by_id(tenant.id) == tenant
    assert tenant in await tenants.list()
    assert tenant.created_at.utcoffset() is not None
    assert len(tenant.id) == 20


@pytest.mark.parametrize(
    "slug", ["", "A", "1a", "-a", "a_b", "a b", "ä", "a" * 41, "a\n", "a.b", "a/b", "\N{CYRILLIC SMALL LETTER A}", "x;drop table y", "a\0"]
)
async def test_bad_slugs_are_refused_with_the_rule(tenants: Tenants, slug: str) -> None:
    with pytest.raises(BadSlug, match="use 1 to 40 of a-z, 0-9 and -"):
        await tenants.create(slug, "X")


@pytest.mark.parametrize("name", ["", " ", "\0", "Ünï & Söhne '); --", "x" * 3000, "a\0b\ud800"])
async def test_any_name_will_do(tenants: Tenants, tenant: Tenant, name: str) -> None:
    made = await tenants.create(f"n{tenant.slug}", name)
    assert (await tenants.by_id(made.id)).name
    await tenants.delete(made.slug)


async def test_a_slug_is_taken_once(tenants: Tenants, tenant: Tenant) -> None:
    with pytest.raises(TenantExists, match=tenant.slug):
        await tenants.create(tenant.slug, "Again")
    slug = f"{tenant.slug}-race"
    made = await asyncio.gather(*(tenants.create(slug, "Race") for _ in range(5)), return_exceptions=True)
    assert sum(isinstance(one, Tenant) for one in made) == 1
    assert sum(isinstance(one, TenantExists) for one in made) == 4


async def test_tenants_made_at_once_in_one_process_are_each_whole(tenants: Tenants, tenant: Tenant, database: Database) -> None:
    made = await asyncio.gather(*(tenants.create(f"{tenant.slug}-{n}", "Many") for n in range(8)))
    count = text("SELECT count(*) FROM pg_tables WHERE schemaname = current_user")
    for one in made:
        async with database.tenant(one.id) as connection:
            assert await connection.scalar(count) == 23


async def test_a_making_that_fails_leaves_nothing(
    tenants: Tenants, tenant: Tenant, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[TenantId] = []

    async def fails(_: object, tenant: TenantId) -> None:
        made.append(tenant)
        await original(_, tenant)  # type: ignore[arg-type]
        raise StoreUnavailable

    original = migrations.create_schema
    monkeypatch.setattr(migrations, "create_schema", fails)
    with pytest.raises(StoreUnavailable):
        await tenants.create(f"{tenant.slug}-x", "X")
    assert await traces(database, made[0]) == 0


async def test_a_deleted_tenant_leaves_no_role_schema_or_row(tenants: Tenants, tenant: Tenant, database: Database) -> None:
    async with database.control() as connection:
        link = text("INSERT INTO installs VALUES ('slack', :id, :id)")
        await connection.execute(link, {"id": tenant.id})
    assert await traces(database, tenant.id) == 4
    assert await tenants.delete(tenant.slug) == tenant
    assert await traces(database, tenant.id) == 0
    with pytest.raises(UnknownTenant):
        async with database.tenant(tenant.id):
            pass
    with pytest.raises(UnknownTenant):
        await tenants.vault.seal(tenant.id, b"x", "test")
    with pytest.raises(UnknownTenant, match="footnote tenants list"):
        await tenants.delete(tenant.slug)


@given(st.text())
def test_an_error_without_words_of_its_own_reads_as_its_docstring(words: str) -> None:
    assert str(TenancyError(words)) == (words or TenancyError.__doc__)
